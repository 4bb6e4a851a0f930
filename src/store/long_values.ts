/**
 * LongValues: brings values of several cache lines into the processor's cache before requests read or replace them.
 *
 * A copy of one such value in a large keyspace waits for memory line after line; here the lines of several values come at the same
 * time. While values are short, one entry in each group is looked at.
 */
import type { Arena } from "../memory/arena.ts";
import { LONG_LEN, readLongLen } from "../structures/item.ts";

/** Bytes of one value that are touched; further on the processor sees by itself that it is read from front to back. */
const WARM_MAX = 1024;
const LINE_WORDS = 16;
/** Words of an entry that Table.prefetch has touched or begun to. */
const NEAR_WORDS = 28;

export class LongValues {
  private readonly u8: Uint8Array;
  private readonly i32: Int32Array;
  /** The last group had a long value. */
  private met = false;
  /** What was read: kept so that no compiler finds the loads useless. */
  protected touched = 0;

  constructor(arena: Arena) {
    this.u8 = arena.u8;
    this.i32 = arena.i32;
  }

  /** Touches the values of entries: `n` word indices in `entries`, 0 for none. What they point to must be entries of this arena. */
  warm(entries: Int32Array, n: number): void {
    const { u8, i32 } = this;
    const looked = this.met ? n : Math.min(n, 1);
    let met = false;
    let sum = 0;
    for (let k = 0; k < looked; k++) {
      const w = entries[k];
      if (w === 0) continue;
      const at = (w << 2) + 4 + ((i32[w] >>> 4) & 8); // behind the head and the expiry (store/entry.ts)
      if (u8[at + 1] !== LONG_LEN || u8[at] === LONG_LEN) continue; // keys of that length are rare
      met = true;
      const end = w + (Math.min(u8[at] + readLongLen(u8, at + 1), WARM_MAX) >> 2);
      for (let i = w + NEAR_WORDS; i < end; i += LINE_WORDS) sum ^= i32[i];
    }
    this.met = met;
    this.touched = sum;
  }
}
