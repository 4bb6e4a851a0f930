/** Decimal text of 64-bit integers given as two 32-bit halves, without BigInt or strings. Any thread. */

const ZERO = 48;
const MINUS = 45;
const BILLION = 1000000000;

/** Longest text: a sign and 19 digits. */
export const INT64_TEXT_MAX = 20;

/** Writes the digits of 0 <= n < 2^31 so that they end before `end`; returns where they begin. */
function putDigits(out: Uint8Array, end: number, n: number): number {
  do {
    const q = (n / 10) | 0;
    out[--end] = ZERO + (n - q * 10);
    n = q;
  } while (n > 0);
  return end;
}

function digitCount(n: number): number {
  let count = 1;
  for (let limit = 10; n >= limit; limit *= 10) count++;
  return count;
}

/**
 * Writes the decimal text of the signed integer hi * 2^32 + lo (two's complement halves) to out[at...]; returns its
 * length, at most INT64_TEXT_MAX.
 */
export function writeInt64(out: Uint8Array, at: number, hi: number, lo: number): number {
  const start = at;
  if (hi === 0 && lo >= 0) {
    const len = digitCount(lo);
    putDigits(out, at + len, lo);
    return len;
  }
  if (hi >= 0) return writeUnsigned(out, at, hi, lo >>> 0);
  out[at++] = MINUS;
  const low = -lo >>> 0;
  return at - start + writeUnsigned(out, at, (~hi + (low === 0 ? 1 : 0)) >>> 0, low);
}

/** As `writeInt64`, for the unsigned integer of the same halves. */
export function writeUint64(out: Uint8Array, at: number, hi: number, lo: number): number {
  return hi >= 0 ? writeInt64(out, at, hi, lo) : writeUnsigned(out, at, hi >>> 0, lo >>> 0);
}

/** The text of high * 2^32 + low >= 2^31; returns its length. */
function writeUnsigned(out: Uint8Array, at: number, high: number, low: number): number {
  const start = at;
  // Long division by 10^9 in 16-bit steps: every intermediate stays below 10^9 * 2^16 < 2^53.
  let rest = high % BILLION;
  const qHigh = Math.floor(high / BILLION);
  const upper = rest * 65536 + (low >>> 16);
  const qMid = Math.floor(upper / BILLION);
  rest = upper - qMid * BILLION;
  const lower = rest * 65536 + (low & 0xffff);
  const qLow = Math.floor(lower / BILLION);
  rest = lower - qLow * BILLION;
  const quotient = qHigh * 4294967296 + qMid * 65536 + qLow; // at most 2^64 / 10^9 < 2^35
  if (quotient === 0) {
    const len = digitCount(rest);
    putDigits(out, at + len, rest);
    return at + len - start;
  }
  const top = Math.floor(quotient / BILLION);
  const middle = quotient - top * BILLION;
  if (top > 0) {
    if (top >= 10) out[at++] = ZERO + 1; // 2^64 / 10^18 is 18
    out[at++] = ZERO + (top % 10);
    putPadded(out, at, middle);
    at += 9;
  } else {
    const len = digitCount(middle);
    putDigits(out, at + len, middle);
    at += len;
  }
  putPadded(out, at, rest);
  return at + 9 - start;
}

/** Nine digits with leading zeros. */
function putPadded(out: Uint8Array, at: number, n: number): void {
  for (let i = at + 8; i >= at; i--) {
    const q = (n / 10) | 0;
    out[i] = ZERO + (n - q * 10);
    n = q;
  }
}
