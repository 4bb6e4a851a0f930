/**
 * Elements: the members, fields or entries of a collection in RDB data, one after the other, whatever form they were written in. Any
 * thread. Forms: strings counted beforehand, and the ziplist and zipmap of Redis before 7.0.
 *
 *   ziplist  4 bytes size | 4 bytes place of the last entry | 2 bytes count, 0xFFFF: not known | entry ... | 0xFF
 *   entry    length of the former entry: 1 byte, or 0xFE and 4 bytes | encoding | bytes
 *   zipmap   1 byte count | field length, field | value length, 1 byte of slack, value, slack | ... | 0xFF
 *   length   1 byte below 254, or 254 and 4 bytes
 *
 * Source: the ziplists and zipmaps of Redis 2.0 to 6.2, as their files hold them.
 */
import { INT64_TEXT_MAX, writeInt64 } from "../../base/int64_text.ts";
import { CorruptRdb, type RdbReader } from "./reader.ts";

/** A sequence of byte strings. */
export interface Elements {
  /** After `next` returned true: the element's bytes, good until the next call or read. */
  bytes: Uint8Array;
  at: number;
  len: number;
  /** Goes to the next element; false behind the last. Throws CorruptRdb. */
  next(): boolean;
}

/** `count` strings that follow in a reader. */
export class StringElements implements Elements {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  len = 0;

  constructor(private readonly reader: RdbReader, private count: number) {}

  next(): boolean {
    if (this.count === 0) return false;
    this.count--;
    const { reader } = this;
    reader.string();
    this.bytes = reader.stringBuf;
    this.at = reader.stringAt;
    this.len = reader.stringLen;
    return true;
  }
}

const END = 0xff;
const ZIPLIST_HEADER = 10;
const LONG_PREVIOUS = 0xfe;
const COUNT_UNKNOWN = 0xffff;

/** The entries of a ziplist. As in Redis, one whose lengths and counts contradict each other is refused, although it could be read. */
export class ZiplistElements implements Elements {
  bytes: Uint8Array;
  at = 0;
  len = 0;
  private place: number;
  private readonly end: number;
  private readonly digits = new Uint8Array(INT64_TEXT_MAX);
  /** The entry before `place`: its place and its length; entries passed. */
  private last: number;
  private lastSize = 0;
  private passed = 0;

  /** Over source[from, from+size), which stays as it is. `what`: what it is, as Redis's log says it. */
  constructor(
    private readonly source: Uint8Array,
    private readonly from: number,
    size: number,
    private readonly what: string,
  ) {
    this.bytes = source;
    this.end = from + size - 1;
    if (size < ZIPLIST_HEADER + 1 || source[this.end] !== END || this.word(from) !== size) this.fail();
    this.place = this.last = from + ZIPLIST_HEADER;
  }

  private fail(): never {
    throw new CorruptRdb(`${this.what} integrity check failed.`);
  }

  next(): boolean {
    const { source, from, end } = this;
    let at = this.place;
    if (at === end) {
      const count = source[from + 8] | (source[from + 9] << 8);
      if (this.word(from + 4) !== this.last - from || (count !== COUNT_UNKNOWN && count !== this.passed)) this.fail();
      return false;
    }
    const long = source[at] === LONG_PREVIOUS;
    this.check(at + (long ? 5 : 1));
    if ((long ? this.word(at + 1) : source[at]) !== this.lastSize) this.fail();
    const start = at;
    at += long ? 5 : 1;
    const b = source[at];
    if (b < 0xc0) {
      if (b < 0x40) {
        this.len = b;
        at += 1;
      } else if (b < 0x80) {
        this.check(at + 1);
        this.len = ((b & 0x3f) << 8) | source[at + 1];
        at += 2;
      } else {
        this.check(at + 4);
        this.len = ((source[at + 1] << 24) | (source[at + 2] << 16) | (source[at + 3] << 8) | source[at + 4]) >>> 0;
        at += 5;
      }
      this.bytes = source;
      this.at = at;
      this.place = at + this.len;
    } else this.integer(b, at + 1);
    if (this.place > end) this.fail();
    this.last = start;
    this.lastSize = this.place - start;
    this.passed++;
    return true;
  }

  private integer(b: number, at: number): void {
    const { source } = this;
    let size = 0;
    if (b === 0xc0) size = 2;
    else if (b === 0xd0) size = 4;
    else if (b === 0xe0) size = 8;
    else if (b === 0xf0) size = 3;
    else if (b === 0xfe) size = 1;
    else if (b < 0xf1 || b > 0xfd) this.fail();
    this.place = at + size;
    this.check(this.place);
    let lo = 0;
    let hi = 0;
    if (size === 0) lo = (b & 15) - 1;
    else if (size === 8) {
      lo = this.word(at);
      hi = this.word(at + 4);
    } else {
      for (let k = size - 1; k >= 0; k--) lo = (lo << 8) | source[at + k];
      const shift = 32 - 8 * size;
      lo = lo << shift >> shift;
    }
    if (size !== 8) hi = lo >> 31;
    this.bytes = this.digits;
    this.at = 0;
    this.len = writeInt64(this.digits, 0, hi, lo);
  }

  /** Four bytes, least significant first. */
  private word(at: number): number {
    const { source } = this;
    return source[at] | (source[at + 1] << 8) | (source[at + 2] << 16) | (source[at + 3] << 24);
  }

  private check(at: number): void {
    if (at > this.end) this.fail();
  }
}

const LONG_ZIPMAP_LEN = 254;
const BAD_ZIPMAP = "Zipmap integrity check failed.";

/** The fields and values, in turn, of a zipmap. */
export class ZipmapElements implements Elements {
  at = 0;
  len = 0;
  private place: number;
  private readonly end: number;
  private isValue = false;

  /** Over bytes[from, from+size), which stays as it is. */
  constructor(public bytes: Uint8Array, from: number, size: number) {
    this.place = from + 1;
    this.end = from + size - 1;
    if (size < 2 || bytes[this.end] !== END) throw new CorruptRdb(BAD_ZIPMAP);
  }

  next(): boolean {
    const { bytes, end } = this;
    let at = this.place;
    if (at === end && !this.isValue) return false;
    let len = bytes[at];
    if (len > LONG_ZIPMAP_LEN) throw new CorruptRdb(BAD_ZIPMAP);
    if (len === LONG_ZIPMAP_LEN) {
      if (at + 5 > end) throw new CorruptRdb(BAD_ZIPMAP);
      len = (bytes[at + 1] | (bytes[at + 2] << 8) | (bytes[at + 3] << 16) | (bytes[at + 4] << 24)) >>> 0;
      at += 5;
    } else at++;
    let slack = 0;
    if (this.isValue) slack = bytes[at++];
    this.at = at;
    this.len = len;
    this.place = at + len + slack;
    if (this.place > end) throw new CorruptRdb(BAD_ZIPMAP);
    this.isValue = !this.isValue;
    return true;
  }
}
