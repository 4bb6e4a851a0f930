/**
 * Listpack: Redis's compact sequence of strings and integers, byte for byte, in place over an arena. Any thread, one at
 * a time. Source: "Listpack specification" (github.com/antirez/listpack) and the RDB format, which stores it as it lies
 * here.
 *
 *   4 bytes total size | 2 bytes count (65535: unknown, walk) | entry ... | 0xFF
 *   entry: encoding and payload | backlen: the length of the former, read from its right end
 *
 *   0xxxxxxx                          integer 0..127
 *   10xxxxxx  bytes                   string of up to 63 bytes
 *   110xxxxx  x                       13-bit signed integer
 *   1110xxxx  x  bytes                string of up to 4095 bytes
 *   F0 llll bytes                     string, 32-bit length
 *   F1 / F2 / F3 / F4                 integer of 16 / 24 / 32 / 64 bits
 *   backlen: 7 bits a byte, most significant first; all bytes but the first have bit 7 set
 *   All multi-byte numbers but those sharing a byte with the encoding (13-bit, 12-bit: high part first) are little-endian.
 *
 * Use: a listpack is named by its address `lp`, an entry by its own address `p`; 0 means none. Changing is done in two
 * steps, because only the caller can make room: `encode` an element, which tells its size; give the listpack's memory
 * that many more bytes (addresses may change!); then `append`, `insert` or `replace` with what was encoded. Shrinking:
 * change, then give back.
 *
 * Invariants:
 * 1. Strings that spell a canonical 64-bit integer are stored as integers, in the shortest encoding, as Redis does.
 * 2. Nothing here allocates; results lie in the object's fields and are good until its next call.
 * 3. Listpacks from outside pass `validListpack` first; all else trusts its bytes.
 */
import { copyBytes, equalBytes, moveBytes } from "../base/bytes.ts";
import { INT64_TEXT_MAX, writeInt64 } from "../base/int64_text.ts";
import { Int64Parser } from "../base/integers.ts";

export const LISTPACK_HEADER = 6;
/** Bytes of a listpack without entries. */
export const LISTPACK_EMPTY = 7;

const END = 0xff;
const COUNT_UNKNOWN = 65535;
const TWO_32 = 4294967296;

// Encodings whose first byte is fixed.
const STR32 = 0xf0;
const INT16 = 0xf1;
const INT24 = 0xf2;
const INT32 = 0xf3;
const INT64 = 0xf4;

// What `encode` chose: one of the above, or:
const INT7 = 0;
const INT13 = 1;
const STR6 = 2;
const STR12 = 3;

/**
 * Bytes of the backlen that follows `len` bytes of encoding and payload. (Limits as Redis has them, one below the
 * powers.)
 */
function backlenSize(len: number): number {
  if (len <= 127) return 1;
  if (len < 16383) return 2;
  if (len < 2097151) return 3;
  return len < 268435455 ? 4 : 5;
}

/** Bytes of encoding and payload of the entry at `p`, without backlen. */
function bodySize(u8: Uint8Array, p: number): number {
  const b = u8[p];
  if (b < 0x80) return 1;
  if (b < 0xc0) return 1 + (b & 63);
  if (b < 0xe0) return 2;
  if (b < 0xf0) return 2 + (((b & 15) << 8) | u8[p + 1]);
  switch (b) {
    case INT16:
      return 3;
    case INT24:
      return 4;
    case INT32:
      return 5;
    case INT64:
      return 9;
    case STR32:
      return 5 + (u8[p + 1] | (u8[p + 2] << 8) | (u8[p + 3] << 16) | (u8[p + 4] << 24));
    default:
      return 1; // END
  }
}

export class Listpack {
  // ---- after read: the element ----
  isInt = false;
  /** The integer: exact within ±2^53, else the nearest double; `hi` and `lo` are its exact halves. */
  value = 0;
  hi = 0;
  lo = 0;
  /** The string's bytes in the arena; after readBytes the element's bytes in `bytes`. */
  at = 0;
  len = 0;
  bytes: Uint8Array;

  private readonly digits = new Uint8Array(INT64_TEXT_MAX);
  private readonly number = new Int64Parser();

  // ---- after setNeedle ----
  private needle: Uint8Array;
  private needleFrom = 0;
  private needleLen = 0;
  private readonly needleNumber = new Int64Parser();

  // ---- after encode: the element to be stored ----
  private encoding = INT7;
  private newHi = 0;
  private newLo = 0;
  private newSource: Uint8Array;
  private newFrom = 0;
  private newLen = 0;
  private newBody = 0;

  constructor(private readonly u8: Uint8Array) {
    this.bytes = u8;
    this.needle = u8;
    this.newSource = u8;
  }

  // ---- the whole ----------------------------------------------------------------------------------------------------

  /** Makes the LISTPACK_EMPTY bytes at `lp` an empty listpack. */
  init(lp: number): void {
    const u8 = this.u8;
    this.setBytes(lp, LISTPACK_EMPTY);
    u8[lp + 4] = 0;
    u8[lp + 5] = 0;
    u8[lp + 6] = END;
  }

  /** Total size, header and end included. */
  totalBytes(lp: number): number {
    const u8 = this.u8;
    return u8[lp] | (u8[lp + 1] << 8) | (u8[lp + 2] << 16) | (u8[lp + 3] << 24);
  }

  /** Number of entries; walks only when more than 65534. */
  count(lp: number): number {
    const n = this.u8[lp + 4] | (this.u8[lp + 5] << 8);
    return n !== COUNT_UNKNOWN ? n : this.countByWalking(lp);
  }

  private countByWalking(lp: number): number {
    const u8 = this.u8;
    let n = 0;
    for (let p = lp + LISTPACK_HEADER; u8[p] !== END; p = this.skip(p)) n++;
    if (n < COUNT_UNKNOWN) this.setCount(lp, n);
    return n;
  }

  private setBytes(lp: number, size: number): void {
    const u8 = this.u8;
    u8[lp] = size;
    u8[lp + 1] = size >>> 8;
    u8[lp + 2] = size >>> 16;
    u8[lp + 3] = size >>> 24;
  }

  private setCount(lp: number, n: number): void {
    if (n > COUNT_UNKNOWN) n = COUNT_UNKNOWN;
    this.u8[lp + 4] = n;
    this.u8[lp + 5] = n >>> 8;
  }

  /** Adds to the count in the header; once unknown it stays so until walked. */
  private addCount(lp: number, n: number): void {
    const old = this.u8[lp + 4] | (this.u8[lp + 5] << 8);
    if (old !== COUNT_UNKNOWN) this.setCount(lp, old + n);
  }

  /** Writes the header of a listpack whose entries and end are in place (used where several are cut or joined). */
  setHeader(lp: number, size: number, count: number): void {
    this.setBytes(lp, size);
    this.setCount(lp, count);
  }

  // ---- walking ------------------------------------------------------------------------------------------------------

  /** First entry, or 0. */
  first(lp: number): number {
    const p = lp + LISTPACK_HEADER;
    return this.u8[p] === END ? 0 : p;
  }

  /** Last entry, or 0. */
  last(lp: number): number {
    return this.prev(lp, lp + this.totalBytes(lp) - 1);
  }

  /** The address behind an entry: the next one or the end mark. */
  skip(p: number): number {
    const u8 = this.u8;
    const b = u8[p];
    if (b < 0x80) return p + 2;
    if (b < 0xc0) return p + 2 + (b & 63);
    const body = bodySize(u8, p);
    return p + body + backlenSize(body);
  }

  /** True when `p` is the end mark, not an entry. */
  isEnd(p: number): boolean {
    return this.u8[p] === END;
  }

  /** The entry behind `p`, or 0. */
  next(p: number): number {
    const q = this.skip(p);
    return this.u8[q] === END ? 0 : q;
  }

  /** The entry before `p` (an entry or the end mark), or 0. */
  prev(lp: number, p: number): number {
    if (p === lp + LISTPACK_HEADER) return 0;
    const u8 = this.u8;
    let at = p - 1;
    let b = u8[at];
    if (b < 0x80) return at - b;
    let body = b & 127;
    let shift = 7;
    do {
      b = u8[--at];
      body |= (b & 127) << shift;
      shift += 7;
    } while (b >= 0x80);
    return at - body;
  }

  /** The address of the end mark. */
  end(lp: number): number {
    return lp + this.totalBytes(lp) - 1;
  }

  /** Entry number `index` (negative: from the end), or 0; walks from the nearer end. */
  seek(lp: number, index: number): number {
    const n = this.count(lp);
    if (index < 0) index += n;
    if (index < 0 || index >= n) return 0;
    if (index <= n >> 1) {
      let p = lp + LISTPACK_HEADER;
      for (; index > 0; index--) p = this.skip(p);
      return p;
    }
    let p = this.end(lp);
    for (let k = n - index; k > 0; k--) p = this.prev(lp, p);
    return p;
  }

  // ---- reading ------------------------------------------------------------------------------------------------------

  /** Reads the entry at `p`: isInt with value, hi, lo; or a string with at, len in the arena. */
  read(p: number): void {
    const u8 = this.u8;
    const b = u8[p];
    if (b >= 0x80 && b < 0xc0) {
      this.isInt = false;
      this.at = p + 1;
      this.len = b & 63;
    } else if (b < 0x80) {
      this.setInt(b);
    } else if (b < 0xe0) {
      const n = ((b & 31) << 8) | u8[p + 1];
      this.setInt(n >= 4096 ? n - 8192 : n);
    } else if (b < 0xf0) {
      this.isInt = false;
      this.at = p + 2;
      this.len = ((b & 15) << 8) | u8[p + 1];
    } else this.readWide(p, b);
  }

  private readWide(p: number, b: number): void {
    const u8 = this.u8;
    switch (b) {
      case STR32:
        this.isInt = false;
        this.at = p + 5;
        this.len = u8[p + 1] | (u8[p + 2] << 8) | (u8[p + 3] << 16) | (u8[p + 4] << 24);
        return;
      case INT16:
        this.setInt(((u8[p + 1] | (u8[p + 2] << 8)) << 16) >> 16);
        return;
      case INT24:
        this.setInt(((u8[p + 1] | (u8[p + 2] << 8) | (u8[p + 3] << 16)) << 8) >> 8);
        return;
      case INT32:
        this.setInt(u8[p + 1] | (u8[p + 2] << 8) | (u8[p + 3] << 16) | (u8[p + 4] << 24));
        return;
      default:
        this.isInt = true;
        this.lo = u8[p + 1] | (u8[p + 2] << 8) | (u8[p + 3] << 16) | (u8[p + 4] << 24);
        this.hi = u8[p + 5] | (u8[p + 6] << 8) | (u8[p + 7] << 16) | (u8[p + 8] << 24);
        this.value = this.hi * TWO_32 + (this.lo >>> 0);
    }
  }

  private setInt(n: number): void {
    this.isInt = true;
    this.value = n;
    this.lo = n;
    this.hi = n >> 31;
  }

  /** Reads the entry at `p` as text: `bytes`, `at`, `len`, digits for integers. */
  readBytes(p: number): void {
    this.read(p);
    if (!this.isInt) {
      this.bytes = this.u8;
      return;
    }
    this.bytes = this.digits;
    this.at = 0;
    this.len = writeInt64(this.digits, 0, this.hi, this.lo);
  }

  /** True when the entry's text is src[from, from+len). */
  equals(p: number, src: Uint8Array, from: number, len: number): boolean {
    this.read(p);
    if (!this.isInt) return this.len === len && equalBytes(this.u8, this.at, src, from, len);
    const number = this.number;
    return number.parse(src, from, from + len) && number.lo === this.lo && number.hi === this.hi;
  }

  /**
   * The first entry from `p` on whose text is src[from, from+len), or 0. Of each `step` entries only the first is
   * compared (2 for the fields of a hash). `p` may be 0.
   */
  find(p: number, src: Uint8Array, from: number, len: number, step = 1): number {
    if (p === 0) return 0;
    const u8 = this.u8;
    // The needle as an integer: parsed when the first integer entry is met.
    let parsed = 0; // 1: yes, -1: it is none
    const number = this.number;
    for (;;) {
      const b = u8[p];
      if (b === END) return 0;
      if (b >= 0x80 && b < 0xc0) {
        if ((b & 63) === len && equalBytes(u8, p + 1, src, from, len)) return p;
      } else {
        this.read(p);
        if (!this.isInt) {
          if (this.len === len && equalBytes(u8, this.at, src, from, len)) return p;
        } else {
          if (parsed === 0) parsed = number.parse(src, from, from + len) ? 1 : -1;
          if (parsed === 1 && number.lo === this.lo && number.hi === this.hi) return p;
        }
      }
      p = this.skip(p);
      for (let k = 1; k < step && u8[p] !== END; k++) p = this.skip(p);
    }
  }

  /** Makes src[from, from+len), which must stay as it is, what `isNeedle` compares with. */
  setNeedle(src: Uint8Array, from: number, len: number): void {
    this.needle = src;
    this.needleFrom = from;
    this.needleLen = len;
    this.needleNumber.parse(src, from, from + len);
  }

  /** True when the text of the entry at `p` is the needle's. */
  isNeedle(p: number): boolean {
    const u8 = this.u8;
    const b = u8[p];
    if (b >= 0x80 && b < 0xc0) {
      return (b & 63) === this.needleLen && equalBytes(u8, p + 1, this.needle, this.needleFrom, this.needleLen);
    }
    this.read(p);
    if (this.isInt) {
      const number = this.needleNumber;
      return number.ok && number.lo === this.lo && number.hi === this.hi;
    }
    return this.len === this.needleLen && equalBytes(u8, this.at, this.needle, this.needleFrom, this.len);
  }

  /** The first entry from `p` on (an entry or the end mark) that is the needle, or 0. */
  findNeedle(p: number): number {
    const { u8, needle, needleFrom, needleLen } = this;
    const short = needleLen > 0 && needleLen < 64 ? 0x80 | needleLen : -1;
    // Elements of a list often begin alike: their last bytes tell them apart sooner.
    const last = short < 0 ? 0 : needle[needleFrom + needleLen - 1];
    for (;;) {
      const b = u8[p];
      if (b >= 0x80 && b < 0xc0) {
        if (b === short ? u8[p + needleLen] === last && this.isNeedle(p) : needleLen === 0 && b === 0x80) return p;
        p += 2 + (b & 63);
      } else {
        if (b === END) return 0;
        if (this.isNeedle(p)) return p;
        p = this.skip(p);
      }
    }
  }

  /** True when bytes[from, from+len) are the needle. */
  isNeedleBytes(bytes: Uint8Array, from: number, len: number): boolean {
    return len === this.needleLen && equalBytes(bytes, from, this.needle, this.needleFrom, len);
  }

  // ---- changing -----------------------------------------------------------------------------------------------------

  /**
   * Makes src[from, from+len) the element to be stored next; returns the bytes that its entry takes. `src` must stay as
   * it is.
   */
  encode(src: Uint8Array, from: number, len: number): number {
    const c = src[from];
    if (len <= 20 && len > 0 && c <= 57 && (c >= 48 || c === 45)) {
      const number = this.number;
      if (number.parse(src, from, from + len)) return this.encodeHalves(number.value, number.hi, number.lo);
    }
    this.newSource = src;
    this.newFrom = from;
    this.newLen = len;
    if (len < 64) {
      this.encoding = STR6;
      this.newBody = 1 + len;
    } else if (len < 4096) {
      this.encoding = STR12;
      this.newBody = 2 + len;
    } else {
      this.encoding = STR32;
      this.newBody = 5 + len;
    }
    return this.newBody + backlenSize(this.newBody);
  }

  /** As `encode`, for an integer |n| <= 2^53. */
  encodeInt(n: number): number {
    return this.encodeHalves(n, Math.floor(n / TWO_32), n | 0);
  }

  /** As `encode`, for the 64-bit integer hi * 2^32 + lo (two's complement halves, as int32). */
  encodeInt64(hi: number, lo: number): number {
    return this.encodeHalves(hi * TWO_32 + (lo >>> 0), hi, lo);
  }

  private encodeHalves(value: number, hi: number, lo: number): number {
    this.newHi = hi;
    this.newLo = lo;
    if (value >= 0 && value <= 127) return this.chooseInt(INT7, 1);
    if (value >= -4096 && value <= 4095) return this.chooseInt(INT13, 2);
    if (value >= -32768 && value <= 32767) return this.chooseInt(INT16, 3);
    if (value >= -8388608 && value <= 8388607) return this.chooseInt(INT24, 4);
    if (value >= -2147483648 && value <= 2147483647) return this.chooseInt(INT32, 5);
    return this.chooseInt(INT64, 9);
  }

  private chooseInt(encoding: number, body: number): number {
    this.encoding = encoding;
    this.newBody = body;
    return body + 1;
  }

  /** Writes the encoded element's entry at `p`, over whatever is there; returns the place behind it. */
  write(p: number): number {
    const u8 = this.u8;
    const lo = this.newLo;
    const body = this.newBody;
    switch (this.encoding) {
      case STR6:
        u8[p] = 0x80 | this.newLen;
        copyBytes(u8, p + 1, this.newSource, this.newFrom, this.newLen);
        u8[p + body] = body;
        return p + body + 1;
      case INT7:
        u8[p] = lo;
        break;
      case INT13:
        u8[p] = 0xc0 | ((lo >>> 8) & 31);
        u8[p + 1] = lo;
        break;
      case STR12:
        u8[p] = 0xe0 | (this.newLen >>> 8);
        u8[p + 1] = this.newLen;
        copyBytes(u8, p + 2, this.newSource, this.newFrom, this.newLen);
        break;
      case STR32:
        u8[p] = STR32;
        this.putWord(p + 1, this.newLen);
        copyBytes(u8, p + 5, this.newSource, this.newFrom, this.newLen);
        break;
      case INT64:
        u8[p] = INT64;
        this.putWord(p + 1, lo);
        this.putWord(p + 5, this.newHi);
        break;
      default: // INT16, INT24, INT32
        u8[p] = this.encoding;
        for (let i = 1; i < body; i++) u8[p + i] = lo >>> (8 * (i - 1));
    }
    return writeBacklen(u8, p + body, body);
  }

  private putWord(at: number, n: number): void {
    const u8 = this.u8;
    u8[at] = n;
    u8[at + 1] = n >>> 8;
    u8[at + 2] = n >>> 16;
    u8[at + 3] = n >>> 24;
  }

  /** Appends the encoded element; the memory at `lp` has room for it. */
  append(lp: number): void {
    const size = this.totalBytes(lp);
    this.appended(lp, this.write(lp + size - 1), 1);
  }

  /** `n` entries were written over the end mark and behind it (`write`), up to `end`: makes them the listpack's. */
  appended(lp: number, end: number, n: number): void {
    this.u8[end] = END;
    this.setBytes(lp, end + 1 - lp);
    this.addCount(lp, n);
  }

  /** Inserts the encoded element before the entry (or end mark) at `p`; the memory at `lp` has room for it. */
  insert(lp: number, p: number): void {
    const size = this.totalBytes(lp);
    const grow = this.newBody + backlenSize(this.newBody);
    moveBytes(this.u8, p + grow, p, lp + size - p);
    this.write(p);
    this.setBytes(lp, size + grow);
    this.addCount(lp, 1);
  }

  /** Bytes that `replace` at `p` would add to the listpack (negative: give back) with the encoded element. */
  replaceGrowth(p: number): number {
    return this.newBody + backlenSize(this.newBody) - (this.skip(p) - p);
  }

  /** Puts the encoded element in the place of the entry at `p`; the memory at `lp` has room for replaceGrowth(p). */
  replace(lp: number, p: number): void {
    const size = this.totalBytes(lp);
    const behind = this.skip(p);
    const grow = this.newBody + backlenSize(this.newBody) - (behind - p);
    if (grow !== 0) {
      moveBytes(this.u8, behind + grow, behind, lp + size - behind);
      this.setBytes(lp, size + grow);
    }
    this.write(p);
  }

  /** Removes `n` entries from `p` on (fewer when it ends before); what followed is then at `p`. */
  delete(lp: number, p: number, n = 1): void {
    const u8 = this.u8;
    let behind = p;
    let gone = 0;
    for (; gone < n && u8[behind] !== END; gone++) behind = this.skip(behind);
    this.cut(lp, p, behind, gone);
  }

  /** Removes the bytes [from, to), which are `n` whole entries; what followed is then at `from`. */
  cut(lp: number, from: number, to: number, n: number): void {
    const size = this.totalBytes(lp);
    moveBytes(this.u8, from, to, lp + size - to);
    this.setBytes(lp, size - (to - from));
    this.addCount(lp, -n);
  }
}

/** Writes the backlen of a body of `len` bytes; returns the place behind it. */
function writeBacklen(u8: Uint8Array, at: number, len: number): number {
  const size = backlenSize(len);
  for (let i = size - 1; i > 0; i--) {
    u8[at + i] = (len & 127) | 128;
    len >>>= 7;
  }
  u8[at] = len;
  return at + size;
}

/**
 * Number of entries if u8[at, at+size) is a well-formed listpack (sizes, encodings, backlens, count, end), else -1. For
 * bytes that come from outside.
 */
export function validListpack(u8: Uint8Array, at: number, size: number): number {
  if (size < LISTPACK_EMPTY || at + size > u8.length) return -1;
  const total = (u8[at] | (u8[at + 1] << 8) | (u8[at + 2] << 16) | (u8[at + 3] << 24)) >>> 0;
  const end = at + size - 1;
  if (total !== size || u8[end] !== END) return -1;
  let n = 0;
  let p = at + LISTPACK_HEADER;
  while (p < end) {
    const b = u8[p];
    if (b > INT64) return -1;
    const head = b === STR32 ? 5 : b >= 0xe0 && b < 0xf0 ? 2 : 1;
    if (p + head > end) return -1;
    const body = bodySize(u8, p);
    if (body <= 0) return -1; // a 32-bit length beyond 2^31
    const back = p + body;
    const backSize = backlenSize(body);
    if (back + backSize > end) return -1;
    let len = body;
    for (let i = backSize - 1; i >= 0; i--) {
      if (u8[back + i] !== (i > 0 ? (len & 127) | 128 : len)) return -1;
      len >>>= 7;
    }
    p = back + backSize;
    n++;
  }
  const count = u8[at + 4] | (u8[at + 5] << 8);
  return count === COUNT_UNKNOWN || count === n ? n : -1;
}
