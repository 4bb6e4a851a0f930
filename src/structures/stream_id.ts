/**
 * StreamId: the 128-bit identifier of a stream's entry: milliseconds, then a sequence number, both unsigned 64-bit integers, ordered
 * as one number. Any thread.
 *
 * Kept as four int32 (two's complement halves), so that nothing allocates; in the arena as ID_WORDS words in the same order.
 */
import { writeUint64 } from "../base/int64_text.ts";

/** Words of an identifier in the arena: high and low word of the milliseconds, then of the sequence number. */
export const ID_WORDS = 4;
/** Longest text: twice 20 digits and the dash. */
export const ID_TEXT_MAX = 41;

const DASH = 45;
const TWO_32 = 4294967296;

export class StreamId {
  msHi = 0;
  msLo = 0;
  seqHi = 0;
  seqLo = 0;

  set(msHi: number, msLo: number, seqHi: number, seqLo: number): void {
    this.msHi = msHi;
    this.msLo = msLo;
    this.seqHi = seqHi;
    this.seqLo = seqLo;
  }

  /** 0-0. */
  setMin(): void {
    this.set(0, 0, 0, 0);
  }

  /** The greatest identifier. */
  setMax(): void {
    this.set(-1, -1, -1, -1);
  }

  /** `ms`-0, 0 <= ms <= 2^53. */
  setMs(ms: number): void {
    this.set(Math.floor(ms / TWO_32) | 0, ms | 0, 0, 0);
  }

  copy(other: StreamId): void {
    this.set(other.msHi, other.msLo, other.seqHi, other.seqLo);
  }

  /** From the words at `w`. */
  load(i32: Int32Array, w: number): void {
    this.set(i32[w], i32[w + 1], i32[w + 2], i32[w + 3]);
  }

  /** To the words at `w`. */
  store(i32: Int32Array, w: number): void {
    i32[w] = this.msHi;
    i32[w + 1] = this.msLo;
    i32[w + 2] = this.seqHi;
    i32[w + 3] = this.seqLo;
  }

  /** From 16 bytes, most significant first, as RDB files have it. */
  loadBytes(u8: Uint8Array, at: number): void {
    this.set(word(u8, at), word(u8, at + 4), word(u8, at + 8), word(u8, at + 12));
  }

  get isMin(): boolean {
    return (this.msHi | this.msLo | this.seqHi | this.seqLo) === 0;
  }

  get isMax(): boolean {
    return (this.msHi & this.msLo & this.seqHi & this.seqLo) === -1;
  }

  /** Negative, 0 or positive. */
  compare(other: StreamId): number {
    if (this.msHi !== other.msHi) return (this.msHi >>> 0) - (other.msHi >>> 0);
    if (this.msLo !== other.msLo) return (this.msLo >>> 0) - (other.msLo >>> 0);
    if (this.seqHi !== other.seqHi) return (this.seqHi >>> 0) - (other.seqHi >>> 0);
    return (this.seqLo >>> 0) - (other.seqLo >>> 0);
  }

  /** As `compare`, with the words at `w`. */
  compareAt(i32: Int32Array, w: number): number {
    if (this.msHi !== i32[w]) return (this.msHi >>> 0) - (i32[w] >>> 0);
    if (this.msLo !== i32[w + 1]) return (this.msLo >>> 0) - (i32[w + 1] >>> 0);
    if (this.seqHi !== i32[w + 2]) return (this.seqHi >>> 0) - (i32[w + 2] >>> 0);
    return (this.seqLo >>> 0) - (i32[w + 3] >>> 0);
  }

  /** To the next identifier; behind the greatest comes 0-0, and false. */
  increment(): boolean {
    this.seqLo = (this.seqLo + 1) | 0;
    if (this.seqLo !== 0) return true;
    this.seqHi = (this.seqHi + 1) | 0;
    if (this.seqHi !== 0) return true;
    this.msLo = (this.msLo + 1) | 0;
    if (this.msLo !== 0) return true;
    this.msHi = (this.msHi + 1) | 0;
    return this.msHi !== 0;
  }

  /** To the identifier before; before 0-0 comes the greatest, and false. */
  decrement(): boolean {
    this.seqLo = (this.seqLo - 1) | 0;
    if (this.seqLo !== -1) return true;
    this.seqHi = (this.seqHi - 1) | 0;
    if (this.seqHi !== -1) return true;
    this.msLo = (this.msLo - 1) | 0;
    if (this.msLo !== -1) return true;
    this.msHi = (this.msHi - 1) | 0;
    return this.msHi !== -1;
  }

  /** Makes this base plus differences, each part modulo 2^64. */
  setSum(base: StreamId, msHi: number, msLo: number, seqHi: number, seqLo: number): void {
    this.msLo = (base.msLo + msLo) | 0;
    this.msHi = (base.msHi + msHi + carry(this.msLo, msLo)) | 0;
    this.seqLo = (base.seqLo + seqLo) | 0;
    this.seqHi = (base.seqHi + seqHi + carry(this.seqLo, seqLo)) | 0;
  }

  /** Makes this a minus b, each part modulo 2^64. */
  setDifference(a: StreamId, b: StreamId): void {
    const msBorrow = (a.msLo >>> 0) < (b.msLo >>> 0) ? 1 : 0;
    const seqBorrow = (a.seqLo >>> 0) < (b.seqLo >>> 0) ? 1 : 0;
    this.set(
      (a.msHi - b.msHi - msBorrow) | 0,
      (a.msLo - b.msLo) | 0,
      (a.seqHi - b.seqHi - seqBorrow) | 0,
      (a.seqLo - b.seqLo) | 0,
    );
  }

  /** Byte `i`, 0 the most significant. */
  byte(i: number): number {
    const w = i < 4 ? this.msHi : i < 8 ? this.msLo : i < 12 ? this.seqHi : this.seqLo;
    return (w >>> (24 - 8 * (i & 3))) & 255;
  }

  /** Writes the text "ms-seq" to out[at...]; returns its length, at most ID_TEXT_MAX. */
  write(out: Uint8Array, at: number): number {
    const len = this.writeMs(out, at);
    return len + this.writeSequence(out, at + len);
  }

  /** The first half of `write`, dash included. */
  writeMs(out: Uint8Array, at: number): number {
    const len = writeUint64(out, at, this.msHi, this.msLo);
    out[at + len] = DASH;
    return len + 1;
  }

  /** The second half of `write`. */
  writeSequence(out: Uint8Array, at: number): number {
    return writeUint64(out, at, this.seqHi, this.seqLo);
  }
}

/** 1 when adding `b` made the low word `sum` wrap. */
function carry(sum: number, b: number): number {
  return (sum >>> 0) < (b >>> 0) ? 1 : 0;
}

function word(u8: Uint8Array, at: number): number {
  return (u8[at] << 24) | (u8[at + 1] << 16) | (u8[at + 2] << 8) | u8[at + 3];
}
