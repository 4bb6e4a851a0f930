/**
 * Glob matching as Redis does it (KEYS, SCAN MATCH, PSUBSCRIBE, CONFIG GET, ACL patterns).
 *
 * Syntax: `*` any run of bytes, `?` one byte, `[abc]` `[a-z]` `[^x]` one byte of a class, `\x` the byte x itself.
 *
 * Invariants:
 * 1. Nothing is allocated and nothing recurses. Only the last `*` is ever retried: whatever an earlier star could
 *    still absorb, the last one can absorb as well, so the cost is at most pattern length times subject length.
 * 2. Bytes compare as C's signed char does in Redis, which matters only for class ranges that reach beyond 0x7f.
 */

const STAR = 0x2a;
const DASH = 0x2d;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const CARET = 0x5e;

/** ASCII lower case of one byte. */
function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}

/** The byte as C's `char` on the platforms Redis runs on. */
function signed(byte: number): number {
  return byte << 24 >> 24;
}

/**
 * Matches one byte against the class that opens at `pattern[at]`. Returns the index after the class on a match and -1
 * otherwise. A class without `]` ends with the pattern, as in Redis; an escaped byte inside a class is always compared
 * with its case, also as in Redis.
 */
function matchClass(pattern: Uint8Array, at: number, to: number, byte: number, noCase: boolean): number {
  let p = at + 1;
  const negated = p < to && pattern[p] === CARET;
  if (negated) p++;
  let found = false;
  const folded = noCase ? lower(byte) : byte;
  for (; p < to && pattern[p] !== CLOSE; p++) {
    const c = pattern[p];
    if (c === BACKSLASH && p + 1 < to) {
      p++;
      if (pattern[p] === byte) found = true;
    } else if (p + 2 < to && pattern[p + 1] === DASH) {
      const first = signed(noCase ? lower(c) : c);
      const last = signed(noCase ? lower(pattern[p + 2]) : pattern[p + 2]);
      const value = signed(folded);
      if (first <= last ? value >= first && value <= last : value >= last && value <= first) found = true;
      p += 2;
    } else if ((noCase ? lower(c) : c) === folded) {
      found = true;
    }
  }
  if (found === negated) return -1;
  return p < to ? p + 1 : to;
}

/**
 * True when the subject `s[sFrom, sTo)` matches the pattern `p[pFrom, pTo)` as a whole. With `noCase`, ASCII letters
 * match without regard to case. As in Redis, an empty subject matches only an empty pattern (not even `*`).
 */
export function globMatch(
  p: Uint8Array,
  pFrom: number,
  pTo: number,
  s: Uint8Array,
  sFrom: number,
  sTo: number,
  noCase: boolean,
): boolean {
  if (sFrom >= sTo) return pFrom >= pTo;
  let starPattern = -1; // first pattern byte after the last star seen
  let starSubject = 0; // where the rest of the pattern was last tried
  for (;;) {
    if (sFrom >= sTo) {
      while (pFrom < pTo && p[pFrom] === STAR) pFrom++;
      return pFrom >= pTo;
    }
    let next = -1;
    if (pFrom < pTo) {
      const c = p[pFrom];
      if (c === STAR) {
        do pFrom++; while (pFrom < pTo && p[pFrom] === STAR);
        if (pFrom >= pTo) return true;
        starPattern = pFrom;
        starSubject = sFrom;
        continue;
      }
      if (c === QUESTION) {
        next = pFrom + 1;
      } else if (c === OPEN) {
        next = matchClass(p, pFrom, pTo, s[sFrom], noCase);
      } else {
        const at = c === BACKSLASH && pFrom + 1 < pTo ? pFrom + 1 : pFrom;
        const same = noCase ? lower(p[at]) === lower(s[sFrom]) : p[at] === s[sFrom];
        if (same) next = at + 1;
      }
    }
    if (next >= 0) {
      pFrom = next;
      sFrom++;
    } else {
      if (starPattern < 0) return false;
      pFrom = starPattern;
      sFrom = ++starSubject;
    }
  }
}

const encoder = new TextEncoder();

/** `globMatch` over whole strings, ignoring ASCII case. For cold paths such as CONFIG GET. */
export function globMatchText(pattern: string, subject: string): boolean {
  const p = encoder.encode(pattern);
  const s = encoder.encode(subject);
  return globMatch(p, 0, p.length, s, 0, s.length, true);
}
