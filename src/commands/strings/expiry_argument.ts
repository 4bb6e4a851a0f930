/** The EX, PX, EXAT and PXAT options of SET, GETEX and their like: from argument to absolute milliseconds. */
import { ReplyError } from "../../base/reply_error.ts";
import type { Call } from "../call.ts";

export const ExpiryForm = { NONE: 0, EX: 1, PX: 2, EXAT: 3, PXAT: 4 } as const;
export type ExpiryForm = (typeof ExpiryForm)[keyof typeof ExpiryForm];

/** Largest expiry kept: the last double below 2^63, since expiries are doubles here and int64 in the files. */
export const MAX_EXPIRY = 9223372036854774784;

const TWO_63 = 2 ** 63;

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
 * Absolute expiry, ms since 1970, of the number in argument `i`. Throws when it is no integer, not positive, or beyond int64
 * milliseconds; `command` is named in the text.
 */
export function expiryArgument(call: Call, i: number, form: ExpiryForm, command: string): number {
  const n = call.int(i);
  const scaled = form === ExpiryForm.EX || form === ExpiryForm.EXAT ? n * 1000 : n;
  const ms = isAbsolute(form) ? scaled : scaled + call.nowMs;
  if (n > 0 && ms < TWO_63) return ms;
  // The largest int64, which as a double is 2^63, is a moment still.
  if (n > 0 && form === ExpiryForm.PXAT) return MAX_EXPIRY;
  throw new ReplyError(`ERR invalid expire time in '${command}' command`);
}
