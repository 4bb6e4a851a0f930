/**
 * Output: bytes that a connection's socket did not take at once, in order. Main thread.
 *
 * Invariants:
 * 1. Chunks are sent first in, first out; `bytes` is their sum.
 * 2. An empty output holds no memory: idle connections cost nothing here.
 */

import { copyBytes } from "../../base/bytes.ts";
import type { Socket } from "../../runtime/mod.ts";

/** Small writes are gathered into chunks of this size, so that a slow reader costs few objects. */
const CHUNK = 16384;
/**
 * An output's first bytes, if they are few, lie beside those of other connections in one buffer: replies that wait for the disk come and go
 * some ten thousand times a second, and what is sent from one buffer again and again costs the least.
 */
const SLOT = 256;
const SLOTS = 256;
const slots = new Uint8Array(SLOT * SLOTS);
const freeSlots = Array.from({ length: SLOTS }, (_, slot) => slot);
const NO_SLOT = -1;

interface Chunk {
  buf: Uint8Array;
  from: number;
  to: number;
  /** Where its room ends. */
  readonly end: number;
  readonly slot: number;
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
      const room = Math.min(last.end - last.to, to - from);
      if (room > 0) {
        last.buf.set(buf.subarray(from, from + room), last.to);
        last.to += room;
        from += room;
      }
    }
    if (from === to) return;
    const size = to - from;
    const slot = last === undefined && size <= SLOT ? freeSlots.pop() ?? NO_SLOT : NO_SLOT;
    if (slot !== NO_SLOT) {
      const at = slot * SLOT;
      copyBytes(slots, at, buf, from, size);
      this.chunks.push({ buf: slots, from: at, to: at + size, end: at + SLOT, slot });
    } else {
      const chunk = new Uint8Array(Math.max(CHUNK, size));
      chunk.set(buf.subarray(from, to));
      this.chunks.push({ buf: chunk, from: 0, to: size, end: chunk.length, slot });
    }
    this.closed = false;
  }

  /** Puts buf[from, to) to the end without copying; its bytes must stay as they are. */
  adopt(buf: Uint8Array, from: number, to: number): void {
    if (from === to) return;
    this.bytes += to - from;
    this.chunks.push({ buf, from, to, end: to, slot: NO_SLOT });
    // Nothing is gathered into an adopted buffer: it is somebody's reply, full to its end.
    this.closed = true;
  }

  /**
   * Offers everything but the last `kept` bytes to the socket; returns true when nothing at all is left.
   */
  drain(socket: Pick<Socket, "write">, kept = 0): boolean {
    const { chunks } = this;
    let sent = 0;
    while (sent < chunks.length && this.bytes > kept) {
      const chunk = chunks[sent];
      const n = socket.write(chunk.buf, chunk.from, Math.min(chunk.to, chunk.from + this.bytes - kept));
      this.bytes -= n;
      chunk.from += n;
      if (chunk.from < chunk.to) break;
      if (chunk.slot !== NO_SLOT) freeSlots.push(chunk.slot);
      sent++;
    }
    if (sent === chunks.length) chunks.length = 0;
    else if (sent > 0) chunks.splice(0, sent);
    return chunks.length === 0;
  }

  clear(): void {
    for (const { slot } of this.chunks) if (slot !== NO_SLOT) freeSlots.push(slot);
    this.chunks = [];
    this.bytes = 0;
  }
}
