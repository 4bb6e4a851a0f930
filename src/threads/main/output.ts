/**
 * Output: bytes that a connection's socket did not take at once, in order. Main thread.
 *
 * Invariants:
 * 1. Chunks are sent first in, first out; `bytes` is their sum.
 * 2. An empty output holds no memory: idle connections cost nothing here.
 */

/** Small writes are gathered into chunks of this size, so that a slow reader costs few objects. */
const CHUNK = 16384;

interface Chunk {
  buf: Uint8Array;
  from: number;
  to: number;
}

export class Output {
  bytes = 0;
  private chunks: Chunk[] = [];
  /** True when the last chunk takes no more bytes. */
  private closed = false;

  /** Number of chunks (CLIENT LIST's oll). */
  get count(): number {
    return this.chunks.length;
  }

  /** Copies buf[from, to) to the end. */
  append(buf: Uint8Array, from: number, to: number): void {
    this.bytes += to - from;
    const last = this.chunks.at(-1);
    if (last !== undefined && !this.closed) {
      const room = Math.min(last.buf.length - last.to, to - from);
      if (room > 0) {
        last.buf.set(buf.subarray(from, from + room), last.to);
        last.to += room;
        from += room;
      }
    }
    if (from === to) return;
    const chunk = new Uint8Array(Math.max(CHUNK, to - from));
    chunk.set(buf.subarray(from, to));
    this.chunks.push({ buf: chunk, from: 0, to: to - from });
    this.closed = false;
  }

  /** Puts buf[from, to) to the end without copying; its bytes must stay as they are. */
  adopt(buf: Uint8Array, from: number, to: number): void {
    if (from === to) return;
    this.bytes += to - from;
    this.chunks.push({ buf, from, to });
    // Nothing is gathered into an adopted buffer: it is somebody's reply, full to its end.
    this.closed = true;
  }

  /**
   * Offers everything but the last `kept` bytes to `write`, which answers how much it took; returns true when nothing at all is left.
   */
  drain(write: (buf: Uint8Array, from: number, to: number) => number, kept = 0): boolean {
    let sent = 0;
    while (sent < this.chunks.length && this.bytes > kept) {
      const chunk = this.chunks[sent];
      const n = write(chunk.buf, chunk.from, Math.min(chunk.to, chunk.from + this.bytes - kept));
      this.bytes -= n;
      chunk.from += n;
      if (chunk.from < chunk.to) break;
      sent++;
    }
    if (sent > 0) this.chunks.splice(0, sent);
    return this.chunks.length === 0;
  }

  clear(): void {
    this.chunks = [];
    this.bytes = 0;
  }
}
