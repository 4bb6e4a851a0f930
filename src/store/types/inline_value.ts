/** Values whose whole payload lies in the entry: growing, shrinking and copying it. Any thread, one at a time. */
import { copyBytes } from "../../base/bytes.ts";
import { ArenaFull } from "../../memory/arena.ts";
import type { Store } from "../store.ts";

/** Payloads of at most this many bytes get no spare room: there most values are many and small, and moving one costs little. */
const NO_SPARE = 128;

/** Room to reserve behind a payload that grows to `size` bytes. */
export function growthSpare(size: number): number {
  return size <= NO_SPARE ? 0 : size >> 3;
}

/** Gives the entry's payload fewer bytes. Returns the entry's address, which may be new; the entry is open. */
export function shrinkValue(store: Store, db: number, e: number, size: number): number {
  try {
    return store.resizeValue(db, e, size);
  } catch (error) {
    if (!(error instanceof ArenaFull)) throw error;
    // Even less memory needs a block to move to. Where there is none, the payload keeps its bytes.
    store.open(e);
    return e;
  }
}

/** ValueType.copy for such a value. */
export function copyInline(
  from: Store,
  e: number,
  to: Store,
  toDb: number,
  key: Uint8Array,
  keyFrom: number,
  keyLen: number,
  expiry: number,
): number {
  from.open(e);
  const at = from.valueAt;
  const len = from.valueLen;
  const copy = to.reserve(toDb, key, keyFrom, keyLen, from.type(e), from.encoding(e), len, expiry);
  copyBytes(to.u8, to.valueAt, from.u8, at, len);
  return copy;
}
