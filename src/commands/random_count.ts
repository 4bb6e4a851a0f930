/** The count of SRANDMEMBER, HRANDFIELD and ZRANDMEMBER, negative for elements that may repeat. */
import { OUT_OF_RANGE, ReplyError } from "../base/reply_error.ts";
import type { Call } from "./call.ts";

export const COUNT_RANGE = new ReplyError(
  "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
);

/** Most elements that may repeat: they take about half a gigabyte of reply, and nothing else bounds them. */
export const MAX_REPEATED = 2 ** 26;

/** The count in argument `i`. */
export function randomCount(call: Call, i: number): number {
  const count = call.int64(i).value;
  if (call.number.hi === -2147483648 && call.number.lo === 0) throw COUNT_RANGE;
  if (count < -MAX_REPEATED) throw OUT_OF_RANGE;
  return count;
}
