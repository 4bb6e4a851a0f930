/**
 * Reply: writes RESP2 or RESP3 into one growing buffer. Any thread; one writer at a time.
 *
 * Source: Redis serialization protocol specification (redis.io/docs, "RESP protocol spec").
 * Bytes buf[0, pos) are complete replies, or parts of one while a command runs. Nothing allocates but growth.
 */
import { copyBytes, moveBytes } from "../../base/bytes.ts";
import { MAX_DOUBLE_CHARS, writeDouble } from "../../base/doubles.ts";
import { writeInt64, writeUint31 } from "../../base/int64_text.ts";
import type { ReplyError } from "../../base/reply_error.ts";

const START_SIZE = 65536;
/** A buffer that one huge reply grew is given up above this at `clear`. */
const KEEP_SIZE = 1 << 20;

const CR = 13;
const LF = 10;
const ZERO = 48;
const INT32_MAX = 0x7fffffff;
const TWO_32 = 4294967296;

export class Reply {
  buf: Uint8Array = new Uint8Array(START_SIZE);
  pos = 0;
  /** True when the client asked for RESP3. */
  resp3 = false;

  /** Makes room for `n` more bytes. */
  ensure(n: number): void {
    if (this.pos + n > this.buf.length) this.enlarge(n);
  }

  private enlarge(n: number): void {
    let size = this.buf.length * 2;
    while (size < this.pos + n) size *= 2;
    const next = new Uint8Array(size);
    next.set(this.buf.subarray(0, this.pos));
    this.buf = next;
  }

  /** Forgets what was written, and a buffer that grew huge. */
  clear(): void {
    this.pos = 0;
    if (this.buf.length > KEEP_SIZE) this.buf = new Uint8Array(START_SIZE);
  }

  private crlf(): void {
    this.buf[this.pos++] = CR;
    this.buf[this.pos++] = LF;
  }

  /** Decimal digits of an integer, |n| <= 2^53, without framing. */
  digits(n: number): void {
    const buf = this.buf;
    if (n >= 0 && n <= INT32_MAX) {
      this.pos = writeUint31(buf, this.pos, n);
      return;
    }
    const hi = Math.floor(n / TWO_32);
    this.pos += writeInt64(buf, this.pos, hi, n | 0);
  }

  /** ASCII or latin-1 text without framing. */
  text(s: string): void {
    this.ensure(s.length);
    const buf = this.buf;
    for (let i = 0; i < s.length; i++) buf[this.pos + i] = s.charCodeAt(i);
    this.pos += s.length;
  }

  /** Bytes as they are, without framing. */
  raw(src: Uint8Array, from: number, len: number): void {
    this.ensure(len);
    copyBytes(this.buf, this.pos, src, from, len);
    this.pos += len;
  }

  ok(): void {
    this.ensure(5);
    const buf = this.buf;
    const at = this.pos;
    buf[at] = 43;
    buf[at + 1] = 79;
    buf[at + 2] = 75;
    buf[at + 3] = CR;
    buf[at + 4] = LF;
    this.pos = at + 5;
  }

  /** Simple string. */
  simple(s: string): void {
    this.ensure(s.length + 3);
    this.buf[this.pos++] = 43;
    this.text(s);
    this.crlf();
  }

  /** Error reply. */
  error(e: ReplyError): void {
    this.ensure(e.bytes.length + 3);
    this.buf[this.pos++] = 45;
    this.raw(e.bytes, 0, e.bytes.length);
    this.crlf();
  }

  /** Integer, |n| <= 2^53. */
  int(n: number): void {
    this.ensure(24);
    if (n >= 0 && n <= INT32_MAX) {
      // The usual case, with the position in no field meanwhile.
      const buf = this.buf;
      const at = this.pos;
      buf[at] = 58;
      let end = at + 2;
      if (n < 10) buf[at + 1] = ZERO + n;
      else end = writeUint31(buf, at + 1, n);
      buf[end] = CR;
      buf[end + 1] = LF;
      this.pos = end + 2;
      return;
    }
    this.buf[this.pos++] = 58;
    this.digits(n);
    this.crlf();
  }

  /** 64-bit integer that may not fit a double (cold). */
  bigInt(n: bigint): void {
    this.ensure(24);
    this.buf[this.pos++] = 58;
    this.text(n.toString());
    this.crlf();
  }

  /** Bulk string of src[from, from+len). */
  bulk(src: Uint8Array, from: number, len: number): void {
    this.ensure(len + 24);
    const { buf } = this;
    let at = this.pos;
    buf[at++] = 36;
    // Most lengths have one or two digits: no call, and no store of the position in between.
    if (len < 10) buf[at++] = ZERO + len;
    else if (len < 100) {
      const tens = (len / 10) | 0;
      buf[at] = ZERO + tens;
      buf[at + 1] = ZERO + len - tens * 10;
      at += 2;
    } else {
      this.pos = at;
      this.digits(len);
      at = this.pos;
    }
    buf[at] = CR;
    buf[at + 1] = LF;
    copyBytes(buf, at + 2, src, from, len);
    at += len + 2;
    buf[at] = CR;
    buf[at + 1] = LF;
    this.pos = at + 2;
  }

  /** Bulk string of ASCII or latin-1 text. */
  bulkText(s: string): void {
    this.ensure(s.length + 24);
    this.buf[this.pos++] = 36;
    this.digits(s.length);
    this.crlf();
    this.text(s);
    this.crlf();
  }

  /** Bulk string of a decimal integer, |n| <= 2^53. */
  bulkInt(n: number): void {
    this.ensure(32);
    const start = this.pos;
    this.digits(n);
    const len = this.pos - start;
    const shift = len < 10 ? 4 : 5;
    moveBytes(this.buf, start + shift, start, len);
    this.pos = start;
    this.buf[this.pos++] = 36;
    this.digits(len);
    this.crlf();
    this.pos += len;
    this.crlf();
  }

  /** Null bulk string in RESP2, null in RESP3. */
  nil(): void {
    this.ensure(5);
    if (this.resp3) {
      this.buf[this.pos++] = 95;
      this.crlf();
    } else {
      this.buf[this.pos++] = 36;
      this.buf[this.pos++] = 45;
      this.buf[this.pos++] = 49;
      this.crlf();
    }
  }

  /** Null array in RESP2, null in RESP3. */
  nilArray(): void {
    if (this.resp3) this.nil();
    else this.header(42, -1);
  }

  private header(kind: number, n: number): void {
    this.ensure(24);
    this.buf[this.pos++] = kind;
    this.digits(n);
    this.crlf();
  }

  /** Head of an array of `n` elements, which follow. */
  array(n: number): void {
    this.header(42, n);
  }

  /** Head of a map of `n` pairs; in RESP2 an array of 2n. */
  map(n: number): void {
    if (this.resp3) this.header(37, n);
    else this.header(42, n * 2);
  }

  /** Head of a set; in RESP2 an array. */
  set(n: number): void {
    this.header(this.resp3 ? 126 : 42, n);
  }

  /** Head of a push message; in RESP2 an array. */
  push(n: number): void {
    this.header(this.resp3 ? 62 : 42, n);
  }

  /** Head of an attribute of `n` pairs; RESP3 only. */
  attribute(n: number): void {
    this.header(124, n);
  }

  /** Double; in RESP2 a bulk string of the same digits. */
  double(d: number): void {
    this.ensure(MAX_DOUBLE_CHARS + 8);
    const buf = this.buf;
    if (this.resp3) {
      buf[this.pos++] = 44;
      this.pos = writeDouble(buf, this.pos, d);
      this.crlf();
      return;
    }
    // The text goes where it belongs behind a length of two digits, and moves when one was enough.
    const start = this.pos;
    const len = writeDouble(buf, start + 5, d) - start - 5;
    buf[start] = 36;
    this.pos = start + 1;
    this.digits(len);
    this.crlf();
    if (len < 10) { for (let i = 0; i < len; i++) buf[start + 4 + i] = buf[start + 5 + i]; }
    this.pos += len;
    this.crlf();
  }

  /** Boolean; in RESP2 the integer 1 or 0. */
  bool(b: boolean): void {
    if (!this.resp3) {
      this.int(b ? 1 : 0);
      return;
    }
    this.ensure(4);
    this.buf[this.pos++] = 35;
    this.buf[this.pos++] = b ? 116 : 102;
    this.crlf();
  }

  /** Big number; in RESP2 a bulk string. */
  bigNumber(digits: string): void {
    if (!this.resp3) {
      this.bulkText(digits);
      return;
    }
    this.ensure(digits.length + 3);
    this.buf[this.pos++] = 40;
    this.text(digits);
    this.crlf();
  }

  /** Verbatim string with a three-letter format; in RESP2 a bulk string. The text is latin-1 or ASCII. */
  verbatim(format: string, s: string): void {
    if (!this.resp3) {
      this.bulkText(s);
      return;
    }
    this.ensure(s.length + 32);
    this.buf[this.pos++] = 61;
    this.digits(s.length + 4);
    this.crlf();
    this.text(format);
    this.buf[this.pos++] = 58;
    this.text(s);
    this.crlf();
  }

  /**
   * Leaves room for an aggregate's head whose length is known only later: remember the returned place and call
   * `closeArray(place, n)` when the elements are written.
   */
  openArray(): number {
    this.ensure(24);
    return this.pos;
  }

  /** Inserts the head for the `n` elements written since `openArray`. `kind`: "*", "%" (n pairs) or "~"; RESP2 gets arrays. */
  closeArray(place: number, n: number, kind: "*" | "%" | "~" = "*"): void {
    this.ensure(24);
    const end = this.pos;
    const count = !this.resp3 && kind === "%" ? n * 2 : n;
    let width = 1;
    for (let limit = 10; count >= limit; limit *= 10) width++;
    const head = width + 3;
    this.buf.copyWithin(place + head, place, end);
    this.pos = place;
    this.header(this.resp3 ? kind.charCodeAt(0) : 42, count);
    this.pos = end + head;
  }
}
