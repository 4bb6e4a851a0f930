/** ScanOptions: what SSCAN, HSCAN and ZSCAN share beside the cursor (scan_cursor.ts). */
import { globMatch } from "../base/glob.ts";
import { ReplyError, SYNTAX_ERROR } from "../base/reply_error.ts";
import type { Reply } from "../codec/resp/reply.ts";
import type { Call } from "./call.ts";

const ONLY_HSCAN = new ReplyError("ERR NOVALUES option can only be used in HSCAN");
const DEFAULT_COUNT = 10;

/** The options behind the cursor. */
export class ScanOptions {
  /** About how many elements to return. */
  count = DEFAULT_COUNT;
  noValues = false;
  private pattern = 0;

  /** Parses the arguments from `i` on; `hash`: NOVALUES is known. */
  constructor(private readonly call: Call, i: number, hash: boolean) {
    for (; i < call.argc; i++) {
      const more = i + 1 < call.argc;
      if (more && call.is(i, "count")) {
        this.count = call.int(++i);
        if (this.count < 1) throw SYNTAX_ERROR;
      } else if (more && call.is(i, "match")) {
        i++;
        this.pattern = call.len[i] === 1 && call.buf[call.at[i]] === 42 ? 0 : i;
      } else if (call.is(i, "novalues")) {
        if (!hash) throw ONLY_HSCAN;
        this.noValues = true;
      } else throw SYNTAX_ERROR;
    }
  }

  /** True when the element passes MATCH. */
  matches(bytes: Uint8Array, at: number, len: number): boolean {
    const i = this.pattern;
    if (i === 0) return true;
    const { buf } = this.call;
    return globMatch(buf, this.call.at[i], this.call.at[i] + this.call.len[i], bytes, at, at + len, false);
  }

  /** Steps of a table's scan that one call may take: bounds the time where few elements are there or match. */
  get steps(): number {
    return this.count * 10;
  }
}

/** The reply for a key that is not there. */
export function emptyScan(reply: Reply): void {
  reply.array(2);
  reply.bulkInt(0);
  reply.array(0);
}
