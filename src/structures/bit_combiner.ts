/**
 * BitCombiner: bitwise operations over several byte strings of any length and alignment. One object is used over and over; it
 * owns its scratch. Any thread, one at a time.
 *
 * The strings are taken in blocks, each copied to an aligned buffer and combined there word by word: two fast copies cost less
 * than reading words at odd addresses. Shorter strings count as followed by zero bytes.
 */
import { copyBytes } from "../base/bytes.ts";

/** DIFF: in the first and no other. DIFF1: in another and not in the first. ANDOR: in the first and another. ONE: in exactly one. */
export const BitOperation = { AND: 0, OR: 1, XOR: 2, NOT: 3, DIFF: 4, DIFF1: 5, ANDOR: 6, ONE: 7 } as const;
export type BitOperation = (typeof BitOperation)[keyof typeof BitOperation];

/** Three blocks fit well into the first-level cache. */
const BLOCK = 8192;

class Block {
  readonly u8 = new Uint8Array(BLOCK);
  readonly i32 = new Int32Array(this.u8.buffer);

  /** Takes `n` bytes of a string of `len` bytes from `offset` on, zero behind its end and up to a whole word. */
  load(u8: Uint8Array, at: number, len: number, offset: number, n: number): void {
    const have = Math.max(0, Math.min(n, len - offset));
    copyBytes(this.u8, 0, u8, at + offset, have);
    const padded = (n + 3) & ~3;
    if (have < padded) this.u8.fill(0, have, padded);
  }
}

export class BitCombiner {
  private readonly sum = new Block();
  private readonly next = new Block();
  private readonly more = new Block();
  private count = 0;
  private readonly buffers: Uint8Array[] = [];
  private at = new Int32Array(16);
  private len = new Int32Array(16);

  /** Length of the longest string, which is the result's. */
  length = 0;

  /** Forgets all strings. */
  clear(): void {
    this.count = 0;
    this.length = 0;
    this.buffers.length = 0;
  }

  /** Takes in the string u8[at, at+len), which must stay in place until `write`. */
  add(u8: Uint8Array, at: number, len: number): void {
    if (this.count === this.at.length) {
      const wider = this.count * 2;
      const places = new Int32Array(wider);
      const lengths = new Int32Array(wider);
      places.set(this.at);
      lengths.set(this.len);
      this.at = places;
      this.len = lengths;
    }
    this.buffers[this.count] = u8;
    this.at[this.count] = at;
    this.len[this.count++] = len;
    if (len > this.length) this.length = len;
  }

  /** Writes the result, `length` bytes, to dst from `to` on, which no string may overlap. */
  write(operation: BitOperation, dst: Uint8Array, to: number): void {
    for (let offset = 0; offset < this.length; offset += BLOCK) {
      const n = Math.min(BLOCK, this.length - offset);
      this.combine(operation, offset, n);
      copyBytes(dst, to + offset, this.sum.u8, 0, n);
    }
  }

  /** Makes `sum` the result for bytes [offset, offset + n). */
  private combine(operation: BitOperation, offset: number, n: number): void {
    const words = (n + 3) >> 2;
    const sum = this.sum.i32;
    const next = this.next.i32;
    // Where the first string plays a part of its own it waits in `more`, and the others are united.
    const firstApart = operation >= BitOperation.DIFF && operation <= BitOperation.ANDOR;
    const more = this.more.i32;
    const start = firstApart ? 1 : 0;
    this.sum.load(this.buffers[start], this.at[start], this.len[start], offset, n);
    if (operation === BitOperation.ONE) more.fill(0, 0, words);
    for (let k = start + 1; k < this.count; k++) {
      this.next.load(this.buffers[k], this.at[k], this.len[k], offset, n);
      switch (operation) {
        case BitOperation.AND:
          for (let w = 0; w < words; w++) sum[w] &= next[w];
          break;
        case BitOperation.XOR:
          for (let w = 0; w < words; w++) sum[w] ^= next[w];
          break;
        case BitOperation.ONE:
          for (let w = 0; w < words; w++) {
            more[w] |= sum[w] & next[w];
            sum[w] |= next[w];
          }
          break;
        default:
          for (let w = 0; w < words; w++) sum[w] |= next[w];
      }
    }
    if (firstApart) this.more.load(this.buffers[0], this.at[0], this.len[0], offset, n);
    switch (operation) {
      case BitOperation.NOT:
        for (let w = 0; w < words; w++) sum[w] = ~sum[w];
        break;
      case BitOperation.DIFF:
        for (let w = 0; w < words; w++) sum[w] = more[w] & ~sum[w];
        break;
      case BitOperation.ANDOR:
        for (let w = 0; w < words; w++) sum[w] &= more[w];
        break;
      case BitOperation.DIFF1:
      case BitOperation.ONE:
        for (let w = 0; w < words; w++) sum[w] &= ~more[w];
        break;
      default:
    }
  }
}
