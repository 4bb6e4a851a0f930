/** ByteList: a growing sequence of byte strings in one buffer, for commands that must look at all they found before they answer. */
import { copyBytes } from "./bytes.ts";

const START_BYTES = 1024;
const START_COUNT = 64;

export class ByteList {
  /** Number of strings. */
  count = 0;
  /** Their bytes, one string behind the other. */
  buf: Uint8Array = new Uint8Array(START_BYTES);
  /** Of all strings together. */
  bytes = 0;
  /** By string: where it begins in `buf`, and its length, -1 for one that is missing. */
  at = new Int32Array(START_COUNT);
  len = new Int32Array(START_COUNT);

  /** Appends src[from, from+len). */
  add(src: Uint8Array, from: number, len: number): void {
    if (this.bytes + len > this.buf.length) this.enlarge(len);
    copyBytes(this.buf, this.bytes, src, from, len);
    this.put(len);
    this.bytes += len;
  }

  /** Appends a missing string. */
  addMissing(): void {
    this.put(-1);
  }

  private put(len: number): void {
    if (this.count === this.at.length) this.widen();
    this.at[this.count] = this.bytes;
    this.len[this.count++] = len;
  }

  private enlarge(n: number): void {
    let size = this.buf.length * 2;
    while (size < this.bytes + n) size *= 2;
    const next = new Uint8Array(size);
    next.set(this.buf.subarray(0, this.bytes));
    this.buf = next;
  }

  private widen(): void {
    const at = new Int32Array(this.count * 2);
    const len = new Int32Array(this.count * 2);
    at.set(this.at);
    len.set(this.len);
    this.at = at;
    this.len = len;
  }
}
