/**
 * Unsigned 64-bit integers as Redis reads them where `strtoull` has the last word: digits with any number of leading zeros, also
 * behind spaces and a sign, and a negative number counts from 2^64 down. Any thread.
 */

const ZERO = 0x30;
const NINE = 0x39;
const PLUS = 0x2b;
const MINUS = 0x2d;
const TWO_32 = 4294967296;
const BILLION = 1e9;
/** Any 15 digits fit in a double exactly. */
const SAFE_DIGITS = 15;

/** Reads texts without allocating. One instance serves any number of calls; each call replaces the result. */
export class Uint64Parser {
  /** The halves, as int32. */
  hi = 0;
  lo = 0;

  /** Reads the whole of `bytes[from, to)`; false when that is no number below 2^64, and then the halves mean nothing. */
  parse(bytes: Uint8Array, from: number, to: number): boolean {
    const start = from;
    while (from < to && isSpace(bytes[from])) from++;
    let negative = false;
    if (from < to && (bytes[from] === PLUS || bytes[from] === MINUS)) negative = bytes[from++] === MINUS;
    if (from === to) return false;
    // A number below 0 that is written as Redis writes numbers is told from one that only C's library would read.
    const canonical = negative && from - start === 1 && (bytes[from] !== ZERO);
    while (to - from > 1 && bytes[from] === ZERO) from++;
    const digits = to - from;
    if (digits > 20) return false;
    const split = digits <= SAFE_DIGITS ? to : to - 9;
    let high = 0;
    for (; from < split; from++) {
      const c = bytes[from];
      if (c < ZERO || c > NINE) return false;
      high = high * 10 + (c - ZERO);
    }
    if (from === to) {
      this.lo = high | 0;
      this.hi = Math.floor(high / TWO_32) | 0;
    } else {
      let low = 0;
      for (; from < to; from++) {
        const c = bytes[from];
        if (c < ZERO || c > NINE) return false;
        low = low * 10 + (c - ZERO);
      }
      // high * 10^9 + low in two parts of which each stays below 2^53: high = top * 65536 + rest.
      const top = Math.floor(high / 65536) * BILLION;
      const bottom = (top % 65536) * 65536 + (high % 65536) * BILLION + low;
      const hi = Math.floor(top / 65536) + Math.floor(bottom / TWO_32);
      if (hi >= TWO_32) return false;
      this.hi = hi | 0;
      this.lo = (bottom % TWO_32) | 0;
    }
    if (!negative) return true;
    // What an int64 can hold is refused for being negative; the rest wraps.
    if (canonical && (this.hi >= 0 || (this.hi === -0x80000000 && this.lo === 0))) return false;
    this.hi = ~this.hi + (this.lo === 0 ? 1 : 0) | 0;
    this.lo = -this.lo | 0;
    return true;
  }
}

function isSpace(c: number): boolean {
  return c === 32 || (c >= 9 && c <= 13);
}
