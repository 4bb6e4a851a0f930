/**
 * Mailbox: rare messages between two threads as JSON in a ring, for threads that sleep in Atomics.wait and so receive no posted ones.
 * Both ends are here; each belongs to one thread.
 *
 *   word 0 size | 1 bytes of text | text as UTF-8
 */
import { padded } from "./messages.ts";
import { createRing, RingReader, RingWriter } from "./ring.ts";

/** A message may be a quarter of it: room for the error texts and paths that messages carry. */
const MAILBOX_BYTES = 1 << 16;
const HEAD_BYTES = 8;

/** Shared memory for a mailbox. */
export function createMailbox(): SharedArrayBuffer {
  const buffer = createRing(MAILBOX_BYTES);
  new RingWriter(buffer); // formats the ring before its reader looks
  return buffer;
}

/** The sender's end; `T` is what may be sent. */
export class Sender<T> {
  private readonly ring: RingWriter;
  private readonly waiting: Uint8Array[] = [];

  constructor(buffer: SharedArrayBuffer) {
    this.ring = new RingWriter(buffer);
  }

  /** Sends in order; what the ring has no room for waits for `flush`. The caller wakes the receiver. */
  send(message: T): void {
    this.waiting.push(new TextEncoder().encode(JSON.stringify(message)));
    this.flush();
  }

  /** Moves what waits into the ring. True when nothing is left. */
  flush(): boolean {
    while (this.waiting.length > 0) {
      const bytes = this.waiting[0];
      const at = this.ring.reserve(padded(HEAD_BYTES + bytes.length));
      if (at === 0) break;
      this.ring.i32[(at >> 2) + 1] = bytes.length;
      this.ring.u8.set(bytes, at + HEAD_BYTES);
      this.waiting.shift();
    }
    this.ring.publish();
    return this.waiting.length === 0;
  }
}

/** The receiver's end. */
export class Receiver<T> {
  private readonly ring: RingReader;

  constructor(buffer: SharedArrayBuffer) {
    this.ring = new RingReader(buffer);
  }

  ready(): boolean {
    return this.ring.ready();
  }

  /** The next message, or undefined. */
  next(): T | undefined {
    const at = this.ring.peek();
    if (at === 0) return undefined;
    const text = new TextDecoder().decode(
      this.ring.u8.slice(at + HEAD_BYTES, at + HEAD_BYTES + this.ring.i32[(at >> 2) + 1]),
    );
    this.ring.advance();
    this.ring.release();
    return JSON.parse(text);
  }
}
