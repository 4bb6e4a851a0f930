/**
 * INCRBYFLOAT arithmetic: Redis computes it in C's long double, which on x86 is the x87 80-bit format, and prints the
 * result with "%.17Lf" less the trailing zeros. This file gives the same digits.
 *
 * Invariants:
 * 1. A long double here is `mantissa * 2^exponent`, mantissa < 2^64, exponent >= -16445, rounded to nearest even.
 * 2. The exact path works on BigInt. The fast path takes decimals whose result provably prints the same:
 *    whole numbers of up to 15 digits, whose sum is exact; and numbers below 32 with up to 14 decimals, where the three
 *    roundings (both operands and the sum) together err by less than 4 * 2^-60 < 0.5 * 10^-17, half of the last digit
 *    printed, so that the printed sum is the exact decimal one.
 */

import { divideToEven, roundRatio } from "./binary_rounding.ts";
import type { Rounded } from "./binary_rounding.ts";
import { DECIMAL, FloatSyntax, HEX, hexDigit, INFINITE } from "./float_syntax.ts";

/** Results of `LongDoubleSum.add`. */
export const SUM_OK = 0;
/** The left text is no float (Redis: "value is not a valid float", or "hash value is not a float"). */
export const SUM_LEFT_INVALID = 1;
/** The right text, the increment, is no float ("value is not a valid float"). */
export const SUM_RIGHT_INVALID = 2;
/** "increment would produce NaN or Infinity". */
export const SUM_NOT_FINITE = 3;

/** Results of `classifyLongDouble`. */
export const FLOAT_INVALID = 0;
export const FLOAT_FINITE = 1;
export const FLOAT_INFINITE = 2;

const PRECISION = 64;
const MIN_EXPONENT = -16445;
/** Finite values stay below 2^16384. */
const TOP_BIT = 16384;
/** Redis parses long doubles from a buffer of 5 KiB; longer texts are refused. 10^4933 is beyond the format's range. */
const MAX_TEXT = 5 * 1024;
const MAX_POWER = 4934;
const TEN_17 = 10n ** 17n;

const DOT = 0x2e;
const MINUS = 0x2d;
const ZERO = 0x30;

/** Digits of a fast operand: its integer and every scaling of it stay below 2^53. */
const FAST_DIGITS = 15;
const FAST_DECIMALS = 14;
const FAST_LIMIT = 32;

const POWERS: number[] = [];
for (let k = 0; k <= FAST_DIGITS; k++) POWERS.push(Number("1e" + k));

/** The magnitude of a scanned text, or null where Redis refuses it: overflow, underflow to zero. */
function magnitudeOf(syntax: FloatSyntax, bytes: Uint8Array): Rounded | null {
  if (syntax.significantDigits === 0) return { mantissa: 0n, exponent: 0 };
  const hex = syntax.kind === HEX;
  const base = hex ? 16n : 10n;
  const power = syntax.exponent - (hex ? 4 : 1) * syntax.fractionDigits;
  const top = power + (hex ? 4 : 1) * syntax.significantDigits;
  const limit = hex ? TOP_BIT + PRECISION : MAX_POWER;
  if (top > limit || top < (hex ? MIN_EXPONENT - PRECISION : -MAX_POWER - 20)) return null;
  let digits = 0n;
  if (hex) {
    for (let i = syntax.from; i < syntax.to; i++) {
      if (bytes[i] !== DOT) digits = digits * base + BigInt(hexDigit(bytes[i]));
    }
  } else {
    digits = BigInt(syntax.mantissaText(bytes).replace(".", ""));
  }
  const scale = hex ? 1n << BigInt(Math.abs(power)) : 10n ** BigInt(Math.abs(power));
  const rounded = power >= 0
    ? roundRatio(digits * scale, 1n, PRECISION, MIN_EXPONENT)
    : roundRatio(digits, scale, PRECISION, MIN_EXPONENT);
  if (rounded.mantissa === 0n || rounded.exponent > TOP_BIT - PRECISION) return null;
  return rounded;
}

/** "%.17Lf" of ±mantissa * 2^exponent without trailing zeros; zero has no sign. */
function formatExact(negative: boolean, mantissa: bigint, exponent: number): string {
  const scaled = exponent >= 0
    ? (mantissa << BigInt(exponent)) * TEN_17
    : divideToEven(mantissa * TEN_17, 1n << BigInt(-exponent));
  if (scaled === 0n) return "0";
  const text = scaled.toString().padStart(18, "0");
  const whole = text.slice(0, -17);
  const fraction = text.slice(-17).replace(/0+$/, "");
  return (negative ? "-" : "") + whole + (fraction === "" ? "" : "." + fraction);
}

/** A double as Redis prints coordinates (GEOPOS): "%.17Lf" without trailing zeros. `value` must be finite. */
export function formatHumanDouble(value: number): string {
  let magnitude = Math.abs(value);
  let exponent = 0;
  // Doubling is exact and ends after at most 1074 steps, at a whole number.
  while (!Number.isInteger(magnitude)) {
    magnitude *= 2;
    exponent--;
  }
  return formatExact(value < 0, BigInt(magnitude), exponent);
}

const left = new FloatSyntax();
const right = new FloatSyntax();

/** Whether Redis accepts `bytes[from, to)` as a long double, and whether it is infinite. */
export function classifyLongDouble(bytes: Uint8Array, from: number, to: number): number {
  if (to - from >= MAX_TEXT) return FLOAT_INVALID;
  const kind = left.scan(bytes, from, to);
  if (kind === INFINITE) return FLOAT_INFINITE;
  if (kind !== DECIMAL && kind !== HEX) return FLOAT_INVALID;
  return magnitudeOf(left, bytes) === null ? FLOAT_INVALID : FLOAT_FINITE;
}

/** Whether the fast path may take a scanned operand. */
function isShort(syntax: FloatSyntax): boolean {
  return syntax.kind === DECIMAL && syntax.exponent === 0 && syntax.significantDigits <= FAST_DIGITS &&
    syntax.fractionDigits <= FAST_DECIMALS;
}

/** Adds two texts. One instance serves any number of calls; `text` is overwritten by each. */
export class LongDoubleSum {
  /** The last sum, in `text[0, length)`. */
  readonly text = new Uint8Array(MAX_TEXT);
  length = 0;

  /** Adds `a[aFrom, aTo)` (the stored value) and `b[bFrom, bTo)` (the increment). Returns one of the SUM constants. */
  add(a: Uint8Array, aFrom: number, aTo: number, b: Uint8Array, bFrom: number, bTo: number): number {
    if (aTo - aFrom >= MAX_TEXT) return SUM_LEFT_INVALID;
    const aKind = left.scan(a, aFrom, aTo);
    const bKind = bTo - bFrom >= MAX_TEXT ? 0 : right.scan(b, bFrom, bTo);
    if (aKind !== 0 && bKind !== 0 && isShort(left) && isShort(right) && this.#addShort()) return SUM_OK;
    return this.#addExact(aKind, a, bKind, b);
  }

  #addShort(): boolean {
    const decimals = Math.max(left.fractionDigits, right.fractionDigits);
    const scale = POWERS[decimals];
    if (decimals > 0) {
      if (left.mantissa >= FAST_LIMIT * POWERS[left.fractionDigits]) return false;
      if (right.mantissa >= FAST_LIMIT * POWERS[right.fractionDigits]) return false;
    }
    const a = left.mantissa * POWERS[decimals - left.fractionDigits];
    const b = right.mantissa * POWERS[decimals - right.fractionDigits];
    const sum = (left.negative ? -a : a) + (right.negative ? -b : b);
    const magnitude = Math.abs(sum);
    let whole = Math.floor(magnitude / scale);
    let fraction = magnitude - whole * scale;
    let width = decimals;
    while (width > 0 && fraction % 10 === 0) {
      fraction /= 10;
      width--;
    }
    const out = this.text;
    let at = 0;
    if (sum < 0) out[at++] = MINUS;
    let end = at + 1;
    for (let limit = 10; whole >= limit; limit *= 10) end++;
    for (let i = end - 1; i >= at; i--) {
      const rest = Math.floor(whole / 10);
      out[i] = ZERO + (whole - rest * 10);
      whole = rest;
    }
    if (width > 0) {
      out[end] = DOT;
      for (let i = end + width; i > end; i--) {
        const rest = Math.floor(fraction / 10);
        out[i] = ZERO + (fraction - rest * 10);
        fraction = rest;
      }
      end += width + 1;
    }
    this.length = end;
    return true;
  }

  #addExact(aKind: number, a: Uint8Array, bKind: number, b: Uint8Array): number {
    const x = aKind === DECIMAL || aKind === HEX ? magnitudeOf(left, a) : null;
    if (x === null && aKind !== INFINITE) return SUM_LEFT_INVALID;
    const y = bKind === DECIMAL || bKind === HEX ? magnitudeOf(right, b) : null;
    if (y === null && bKind !== INFINITE) return SUM_RIGHT_INVALID;
    if (x === null || y === null) return SUM_NOT_FINITE;
    const low = Math.min(x.exponent, y.exponent);
    const xm = x.mantissa << BigInt(x.exponent - low);
    const ym = y.mantissa << BigInt(y.exponent - low);
    const sum = (left.negative ? -xm : xm) + (right.negative ? -ym : ym);
    const magnitude = sum < 0n ? -sum : sum;
    let text = "0";
    if (magnitude !== 0n) {
      const rounded = low >= 0
        ? roundRatio(magnitude << BigInt(low), 1n, PRECISION, MIN_EXPONENT)
        : roundRatio(magnitude, 1n << BigInt(-low), PRECISION, MIN_EXPONENT);
      if (rounded.exponent > TOP_BIT - PRECISION) return SUM_NOT_FINITE;
      text = formatExact(sum < 0n, rounded.mantissa, rounded.exponent);
    }
    for (let i = 0; i < text.length; i++) this.text[i] = text.charCodeAt(i);
    this.length = text.length;
    return SUM_OK;
  }
}
