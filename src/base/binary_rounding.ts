/**
 * Exact rounding of a rational number to a binary floating-point format, round to nearest, ties to even, with gradual
 * underflow. Works on BigInt: for cold paths only.
 */

/** A rounded magnitude: `mantissa * 2^exponent`. */
export interface Rounded {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** Bits needed to write `n` >= 0; 0 for 0. */
export function bitLength(n: bigint): number {
  if (n === 0n) return 0;
  const hex = n.toString(16);
  return hex.length * 4 - Math.clz32(parseInt(hex[0], 16)) + 28;
}

/** `floor(n / d)` rounded to nearest, ties to even, for n >= 0 and d > 0. */
export function divideToEven(n: bigint, d: bigint): bigint {
  const quotient = n / d;
  const twice = (n - quotient * d) * 2n;
  return twice > d || (twice === d && (quotient & 1n) === 1n) ? quotient + 1n : quotient;
}

/**
 * Rounds n / d (n > 0, d > 0) to at most `precision` bits of mantissa with an exponent not below `minExponent`. The
 * mantissa is 0 when the value underflows; overflow is for the caller to see in the exponent.
 */
export function roundRatio(n: bigint, d: bigint, precision: number, minExponent: number): Rounded {
  let exponent = bitLength(n) - bitLength(d) - precision;
  // The quotient of a b-bit by a c-bit number has b - c or b - c + 1 bits: one shift too few shows in the comparison.
  const probe = exponent + precision;
  if (probe >= 0 ? n >= d << BigInt(probe) : n << BigInt(-probe) >= d) exponent++;
  if (exponent < minExponent) exponent = minExponent;
  let mantissa = exponent >= 0 ? divideToEven(n, d << BigInt(exponent)) : divideToEven(n << BigInt(-exponent), d);
  if (mantissa >> BigInt(precision) !== 0n) {
    mantissa >>= 1n;
    exponent++;
  }
  return { mantissa, exponent };
}
