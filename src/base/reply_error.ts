/** ReplyError: the client's mistake, thrown by a command before its first change, and Redis's texts for common ones. */
import { latin1Bytes } from "./bytes.ts";

/**
 * An error reply. Constant ones are made once and thrown as they are: no stack is kept, so throwing one is cheap.
 * The text goes out after "-", one byte a character, so that what it quotes of a request stays as it was; line breaks at
 * its ends are dropped, others replaced by spaces.
 */
export class ReplyError {
  readonly bytes: Uint8Array;
  constructor(readonly text: string) {
    this.bytes = latin1Bytes(text.replace(/^[\r\n]+|[\r\n]+$/g, "").replace(/[\r\n]/g, " "));
  }
  /** The first word, as INFO errorstats counts it. */
  get code(): string {
    const space = this.text.indexOf(" ");
    return space < 0 ? this.text : this.text.slice(0, space);
  }
}

export const WRONG_TYPE = new ReplyError("WRONGTYPE Operation against a key holding the wrong kind of value");
export const SYNTAX_ERROR = new ReplyError("ERR syntax error");
export const NOT_INTEGER = new ReplyError("ERR value is not an integer or out of range");
export const NOT_FLOAT = new ReplyError("ERR value is not a valid float");
export const NOT_INT32 = new ReplyError(
  "ERR value is out of range, value must between -2147483648 and 2147483647",
);
export const OUT_OF_RANGE = new ReplyError("ERR value is out of range");
export const NO_SUCH_KEY = new ReplyError("ERR no such key");
export const INDEX_OUT_OF_RANGE = new ReplyError("ERR index out of range");
export const OVERFLOW = new ReplyError("ERR increment or decrement would overflow");
export const DB_OUT_OF_RANGE = new ReplyError("ERR DB index is out of range");
export const OUT_OF_MEMORY = new ReplyError("OOM command not allowed when used memory > 'maxmemory'.");
export const STRING_TOO_LONG = new ReplyError("ERR string exceeds maximum allowed size (proto-max-bulk-len)");

/** "ERR wrong number of arguments for 'name' command"; `name` is "get" or "client|kill". */
export function wrongArity(name: string): ReplyError {
  return new ReplyError(`ERR wrong number of arguments for '${name}' command`);
}
