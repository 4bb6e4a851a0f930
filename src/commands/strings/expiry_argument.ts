/** The EX, PX, EXAT and PXAT options of SET and GETEX: from argument to absolute milliseconds. */
import { ReplyError } from "../../base/reply_error.ts";
import type { Call } from "../call.ts";

export const ExpiryForm = { EX: 1, PX: 2, EXAT: 3, PXAT: 4 } as const;
export type ExpiryForm = (typeof ExpiryForm)[keyof typeof ExpiryForm];

/** Largest expiry kept: the last double below 2^63, since expiries are doubles here and int64 in the files. */
export const MAX_EXPIRY = 9223372036854774784;

/**
 * Absolute expiry, ms since 1970, of the number in argument `i`. Throws when it is no integer, not positive, or beyond int64
 * milliseconds; `command` is named in the text.
 */
export function expiryArgument(call: Call, i: number, form: ExpiryForm, command: string): number {
  const n = call.int(i);
  const unit = form === ExpiryForm.EX || form === ExpiryForm.EXAT ? 1000 : 1;
  const ms = n * unit + (form === ExpiryForm.EX || form === ExpiryForm.PX ? call.nowMs : 0);
  if (n <= 0 || n * unit >= 2 ** 63 || ms >= 2 ** 63) {
    if (n > 0 && unit === 1 && form === ExpiryForm.PXAT) return MAX_EXPIRY;
    throw new ReplyError(`ERR invalid expire time in '${command}' command`);
  }
  return ms;
}
