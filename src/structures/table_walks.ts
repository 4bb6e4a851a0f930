/**
 * TableWalks: passing over a table's items: scans by cursors that stay good while it changes, random items, whole walks. Any thread, one
 * at a time. The part of Table (table.ts) that looks for no key.
 */
import { TableSegments } from "./table_segments.ts";
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
  NEXT_MASK,
  NEXT_SHIFT,
  PREFETCH_MAX,
  R_COUNT,
  R_DEPTH,
  R_DIR,
  R_FLAGGED,
  RANDOM_TRIES,
  ROOT_WORDS,
  scanPlace,
  SLOTS,
  STASH,
  STASH_MASK,
  STASH_SHIFT,
} from "./table_layout.ts";

export class TableWalks extends TableSegments {
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

  protected scanBucket(root: number, cursor: number): number {
    this.foundCount = 0;
    const i32 = this.i32;
    const dir = i32[root + R_DIR];
    if (dir === 0) return 0;
    const depth = i32[root + R_DEPTH];
    const home = (cursor >>> MAX_DEPTH) & 63;
    const prefix = cursor & ((1 << MAX_DEPTH) - 1);
    const seg = (depth === 0 ? dir : i32[(dir >> 2) + (prefix >>> (MAX_DEPTH - depth))]) >> 2;
    const log = i32[seg + H_LOG];
    const span = 1 << (MAX_DEPTH - i32[seg + H_DEPTH]);
    // Only a merge since the last call makes a segment begin before the cursor.
    if ((prefix & (span - 1)) === 0 && (home & ((1 << (HOME_BITS - log)) - 1)) === 0) this.scanFrom = 0;
    this.collect(seg, log, home >> (HOME_BITS - log));
    return this.nextCursor(seg, cursor);
  }

  /** The cursor behind the home bucket at `cursor`, which lies in segment `seg`; 0 at the end. */
  protected nextCursor(seg: number, cursor: number): number {
    const i32 = this.i32;
    const home = (cursor >>> MAX_DEPTH) & 63;
    const span = 1 << (MAX_DEPTH - i32[seg + H_DEPTH]);
    const next = (cursor & ((1 << MAX_DEPTH) - 1) & -span) + span;
    if (next < 1 << MAX_DEPTH) return (home << MAX_DEPTH) | next;
    const step = 1 << (HOME_BITS - i32[seg + H_LOG]);
    const nextHome = (home & -step) + step;
    return nextHome >= 64 ? 0 : nextHome << MAX_DEPTH;
  }

  /**
   * Brings the items of the next `buckets` home buckets from `cursor` on into the processor's cache, as `Table.prefetch` does for
   * lookups: neighbours in the order of cursors lie in different segments, so that each bucket and each item would be a miss of its own.
   */
  prefetchScan(root: number, cursor: number, buckets: number): void {
    const i32 = this.i32;
    const dir = i32[root + R_DIR];
    const depth = i32[root + R_DEPTH];
    if (depth === 0) return; // one segment lies in the cache anyway
    const { ahead } = this;
    let sum = 0;
    let n = 0;
    while (n < buckets && n < PREFETCH_MAX) {
      const seg = i32[(dir >> 2) + ((cursor & ((1 << MAX_DEPTH) - 1)) >>> (MAX_DEPTH - depth))] >> 2;
      const bucket = seg + HEADER_WORDS + ((cursor >>> MAX_DEPTH) & 63) * BUCKET_WORDS;
      ahead[n++] = bucket;
      sum ^= i32[bucket] ^ i32[seg];
      cursor = this.nextCursor(seg, cursor);
      if (cursor === 0) break;
    }
    for (let k = 0; k < n; k++) {
      const bucket = ahead[k];
      // Behind a segment's last bucket lies a stash bucket: then what is looked at in vain is another's.
      const away = i32[bucket] >>> NEXT_SHIFT;
      for (let w = bucket + 2 * BUCKET_WORDS - away; w < bucket + 2 * BUCKET_WORDS; w++) sum ^= i32[i32[w] >> 2];
      for (let w = bucket + 4; w < bucket + BUCKET_WORDS; w++) {
        const ref = i32[w] >> 2;
        sum ^= i32[ref] ^ i32[ref + 12]; // an empty slot's is word 0 of the arena; an entry is seldom larger than two cache lines
      }
    }
    this.prefetched = sum;
  }

  /** Gathers the items whose home is `home`: in it, in the next bucket, in the stash. */
  protected collect(seg: number, log: number, home: number): void {
    const i32 = this.i32;
    const first = seg + HEADER_WORDS;
    const bucket = first + home * BUCKET_WORDS;
    const mask = (1 << log) - 1;
    this.collectHome(bucket, log, home, i32[first + ((home - 1) & mask) * BUCKET_WORDS] >>> NEXT_SHIFT);
    const meta = i32[bucket];
    if ((meta & NEXT_MASK) !== 0) {
      this.collectOthers(first + ((home + 1) & mask) * BUCKET_WORDS, log, home, meta >>> NEXT_SHIFT);
    }
    let stashed = (meta & STASH_MASK) >>> STASH_SHIFT;
    for (let s = 0; s < STASH[log] && stashed > 0; s++) {
      stashed = this.collectOthers(first + ((1 << log) + s) * BUCKET_WORDS, log, home, stashed);
    }
  }

  /** Gathers the items at home in a bucket: all but the `strangers` that the bucket before has put there. */
  private collectHome(bucket: number, log: number, home: number, strangers: number): void {
    const i32 = this.i32;
    const { scanFrom } = this;
    for (let w = bucket + BUCKET_WORDS - 1; w >= bucket + 4; w--) {
      const ref = i32[w];
      if (ref === 0) continue;
      // Strangers lie at the end, if they can; where none is left, no hash needs to tell.
      if (strangers > 0 || scanFrom !== 0) {
        const h = this.hashOf(ref);
        if ((h & 63) >> (HOME_BITS - log) !== home) {
          strangers--;
          continue;
        }
        if (scanPlace(h) < scanFrom) continue;
      }
      this.add(ref);
    }
  }

  /** Gathers the items of `home` that are elsewhere: up to `away` of them in a bucket; returns how many are yet to be met. */
  private collectOthers(bucket: number, log: number, home: number, away: number): number {
    const i32 = this.i32;
    for (let w = bucket + BUCKET_WORDS - 1; w >= bucket + 4 && away > 0; w--) {
      const ref = i32[w];
      if (ref === 0) continue;
      const h = this.hashOf(ref);
      if ((h & 63) >> (HOME_BITS - log) !== home) continue;
      away--;
      if (scanPlace(h) >= this.scanFrom) this.add(ref);
    }
    return away;
  }

  private add(ref: number): void {
    if (this.foundCount === this.found.length) {
      const wider = new Int32Array(this.found.length * 2);
      wider.set(this.found);
      this.found = wider;
    }
    this.found[this.foundCount++] = ref;
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
  protected nth(root: number, k: number): number {
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

  protected pick(seg: number, n: number): number {
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

  /** A random place for `scanFlagged`: any bucket of any segment. 0 when the table is empty. */
  randomPlace(root: number, random: () => number): number {
    const i32 = this.i32;
    const dir = i32[root + R_DIR];
    if (dir === 0) return 0;
    const depth = i32[root + R_DEPTH];
    const prefix = Math.floor(random() * (1 << depth));
    const log = i32[((depth === 0 ? dir : i32[(dir >> 2) + prefix]) >> 2) + H_LOG];
    return (prefix << 7) | Math.floor(random() * ((1 << log) + STASH[log]));
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

  protected collectSegment(seg: number): void {
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
}
