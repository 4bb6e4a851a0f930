/**
 * Table: hash table of items in an arena, for a keyspace and for the members of large collections.
 *
 * Extendible hashing by segments, after Dragonfly's dashtable: growing splits one segment of at most 852 items, never
 * the whole table. One Table object serves all tables of one kind in one arena; a table itself is ROOT_WORDS words that
 * its owner places (`root`, a word index), so that collections cost no JavaScript object.
 *
 *   root      directory or only segment, depth, items, flagged items, segments
 *   directory 2^depth segment addresses, indexed by the top `depth` bits of the hash
 *   segment   64-byte header, 2^k buckets (k = 6 unless it is the only one), then the stash buckets
 *   bucket    64 bytes = one cache line:
 *             word 0      bits 0..11 flag of each slot | 16..23 keys of this home in the stash | 24..31 in the next bucket
 *             word 1..3   a tag byte for each of 12 slots, 0 = empty
 *             word 4..15  item addresses
 *
 * The hash gives, from the top: directory index, ..., 8 bits of tag (bits 6..13), home bucket (bits 0..5, the top k of them).
 * An item lies in its home bucket, else the next one, else the stash; word 0 of the home says whether to look there. In the next bucket it
 * takes the last free slot, at home the first, so that a walk seldom needs a hash to tell whose an item is.
 *
 * Invariants:
 * 1. Items in a table have distinct keys; an item's address is in exactly one slot.
 * 2. A table with more than one segment has only segments of 64 buckets.
 * 3. Cursor order: by home bits, then by hash prefix. Splits, merges and growth keep it, so a full scan meets every
 *    item that was there all the time (Redis's SCAN guarantee).
 * 4. An operation that throws ArenaFull has changed nothing.
 */
import { assert } from "../base/assert.ts";
import { equalBytes } from "../base/bytes.ts";
import {
  BUCKET_WORDS,
  H_COUNT,
  H_FLAGGED,
  H_LOG,
  HEADER_WORDS,
  HOME_BITS,
  NEXT_MASK,
  R_COUNT,
  R_DEPTH,
  R_DIR,
  R_FLAGGED,
  SLOTS,
  STASH,
  STASH_MASK,
} from "./table_layout.ts";
import { TableWalks } from "./table_walks.ts";

export { PREFETCH_MAX, ROOT_COUNT, ROOT_WORDS, scanPlace } from "./table_layout.ts";

export class Table extends TableWalks {
  /** Address of the item with the key buf[from, from+len), whose hash is `h`, or 0. Sets `slot`. */
  find(root: number, h: number, buf: Uint8Array, from: number, len: number): number {
    const i32 = this.i32;
    const dir = i32[root + R_DIR];
    if (dir === 0) return 0;
    const depth = i32[root + R_DEPTH];
    const seg = (depth === 0 ? dir : i32[(dir >> 2) + (h >>> (32 - depth))]) >> 2;
    // Invariant 2 spares a look at the segment's header, and with it a cache miss.
    const log = depth === 0 ? i32[seg + H_LOG] : HOME_BITS;
    const home = (h & 63) >> (HOME_BITS - log);
    const tag = ((h >>> 6) & 0xff) || 1;
    const pattern = Math.imul(tag, 0x01010101);
    const first = seg + HEADER_WORDS;
    const homeBucket = first + home * BUCKET_WORDS;
    let ref = this.probe(homeBucket, pattern, buf, from, len);
    if (ref !== 0) {
      this.segment = seg;
      return ref;
    }
    const meta = i32[homeBucket];
    if ((meta & (NEXT_MASK | STASH_MASK)) === 0) return 0;
    this.segment = seg;
    const mask = (1 << log) - 1;
    if ((meta & NEXT_MASK) !== 0) {
      ref = this.probe(first + ((home + 1) & mask) * BUCKET_WORDS, pattern, buf, from, len);
      if (ref !== 0) return ref;
    }
    if ((meta & STASH_MASK) !== 0) {
      const buckets = 1 << log;
      for (let s = 0; s < STASH[log]; s++) {
        ref = this.probe(first + (buckets + s) * BUCKET_WORDS, pattern, buf, from, len);
        if (ref !== 0) return ref;
      }
    }
    return 0;
  }

  /** To the slot of the item at `ref`, which must be in the table; `h` is the hash of its key, which is not looked at. Sets `slot`. */
  seekItem(root: number, h: number, ref: number): void {
    const i32 = this.i32;
    const dir = i32[root + R_DIR];
    const depth = i32[root + R_DEPTH];
    const seg = (depth === 0 ? dir : i32[(dir >> 2) + (h >>> (32 - depth))]) >> 2;
    const log = depth === 0 ? i32[seg + H_LOG] : HOME_BITS; // as in `find`
    const first = seg + HEADER_WORDS;
    const home = (h & 63) >> (HOME_BITS - log);
    this.segment = seg;
    if (this.holds(first + home * BUCKET_WORDS, ref)) return;
    if (this.holds(first + ((home + 1) & ((1 << log) - 1)) * BUCKET_WORDS, ref)) return;
    let s = 0;
    while (s < STASH[log] && !this.holds(first + ((1 << log) + s) * BUCKET_WORDS, ref)) s++;
    assert(s < STASH[log], "the item is in the table");
  }

  /** Whether the item at `ref` is in the bucket; then `slot` is there. */
  private holds(bucket: number, ref: number): boolean {
    const i32 = this.i32;
    const end = bucket + 4 + SLOTS;
    for (let slot = bucket + 4; slot < end; slot++) {
      if (i32[slot] !== ref) continue;
      this.bucket = bucket;
      this.position = slot - bucket - 4;
      this.slot = slot;
      return true;
    }
    return false;
  }

  /**
   * Brings the buckets and then the likely items of `n` hashes into the processor's cache. A lookup in a large table is two or
   * three cache misses one after the other; here the misses of all `n` overlap, because no load waits for another one. `leaving`: the items are about
   * to be taken out, for which their segments' counts are needed too. Leaves in `ahead` the word indices of the likely items, 0 for
   * none; returns how many, 0 when the table is so small that it lies in the cache anyway.
   */
  prefetch(root: number, hashes: Int32Array, n: number, leaving = false): number {
    const i32 = this.i32;
    const dir = i32[root + R_DIR];
    const depth = i32[root + R_DEPTH];
    if (depth === 0) return 0;
    const { ahead } = this;
    let sum = 0;
    for (let k = 0; k < n; k++) {
      const h = hashes[k];
      const bucket = (i32[(dir >> 2) + (h >>> (32 - depth))] >> 2) + HEADER_WORDS + (h & 63) * BUCKET_WORDS;
      ahead[k] = bucket;
      sum ^= i32[bucket];
      if (leaving) sum ^= i32[bucket - HEADER_WORDS - (h & 63) * BUCKET_WORDS];
    }
    for (let k = 0; k < n; k++) {
      const bucket = ahead[k];
      ahead[k] = 0;
      const pattern = Math.imul(((hashes[k] >>> 6) & 0xff) || 1, 0x01010101);
      for (let j = 1; j < 4; j++) {
        const x = i32[bucket + j] ^ pattern;
        const m = (x - 0x01010101) & ~x & 0x80808080;
        if (m === 0) continue;
        const ref = i32[bucket + (j << 2) + ((31 - Math.clz32(m & -m)) >> 3)] >> 2;
        sum ^= i32[ref] ^ i32[ref + 12]; // an entry is seldom larger than two cache lines
        ahead[k] = ref;
        break;
      }
    }
    this.prefetched = sum;
    return n;
  }

  private probe(bucket: number, pattern: number, buf: Uint8Array, from: number, len: number): number {
    const i32 = this.i32;
    for (let k = 0; k < 3; k++) {
      const x = i32[bucket + 1 + k] ^ pattern;
      // A zero byte of x is a tag that matches (SWAR; a borrow may mark a later byte wrongly: the key decides).
      let m = (x - 0x01010101) & ~x & 0x80808080;
      while (m !== 0) {
        const i = (k << 2) + ((31 - Math.clz32(m & -m)) >> 3);
        const ref = i32[bucket + 4 + i];
        if (ref !== 0) {
          this.reader.locate(ref);
          if (this.reader.keyLen === len && equalBytes(this.u8, this.reader.keyAt, buf, from, len)) {
            this.bucket = bucket;
            this.position = i;
            this.slot = bucket + 4 + i;
            return ref;
          }
        }
        m &= m - 1;
      }
    }
    return 0;
  }

  /** Enters an item whose key is absent. Throws ArenaFull. Sets `slot`. */
  insert(root: number, h: number, ref: number, flag: boolean): void {
    const i32 = this.i32;
    if (i32[root + R_DIR] === 0) this.addFirstSegment(root);
    for (;;) {
      const seg = this.segmentOf(root, h) >> 2;
      if (this.place(seg, h, ref)) {
        this.segment = seg;
        i32[seg + H_COUNT]++;
        i32[root + R_COUNT]++;
        if (flag) this.setFlag(root, true);
        return;
      }
      this.grow(root, h, seg);
    }
  }

  /** Takes out the item that the last `find`, `insert` or `random` left in `slot`; its memory stays. `h` is its hash. */
  remove(root: number, h: number): void {
    const i32 = this.i32;
    const seg = this.segment;
    if ((i32[this.bucket] & (1 << this.position)) !== 0) this.setFlag(root, false);
    this.clearSlot(seg, h);
    this.slot = 0;
    i32[seg + H_COUNT]--;
    i32[root + R_COUNT]--;
    if (i32[root + R_COUNT] === 0) this.release(root);
    else if ((i32[seg + H_COUNT] & 31) === 0) this.shrink(root, h, seg);
  }

  /** Sets or clears the flag of the item in `slot`. */
  setFlag(root: number, on: boolean): void {
    const i32 = this.i32;
    const bit = 1 << this.position;
    const meta = i32[this.bucket];
    if (((meta & bit) !== 0) === on) return;
    i32[this.bucket] = meta ^ bit;
    i32[this.segment + H_FLAGGED] += on ? 1 : -1;
    i32[root + R_FLAGGED] += on ? 1 : -1;
  }
}
