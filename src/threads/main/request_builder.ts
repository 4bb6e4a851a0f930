/**
 * RequestBuilder: makes a request of main's own, argument by argument, in memory that it keeps for the next one. Main thread.
 *
 * The request is good until the next `begin`.
 */
import { copyBytes } from "../../base/bytes.ts";
import { Request } from "../../codec/resp/request.ts";

const START_BYTES = 1024;
/** Memory that a large request took is given up above this. */
const KEEP_BYTES = 1 << 18;
const ZERO = 48;

export class RequestBuilder {
  readonly request = new Request();
  private bytes = new Uint8Array(START_BYTES);
  private pos = 0;
  private count = 0;

  /** Starts a request whose first argument is `name`. */
  begin(name: Uint8Array): void {
    if (this.bytes.length > KEEP_BYTES) this.bytes = new Uint8Array(START_BYTES);
    this.pos = this.count = 0;
    this.add(name, 0, name.length);
  }

  /** Appends the argument buf[from, from + len). */
  add(buf: Uint8Array, from: number, len: number): void {
    if (this.pos + len > this.bytes.length) this.enlarge(len);
    copyBytes(this.bytes, this.pos, buf, from, len);
    this.close(len);
  }

  /** Appends a whole number, at least 0, in decimal. */
  number(n: number): void {
    let len = 1;
    for (let limit = 10; n >= limit; limit *= 10) len++;
    if (this.pos + len > this.bytes.length) this.enlarge(len);
    for (let i = this.pos + len - 1; i >= this.pos; i--) {
      const q = Math.floor(n / 10);
      this.bytes[i] = ZERO + n - q * 10;
      n = q;
    }
    this.close(len);
  }

  /** The request made. */
  end(): Request {
    this.request.buf = this.bytes;
    this.request.argc = this.count;
    return this.request;
  }

  private close(len: number): void {
    const { request, count } = this;
    if (count === request.at.length) {
      const at = new Int32Array(count * 2);
      const lens = new Int32Array(count * 2);
      at.set(request.at);
      lens.set(request.len);
      request.at = at;
      request.len = lens;
    }
    request.at[count] = this.pos;
    request.len[count] = len;
    this.count++;
    this.pos += len;
  }

  private enlarge(len: number): void {
    let size = this.bytes.length * 2;
    while (size < this.pos + len) size *= 2;
    const wider = new Uint8Array(size);
    wider.set(this.bytes.subarray(0, this.pos));
    this.bytes = wider;
  }
}
