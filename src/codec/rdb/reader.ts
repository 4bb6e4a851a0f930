/**
 * RdbReader: reads the parts of RDB values out of a buffer. Any thread; one reader at a time.
 *
 * Nothing is trusted: whatever does not fit throws CorruptRdb. A subclass may get more bytes when they run out (`more`), so that
 * files are read through a window.
 */
import { INT64_TEXT_MAX, writeInt64 } from "../../base/int64_text.ts";
import { lzfDecompress } from "../lzf.ts";
import { LEN_14, LEN_32, LEN_64, LEN_ENCODED, STRING_INT16, STRING_INT32, STRING_INT8, STRING_LZF } from "./format.ts";

/** The bytes are no RDB value. The message is what Redis's log says then, where it says something. */
export class CorruptRdb extends Error {}

/** A collection without elements, as some versions of Redis wrote by mistake; nothing else is wrong with it. */
export class EmptyRdbValue extends CorruptRdb {}

const TWO_32 = 4294967296;
/** Three bytes of LZF give at most 264. */
const LZF_GROWTH_MAX = 88;
const SCRATCH_SIZE = 64;
/** Scratch that one huge string grew is given up above this. */
const SCRATCH_KEEP = 1 << 20;

export class RdbReader {
  buf: Uint8Array = new Uint8Array(0);
  at = 0;
  end = 0;

  /** After `string`: where it lies; good until the next read. */
  stringBuf: Uint8Array = this.buf;
  stringAt = 0;
  stringLen = 0;

  /** After `len64`, `bigEndian64` and `littleEndian64`: the halves, as int32. */
  hi = 0;
  lo = 0;

  private scratch = new Uint8Array(SCRATCH_SIZE);
  private readonly double8 = new Float64Array(1);
  private readonly bytes8 = new Uint8Array(this.double8.buffer);

  /** Reads from buf[at, end) from now on. */
  open(buf: Uint8Array, at: number, end: number): void {
    this.buf = buf;
    this.at = at;
    this.end = end;
  }

  /**
   * Called when fewer than `n` bytes are left: makes buf[at, end) hold the rest and at least `n` bytes, and returns true, or false
   * at the end of the data.
   */
  protected more(_n: number): boolean {
    return false;
  }

  protected need(n: number): void {
    if (this.end - this.at < n && !this.more(n)) throw new CorruptRdb("It ends early");
  }

  byte(): number {
    this.need(1);
    return this.buf[this.at++];
  }

  /** Passes over `n` bytes; returns where they lie in `buf`, until the next read. */
  take(n: number): number {
    this.need(n);
    const at = this.at;
    this.at += n;
    return at;
  }

  /** Passes over `n` bytes, which need not be in the buffer at once. */
  skip(n: number): void {
    for (;;) {
      const rest = this.end - this.at;
      if (n <= rest) break;
      this.at = this.end;
      n -= rest;
      this.need(1);
    }
    this.at += n;
  }

  /** Passes over a string in any of its forms. */
  skipString(): void {
    this.need(1);
    const first = this.buf[this.at];
    if (first < LEN_ENCODED) {
      this.skip(this.len());
      return;
    }
    this.at++;
    switch (first) {
      case STRING_INT8:
        this.skip(1);
        break;
      case STRING_INT16:
        this.skip(2);
        break;
      case STRING_INT32:
        this.skip(4);
        break;
      case STRING_LZF: {
        const compressed = this.len();
        this.len();
        this.skip(compressed);
        break;
      }
      default:
        throw new CorruptRdb(`Unknown RDB string encoding type ${first & 0x3f}`);
    }
  }

  /** A length. Throws when it is beyond 2^53. */
  len(): number {
    this.len64();
    // Nearly all: and a small integer, where the sum below is a double to the engine, which makes every place counted with it slow.
    if (this.hi === 0 && this.lo >= 0) return this.lo;
    if ((this.hi >>> 0) > 0x1fffff) throw new CorruptRdb("A length beyond 2^53");
    return (this.hi >>> 0) * TWO_32 + (this.lo >>> 0);
  }

  /** A number of up to 64 bits in the form of a length, into `hi` and `lo`. */
  len64(): void {
    const first = this.byte();
    this.hi = 0;
    if (first < LEN_14) this.lo = first;
    else if (first < LEN_32) this.lo = ((first & 0x3f) << 8) | this.byte();
    else if (first === LEN_32) this.lo = this.bigEndian32();
    else if (first === LEN_64) {
      this.hi = this.bigEndian32();
      this.lo = this.bigEndian32();
    } else throw new CorruptRdb("A length was expected");
  }

  private bigEndian32(): number {
    const at = this.take(4);
    const buf = this.buf;
    return (buf[at] << 24) | (buf[at + 1] << 16) | (buf[at + 2] << 8) | buf[at + 3];
  }

  /** Four bytes, least significant first, as a signed integer. */
  littleEndian32(): number {
    const at = this.take(4);
    const buf = this.buf;
    return buf[at] | (buf[at + 1] << 8) | (buf[at + 2] << 16) | (buf[at + 3] << 24);
  }

  /** Eight bytes, most significant first, into `hi` and `lo`. */
  bigEndian64(): void {
    this.hi = this.bigEndian32();
    this.lo = this.bigEndian32();
  }

  /** Eight bytes, least significant first, as a signed integer: into `hi` and `lo`; returns the nearest double. */
  littleEndian64(): number {
    this.lo = this.littleEndian32();
    this.hi = this.littleEndian32();
    return this.hi * TWO_32 + (this.lo >>> 0);
  }

  /** IEEE 754 double, least significant byte first. */
  double(): number {
    const at = this.take(8);
    for (let k = 0; k < 8; k++) this.bytes8[k] = this.buf[at + k];
    return this.double8[0];
  }

  /** A score of the oldest form: a length byte and digits, 253 NaN, 254 inf, 255 -inf. */
  textDouble(): number {
    const len = this.byte();
    if (len === 253) return NaN;
    if (len === 254) return Infinity;
    if (len === 255) return -Infinity;
    const at = this.take(len);
    let text = "";
    for (let i = at; i < at + len; i++) text += String.fromCharCode(this.buf[i]);
    return Number(text);
  }

  /** A string in any of its forms, to stringBuf[stringAt, stringAt + stringLen). */
  string(): void {
    this.need(1);
    const first = this.buf[this.at];
    if (first < LEN_ENCODED) {
      const len = this.len();
      this.stringAt = this.take(len);
      this.stringBuf = this.buf;
      this.stringLen = len;
      return;
    }
    this.at++;
    switch (first) {
      case STRING_INT8:
        this.intString(this.byte() << 24 >> 24);
        break;
      case STRING_INT16:
        this.intString((this.byte() | (this.byte() << 8)) << 16 >> 16);
        break;
      case STRING_INT32:
        this.intString(this.littleEndian32());
        break;
      case STRING_LZF:
        this.compressedString();
        break;
      default:
        throw new CorruptRdb(`Unknown RDB string encoding type ${first & 0x3f}`);
    }
  }

  private intString(n: number): void {
    this.reserve(INT64_TEXT_MAX);
    this.stringLen = writeInt64(this.scratch, 0, n >> 31, n);
  }

  private compressedString(): void {
    const compressed = this.len();
    const len = this.len();
    if (len > compressed * LZF_GROWTH_MAX) throw new CorruptRdb("Invalid LZF compressed string");
    const at = this.take(compressed);
    this.reserve(len);
    if (!lzfDecompress(this.buf, at, compressed, this.scratch, 0, len)) {
      throw new CorruptRdb("Invalid LZF compressed string");
    }
    this.stringLen = len;
  }

  /** Makes the scratch hold `len` bytes, and the string lie there. */
  private reserve(len: number): void {
    if (this.scratch.length < len || (this.scratch.length > SCRATCH_KEEP && len <= SCRATCH_SIZE)) {
      this.scratch = new Uint8Array(Math.max(len, SCRATCH_SIZE));
    }
    this.stringBuf = this.scratch;
    this.stringAt = 0;
  }
}
