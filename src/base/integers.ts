/**
 * Decimal integers as Redis reads them: an optional `-`, no `+`, no leading zeros, no spaces, and the range of a signed
 * 64-bit integer. (`string2ll` is the rule behind INCRBY, the integer encodings and every numeric argument.)
 *
 * Invariants of Int64Parser after `parse` returned true:
 * 1. `hi` (upper 32 bits, signed) and `lo` (lower 32 bits, as int32) hold the two's complement value.
 * 2. `safe` tells whether `value` is that integer exactly; if it isn't, |integer| > 2^53 - 1 and `value` is its
 *    nearest double.
 */

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

/** The text of the least int64 has a sign and 19 digits. */
const MAX_DIGITS = 19;
/** Any 15 digits fit in a double exactly (10^15 < 2^53). */
const SAFE_DIGITS = 15;
const TWO_32 = 4294967296;
const BILLION = 1e9;
/** 2^63 = 9223372036 * 10^9 + 854775808. */
const LIMIT_HIGH = 9223372036;
const LIMIT_LOW = 854775808;

/** Reads int64 texts without allocating. One instance serves any number of calls; each call replaces the result. */
export class Int64Parser {
  /** Whether the last text was a valid int64. The other fields mean nothing when it was not. */
  ok = false;
  /** Whether `value` is exact. */
  safe = false;
  value = 0;
  hi = 0;
  lo = 0;

  /** Parses the whole of `bytes[from, to)`; returns `ok`. */
  parse(bytes: Uint8Array, from: number, to: number): boolean {
    this.ok = false;
    const negative = from < to && bytes[from] === MINUS;
    if (negative) from++;
    const digits = to - from;
    if (digits <= 0 || digits > MAX_DIGITS) return false;
    const first = bytes[from];
    if (first === ZERO) {
      if (negative || digits > 1) return false;
      return this.#small(0);
    }
    const split = digits <= SAFE_DIGITS ? to : to - 9;
    let high = 0;
    for (; from < split; from++) {
      const c = bytes[from];
      if (c < ZERO || c > NINE) return false;
      high = high * 10 + (c - ZERO);
    }
    if (from === to) return this.#small(negative ? -high : high);
    let low = 0;
    for (; from < to; from++) {
      const c = bytes[from];
      if (c < ZERO || c > NINE) return false;
      low = low * 10 + (c - ZERO);
    }
    return this.#large(negative, high, low);
  }

  /** The exact integer; allocates. */
  toBigInt(): bigint {
    return BigInt(this.hi) * 4294967296n + BigInt(this.lo >>> 0);
  }

  #small(value: number): boolean {
    this.ok = true;
    this.safe = true;
    this.value = value;
    this.hi = Math.floor(value / TWO_32) | 0;
    this.lo = value | 0;
    return true;
  }

  /** Takes the magnitude high * 10^9 + low, high < 10^10, low < 10^9. */
  #large(negative: boolean, high: number, low: number): boolean {
    if (high > LIMIT_HIGH) return false;
    if (high === LIMIT_HIGH && low > (negative ? LIMIT_LOW : LIMIT_LOW - 1)) return false;
    // The product is taken in two parts of which each stays below 2^53: high = top * 65536 + rest.
    const top = Math.floor(high / 65536) * BILLION;
    const rest = (high % 65536) * BILLION + low;
    const bottom = (top % 65536) * 65536 + rest;
    const lo = bottom % TWO_32 | 0;
    const hi = (Math.floor(top / 65536) + Math.floor(bottom / TWO_32)) | 0;
    this.ok = true;
    this.lo = negative ? -lo | 0 : lo;
    this.hi = negative ? ~hi + (lo === 0 ? 1 : 0) | 0 : hi;
    // hi * 2^32 is exact, so the sum rounds once.
    this.value = this.hi * TWO_32 + (this.lo >>> 0);
    this.safe = Number.isSafeInteger(this.value);
    return true;
  }
}

const shared = new Int64Parser();

/**
 * The integer that `bytes[from, to)` spells, or NaN when the text is no int64 or lies beyond ±(2^53 - 1). For arguments
 * whose valid range is far smaller: counts, offsets, timeouts.
 */
export function parseSafeInteger(bytes: Uint8Array, from: number, to: number): number {
  return shared.parse(bytes, from, to) && shared.safe ? shared.value : NaN;
}
