/** CommandText: appends commands to a buffer as clients send them (RESP arrays of bulk strings). Any thread. */
import { writeInt64 } from "../../base/int64_text.ts";
import type { RdbWriter } from "../../codec/rdb/writer.ts";

const STAR = 42;
const DOLLAR = 36;
const CR = 13;
const LF = 10;
/** A mark, the digits of a number below 2^31, and the line's end. */
const LINE_MAX = 20;

export class CommandText {
  constructor(readonly out: RdbWriter) {}

  /** Begins a command of `argc` arguments, its name counted. */
  begin(argc: number): void {
    this.line(STAR, argc);
  }

  /** Appends an argument. */
  bulk(src: Uint8Array, from: number, len: number): void {
    this.beginBulk(len);
    this.out.raw(src, from, len);
    this.endLine();
  }

  /** Begins an argument of `len` bytes, which follow; then comes `endLine`. */
  beginBulk(len: number): void {
    this.line(DOLLAR, len);
  }

  /** Appends an argument given as ASCII text. */
  word(text: string): void {
    const { out } = this;
    this.line(DOLLAR, text.length);
    out.ensure(text.length);
    for (let i = 0; i < text.length; i++) out.buf[out.pos++] = text.charCodeAt(i);
    this.endLine();
  }

  private line(mark: number, n: number): void {
    const { out } = this;
    out.ensure(LINE_MAX);
    out.buf[out.pos++] = mark;
    out.pos += writeInt64(out.buf, out.pos, 0, n | 0);
    this.endLine();
  }

  endLine(): void {
    const { out } = this;
    out.ensure(2);
    out.buf[out.pos++] = CR;
    out.buf[out.pos++] = LF;
  }
}
