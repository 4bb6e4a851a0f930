/**
 * Parking: shards that sleep with nothing to do lend their stores without waking up. One word a shard, in shared memory; any thread.
 *
 *   0               the shard is awake, or keeps its store
 *   1 + n           it is parked, and n holds have its store or wait for it
 *   with WANTED     and it wants to go on: no further hold may take it
 *
 * Main takes a parked shard for a hold in place of a message that would wake it; the hold's runner gives it back. Several holds in a row may
 * have it if one runner runs them, so that they follow one another by themselves.
 *
 * Invariants:
 * 1. A store is used by the holds that took it from the first's run to the last's end, by its shard while the word is 0, and by nobody else.
 * 2. Each change of a word is an atomic operation, which orders the plain reads and writes of the store around it.
 */
const WANTED = 1 << 30;
/** A wait's longest part, so that a lost wake-up would cost a delay and not a hang. */
const WAIT_MAX_MS = 1000;

export class Parking {
  private readonly words: Int32Array;

  constructor(readonly buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
  }

  /** Shared memory for so many shards. */
  static memory(shards: number): SharedArrayBuffer {
    return new SharedArrayBuffer(shards * 4);
  }

  /** A shard that has nothing to do lends its store. */
  park(shard: number): void {
    Atomics.store(this.words, shard, 1); // releases our writes to the store
  }

  /** The same shard wants its store back, and waits for that. Not for the main thread. */
  unpark(shard: number): void {
    const { words } = this;
    // Acquires what the holds wrote, here and below.
    if (Atomics.compareExchange(words, shard, 1, 0) === 1) return;
    Atomics.or(words, shard, WANTED);
    for (;;) {
      const word = Atomics.load(words, shard);
      if (word === (1 | WANTED)) break;
      Atomics.wait(words, shard, word, WAIT_MAX_MS);
    }
    Atomics.store(words, shard, 0);
  }

  /** Main: whether the shard is parked and a hold has it. */
  isTaken(shard: number): boolean {
    return (Atomics.load(this.words, shard) & ~WANTED) > 1;
  }

  /** Main: takes a parked shard for a hold; false when it is awake or wants to be. */
  take(shard: number): boolean {
    const { words } = this;
    for (;;) {
      const word = Atomics.load(words, shard);
      if (word === 0 || (word & WANTED) !== 0) return false;
      if (Atomics.compareExchange(words, shard, word, word + 1) === word) return true;
    }
  }

  /** A hold's runner is done with a shard that was taken for it. */
  giveBack(shard: number): void {
    const word = Atomics.sub(this.words, shard, 1) - 1; // releases our writes to the store
    if (word === (1 | WANTED)) Atomics.notify(this.words, shard);
  }
}
