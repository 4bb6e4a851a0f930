/** The arguments that commands on fields' expiry share: times, and FIELDS with its count. */
import { ReplyError } from "../../base/reply_error.ts";
import type { Call } from "../call.ts";

/** Latest expiry of a field, as in Redis: 2^46 - 1 ms. */
const MAX_FIELD_EXPIRY = 70368744177663;

const NEGATIVE = new ReplyError("ERR invalid expire time, must be >= 0");
const NO_FIELDS = new ReplyError("ERR Mandatory argument FIELDS is missing or not at the right position");
const FIELDS_NOT_POSITIVE = new ReplyError("ERR Number of fields must be a positive integer");
const FIELDS_MISMATCH = new ReplyError("ERR The `numfields` parameter must match the number of arguments");

/**
 * The time in argument `i` as ms since 1970: a number of `unit` ms that counts from now if `relative`. `command` is named where it is
 * too late.
 */
export function fieldExpiry(call: Call, i: number, unit: number, relative: boolean, command: string): number {
  const n = call.int64(i).value;
  if (n < 0) throw NEGATIVE;
  const expiry = n * unit + (relative ? call.nowMs : 0);
  if (expiry > MAX_FIELD_EXPIRY) throw new ReplyError(`ERR invalid expire time in '${command}' command`);
  return expiry;
}

/** Checks FIELDS at argument `i`, and that the number behind it is that of the fields which follow. */
export function countedFields(call: Call, i: number, notPositive: ReplyError = FIELDS_NOT_POSITIVE): void {
  if (i >= call.argc || !call.is(i, "fields")) throw NO_FIELDS;
  if (i + 1 >= call.argc) throw notPositive;
  const n = call.int(i + 1, 1, Infinity, notPositive);
  if (n !== call.argc - i - 2) throw FIELDS_MISMATCH;
}
