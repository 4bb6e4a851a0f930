/**
 * JournalPositions: where the journals stand, in shared memory: what main has sent, what each engine has done and recorded, and what of
 * it is safe on the disk. Any thread.
 *
 *   line 0       word 0: issued    number of the last request in the shards' rings
 *   line 1 + k   word 0: sent      number of the last request sent to shard k              written by main
 *                word 1: done      number of the last request that shard k finished        written by shard k
 *                word 2: recorded  records that engine k has made so far                   written by engine k
 *                word 3: durable   of them, those on the disk                              written by who writes the file
 *
 * Numbers are 32-bit counters that wrap; they are compared by their difference.
 *
 * Invariants:
 * 1. A shard stores `done` after it published its records of those requests, and `recorded` before it lets anyone see a reply or a store
 *    that the record changed.
 * 2. Main stores `sent` of a ring no later than it publishes the ring, and `issued` behind all of them.
 */
const LINE_WORDS = 16; // one cache line
const ISSUED = 0;
const SENT = 0;
const DONE = 1;
const RECORDED = 2;
const DURABLE = 3;

/** Shared memory for the positions of so many engines. */
export function createPositions(engines: number): SharedArrayBuffer {
  return new SharedArrayBuffer((1 + engines) * LINE_WORDS * 4);
}

export class JournalPositions {
  private readonly words: Int32Array;
  readonly engines: number;

  constructor(readonly buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
    this.engines = this.words.length / LINE_WORDS - 1;
  }

  // Every load acquires and every store releases what the invariants say; all are sequentially consistent.

  get issued(): number {
    return Atomics.load(this.words, ISSUED);
  }

  set issued(number: number) {
    Atomics.store(this.words, ISSUED, number);
  }

  sent(k: number): number {
    return Atomics.load(this.words, (k + 1) * LINE_WORDS + SENT);
  }

  setSent(k: number, number: number): void {
    Atomics.store(this.words, (k + 1) * LINE_WORDS + SENT, number);
  }

  done(k: number): number {
    return Atomics.load(this.words, (k + 1) * LINE_WORDS + DONE);
  }

  setDone(k: number, number: number): void {
    Atomics.store(this.words, (k + 1) * LINE_WORDS + DONE, number);
  }

  recorded(k: number): number {
    return Atomics.load(this.words, (k + 1) * LINE_WORDS + RECORDED);
  }

  setRecorded(k: number, count: number): void {
    Atomics.store(this.words, (k + 1) * LINE_WORDS + RECORDED, count);
  }

  durable(k: number): number {
    return Atomics.load(this.words, (k + 1) * LINE_WORDS + DURABLE);
  }

  setDurable(k: number, count: number): void {
    Atomics.store(this.words, (k + 1) * LINE_WORDS + DURABLE, count);
  }
}
