/**
 * Doubles as text, in both directions, as Redis 7.4 does it.
 *
 * Writing: the shortest digits that read back as the same double, laid out by these rules (d = digit count, K = power of
 * ten of the last digit, X = power of ten of the first digit):
 *   whole numbers up to 2^62              all digits                  3   -7   4611686018427387904
 *   K >= 0 and |X| < d + 7                digits, then K zeros        12345678901234567000
 *   K < 0 and (K > -7 or |X| < 4)         plain decimal               0.00001   3.141592653589793
 *   otherwise                             scientific                  5e+18   1e-7   1.700000000123e-5
 * and inf, -inf, nan, -0. (Redis 7.0 printed "%.17g" instead; `formatDouble17` does, where Redis still needs it.)
 *
 * Reading: C's strtod over the whole text, minus what Redis refuses: leading space, NaN, overflow, underflow to zero.
 */

import { roundRatio } from "./binary_rounding.ts";
import { latin1Text } from "./bytes.ts";
import { DECIMAL, FloatSyntax, HEX, hexDigit, INFINITE, INVALID, NOT_A_NUMBER } from "./float_syntax.ts";

const ZERO = 0x30;
const DOT = 0x2e;
const MINUS = 0x2d;
const PLUS = 0x2b;
const LETTER_E = 0x65;

/** Room that `writeDouble` may use: 24 digits and zeros of a plain integer, and a sign. */
export const MAX_DOUBLE_CHARS = 32;

/** Whole doubles up to here are written as 64-bit integers (half of int64's range, where Redis stops trusting its cast). */
const MAX_WHOLE = 2 ** 62;
/** A decimal of 15 digits is never the neighbour of another one that reads as the same double. */
const UNIQUE_LIMIT = 1e15;

/** Powers of ten that are exact doubles. */
const EXACT_POWERS: number[] = [];
for (let k = 0; k <= 22; k++) EXACT_POWERS.push(Number("1e" + k));

const syntax = new FloatSyntax();
/** Digits of the number being written, most significant first. At most 17 for a double; a safe integer has 16. */
const digits = new Uint8Array(20);

/** Writes a safe integer >= 0 in decimal at `out[at]`; returns the end. */
function writeDigits(out: Uint8Array, at: number, value: number): number {
  let width = 1;
  for (let limit = 10; width < 16 && value >= limit; limit *= 10) width++;
  for (let i = at + width - 1; i >= at; i--) {
    const rest = Math.floor(value / 10);
    out[i] = ZERO + (value - rest * 10);
    value = rest;
  }
  return at + width;
}

function writeAscii(out: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/**
 * Writes `value` as Redis 7.4 replies it at `out[at]` and returns the end. Up to MAX_DOUBLE_CHARS bytes are used.
 * Allocates only for doubles that need more than 15 digits.
 */
export function writeDouble(out: Uint8Array, at: number, value: number): number {
  if (value !== value) return writeAscii(out, at, "nan");
  if (value < 0 || Object.is(value, -0)) {
    out[at++] = MINUS;
    value = -value;
  }
  if (value === Infinity) return writeAscii(out, at, "inf");
  if (value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value) return writeDigits(out, at, value);
  if (value <= MAX_WHOLE && Math.floor(value) === value) return writeAscii(out, at, BigInt(value).toString());
  if (value < UNIQUE_LIMIT) {
    for (let k = 1; k <= 22; k++) {
      const mantissa = Math.round(value * EXACT_POWERS[k]);
      if (mantissa >= UNIQUE_LIMIT) break;
      if (mantissa / EXACT_POWERS[k] === value) return writeLayout(out, at, writeDigits(digits, 0, mantissa), -k);
    }
  }
  // toExponential without an argument gives the shortest digits: d.ddde±x
  const text = value.toExponential();
  const mark = text.indexOf("e");
  let count = 0;
  for (let i = 0; i < mark; i++) {
    if (i !== 1) digits[count++] = text.charCodeAt(i);
  }
  return writeLayout(out, at, count, Number(text.slice(mark + 1)) - count + 1);
}

/** Lays out `digits[0, count)` times 10^last as the file head says. */
function writeLayout(out: Uint8Array, at: number, count: number, last: number): number {
  const first = last + count - 1;
  if (last >= 0 && first < count + 7) {
    for (let i = 0; i < count; i++) out[at++] = digits[i];
    for (let i = 0; i < last; i++) out[at++] = ZERO;
    return at;
  }
  if (last < 0 && (last > -7 || Math.abs(first) < 4)) {
    const whole = count + last;
    if (whole <= 0) {
      out[at++] = ZERO;
      out[at++] = DOT;
      for (let i = whole; i < 0; i++) out[at++] = ZERO;
      for (let i = 0; i < count; i++) out[at++] = digits[i];
    } else {
      for (let i = 0; i < count; i++) {
        if (i === whole) out[at++] = DOT;
        out[at++] = digits[i];
      }
    }
    return at;
  }
  out[at++] = digits[0];
  if (count > 1) {
    out[at++] = DOT;
    for (let i = 1; i < count; i++) out[at++] = digits[i];
  }
  out[at++] = LETTER_E;
  out[at++] = first < 0 ? MINUS : PLUS;
  return writeDigits(out, at, Math.abs(first));
}

const scratch = new Uint8Array(MAX_DOUBLE_CHARS);

/** `writeDouble` as a string, for cold paths. */
export function formatDouble(value: number): string {
  return latin1Text(scratch, 0, writeDouble(scratch, 0, value));
}

/** C's "%.17g": what Redis 7.0 replied, and what DEBUG DIGEST hashes in every version. */
export function formatDouble17(value: number): string {
  if (value !== value) return "nan";
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const sign = value < 0 ? "-" : "";
  const exact = Math.abs(value).toExponential(100);
  let text = Math.abs(value).toExponential(16);
  // JavaScript rounds an exact tie up, C rounds it to even: on a tie, step back from an odd last digit.
  if (/^\d\.\d{16}50+e/.test(exact) && "13579".includes(text[17])) text = exact.slice(0, 18) + exact.slice(102);
  const mark = text.indexOf("e");
  const exponent = Number(text.slice(mark + 1));
  const plain = (text[0] + text.slice(2, mark)).replace(/0+$/, "");
  if (exponent < -4 || exponent >= 17) {
    const power = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${plain[0]}${plain.length > 1 ? "." + plain.slice(1) : ""}e${exponent < 0 ? "-" : "+"}${power}`;
  }
  if (exponent < 0) return sign + "0." + "0".repeat(-exponent - 1) + plain;
  const whole = plain.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return plain.length > exponent + 1 ? `${sign}${whole}.${plain.slice(exponent + 1)}` : sign + whole;
}

/** The value of the last DECIMAL or HEX scan over `bytes`, sign included. Allocates beyond 2^53 and 10^±22. */
function scannedValue(bytes: Uint8Array): number {
  let magnitude: number;
  if (syntax.significantDigits === 0) {
    magnitude = 0;
  } else if (syntax.kind === HEX) {
    magnitude = hexValue(bytes);
  } else {
    const power = syntax.exponent - syntax.fractionDigits;
    if (syntax.mantissa <= Number.MAX_SAFE_INTEGER && power >= -22 && power <= 22) {
      // Both operands are exact, so the one operation rounds correctly (Clinger, 1990).
      magnitude = power < 0 ? syntax.mantissa / EXACT_POWERS[-power] : syntax.mantissa * EXACT_POWERS[power];
    } else {
      magnitude = Number(syntax.mantissaText(bytes) + "e" + syntax.exponent);
    }
  }
  return syntax.negative ? -magnitude : magnitude;
}

function hexValue(bytes: Uint8Array): number {
  let mantissa = 0n;
  for (let i = syntax.from; i < syntax.to; i++) {
    if (bytes[i] !== DOT) mantissa = mantissa * 16n + BigInt(hexDigit(bytes[i]));
  }
  const exponent = syntax.exponent - 4 * syntax.fractionDigits;
  const top = exponent + 4 * syntax.significantDigits;
  if (top > 1100) return Infinity;
  if (top < -1100) return 0;
  const rounded = exponent >= 0
    ? roundRatio(mantissa << BigInt(exponent), 1n, 53, -1074)
    : roundRatio(mantissa, 1n << BigInt(-exponent), 53, -1074);
  // The mantissa has at most 53 bits; halving the scale keeps both factors in range and the last product exact.
  const half = rounded.exponent >> 1;
  return Number(rounded.mantissa) * 2 ** half * 2 ** (rounded.exponent - half);
}

/**
 * The double that the whole of `bytes[from, to)` spells, or NaN when Redis refuses it as "not a valid float": bad
 * syntax, leading or trailing space, NaN itself, magnitudes that overflow or underflow to zero. Infinities are valid.
 */
export function parseDouble(bytes: Uint8Array, from: number, to: number): number {
  const kind = syntax.scan(bytes, from, to);
  if (kind === INFINITE) return syntax.negative ? -Infinity : Infinity;
  if (kind !== DECIMAL && kind !== HEX) return NaN;
  const value = scannedValue(bytes);
  if (value === Infinity || value === -Infinity) return NaN;
  if (value === 0 && syntax.significantDigits !== 0) return NaN;
  return value;
}

/**
 * The score that ZRANGEBYSCORE and its kin read as an interval's bound (after an optional "("), or NaN when invalid.
 * Laxer than `parseDouble`, as in Redis: leading white space is skipped, an empty text is 0, and what overflows or
 * underflows saturates.
 */
export function parseScoreBound(bytes: Uint8Array, from: number, to: number): number {
  if (from >= to) return 0;
  while (from < to && (bytes[from] === 0x20 || (bytes[from] >= 0x09 && bytes[from] <= 0x0d))) from++;
  const kind = syntax.scan(bytes, from, to);
  if (kind === INFINITE) return syntax.negative ? -Infinity : Infinity;
  if (kind === INVALID || kind === NOT_A_NUMBER) return NaN;
  return scannedValue(bytes);
}
