/** Names that clients give themselves: only printable characters without space, since CLIENT LIST separates by spaces. */
import { ReplyError } from "../../../base/reply_error.ts";

const BAD_NAME = new ReplyError("ERR Client names cannot contain spaces, newlines or special characters.");

/** True when every character lies between "!" and "~". */
export function isPlain(text: string): boolean {
  return /^[!-~]*$/.test(text);
}

/** Throws for a name that CLIENT SETNAME refuses. */
export function checkClientName(name: string): void {
  if (!isPlain(name)) throw BAD_NAME;
}
