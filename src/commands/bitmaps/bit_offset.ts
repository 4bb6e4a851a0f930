/** The bit offset argument of SETBIT, GETBIT and BITFIELD. */
import { ReplyError } from "../../base/reply_error.ts";
import type { Call } from "../call.ts";

const BAD_OFFSET = new ReplyError("ERR bit offset is not an integer or out of range");
const HASH = 35;

/** Bit offset in argument `i`: not negative, and its byte within proto-max-bulk-len. */
export function bitOffset(call: Call, i: number): number {
  return checked(call, call.int(i, -Infinity, Infinity, BAD_OFFSET));
}

/** As `bitOffset`, where "#n" stands for the nth field of `bits` bits. */
export function fieldOffset(call: Call, i: number, bits: number): number {
  const { buf, at, len, number } = call;
  if (len[i] === 0 || buf[at[i]] !== HASH) return bitOffset(call, i);
  if (!number.parse(buf, at[i] + 1, at[i] + len[i])) throw BAD_OFFSET;
  return checked(call, number.value * bits);
}

function checked(call: Call, offset: number): number {
  if (offset < 0 || Math.floor(offset / 8) >= call.limits.maxBulk) throw BAD_OFFSET;
  return offset;
}
