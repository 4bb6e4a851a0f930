/** Decimal text of 64-bit integers given as two 32-bit halves, without BigInt or strings. Any thread. */

const ZERO = 48;
const MINUS = 45;
const BILLION = 1000000000;

/** Longest text: a sign and 19 digits. */
export const INT64_TEXT_MAX = 20;

/** Number of decimal digits of 0 <= n < 2^31. */
function digitCount(n: number): number {
  if (n < 10000) return n < 100 ? (n < 10 ? 1 : 2) : n < 1000 ? 3 : 4;
  if (n < 100000000) return n < 1000000 ? (n < 100000 ? 5 : 6) : n < 10000000 ? 7 : 8;
  return n < 1000000000 ? 9 : 10;
}

/** Writes the decimal text of 0 <= n < 2^31 to out[at...]; returns the place behind it. */
export function writeUint31(out: Uint8Array, at: number, n: number): number {
  const end = at + digitCount(n);
  let i = end;
  // Each division waits for the one before: two digits at a time are half as many.
  while (n >= 100) {
    const q = (n / 100) | 0;
    const pair = n - q * 100;
    const tens = (pair * 103) >> 10; // pair / 10 below 100
    out[--i] = ZERO + pair - tens * 10;
    out[--i] = ZERO + tens;
    n = q;
  }
  if (n >= 10) {
    const tens = (n * 103) >> 10;
    out[--i] = ZERO + n - tens * 10;
    n = tens;
  }
  out[i - 1] = ZERO + n;
  return end;
}

/**
 * Writes the decimal text of the signed integer hi * 2^32 + lo (two's complement halves) to out[at...]; returns its
 * length, at most INT64_TEXT_MAX.
 */
export function writeInt64(out: Uint8Array, at: number, hi: number, lo: number): number {
  const start = at;
  if (hi === 0 && lo >= 0) return writeUint31(out, at, lo) - at;
  if (hi >= 0) return writeUnsigned(out, at, hi, lo >>> 0);
  out[at++] = MINUS;
  const low = -lo >>> 0;
  return at - start + writeUnsigned(out, at, (~hi + (low === 0 ? 1 : 0)) >>> 0, low);
}

/** As `writeInt64`, for the unsigned integer of the same halves. */
export function writeUint64(out: Uint8Array, at: number, hi: number, lo: number): number {
  return hi >= 0 ? writeInt64(out, at, hi, lo) : writeUnsigned(out, at, hi >>> 0, lo >>> 0);
}

/** The text of high * 2^32 + low, two unsigned halves; returns its length. */
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
  if (quotient === 0) return writeUint31(out, at, rest) - start;
  const top = Math.floor(quotient / BILLION);
  const middle = quotient - top * BILLION;
  if (top > 0) {
    if (top >= 10) out[at++] = ZERO + 1; // 2^64 / 10^18 is 18
    out[at++] = ZERO + (top % 10);
    putPadded(out, at, middle);
    at += 9;
  } else {
    at = writeUint31(out, at, middle);
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
