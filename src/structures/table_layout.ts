/** Table layout: the words of a table in the arena, which table.ts describes, and the bounds of its segments. */

/** Words of a table's root; all zero is an empty table. */
export const ROOT_WORDS = 5;
export const ROOT_COUNT = 2;

export const R_DIR = 0;
export const R_DEPTH = 1;
export const R_COUNT = ROOT_COUNT;
export const R_FLAGGED = 3;
export const R_SEGMENTS = 4;

// Segment header words.
export const H_LOG = 0; // log2 of the number of buckets
export const H_DEPTH = 1; // bits of the hash prefix that all its items share
export const H_COUNT = 2;
export const H_FLAGGED = 3;
export const HEADER_WORDS = 16;

export const BUCKET_WORDS = 16;
export const SLOTS = 12;
export const HOME_BITS = 6;
/** The prefix bits of a cursor; also the deepest directory, beyond which tags and prefix would share bits. */
export const MAX_DEPTH = 18;

/** Stash buckets by log2 of the bucket count; 64 + 7 buckets and the header make exactly 72 lines, a size class. */
export const STASH = [0, 1, 1, 1, 2, 4, 7];
export const MAX_ITEMS = (64 + 7) * SLOTS;

/** Items that a segment made beforehand is meant for: three quarters, at which hardly one splits. */
export const PRESIZED_ITEMS = (MAX_ITEMS * 3) >> 2;

/** Throws of `random` before it counts instead: at the usual load of a half and more, the chance to need that is 2^-64. */
export const RANDOM_TRIES = 64;

/** Buddies merge when both fit well below a split's threshold, so that split and merge don't alternate. */
export const MERGE_BELOW = 360;

export function segmentBytes(log: number): number {
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

export const NEXT_SHIFT = 24;
export const NEXT_ONE = 1 << NEXT_SHIFT;
export const STASH_SHIFT = 16;
export const STASH_ONE = 1 << STASH_SHIFT;
export const STASH_MASK = 0xff << STASH_SHIFT;
export const NEXT_MASK = 0xff << 24;
