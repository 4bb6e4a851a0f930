/** The EX, PX, EXAT and PXAT options of SET, GETEX and their like: from argument to absolute milliseconds. */
import { ReplyError } from "../../base/reply_error.ts";
import type { Call } from "../call.ts";

export const ExpiryForm = { NONE: 0, EX: 1, PX: 2, EXAT: 3, PXAT: 4 } as const;
export type ExpiryForm = (typeof ExpiryForm)[keyof typeof ExpiryForm];

const INT64_MAX = 2n ** 63n - 1n;

/** The form that option `i` names, or NONE when it is another option. */
export function expiryForm(call: Call, i: number): ExpiryForm {
  if (call.is(i, "ex")) return ExpiryForm.EX;
  if (call.is(i, "px")) return ExpiryForm.PX;
  if (call.is(i, "exat")) return ExpiryForm.EXAT;
  if (call.is(i, "pxat")) return ExpiryForm.PXAT;
  return ExpiryForm.NONE;
}

/** True for the forms that give a moment, not a duration. */
export function isAbsolute(form: ExpiryForm): boolean {
  return form >= ExpiryForm.EXAT;
}

/**
 * Absolute expiry, ms since 1970, of the number in argument `i`; beyond 2^53 the nearest double, which for the last int64 is 2^63.
 * Throws when it is no integer, not positive, or beyond int64 milliseconds; `command` is named in the text.
 */
export function expiryArgument(call: Call, i: number, form: ExpiryForm, command: string): number {
  const n = call.int64(i);
  const unit = form === ExpiryForm.EX || form === ExpiryForm.EXAT ? 1000 : 1;
  const since = isAbsolute(form) ? 0 : call.nowMs;
  if (n.value > 0) {
    const ms = n.value * unit + since;
    if (ms <= Number.MAX_SAFE_INTEGER) return ms;
    if (n.toBigInt() * BigInt(unit) + BigInt(since) <= INT64_MAX) return ms;
  }
  throw new ReplyError(`ERR invalid expire time in '${command}' command`);
}
