/**
 * LZF, the compression of long strings in RDB files. Any thread.
 *
 * Source: the format of M. Lehmann's LibLZF.
 *
 *   000lllll                     l + 1 literal bytes follow
 *   lllooooo oooooooo            copy l + 2 bytes (l is 1..6) from o + 1 bytes back
 *   111ooooo llllllll oooooooo   the same for l + 9 bytes
 */

const HASH_BITS = 14;
const MAX_LITERALS = 32;
const MAX_OFFSET = 8192;
const MAX_MATCH = 264;
const MIN_MATCH = 3;
/** Where places begin anew: they stay small integers. */
const MAX_BASE = 0x3fffffff;

/** Compresses; the table is scratch for any number of calls. */
export class LzfCompressor {
  /**
   * By hash of three bytes: where they were seen last, as `base` + place in the current input; below `base`: in an input before it.
   * So the table need not be cleared for each input, which would take longer than compressing a short one. Made when first needed.
   */
  private seen: Int32Array | undefined;
  private base = 1;

  /**
   * Compresses src[from, from+len) to dst from `at` on. Returns the number of bytes, or 0 when they would be more than `max`.
   */
  compress(src: Uint8Array, from: number, len: number, dst: Uint8Array, at: number, max: number): number {
    const seen = this.seen ??= new Int32Array(1 << HASH_BITS);
    if (this.base > MAX_BASE - len) {
      seen.fill(0);
      this.base = 1;
    }
    const shift = this.base - from;
    this.base += len;
    const end = from + len;
    const limit = at + max;
    let out = at;
    let literal = from; // first byte not written yet
    let i = from;
    while (i + MIN_MATCH <= end) {
      const slot = hash(src, i);
      const before = seen[slot] - shift;
      seen[slot] = i + shift;
      if (
        before < from || i - before > MAX_OFFSET || src[before] !== src[i] || src[before + 1] !== src[i + 1] ||
        src[before + 2] !== src[i + 2]
      ) {
        i++;
        continue;
      }
      const most = Math.min(MAX_MATCH, end - i);
      let n = MIN_MATCH;
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
      for (let k = i + n - 2; k < i + n && k + MIN_MATCH <= end; k++) seen[hash(src, k)] = k + shift;
      i += n;
      literal = i;
    }
    out = writeLiterals(src, literal, end, dst, out, limit);
    return out === 0 ? 0 : out - at;
  }
}

function hash(src: Uint8Array, i: number): number {
  return Math.imul((src[i] << 16) | (src[i + 1] << 8) | src[i + 2], 0x9e3779b1) >>> (32 - HASH_BITS);
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
