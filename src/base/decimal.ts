/** Decimal text of integers, written straight into bytes: no strings, no BigInt. Any thread. */

const MINUS = 45;
const ZERO = 48;
const BILLION = 1e9;

/** Bytes that the decimal text of `n` takes, |n| <= 2^53. */
export function decimalLength(n: number): number {
  let count = 1;
  if (n < 0) {
    n = -n;
    count = 2;
  }
  for (let limit = 10; n >= limit; limit *= 10) count++;
  return count;
}

/** Writes `n`, whose text is `length` bytes long (see decimalLength), at dst[at, at+length). */
export function writeDecimal(dst: Uint8Array, at: number, n: number, length: number): void {
  let i = at + length;
  if (n < 0) {
    dst[at++] = MINUS;
    n = -n;
  }
  // Beyond int32 nine digits at a time are split off in doubles, which are exact to 2^53.
  while (n > 0x7fffffff) {
    const q = Math.floor(n / BILLION);
    let rest = (n - q * BILLION) | 0;
    for (let k = 0; k < 9; k++) {
      const tenth = (rest / 10) | 0;
      dst[--i] = ZERO + (rest - tenth * 10);
      rest = tenth;
    }
    n = q;
  }
  let m = n | 0;
  while (i > at) {
    const q = (m / 10) | 0;
    dst[--i] = ZERO + (m - q * 10);
    m = q;
  }
}
