/**
 * Strings that grow in place: APPEND, SETRANGE and the bitmap commands. A grown string is "raw" and has spare room behind
 * it, so that growing byte by byte costs amortized constant time.
 */
import { STRING_TOO_LONG } from "../../base/reply_error.ts";
import { Encoding, Type } from "../../store/entry.ts";
import { NO_EXPIRY, type Store } from "../../store/store.ts";
import type { Call } from "../call.ts";

/** Up to here a growing string gets as much again in spare; above, this and a sixteenth, mostly won in place. */
const SPARE_MAX = 1024 * 1024;

/** Throws when a string of `length` bytes is longer than proto-max-bulk-len allows. */
export function checkLength(call: Call, length: number): void {
  if (length > call.limits.maxBulk) throw STRING_TOO_LONG;
}

/**
 * Makes the string at the key in argument 1, whose entry is `e` (0: none yet), raw and at least `length` bytes long; new bytes
 * are zero. Leaves its store open. True when it was made or became longer.
 */
export function growString(call: Call, store: Store, e: number, length: number): boolean {
  if (e === 0) {
    store.reserve(call.db, call.buf, call.at[1], call.len[1], Type.STRING, Encoding.RAW, length, NO_EXPIRY);
    store.u8.fill(0, store.valueAt, store.valueAt + length);
    return true;
  }
  store.open(e);
  const old = store.valueLen;
  if (old >= length) {
    store.setEncoding(e, Encoding.RAW);
    return false;
  }
  const spare = length < SPARE_MAX ? length : SPARE_MAX + (length >> 4);
  const grown = store.resizeValue(call.db, e, length, spare);
  store.setEncoding(grown, Encoding.RAW);
  store.u8.fill(0, store.valueAt + old, store.valueAt + length);
  return true;
}
