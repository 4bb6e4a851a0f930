/**
 * The grammar of floating-point texts, as C's strtod and strtold accept it in the "C" locale. Finds the parts; doubles.ts
 * and long_doubles.ts turn them into values.
 *
 *   text     = [sign] ( decimal | hex | "inf" | "infinity" | "nan" )        letters in any case
 *   decimal  = digits with at most one "." and at least one digit, [ "e" [sign] digits ]
 *   hex      = "0x" the same with hex digits, [ "p" [sign] digits ]
 *
 * White space is never accepted here. Nothing is allocated.
 */

/** What a text turned out to be. */
export const INVALID = 0;
export const DECIMAL = 1;
export const HEX = 2;
export const INFINITE = 3;
export const NOT_A_NUMBER = 4;

/** Exponents are cut off here: far beyond any format's range, far below what would lose precision when added to. */
const EXPONENT_LIMIT = 1e9;

const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** The value of a hex digit, or -1. */
export function hexDigit(c: number): number {
  if (c >= ZERO && c <= NINE) return c - ZERO;
  const folded = c | 32;
  return folded >= 0x61 && folded <= 0x66 ? folded - 0x57 : -1;
}

/** Whether `bytes[from, to)` is the lower-case ASCII `word`, in any case. */
function isWord(bytes: Uint8Array, from: number, to: number, word: string): boolean {
  if (to - from !== word.length) return false;
  for (let i = 0; i < word.length; i++) {
    if ((bytes[from + i] | 32) !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** Scans one text at a time; each `scan` replaces the fields. */
export class FloatSyntax {
  /** One of the constants above. */
  kind = INVALID;
  negative = false;
  /** Mantissa in the scanned bytes, point included; valid for DECIMAL and HEX. */
  from = 0;
  to = 0;
  /** Digits behind the point. */
  fractionDigits = 0;
  /** Digits from the first one that is not zero on; 0 means that the value is zero. */
  significantDigits = 0;
  /** The explicit exponent: of ten for DECIMAL, of two for HEX. */
  exponent = 0;
  /** The mantissa's digits read as one integer, point ignored; exact when below 2^53. */
  mantissa = 0;

  /** Scans the whole of `bytes[from, to)` and returns `kind`. */
  scan(bytes: Uint8Array, from: number, to: number): number {
    this.kind = INVALID;
    this.negative = false;
    if (from < to && (bytes[from] === MINUS || bytes[from] === PLUS)) {
      this.negative = bytes[from] === MINUS;
      from++;
    }
    if (from >= to) return INVALID;
    const c = bytes[from];
    if (c === DOT || (c >= ZERO && c <= NINE)) {
      const hex = c === ZERO && from + 1 < to && (bytes[from + 1] | 32) === 0x78;
      return hex ? this.#scanNumber(bytes, from + 2, to, HEX) : this.#scanNumber(bytes, from, to, DECIMAL);
    }
    if (isWord(bytes, from, to, "inf") || isWord(bytes, from, to, "infinity")) this.kind = INFINITE;
    else if (isWord(bytes, from, to, "nan")) this.kind = NOT_A_NUMBER;
    return this.kind;
  }

  /** The mantissa as a string, point included. */
  mantissaText(bytes: Uint8Array): string {
    // Plain concatenation: for the usual 20 bytes it beats every way that makes a view or an array first.
    let text = "";
    for (let i = this.from; i < this.to; i++) text += String.fromCharCode(bytes[i]);
    return text;
  }

  #scanNumber(bytes: Uint8Array, at: number, to: number, kind: number): number {
    this.from = at;
    const base = kind === HEX ? 16 : 10;
    let digits = 0;
    let significant = 0;
    let mantissa = 0;
    let pointAt = -1;
    for (; at < to; at++) {
      const c = bytes[at];
      let value = c - ZERO;
      if (c === DOT && pointAt < 0) {
        pointAt = at;
        continue;
      }
      if (value < 0 || value > 9) {
        if (kind === DECIMAL) break;
        value = hexDigit(c);
        if (value < 0) break;
      }
      digits++;
      if (significant > 0 || value !== 0) significant++;
      mantissa = mantissa * base + value;
    }
    if (digits === 0) return INVALID;
    this.to = at;
    this.fractionDigits = pointAt < 0 ? 0 : at - pointAt - 1;
    this.significantDigits = significant;
    this.mantissa = mantissa;
    this.exponent = 0;
    if (at < to && !this.#scanExponent(bytes, at, to, kind === HEX ? 0x70 : 0x65)) return INVALID;
    this.kind = kind;
    return kind;
  }

  #scanExponent(bytes: Uint8Array, at: number, to: number, letter: number): boolean {
    if ((bytes[at++] | 32) !== letter) return false;
    let negative = false;
    if (at < to && (bytes[at] === MINUS || bytes[at] === PLUS)) negative = bytes[at++] === MINUS;
    if (at >= to) return false;
    let exponent = 0;
    for (; at < to; at++) {
      const value = bytes[at] - ZERO;
      if (value < 0 || value > 9) return false;
      if (exponent < EXPONENT_LIMIT) exponent = exponent * 10 + value;
    }
    this.exponent = negative ? -exponent : exponent;
    return true;
  }
}
