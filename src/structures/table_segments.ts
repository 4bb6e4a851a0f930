/**
 * TableSegments: how a table grows and shrinks: its segments, their directory, and where items find a place. Any thread, one at a time.
 * The part of Table (table.ts) that knows of no keys but by their hashes.
 */
import { assert } from "../base/assert.ts";
import { KeyHash } from "../base/hash.ts";
import { Arena } from "../memory/arena.ts";
import { type ItemKind, ItemReader } from "./item.ts";
import {
  BUCKET_WORDS,
  H_COUNT,
  H_DEPTH,
  H_FLAGGED,
  H_LOG,
  HEADER_WORDS,
  HOME_BITS,
  MAX_DEPTH,
  MAX_ITEMS,
  MERGE_BELOW,
  NEXT_ONE,
  PREFETCH_MAX,
  PRESIZED_ITEMS,
  R_COUNT,
  R_DEPTH,
  R_DIR,
  R_FLAGGED,
  R_SEGMENTS,
  ROOT_WORDS,
  segmentBytes,
  SLOTS,
  STASH,
  STASH_ONE,
} from "./table_layout.ts";

export class TableSegments {
  /** After a successful `find`, `insert` or `random`: the word that holds the item's address. */
  slot = 0;
  /** After `scan`: the items met, `foundCount` of them. */
  found = new Int32Array(64);
  foundCount = 0;
  /** The first place that a scan gives. */
  protected scanFrom = 0;

  protected readonly i32: Int32Array;
  protected readonly u8: Uint8Array;
  protected readonly reader: ItemReader;
  // Where `slot` is: its bucket and position, its segment, and the home bucket of its key.
  protected bucket = 0;
  protected position = 0;
  protected segment = 0;
  // Scratch for splits and merges: items with their flags, and where a merge has put them.
  protected readonly moving = new Int32Array(MAX_ITEMS);
  protected readonly movingFlag = new Uint8Array(MAX_ITEMS);
  protected readonly movingHash = new Int32Array(MAX_ITEMS);
  protected readonly movedTo = new Int32Array(MAX_ITEMS);
  /** Buckets that a prefetch is looking at, then the items. */
  readonly ahead = new Int32Array(PREFETCH_MAX);
  /** What `prefetch` read: kept so that no compiler finds its loads useless. */
  protected prefetched = 0;

  constructor(readonly arena: Arena, readonly hash: KeyHash, kind: ItemKind) {
    this.i32 = arena.i32;
    this.u8 = arena.u8;
    this.reader = new ItemReader(arena, kind);
  }

  count(root: number): number {
    return this.i32[root + R_COUNT];
  }

  /** Items whose flag is set (keys with an expiry). */
  flaggedCount(root: number): number {
    return this.i32[root + R_FLAGGED];
  }

  /** Slots that exist, for the load factor that DEBUG and MEMORY STATS tell. */
  slotCount(root: number): number {
    const i32 = this.i32;
    if (i32[root + R_SEGMENTS] === 0) return 0;
    const log = i32[(this.anySegment(root) >> 2) + H_LOG];
    return i32[root + R_SEGMENTS] * ((1 << log) + STASH[log]) * SLOTS;
  }

  /** Bytes of segments and directory. */
  overheadBytes(root: number): number {
    const i32 = this.i32;
    if (i32[root + R_SEGMENTS] === 0) return 0;
    const log = i32[(this.anySegment(root) >> 2) + H_LOG];
    const depth = i32[root + R_DEPTH];
    return i32[root + R_SEGMENTS] * Arena.rounded(segmentBytes(log)) + (depth === 0 ? 0 : Arena.rounded(4 << depth));
  }

  /**
   * Makes an empty table ready for about `items`, so that they come in without splits; nothing happens where they would fit one segment.
   * Throws ArenaFull.
   */
  presize(root: number, items: number): void {
    const i32 = this.i32;
    if (i32[root + R_DIR] !== 0) return;
    let depth = 0;
    while (depth < MAX_DEPTH && items > PRESIZED_ITEMS << depth) depth++;
    if (depth === 0) return;
    const segments = 1 << depth;
    const dir = this.arena.alloc(4 << depth);
    let made = 0;
    try {
      for (; made < segments; made++) i32[(dir >> 2) + made] = this.newSegment(HOME_BITS, depth);
    } catch (error) {
      while (made > 0) this.arena.free(i32[(dir >> 2) + --made]);
      this.arena.free(dir);
      throw error;
    }
    i32[root + R_DIR] = dir;
    i32[root + R_DEPTH] = depth;
    i32[root + R_SEGMENTS] = segments;
  }

  /** Gives back segments and directory; the items stay the owner's. The root is then an empty table. */
  release(root: number): void {
    const i32 = this.i32;
    const depth = i32[root + R_DEPTH];
    const dir = i32[root + R_DIR];
    if (dir === 0) return;
    if (depth === 0) {
      this.arena.free(dir);
    } else {
      let prefix = 0;
      while (prefix < 1 << depth) {
        const segment = i32[(dir >> 2) + prefix];
        prefix += 1 << (depth - i32[(segment >> 2) + H_DEPTH]);
        this.arena.free(segment);
      }
      this.arena.free(dir);
    }
    i32.fill(0, root, root + ROOT_WORDS);
  }

  /** The hash of an item's key. */
  hashOf(ref: number): number {
    this.reader.locate(ref);
    return this.hash.of(this.u8, this.reader.keyAt, this.reader.keyLen);
  }

  protected anySegment(root: number): number {
    const dir = this.i32[root + R_DIR];
    return this.i32[root + R_DEPTH] === 0 ? dir : this.i32[dir >> 2];
  }

  protected segmentOf(root: number, h: number): number {
    const depth = this.i32[root + R_DEPTH];
    const dir = this.i32[root + R_DIR];
    return depth === 0 ? dir : this.i32[(dir >> 2) + (h >>> (32 - depth))];
  }

  protected newSegment(log: number, depth: number): number {
    const segment = this.arena.alloc(segmentBytes(log));
    const seg = segment >> 2;
    this.i32.fill(0, seg, seg + (segmentBytes(log) >> 2));
    this.i32[seg + H_LOG] = log;
    this.i32[seg + H_DEPTH] = depth;
    return segment;
  }

  protected addFirstSegment(root: number): void {
    this.i32[root + R_DIR] = this.newSegment(0, 0);
    this.i32[root + R_DEPTH] = 0;
    this.i32[root + R_SEGMENTS] = 1;
  }

  /** Puts the address into a free slot; false when home, next and stash are full. */
  protected place(seg: number, h: number, ref: number): boolean {
    const i32 = this.i32;
    const log = i32[seg + H_LOG];
    const home = (h & 63) >> (HOME_BITS - log);
    const tag = ((h >>> 6) & 0xff) || 1;
    const first = seg + HEADER_WORDS;
    const homeBucket = first + home * BUCKET_WORDS;
    if (this.placeIn(homeBucket, tag, ref)) return true;
    const mask = (1 << log) - 1;
    if (mask !== 0 && this.placeStranger(first + ((home + 1) & mask) * BUCKET_WORDS, tag, ref)) {
      i32[homeBucket] += NEXT_ONE;
      return true;
    }
    for (let s = 0; s < STASH[log]; s++) {
      if (this.placeIn(first + ((1 << log) + s) * BUCKET_WORDS, tag, ref)) {
        i32[homeBucket] += STASH_ONE;
        return true;
      }
    }
    return false;
  }

  protected placeIn(bucket: number, tag: number, ref: number): boolean {
    const i32 = this.i32;
    for (let k = 0; k < 3; k++) {
      const x = i32[bucket + 1 + k];
      const m = (x - 0x01010101) & ~x & 0x80808080;
      if (m === 0) continue;
      // The lowest marked byte is exact: borrows only reach bytes above a true zero.
      this.put(bucket, k, (31 - Math.clz32(m & -m)) & ~7, tag, ref);
      return true;
    }
    return false;
  }

  /** As `placeIn`, for an item of the bucket before: in the last free slot, where walks look for such (table_walks.ts). */
  protected placeStranger(bucket: number, tag: number, ref: number): boolean {
    const i32 = this.i32;
    for (let k = 2; k >= 0; k--) {
      const x = i32[bucket + 1 + k];
      // All marked bytes are exact: no sum reaches the next byte.
      const m = ~(((x & 0x7f7f7f7f) + 0x7f7f7f7f) | x | 0x7f7f7f7f);
      if (m === 0) continue;
      this.put(bucket, k, (31 - Math.clz32(m)) & ~7, tag, ref);
      return true;
    }
    return false;
  }

  /** Fills the slot whose tag lies in byte `shift / 8` of tag word `k`. */
  private put(bucket: number, k: number, shift: number, tag: number, ref: number): void {
    const i32 = this.i32;
    const i = (k << 2) + (shift >> 3);
    i32[bucket + 1 + k] |= tag << shift;
    i32[bucket + 4 + i] = ref;
    this.bucket = bucket;
    this.position = i;
    this.slot = bucket + 4 + i;
  }

  protected clearSlot(seg: number, h: number): void {
    const i32 = this.i32;
    const log = i32[seg + H_LOG];
    const first = seg + HEADER_WORDS;
    const homeBucket = first + ((h & 63) >> (HOME_BITS - log)) * BUCKET_WORDS;
    const bucket = this.bucket;
    if (bucket !== homeBucket) {
      i32[homeBucket] -= bucket >= first + (BUCKET_WORDS << log) ? STASH_ONE : NEXT_ONE;
    }
    const i = this.position;
    i32[bucket + 1 + (i >> 2)] &= ~(0xff << ((i & 3) << 3));
    i32[bucket + 4 + i] = 0;
  }

  /**
   * Makes room where `h` belongs: a bigger only segment, or a split. Items of few homes may not fit twice the buckets with no more stash;
   * from four times on there is more of it than they can need.
   */
  protected grow(root: number, h: number, seg: number): void {
    const log = this.i32[seg + H_LOG];
    if (log === HOME_BITS) {
      this.split(root, h, seg);
      return;
    }
    for (let wider = log + 1; !this.resize(root, seg, wider); wider++) {
      assert(wider < HOME_BITS, "the items of a small segment fit a large one");
    }
  }

  /** Replaces the only segment by one of 2^log buckets; false, with nothing changed, when the items don't fit. */
  protected resize(root: number, seg: number, log: number): boolean {
    const i32 = this.i32;
    const segment = this.newSegment(log, 0);
    const n = this.take(seg);
    if (!this.fill(segment >> 2, n)) {
      this.arena.free(segment);
      return false;
    }
    i32[(segment >> 2) + H_FLAGGED] = i32[seg + H_FLAGGED];
    i32[root + R_DIR] = segment;
    this.arena.free(seg << 2);
    return true;
  }

  /** Copies the items of a segment, with flags, to the scratch; returns their number. */
  protected take(seg: number): number {
    const i32 = this.i32;
    const log = i32[seg + H_LOG];
    const buckets = (1 << log) + STASH[log];
    let n = 0;
    for (let b = 0; b < buckets; b++) {
      const bucket = seg + HEADER_WORDS + b * BUCKET_WORDS;
      for (let i = 0; i < SLOTS; i++) {
        const ref = i32[bucket + 4 + i];
        if (ref === 0) continue;
        this.moving[n] = ref;
        this.movingFlag[n++] = (i32[bucket] >>> i) & 1;
      }
    }
    // All are about to be hashed: their cache misses overlap here, as in `prefetch`.
    let sum = 0;
    for (let k = 0; k < n; k++) sum ^= i32[this.moving[k] >> 2];
    this.prefetched = sum;
    return n;
  }

  /** Places the first `n` items of the scratch into a segment and counts them; false when one finds no place. */
  protected fill(seg: number, n: number): boolean {
    for (let k = 0; k < n; k++) {
      if (!this.settle(seg, this.hashOf(this.moving[k]), k)) return false;
    }
    return true;
  }

  /** Places item `k` of the scratch; one of the last home goes into the first bucket if it `wraps`. */
  protected settle(seg: number, h: number, k: number, wraps = false): boolean {
    const last = (1 << HOME_BITS) - 1;
    if (wraps && (h & last) === last) {
      if (!this.placeStranger(seg + HEADER_WORDS, ((h >>> 6) & 0xff) || 1, this.moving[k])) return false;
      this.i32[seg + HEADER_WORDS + last * BUCKET_WORDS] += NEXT_ONE;
    } else if (!this.place(seg, h, this.moving[k])) return false;
    this.i32[seg + H_COUNT]++;
    if (this.movingFlag[k] !== 0) this.i32[this.bucket] |= 1 << this.position;
    return true;
  }

  /**
   * Splits a segment of 64 buckets by the next bit of the hash. The half with fewer items moves to a new segment, and the rest stays as
   * it lies. (Filling two empty segments instead would fail now and then: items that come in the order of their hashes, as from a walk of
   * another table, are all of one half.)
   *
   * That half surely fits, whatever its homes: it comes bucket by bucket, so that an item finds room in its own bucket of before or in the one
   * in front of it. Only the items of the last home in the first bucket would take that room from those still to come: they stay behind.
   */
  protected split(root: number, h: number, seg: number): void {
    const i32 = this.i32;
    const local = i32[seg + H_DEPTH];
    assert(local < MAX_DEPTH, "a hash prefix shared by more items than a segment holds");
    const segment = this.newSegment(HOME_BITS, local + 1);
    const fresh = segment >> 2;
    try {
      if (local === i32[root + R_DEPTH]) this.deepen(root);
    } catch (error) {
      this.arena.free(segment);
      throw error;
    }
    const n = this.take(seg);
    const bit = 31 - local;
    let ones = 0;
    for (let k = 0; k < n; k++) {
      const hash = this.hashOf(this.moving[k]);
      this.movingHash[k] = hash;
      ones += (hash >>> bit) & 1;
    }
    const gone = ones * 2 <= n ? 1 : 0;
    const inFirst = this.itemsIn(seg + HEADER_WORDS);
    this.clearHalf(seg, bit, gone);
    for (let k = 0; k < n; k++) {
      const hash = this.movingHash[k];
      if (((hash >>> bit) & 1) !== gone) continue;
      const settled = this.settle(fresh, hash, k, k < inFirst);
      assert(settled, "half of a segment fits an empty one");
      i32[fresh + H_FLAGGED] += this.movingFlag[k];
    }
    i32[seg + H_COUNT] -= i32[fresh + H_COUNT];
    i32[seg + H_FLAGGED] -= i32[fresh + H_FLAGGED];
    i32[seg + H_DEPTH] = local + 1;
    if (i32[fresh + H_COUNT] > 0) this.emptyStash(seg);
    const depth = i32[root + R_DEPTH];
    const dir = i32[root + R_DIR] >> 2;
    const half = 1 << (depth - local - 1);
    const from = ((h >>> (32 - depth)) & -(half * 2)) + (gone === 1 ? half : 0);
    i32.fill(segment, dir + from, dir + from + half);
    i32[root + R_SEGMENTS]++;
  }

  protected itemsIn(bucket: number): number {
    let n = 0;
    for (let i = 0; i < SLOTS; i++) if (this.i32[bucket + 4 + i] !== 0) n++;
    return n;
  }

  /** Clears the slots of the items just taken whose hash has `gone` in `bit`. */
  protected clearHalf(seg: number, bit: number, gone: number): void {
    const i32 = this.i32;
    const end = seg + (segmentBytes(HOME_BITS) >> 2);
    let k = 0;
    for (let bucket = seg + HEADER_WORDS; bucket < end; bucket += BUCKET_WORDS) {
      for (let i = 0; i < SLOTS; i++) {
        if (i32[bucket + 4 + i] === 0) continue;
        const hash = this.movingHash[k++];
        if (((hash >>> bit) & 1) !== gone) continue;
        this.bucket = bucket;
        this.position = i;
        i32[bucket] &= ~(1 << i);
        this.clearSlot(seg, hash);
      }
    }
  }

  /** Brings items of the stash home, now that there is room. */
  protected emptyStash(seg: number): void {
    const i32 = this.i32;
    const end = seg + (segmentBytes(HOME_BITS) >> 2);
    for (let bucket = seg + HEADER_WORDS + (BUCKET_WORDS << HOME_BITS); bucket < end; bucket += BUCKET_WORDS) {
      for (let i = 0; i < SLOTS; i++) {
        const ref = i32[bucket + 4 + i];
        if (ref === 0) continue;
        const flag = (i32[bucket] >>> i) & 1;
        const hash = this.hashOf(ref);
        this.bucket = bucket;
        this.position = i;
        i32[bucket] &= ~(1 << i);
        this.clearSlot(seg, hash);
        const placed = this.place(seg, hash, ref);
        assert(placed, "a slot was just left");
        i32[this.bucket] |= flag << this.position;
      }
    }
  }

  /** Doubles the directory. */
  protected deepen(root: number): void {
    const i32 = this.i32;
    const depth = i32[root + R_DEPTH];
    const old = i32[root + R_DIR];
    const dir = this.arena.alloc(4 << (depth + 1));
    if (depth === 0) {
      i32[dir >> 2] = old;
      i32[(dir >> 2) + 1] = old;
    } else {
      for (let i = (1 << depth) - 1; i >= 0; i--) {
        const segment = i32[(old >> 2) + i];
        i32[(dir >> 2) + 2 * i] = segment;
        i32[(dir >> 2) + 2 * i + 1] = segment;
      }
      this.arena.free(old);
    }
    i32[root + R_DIR] = dir;
    i32[root + R_DEPTH] = depth + 1;
  }

  /** Merges a thin segment with its buddy if its items find room there, or makes the only segment smaller. */
  protected shrink(root: number, h: number, seg: number): void {
    const i32 = this.i32;
    const local = i32[seg + H_DEPTH];
    const count = i32[seg + H_COUNT];
    if (local === 0) {
      const log = i32[seg + H_LOG];
      if (log > 0 && count <= (SLOTS << log) / 4 && this.hasRoom(segmentBytes(log - 1))) {
        this.resize(root, seg, log - 1);
      }
      return;
    }
    const depth = i32[root + R_DEPTH];
    const dir = i32[root + R_DIR] >> 2;
    const span = 1 << (depth - local);
    const from = (h >>> (32 - depth)) & -span;
    const buddyFrom = from ^ span;
    const buddy = i32[dir + buddyFrom] >> 2;
    if (i32[buddy + H_DEPTH] !== local || i32[buddy + H_COUNT] + count > MERGE_BELOW) return;
    if (!this.join(buddy, this.take(seg))) return;
    i32[buddy + H_FLAGGED] += i32[seg + H_FLAGGED];
    i32[buddy + H_DEPTH] = local - 1;
    i32.fill(buddy << 2, dir + from, dir + from + span);
    i32[root + R_SEGMENTS]--;
    this.arena.free(seg << 2);
    if (local === 1) {
      this.arena.free(dir << 2);
      i32[root + R_DIR] = buddy << 2;
      i32[root + R_DEPTH] = 0;
    }
  }

  /**
   * Adds the first `n` items of the scratch to a segment; false, with nothing changed, when they don't fit: what is left of a table whose
   * items were removed in the order of a scan has few homes.
   */
  protected join(seg: number, n: number): boolean {
    for (let k = 0; k < n; k++) {
      this.movingHash[k] = this.hashOf(this.moving[k]);
      if (!this.settle(seg, this.movingHash[k], k)) {
        while (--k >= 0) this.unsettle(seg, k);
        return false;
      }
      this.movedTo[k] = this.slot;
    }
    return true;
  }

  protected unsettle(seg: number, k: number): void {
    const first = seg + HEADER_WORDS;
    const within = (this.movedTo[k] - first) % BUCKET_WORDS;
    this.bucket = this.movedTo[k] - within;
    this.position = within - 4;
    this.i32[this.bucket] &= ~(1 << this.position);
    this.clearSlot(seg, this.movingHash[k]);
    this.i32[seg + H_COUNT]--;
  }

  protected hasRoom(bytes: number): boolean {
    return this.arena.freeChunkBytes > bytes + 65536;
  }
}
