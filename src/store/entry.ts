/**
 * Entry: what one key is in the arena, and the names of types and encodings. Any thread, one at a time.
 *
 *   word 0   bits 0..2 type | 3..5 encoding modulo 8 | 6 the snapshot under way has it (store/cut.ts) | 7 has expiry
 *            | 8..31 clock (LRU seconds, or LFU: 16 bits minutes, 8 bits counter)
 *   8 bytes  expiry, ms since 1970 as signed 64 bits, low word first; only with bit 7
 *   len key | len value (structures/item.ts)
 *   key
 *   value    a string's bytes; for collections the payload: a compact encoding or the root words of a large one, at the
 *            next multiple of 4
 */

export const Type = { STRING: 0, LIST: 1, SET: 2, ZSET: 3, HASH: 4, STREAM: 5 } as const;
export type Type = (typeof Type)[keyof typeof Type];

/** Names as TYPE answers them, by type number. */
export const TYPE_NAMES = ["string", "list", "set", "zset", "hash", "stream"];

export const Encoding = {
  INT: 0,
  EMBSTR: 1,
  RAW: 2,
  LISTPACK: 3,
  QUICKLIST: 4,
  INTSET: 5,
  HASHTABLE: 6,
  SKIPLIST: 7,
  STREAM: 8,
  LISTPACKEX: 9,
} as const;
export type Encoding = (typeof Encoding)[keyof typeof Encoding];

/** Names as OBJECT ENCODING answers them, by encoding number. */
export const ENCODING_NAMES = [
  "int",
  "embstr",
  "raw",
  "listpack",
  "quicklist",
  "intset",
  "hashtable",
  "skiplist",
  "stream",
  "listpackex",
];

/** Expiry of a key that has none. */
export const NO_EXPIRY = -1;

export const EXPIRY_BIT = 1 << 7;
export const WRITTEN_BIT = 1 << 6;
const ENCODING_SHIFT = 3;
const ENCODING_MASK = 7 << ENCODING_SHIFT;
export const TYPE_MASK = 7;
export const CLOCK_SHIFT = 8;
/** Word 0 without its clock. */
export const KIND_MASK = 0xff;

export function typeOf(word0: number): Type {
  return (word0 & TYPE_MASK) as Type;
}

/** Encodings 0 and 1 are strings' only, so that 8 and 9, which are not, share their three bits. */
export function encodingOf(word0: number): Encoding {
  const bits = (word0 & ENCODING_MASK) >>> ENCODING_SHIFT;
  return (bits < 2 && (word0 & TYPE_MASK) !== Type.STRING ? bits + 8 : bits) as Encoding;
}

/** An encoding's bits of word 0. */
export function encodingBits(encoding: Encoding): number {
  return (encoding << ENCODING_SHIFT) & ENCODING_MASK;
}

/** Word 0 with another encoding. */
export function withEncoding(word0: number, encoding: Encoding): number {
  return (word0 & ~ENCODING_MASK) | encodingBits(encoding);
}

/** Longest string that Redis keeps as "embstr" (its 64-byte allocation less both headers). */
export const EMBSTR_MAX = 44;

/** Encoding that Redis gives a string when it is set: "int" for canonical 64-bit integers, else by length. */
export function stringEncoding(buf: Uint8Array, from: number, len: number): Encoding {
  if (len <= 20 && isInt64(buf, from, len)) return Encoding.INT;
  return len <= EMBSTR_MAX ? Encoding.EMBSTR : Encoding.RAW;
}

const INT64_MAX = "9223372036854775807";
const INT64_MIN = "9223372036854775808"; // without its sign

function isInt64(buf: Uint8Array, from: number, len: number): boolean {
  if (len === 0) return false;
  const negative = buf[from] === 45;
  const first = negative ? from + 1 : from;
  const digits = from + len - first;
  if (digits === 0 || digits > 19) return false;
  const lead = buf[first];
  if (lead === 48) return digits === 1 && !negative;
  if (lead < 49 || lead > 57) return false;
  for (let i = first + 1; i < from + len; i++) if (buf[i] < 48 || buf[i] > 57) return false;
  if (digits < 19) return true;
  const limit = negative ? INT64_MIN : INT64_MAX;
  for (let i = 0; i < 19; i++) {
    const d = buf[first + i] - limit.charCodeAt(i);
    if (d !== 0) return d < 0;
  }
  return true;
}
