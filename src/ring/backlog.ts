/**
 * Backlog: messages that a full ring did not take, in private memory, in order: for producers that can't wait. One thread.
 *
 * Invariant: while anything is in the backlog, the producer puts its next message behind it, never into the ring.
 */
import type { RingWriter } from "./ring.ts";

/** Messages are gathered in chunks of this size, so that many small ones cost few objects. */
const CHUNK_BYTES = 1 << 18;

interface Chunk {
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  from: number;
  to: number;
}

export class Backlog {
  /** Bytes that wait. */
  bytes = 0;
  private readonly chunks: Chunk[] = [];

  /** Where `reserve` put the last message. */
  u8: Uint8Array = new Uint8Array(0);
  i32: Int32Array = new Int32Array(0);

  /** Room for a message of `size` bytes, a multiple of 8: its byte offset in `u8`, with the size word written. */
  reserve(size: number): number {
    let chunk = this.chunks.at(-1);
    if (chunk === undefined || chunk.to + size > chunk.u8.length) {
      const u8 = new Uint8Array(Math.max(CHUNK_BYTES, size));
      this.chunks.push(chunk = { u8, i32: new Int32Array(u8.buffer), from: 0, to: 0 });
    }
    const at = chunk.to;
    chunk.to += size;
    chunk.i32[at >> 2] = size;
    this.bytes += size;
    this.u8 = chunk.u8;
    this.i32 = chunk.i32;
    return at;
  }

  /** Moves into the ring what it has room for; the caller publishes. True when nothing is left. */
  drain(ring: RingWriter): boolean {
    while (this.chunks.length > 0) {
      const chunk = this.chunks[0];
      while (chunk.from < chunk.to) {
        const size = chunk.i32[chunk.from >> 2];
        const at = ring.reserve(size);
        if (at === 0) return false;
        ring.u8.set(chunk.u8.subarray(chunk.from + 4, chunk.from + size), at + 4);
        chunk.from += size;
        this.bytes -= size;
      }
      this.chunks.shift();
    }
    return true;
  }
}
