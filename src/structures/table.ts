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
 * An item lies in its home bucket, else the next one, else the stash; word 0 of the home says whether to look there.
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
import { KeyHash } from "../base/hash.ts";
import { Arena } from "../memory/arena.ts";
import { type ItemKind, ItemReader } from "./item.ts";

/** Words of a table's root; all zero is an empty table. */
export const ROOT_WORDS = 5;
export const ROOT_COUNT = 2;

const R_DIR = 0;
const R_DEPTH = 1;
const R_COUNT = ROOT_COUNT;
const R_FLAGGED = 3;
const R_SEGMENTS = 4;

// Segment header words.
const H_LOG = 0; // log2 of the number of buckets
const H_DEPTH = 1; // bits of the hash prefix that all its items share
const H_COUNT = 2;
const H_FLAGGED = 3;
const HEADER_WORDS = 16;

const BUCKET_WORDS = 16;
const SLOTS = 12;
const HOME_BITS = 6;
/** The prefix bits of a cursor; also the deepest directory, beyond which tags and prefix would share bits. */
const MAX_DEPTH = 18;

/** Stash buckets by log2 of the bucket count; 64 + 7 buckets and the header make exactly 72 lines, a size class. */
const STASH = [0, 1, 1, 1, 2, 4, 7];
const MAX_ITEMS = (64 + 7) * SLOTS;

/** Items that a segment made beforehand is meant for: three quarters, at which hardly one splits. */
const PRESIZED_ITEMS = (MAX_ITEMS * 3) >> 2;

/** Throws of `random` before it counts instead: at the usual load of a half and more, the chance to need that is 2^-64. */
const RANDOM_TRIES = 64;

/** Buddies merge when both fit well below a split's threshold, so that split and merge don't alternate. */
const MERGE_BELOW = 360;

function segmentBytes(log: number): number {
  return (HEADER_WORDS + ((1 << log) + STASH[log]) * BUCKET_WORDS) * 4;
}

/** Most hashes that one `prefetch` takes: the misses a core can have under way are 10 to 20. */
export const PREFETCH_MAX = 32;

/**
 * The place of an item with hash `h` in the order of cursors (invariant 3): after a scan that gave cursor c, all items before c have been
 * met. A merge since then may show some of them again.
 */
export function scanPlace(h: number): number {
  return ((h & 63) << MAX_DEPTH) | (h >>> (32 - MAX_DEPTH));
}

const NEXT_ONE = 1 << 24;
const STASH_ONE = 1 << 16;
const STASH_MASK = 0xff << 16;
const NEXT_MASK = 0xff << 24;

export class Table {
  /** After a successful `find`, `insert` or `random`: the word that holds the item's address. */
  slot = 0;
  /** After `scan`: the items met, `foundCount` of them. */
  found = new Int32Array(64);
  foundCount = 0;
  /** The first place that a scan gives. */
  private scanFrom = 0;

  private readonly i32: Int32Array;
  private readonly u8: Uint8Array;
  private readonly reader: ItemReader;
  // Where `slot` is: its bucket and position, its segment, and the home bucket of its key.
  private bucket = 0;
  private position = 0;
  private segment = 0;
  // Scratch for splits: items with their flags.
  private readonly moving = new Int32Array(MAX_ITEMS);
  private readonly movingFlag = new Uint8Array(MAX_ITEMS);
  private readonly movingHash = new Int32Array(MAX_ITEMS);
  /** Buckets that `prefetch` is looking at. */
  private readonly ahead = new Int32Array(PREFETCH_MAX);
  /** What `prefetch` read: kept so that no compiler finds its loads useless. */
  private prefetched = 0;

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

  /**
   * Brings the buckets and then the likely items of `n` hashes into the processor's cache. A lookup in a large table is two or
   * three cache misses one after the other; here the misses of all `n` overlap, because no load waits for another one.
   */
  prefetch(root: number, hashes: Int32Array, n: number): void {
    const i32 = this.i32;
    const dir = i32[root + R_DIR];
    const depth = i32[root + R_DEPTH];
    if (depth === 0) return; // one segment lies in the cache anyway
    const buckets = this.ahead;
    let sum = 0;
    for (let k = 0; k < n; k++) {
      const h = hashes[k];
      const bucket = (i32[(dir >> 2) + (h >>> (32 - depth))] >> 2) + HEADER_WORDS + (h & 63) * BUCKET_WORDS;
      buckets[k] = bucket;
      sum ^= i32[bucket];
    }
    for (let k = 0; k < n; k++) {
      const bucket = buckets[k];
      const pattern = Math.imul(((hashes[k] >>> 6) & 0xff) || 1, 0x01010101);
      for (let j = 1; j < 4; j++) {
        const x = i32[bucket + j] ^ pattern;
        const m = (x - 0x01010101) & ~x & 0x80808080;
        if (m === 0) continue;
        const ref = i32[bucket + (j << 2) + ((31 - Math.clz32(m & -m)) >> 3)] >> 2;
        sum ^= i32[ref] ^ i32[ref + 12]; // an entry is seldom larger than two cache lines
        break;
      }
    }
    this.prefetched = sum;
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

  /**
   * Collects into `found` the items of one home bucket at `cursor` (0 starts); returns the next cursor, 0 at the end.
   * Cursors are below 2^24 and stay good whatever changes between calls (invariant 3).
   */
  scan(root: number, cursor: number): number {
    this.scanFrom = 0;
    return this.scanBucket(root, cursor);
  }

  /** As `scan`, without the items that scans up to `cursor` have given before a merge. */
  scanOnce(root: number, cursor: number): number {
    this.scanFrom = cursor;
    return this.scanBucket(root, cursor);
  }

  private scanBucket(root: number, cursor: number): number {
    this.foundCount = 0;
    const i32 = this.i32;
    const dir = i32[root + R_DIR];
    if (dir === 0) return 0;
    const depth = i32[root + R_DEPTH];
    const home = (cursor >>> MAX_DEPTH) & 63;
    const prefix = cursor & ((1 << MAX_DEPTH) - 1);
    const seg = (depth === 0 ? dir : i32[(dir >> 2) + (prefix >>> (MAX_DEPTH - depth))]) >> 2;
    const log = i32[seg + H_LOG];
    this.collect(seg, log, home >> (HOME_BITS - log));
    const span = 1 << (MAX_DEPTH - i32[seg + H_DEPTH]);
    const next = (prefix & -span) + span;
    if (next < 1 << MAX_DEPTH) return (home << MAX_DEPTH) | next;
    const step = 1 << (HOME_BITS - log);
    const nextHome = (home & -step) + step;
    return nextHome >= 64 ? 0 : nextHome << MAX_DEPTH;
  }

  /** Gathers the items whose home is `home`: in it, in the next bucket, in the stash. */
  private collect(seg: number, log: number, home: number): void {
    const i32 = this.i32;
    const first = seg + HEADER_WORDS;
    const bucket = first + home * BUCKET_WORDS;
    this.collectBucket(bucket, log, home);
    const meta = i32[bucket];
    if ((meta & NEXT_MASK) !== 0) {
      this.collectBucket(first + ((home + 1) & ((1 << log) - 1)) * BUCKET_WORDS, log, home);
    }
    if ((meta & STASH_MASK) !== 0) {
      for (let s = 0; s < STASH[log]; s++) this.collectBucket(first + ((1 << log) + s) * BUCKET_WORDS, log, home);
    }
  }

  private collectBucket(bucket: number, log: number, home: number): void {
    const i32 = this.i32;
    for (let i = 0; i < SLOTS; i++) {
      const ref = i32[bucket + 4 + i];
      if (ref === 0) continue;
      const h = this.hashOf(ref);
      if ((h & 63) >> (HOME_BITS - log) !== home || scanPlace(h) < this.scanFrom) continue;
      if (this.foundCount === this.found.length) {
        const wider = new Int32Array(this.found.length * 2);
        wider.set(this.found);
        this.found = wider;
      }
      this.found[this.foundCount++] = ref;
    }
  }

  /**
   * A random item, or 0 when empty; sets `slot`. `random()` gives [0, 1). Exactly uniform: a throw names one slot of one segment,
   * each with the same chance, and is repeated when the slot is empty.
   */
  random(root: number, random: () => number): number {
    const i32 = this.i32;
    const count = i32[root + R_COUNT];
    if (count === 0) return 0;
    const dir = i32[root + R_DIR];
    const depth = i32[root + R_DEPTH];
    const log = i32[(this.anySegment(root) >> 2) + H_LOG];
    const slots = ((1 << log) + STASH[log]) * SLOTS;
    const throws = slots * (1 << depth);
    for (let tries = 0; tries < RANDOM_TRIES; tries++) {
      const r = Math.floor(random() * throws);
      const prefix = Math.floor(r / slots);
      const seg = (depth === 0 ? dir : i32[(dir >> 2) + prefix]) >> 2;
      // A segment with several directory entries answers only for its first, so that all segments are alike.
      if ((prefix & ((1 << (depth - i32[seg + H_DEPTH])) - 1)) !== 0) continue;
      if (this.pick(seg, r - prefix * slots) !== 0) return i32[this.slot];
    }
    return this.nth(root, Math.floor(random() * count));
  }

  /** Item number `k` in the order of directory and slots; sets `slot`. Time: the number of segments. */
  private nth(root: number, k: number): number {
    const i32 = this.i32;
    const dir = i32[root + R_DIR];
    const depth = i32[root + R_DEPTH];
    let prefix = 0;
    let seg = (depth === 0 ? dir : i32[dir >> 2]) >> 2;
    while (k >= i32[seg + H_COUNT]) {
      k -= i32[seg + H_COUNT];
      prefix += 1 << (depth - i32[seg + H_DEPTH]);
      seg = i32[(dir >> 2) + prefix] >> 2;
    }
    let n = 0;
    while (this.pick(seg, n) === 0 || k-- > 0) n++;
    return i32[this.slot];
  }

  private pick(seg: number, n: number): number {
    const bucket = seg + HEADER_WORDS + Math.floor(n / SLOTS) * BUCKET_WORDS;
    const position = n % SLOTS;
    const ref = this.i32[bucket + 4 + position];
    if (ref === 0) return 0;
    this.segment = seg;
    this.bucket = bucket;
    this.position = position;
    this.slot = bucket + 4 + position;
    return ref;
  }

  /**
   * Collects flagged items from the bucket at `place` on, until `want` are found or `maxBuckets` were looked at; returns the
   * next place, 0 after the last. Places are only hints: a table that changed in between gives other items, not an error.
   */
  scanFlagged(root: number, place: number, want: number, maxBuckets: number): number {
    this.foundCount = 0;
    const i32 = this.i32;
    const dir = i32[root + R_DIR];
    if (dir === 0 || i32[root + R_FLAGGED] === 0) return 0;
    const depth = i32[root + R_DEPTH];
    let prefix = place >>> 7;
    let b = place & 127;
    if (prefix >= 1 << depth) prefix = b = 0;
    for (let looked = 0; looked < maxBuckets && this.foundCount < want; looked++) {
      const seg = (depth === 0 ? dir : i32[(dir >> 2) + prefix]) >> 2;
      const buckets = (1 << i32[seg + H_LOG]) + STASH[i32[seg + H_LOG]];
      if (i32[seg + H_FLAGGED] === 0 || b >= buckets) {
        b = 0;
        const span = 1 << (depth - i32[seg + H_DEPTH]);
        prefix = (prefix & -span) + span;
        if (prefix >= 1 << depth) return 0;
        continue;
      }
      const bucket = seg + HEADER_WORDS + b * BUCKET_WORDS;
      let flags = i32[bucket] & 0xfff;
      while (flags !== 0) {
        const i = 31 - Math.clz32(flags & -flags);
        if (this.foundCount < this.found.length) this.found[this.foundCount++] = i32[bucket + 4 + i];
        flags &= flags - 1;
      }
      b++;
    }
    return (prefix << 7) | b;
  }

  /** A random place for `scanFlagged`. */
  randomPlace(root: number, random: () => number): number {
    return Math.floor(random() * (1 << (this.i32[root + R_DEPTH] + 7)));
  }

  /**
   * Collects all items of the segment at `place` (0 starts) into `found`; returns the next place, 0 after the last. For walks during
   * which the table does not change; the order is that of hash prefixes, the same in all tables with the same hash.
   */
  walk(root: number, place: number): number {
    this.foundCount = 0;
    const i32 = this.i32;
    const dir = i32[root + R_DIR];
    if (dir === 0) return 0;
    const depth = i32[root + R_DEPTH];
    const seg = (depth === 0 ? dir : i32[(dir >> 2) + place]) >> 2;
    this.collectSegment(seg);
    const next = place + (1 << (depth - i32[seg + H_DEPTH]));
    return next === 1 << depth ? 0 : next;
  }

  /**
   * Takes the items of one segment into `found` and gives the segment back, so that a huge table can be freed in steps: false when
   * nothing was left. `place` is a word that is 0 at first and belongs to this function until the end; meanwhile the table is good for
   * nothing else.
   */
  dismantle(root: number, place: number): boolean {
    this.foundCount = 0;
    const i32 = this.i32;
    const dir = i32[root + R_DIR];
    if (dir === 0) return false;
    const depth = i32[root + R_DEPTH];
    const segment = depth === 0 ? dir : i32[(dir >> 2) + i32[place]];
    this.collectSegment(segment >> 2);
    i32[place] += 1 << (depth - i32[(segment >> 2) + H_DEPTH]);
    this.arena.free(segment);
    if (i32[place] === 1 << depth) {
      if (depth !== 0) this.arena.free(dir);
      i32.fill(0, root, root + ROOT_WORDS);
    }
    return true;
  }

  private collectSegment(seg: number): void {
    if (this.found.length < MAX_ITEMS) this.found = new Int32Array(MAX_ITEMS);
    const i32 = this.i32;
    const found = this.found;
    const log = i32[seg + H_LOG];
    const end = seg + HEADER_WORDS + ((1 << log) + STASH[log]) * BUCKET_WORDS;
    let n = 0;
    for (let bucket = seg + HEADER_WORDS; bucket < end; bucket += BUCKET_WORDS) {
      for (let w = bucket + 4; w < bucket + BUCKET_WORDS; w++) {
        const ref = i32[w];
        if (ref !== 0) found[n++] = ref;
      }
    }
    this.foundCount = n;
  }

  /** The hash of an item's key. */
  hashOf(ref: number): number {
    this.reader.locate(ref);
    return this.hash.of(this.u8, this.reader.keyAt, this.reader.keyLen);
  }

  private anySegment(root: number): number {
    const dir = this.i32[root + R_DIR];
    return this.i32[root + R_DEPTH] === 0 ? dir : this.i32[dir >> 2];
  }

  private segmentOf(root: number, h: number): number {
    const depth = this.i32[root + R_DEPTH];
    const dir = this.i32[root + R_DIR];
    return depth === 0 ? dir : this.i32[(dir >> 2) + (h >>> (32 - depth))];
  }

  private newSegment(log: number, depth: number): number {
    const segment = this.arena.alloc(segmentBytes(log));
    const seg = segment >> 2;
    this.i32.fill(0, seg, seg + (segmentBytes(log) >> 2));
    this.i32[seg + H_LOG] = log;
    this.i32[seg + H_DEPTH] = depth;
    return segment;
  }

  private addFirstSegment(root: number): void {
    this.i32[root + R_DIR] = this.newSegment(0, 0);
    this.i32[root + R_DEPTH] = 0;
    this.i32[root + R_SEGMENTS] = 1;
  }

  /** Puts the address into a free slot; false when home, next and stash are full. */
  private place(seg: number, h: number, ref: number): boolean {
    const i32 = this.i32;
    const log = i32[seg + H_LOG];
    const home = (h & 63) >> (HOME_BITS - log);
    const tag = ((h >>> 6) & 0xff) || 1;
    const first = seg + HEADER_WORDS;
    const homeBucket = first + home * BUCKET_WORDS;
    if (this.placeIn(homeBucket, tag, ref)) return true;
    const mask = (1 << log) - 1;
    if (mask !== 0 && this.placeIn(first + ((home + 1) & mask) * BUCKET_WORDS, tag, ref)) {
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

  private placeIn(bucket: number, tag: number, ref: number): boolean {
    const i32 = this.i32;
    for (let k = 0; k < 3; k++) {
      const x = i32[bucket + 1 + k];
      const m = (x - 0x01010101) & ~x & 0x80808080;
      if (m === 0) continue;
      // The lowest marked byte is exact: borrows only reach bytes above a true zero.
      const shift = (31 - Math.clz32(m & -m)) & ~7;
      const i = (k << 2) + (shift >> 3);
      i32[bucket + 1 + k] = x | (tag << shift);
      i32[bucket + 4 + i] = ref;
      this.bucket = bucket;
      this.position = i;
      this.slot = bucket + 4 + i;
      return true;
    }
    return false;
  }

  private clearSlot(seg: number, h: number): void {
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

  /** Makes room where `h` belongs: a bigger only segment, or a split. */
  private grow(root: number, h: number, seg: number): void {
    const i32 = this.i32;
    const log = i32[seg + H_LOG];
    if (log < HOME_BITS) this.resize(root, seg, log + 1);
    else this.split(root, h, seg);
  }

  /** Replaces the only segment by one of 2^log buckets; false, with nothing changed, when the items don't fit. */
  private resize(root: number, seg: number, log: number): boolean {
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
  private take(seg: number): number {
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
  private fill(seg: number, n: number): boolean {
    for (let k = 0; k < n; k++) {
      if (!this.settle(seg, this.hashOf(this.moving[k]), k)) return false;
    }
    return true;
  }

  private settle(seg: number, h: number, k: number): boolean {
    if (!this.place(seg, h, this.moving[k])) return false;
    this.i32[seg + H_COUNT]++;
    if (this.movingFlag[k] !== 0) this.i32[this.bucket] |= 1 << this.position;
    return true;
  }

  /**
   * Splits a segment of 64 buckets by the next bit of the hash. The half with fewer items moves to a new segment, where it surely fits;
   * the rest stays as it lies. (Filling two empty segments instead would fail now and then: items that come in the order of their
   * hashes, as from a walk of another table, are all of one half.)
   */
  private split(root: number, h: number, seg: number): void {
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
    this.clearHalf(seg, bit, gone);
    for (let k = 0; k < n; k++) {
      const hash = this.movingHash[k];
      if (((hash >>> bit) & 1) !== gone) continue;
      const settled = this.settle(fresh, hash, k);
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

  /** Clears the slots of the items just taken whose hash has `gone` in `bit`. */
  private clearHalf(seg: number, bit: number, gone: number): void {
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
  private emptyStash(seg: number): void {
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
  private deepen(root: number): void {
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

  /** Merges a thin segment with its buddy, or makes the only segment smaller. */
  private shrink(root: number, h: number, seg: number): void {
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
    const n = this.take(seg);
    for (let k = 0; k < n; k++) {
      const settled = this.settle(buddy, this.hashOf(this.moving[k]), k);
      assert(settled, "two thin segments fit one");
    }
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

  private hasRoom(bytes: number): boolean {
    return this.arena.freeChunkBytes > bytes + 65536;
  }
}
