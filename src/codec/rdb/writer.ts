/**
 * RdbWriter: appends the parts of RDB values to a growing buffer. Any thread; one writer at a time.
 *
 * A writer whose `drain` is set hands its bytes on when they are many, between two parts, so that a value of any size goes through
 * a small buffer; without it buf[0, pos) is everything written.
 */
import { copyBytes } from "../../base/bytes.ts";
import { Int64Parser } from "../../base/integers.ts";
import { LzfCompressor } from "../lzf.ts";
import {
  INT_TEXT_MAX,
  LEN_14,
  LEN_32,
  LEN_64,
  LZF_MIN,
  RDB_VERSION,
  STRING_INT16,
  STRING_INT32,
  STRING_INT8,
  STRING_LZF,
} from "./format.ts";

const START_SIZE = 4096;
/** A buffer that one huge value grew is given up above this at `clear`. */
const KEEP_SIZE = 1 << 20;
/** Bytes gathered before `drain` is called. */
const DRAIN_SIZE = 1 << 16;

/** Strings up to this length are short: compressing one saves some bytes at most. */
const SHORT = 256;
/** So many short strings in a row that did not compress are taken for what is usual; then one of so many is tried. */
const FAILURES_MAX = 64;
const TRY_EVERY = 8;

/** Lengths below take one byte; those from there on below the other two. */
const LEN_SHORT = 64;
const LEN_14_END = 16384;
const NINE = 0x39;

const TWO_32 = 4294967296;

export class RdbWriter {
  buf: Uint8Array = new Uint8Array(START_SIZE);
  pos = 0;
  /** rdbcompression. */
  compress = true;
  /** The version whose value types may be used. */
  version = RDB_VERSION;
  /**
   * Compresses short strings only while that succeeds now and then: where they are random, trying takes a third of the time of a save. The
   * same value may then be written in two ways.
   */
  samples = false;
  /** Takes buf[0, pos) and calls `clear`. */
  drain: ((writer: RdbWriter) => void) | undefined;

  private readonly lzf = new LzfCompressor();
  /** Short strings in a row that did not compress, and those passed over since one was tried. */
  private failures = 0;
  private passed = 0;
  private readonly number = new Int64Parser();
  private readonly double8 = new Float64Array(1);
  private readonly bytes8 = new Uint8Array(this.double8.buffer);

  /** Forgets what was written, and a buffer that grew huge. */
  clear(): void {
    this.pos = 0;
    if (this.buf.length > KEEP_SIZE) this.buf = new Uint8Array(START_SIZE);
  }

  /** Makes room for `n` more bytes. */
  ensure(n: number): void {
    if (this.pos + n <= this.buf.length) return;
    if (this.drain !== undefined && this.pos >= DRAIN_SIZE) this.drain(this);
    if (this.pos + n > this.buf.length) this.enlarge(n);
  }

  private enlarge(n: number): void {
    let size = this.buf.length * 2;
    while (size < this.pos + n) size *= 2;
    const next = new Uint8Array(size);
    next.set(this.buf.subarray(0, this.pos));
    this.buf = next;
  }

  byte(b: number): void {
    this.ensure(1);
    this.buf[this.pos++] = b;
  }

  /** Bytes as they are. */
  raw(src: Uint8Array, from: number, len: number): void {
    this.ensure(len);
    copyBytes(this.buf, this.pos, src, from, len);
    this.pos += len;
  }

  /** A length, 0 <= n <= 2^53. */
  len(n: number): void {
    this.ensure(9);
    const buf = this.buf;
    if (n < LEN_SHORT) buf[this.pos++] = n;
    else if (n < LEN_14_END) {
      buf[this.pos++] = LEN_14 | (n >> 8);
      buf[this.pos++] = n;
    } else if (n < TWO_32) {
      buf[this.pos++] = LEN_32;
      this.bigEndian32(n);
    } else {
      buf[this.pos++] = LEN_64;
      this.bigEndian32(Math.floor(n / TWO_32));
      this.bigEndian32(n);
    }
  }

  /** An unsigned 64-bit number, given in halves, in the form of a length. */
  len64(hi: number, lo: number): void {
    if (hi === 0) {
      this.len(lo >>> 0);
      return;
    }
    this.ensure(9);
    this.buf[this.pos++] = LEN_64;
    this.bigEndian32(hi);
    this.bigEndian32(lo);
  }

  /** Four bytes, most significant first; room must be ensured. */
  private bigEndian32(n: number): void {
    const buf = this.buf;
    buf[this.pos++] = n >>> 24;
    buf[this.pos++] = n >>> 16;
    buf[this.pos++] = n >>> 8;
    buf[this.pos++] = n;
  }

  /** Eight bytes, most significant first, as stream IDs are written. */
  bigEndian64(hi: number, lo: number): void {
    this.ensure(8);
    this.bigEndian32(hi);
    this.bigEndian32(lo);
  }

  /** Eight bytes of an integer, |n| <= 2^53, least significant first, as times are written. */
  littleEndian64(n: number): void {
    this.ensure(8);
    const hi = Math.floor(n / TWO_32);
    for (let k = 0; k < 4; k++) this.buf[this.pos + k] = n >>> (8 * k);
    for (let k = 0; k < 4; k++) this.buf[this.pos + 4 + k] = hi >>> (8 * k);
    this.pos += 8;
  }

  /** IEEE 754 double, least significant byte first. */
  double(d: number): void {
    this.ensure(8);
    this.double8[0] = d;
    for (let k = 0; k < 8; k++) this.buf[this.pos + k] = this.bytes8[k];
    this.pos += 8;
  }

  /** A string: as an integer where it is one, compressed where it is long and that saves something. */
  string(src: Uint8Array, from: number, len: number): void {
    // Most short strings are no numbers, and a first byte above the digits says so.
    if (
      len <= INT_TEXT_MAX && src[from] <= NINE && this.number.parse(src, from, from + len) &&
      this.int(this.number.value)
    ) return;
    if (this.compress && len > LZF_MIN && this.isWorthTrying(len) && this.compressed(src, from, len)) return;
    if (len >= LEN_SHORT) {
      this.len(len);
      this.raw(src, from, len);
      return;
    }
    this.ensure(1 + len);
    const { buf, pos } = this;
    buf[pos] = len;
    copyBytes(buf, pos + 1, src, from, len);
    this.pos = pos + 1 + len;
  }

  /** An integer's shortest form; false when it has none. */
  private int(n: number): boolean {
    if (n !== (n | 0)) return false;
    this.ensure(5);
    const buf = this.buf;
    let size = 4;
    if (n >= -128 && n <= 127) {
      buf[this.pos++] = STRING_INT8;
      size = 1;
    } else if (n >= -32768 && n <= 32767) {
      buf[this.pos++] = STRING_INT16;
      size = 2;
    } else buf[this.pos++] = STRING_INT32;
    for (let k = 0; k < size; k++) buf[this.pos++] = n >> (8 * k);
    return true;
  }

  private isWorthTrying(len: number): boolean {
    if (this.failures < FAILURES_MAX || len > SHORT || !this.samples) return true;
    if (++this.passed < TRY_EVERY) return false;
    this.passed = 0;
    return true;
  }

  private compressed(src: Uint8Array, from: number, len: number): boolean {
    const head = 1 + 2 * lenBytes(len);
    this.ensure(head + len);
    const start = this.pos;
    const size = this.lzf.compress(src, from, len, this.buf, start + head, len - 4);
    if (len <= SHORT) this.failures = size === 0 ? this.failures + 1 : 0;
    if (size === 0) return false;
    const { buf } = this;
    buf[start] = STRING_LZF;
    if (len < LEN_SHORT) {
      buf[start + 1] = size;
      buf[start + 2] = len;
      this.pos = start + head + size;
      return true;
    }
    this.pos = start + 1;
    this.len(size);
    this.len(len);
    // Room was left for a compressed length of as many bytes as the other's.
    const at = this.pos;
    if (at < start + head) buf.copyWithin(at, start + head, start + head + size);
    this.pos = at + size;
    return true;
  }
}

/** Bytes that a length takes. */
function lenBytes(n: number): number {
  return n < LEN_SHORT ? 1 : n < LEN_14_END ? 2 : n < TWO_32 ? 5 : 9;
}
