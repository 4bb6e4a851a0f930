/**
 * Ring: a bounded byte queue between one producer thread and one consumer thread, in shared memory.
 *
 *   word 0    head: where the producer writes next, as published    (its own cache line)
 *   word 16   tail: where the consumer reads next, as published     (its own cache line)
 *   word 32   1 while the consumer sleeps, or is about to
 *   word 48   1 while the producer sleeps for room
 *   byte 256  data, `size` bytes: messages of a multiple of 8 bytes, none wraps round the end
 *
 * A message's first word is its size in bytes, header word included; WRAP there sends the reader back to the start of the data.
 *
 * Invariants:
 * 1. The producer alone writes head, the consumer alone tail. Bytes between tail and head are the consumer's, the rest the producer's.
 * 2. head = tail means empty; the producer never fills the last 8 bytes, so that full is never equal to empty.
 * 3. Nothing becomes visible before `publish` and no room is given back before `release`: one atomic store a batch.
 * 4. A message of at most `maxMessage` bytes fits whenever `room() >= 2 * maxMessage`, wherever head stands.
 */

const HEAD = 0;
const TAIL = 16;
const CONSUMER_ASLEEP = 32;
const PRODUCER_ASLEEP = 48;
const DATA = 256;
const WRAP = -1;

/** Bytes of shared memory for a ring with `size` bytes of data; `size` is a multiple of 8. */
export function createRing(size: number): SharedArrayBuffer {
  return new SharedArrayBuffer(DATA + size);
}

/** What both ends share. */
abstract class RingEnd {
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  protected readonly end: number;
  /** Largest message. */
  readonly maxMessage: number;

  constructor(readonly buffer: SharedArrayBuffer) {
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.end = buffer.byteLength;
    this.maxMessage = ((buffer.byteLength - DATA) >> 2) & ~7;
  }
}

/** The producer's end. */
export class RingWriter extends RingEnd {
  private head = DATA;
  private published = DATA;
  private tail = DATA;

  constructor(buffer: SharedArrayBuffer) {
    super(buffer);
    if (Atomics.load(this.i32, HEAD) === 0) {
      Atomics.store(this.i32, HEAD, DATA);
      Atomics.store(this.i32, TAIL, DATA);
    }
  }

  /** Bytes free, as far as the consumer has published. */
  room(): number {
    // Acquires the consumer's reads: bytes behind the new tail are ours to overwrite.
    this.tail = Atomics.load(this.i32, TAIL);
    const used = this.head - this.tail;
    return this.end - DATA - 8 - (used >= 0 ? used : used + this.end - DATA);
  }

  /** True when the consumer has taken in and given back everything that was ever reserved. */
  get empty(): boolean {
    return Atomics.load(this.i32, TAIL) === this.head;
  }

  /** True when messages wait for `publish`. */
  get unpublished(): boolean {
    return this.head !== this.published;
  }

  /**
   * Room for a message of `size` bytes (a multiple of 8, at most maxMessage): its byte offset, with the size word written; 0 when
   * the ring has no room. The caller fills it and then may go on; `publish` makes it visible.
   */
  reserve(size: number): number {
    if (!this.fits(size)) {
      this.tail = Atomics.load(this.i32, TAIL); // as in room()
      if (!this.fits(size)) return 0;
    }
    let at = this.head;
    if (at + size > this.end) {
      if (at < this.end) this.i32[at >> 2] = WRAP;
      at = DATA;
    }
    this.i32[at >> 2] = size;
    this.head = at + size;
    return at;
  }

  private fits(size: number): boolean {
    const { head, tail, end } = this;
    if (head < tail) return head + size + 8 <= tail;
    if (head + size <= end) return true;
    return DATA + size + 8 <= tail;
  }

  /** Makes the reserved messages visible and wakes the consumer if it sleeps. */
  publish(): void {
    if (this.head === this.published) return;
    this.published = this.head;
    // Releases the message bytes: who loads this head sees them.
    Atomics.store(this.i32, HEAD, this.head);
    // The consumer stores its flag and then looks at head once more, we the other way round: one of us sees the other.
    if (Atomics.load(this.i32, CONSUMER_ASLEEP) === 1 && Atomics.exchange(this.i32, CONSUMER_ASLEEP, 0) === 1) {
      Atomics.notify(this.i32, CONSUMER_ASLEEP);
    }
  }

  /**
   * Asks the consumer to say when it gives room back: its next `release` answers true. Returns false when room came in the
   * meantime (there is more than at the last look).
   */
  requestRoom(): boolean {
    const seen = this.tail;
    // The flag before the look: the consumer stores its tail first and looks at the flag then, so one of us sees the other.
    Atomics.store(this.i32, PRODUCER_ASLEEP, 1);
    return Atomics.load(this.i32, TAIL) === seen;
  }

  /** Sleeps until the consumer gives room back, at most `ms`. Not for the main thread. */
  waitForRoom(ms: number): void {
    Atomics.store(this.i32, PRODUCER_ASLEEP, 1);
    const seen = this.tail;
    if (Atomics.load(this.i32, TAIL) === seen) Atomics.wait(this.i32, TAIL, seen, ms);
    Atomics.store(this.i32, PRODUCER_ASLEEP, 0);
  }
}

/** The consumer's end. */
export class RingReader extends RingEnd {
  private tail: number;
  private released: number;
  private head: number;

  /** A consumer may follow another: it begins with what that one has not given back. */
  constructor(buffer: SharedArrayBuffer) {
    super(buffer);
    this.tail = this.released = this.head = Atomics.load(this.i32, TAIL) || DATA;
  }

  /** Byte offset of the next message, or 0 when there is none. */
  peek(): number {
    if (this.tail === this.head) {
      // Acquires the producer's writes up to this head.
      this.head = Atomics.load(this.i32, HEAD) || DATA;
      if (this.tail === this.head) return 0;
    }
    if (this.tail === this.end || this.i32[this.tail >> 2] === WRAP) {
      this.tail = DATA;
      if (this.tail === this.head) return 0;
    }
    return this.tail;
  }

  /** Byte offset of the message behind the one at `at`, of those that the last `peek` saw; 0 when there is none. */
  after(at: number): number {
    let next = at + this.i32[at >> 2];
    if (next === this.head) return 0;
    if (next === this.end || this.i32[next >> 2] === WRAP) next = DATA;
    return next === this.head ? 0 : next;
  }

  /** Goes behind the message that `peek` gave. Its bytes stay until `release`. */
  advance(): void {
    this.tail += this.i32[this.tail >> 2];
  }

  /** Gives the room of all messages passed back to the producer. True when the producer asked to be told. */
  release(): boolean {
    if (this.tail === this.released) return false;
    this.released = this.tail;
    // Releases our reads: the producer may overwrite what lies behind.
    Atomics.store(this.i32, TAIL, this.tail);
    if (Atomics.load(this.i32, PRODUCER_ASLEEP) === 0) return false;
    Atomics.store(this.i32, PRODUCER_ASLEEP, 0);
    Atomics.notify(this.i32, TAIL);
    return true;
  }

  /** True when a message is there, looked up afresh. */
  ready(): boolean {
    return this.tail !== this.head || (Atomics.load(this.i32, HEAD) || DATA) !== this.tail;
  }

  /** Sleeps until something is published, at most `ms`. Not for the main thread. */
  sleep(ms: number): void {
    Atomics.store(this.i32, CONSUMER_ASLEEP, 1);
    if (!this.ready()) Atomics.wait(this.i32, CONSUMER_ASLEEP, 1, ms);
    Atomics.store(this.i32, CONSUMER_ASLEEP, 0);
  }
}
