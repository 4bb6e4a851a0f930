/**
 * LZF, the compression of long strings in RDB files. Any thread.
 *
 * Source: the format of M. Lehmann's LibLZF.
 *
 *   000lllll                     l + 1 literal bytes follow
 *   lllooooo oooooooo            copy l + 2 bytes (l is 1..6) from o + 1 bytes back
 *   111ooooo llllllll oooooooo   the same for l + 9 bytes
 */

import { viewOf } from "../base/bytes.ts";

/** Places remembered: for long inputs many; for short ones so few that they stay in the processor's nearest cache. */
const LONG_BITS = 14;
const SHORT_BITS = 9;
const SHORT = 1 << SHORT_BITS;
const MAX_LITERALS = 32;
const MAX_OFFSET = 8192;
const MAX_MATCH = 264;
const MIN_MATCH = 3;
/** Bytes that a match takes. */
const MATCH_BYTES = 2;
/** After so many places in a row where nothing came again only every second one is looked at, after as many more every fourth. */
const MISSES_PER_STRIDE = 16;
const MAX_STRIDE = 4;
/** Spreads three bytes over the high bits of 32: 2^32 over the golden ratio. */
const HASH_FACTOR = 0x9e3779b1;
/** Where places begin anew: they stay small integers. */
const MAX_BASE = 0x3fffffff;

/** Compresses; the tables are scratch for any number of calls. */
export class LzfCompressor {
  private readonly short = new Seen(SHORT_BITS);
  /** Made when first needed. */
  private long: Seen | undefined;

  /**
   * Compresses src[from, from+len) to dst from `at` on. Returns the number of bytes, or 0 when they would be more than `max`.
   */
  compress(src: Uint8Array, from: number, len: number, dst: Uint8Array, at: number, max: number): number {
    const view = viewOf(src);
    const table = len <= SHORT ? this.short : (this.long ??= new Seen(LONG_BITS));
    const base = table.enter(len);
    const shift = base - from;
    const { places, hashShift } = table;
    const end = from + len;
    const limit = at + max;
    let out = at;
    let literal = from; // first byte not written yet
    let i = from;
    const last = end - MIN_MATCH;
    for (;;) {
      // Where nothing comes again, places are passed faster; and when the rest, all of it one match, would not save enough, that was it.
      const stop = literal === from ? Math.min(last, end - (len - max) - MATCH_BYTES) : last;
      let before = -1;
      for (
        let misses = 0;
        i <= stop;
        i += MISSES_PER_STRIDE > misses++ ? 1 : misses < 2 * MISSES_PER_STRIDE ? 2 : MAX_STRIDE
      ) {
        const three = (src[i] << 16) | (src[i + 1] << 8) | src[i + 2];
        const slot = Math.imul(three, HASH_FACTOR) >>> hashShift;
        const place = places[slot];
        places[slot] = i + shift;
        if (place < base) continue;
        before = place - shift;
        if (((src[before] << 16) | (src[before + 1] << 8) | src[before + 2]) === three && i - before <= MAX_OFFSET) {
          break;
        }
      }
      if (i > stop) break;
      const most = Math.min(MAX_MATCH, end - i);
      let n = MIN_MATCH;
      while (n < most - 3 && view.getInt32(before + n, true) === view.getInt32(i + n, true)) n += 4;
      while (n < most && src[before + n] === src[i + n]) n++;
      out = writeLiterals(src, literal, i, dst, out, limit);
      if (out === 0 || out + 3 > limit) return 0;
      const offset = i - before - 1;
      if (n - 2 < 7) dst[out++] = ((n - 2) << 5) | (offset >> 8);
      else {
        dst[out++] = (7 << 5) | (offset >> 8);
        dst[out++] = n - 9;
      }
      dst[out++] = offset & 0xff;
      // The places inside the match are entered too, thinly: what follows often refers to them.
      for (let k = i + n - 2; k < i + n && k <= last; k++) {
        const three = (src[k] << 16) | (src[k + 1] << 8) | src[k + 2];
        places[Math.imul(three, HASH_FACTOR) >>> hashShift] = k + shift;
      }
      i += n;
      literal = i;
    }
    out = writeLiterals(src, literal, end, dst, out, limit);
    return out === 0 ? 0 : out - at;
  }
}

/**
 * By hash of three bytes: where they were seen last, as a base + place in the current input; below the base: in an input before it.
 * So the table need not be cleared for each input, which would take longer than compressing a short one.
 */
class Seen {
  readonly places: Int32Array;
  /** Leaves of a 32-bit hash what the table has room for. */
  readonly hashShift: number;
  private next = 1;

  constructor(bits: number) {
    this.places = new Int32Array(1 << bits);
    this.hashShift = 32 - bits;
  }

  /** The base of an input of `len` bytes. */
  enter(len: number): number {
    if (this.next > MAX_BASE - len) {
      this.places.fill(0);
      this.next = 1;
    }
    const base = this.next;
    this.next = base + len;
    return base;
  }
}

/** Writes src[from, to) as literals; returns the place behind, or 0 when it does not fit. */
function writeLiterals(src: Uint8Array, from: number, to: number, dst: Uint8Array, out: number, limit: number): number {
  while (from < to) {
    const n = Math.min(MAX_LITERALS, to - from);
    if (out + n + 1 > limit) return 0;
    dst[out++] = n - 1;
    for (let k = 0; k < n; k++) dst[out++] = src[from++];
  }
  return out;
}

/**
 * Decompresses src[from, from+len) to dst from `at` on. True when that gave exactly `size` bytes; anything else is not what a
 * compressor wrote.
 */
export function lzfDecompress(
  src: Uint8Array,
  from: number,
  len: number,
  dst: Uint8Array,
  at: number,
  size: number,
): boolean {
  let i = from;
  const end = from + len;
  let out = at;
  const limit = at + size;
  while (i < end) {
    const control = src[i++];
    if (control < MAX_LITERALS) {
      const n = control + 1;
      if (i + n > end || out + n > limit) return false;
      for (let k = 0; k < n; k++) dst[out++] = src[i++];
      continue;
    }
    let n = control >> 5;
    if (n === 7) {
      if (i >= end) return false;
      n += src[i++];
    }
    if (i >= end) return false;
    let back = out - ((control & 31) << 8) - src[i++] - 1;
    n += 2;
    if (back < at || out + n > limit) return false;
    for (let k = 0; k < n; k++) dst[out++] = dst[back++];
  }
  return out === limit;
}
