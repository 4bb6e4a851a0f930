/**
 * Doorbell: how several producers wake one thread that serves many rings. Any thread.
 *
 *   word 0   1 while the thread sleeps, or is about to
 *
 * Invariant: producers publish before they ring, the sleeper sets the word before it looks at its rings once more; so one of them
 * sees the other and no wake-up is lost.
 */
export class Doorbell {
  private readonly word: Int32Array;

  constructor(readonly buffer = new SharedArrayBuffer(4)) {
    this.word = new Int32Array(buffer);
  }

  /** A producer: after something was published. One atomic load while the thread is awake. */
  ring(): void {
    // Both are sequentially consistent: the published work is visible to who set the word back.
    if (Atomics.load(this.word, 0) === 1 && Atomics.exchange(this.word, 0, 0) === 1) Atomics.notify(this.word, 0);
  }

  /** The served thread: sleeps at most `ms`, unless `ready` finds work. Not for the main thread. */
  sleep(ms: number, ready: () => boolean): void {
    Atomics.store(this.word, 0, 1);
    if (!ready()) Atomics.wait(this.word, 0, 1, ms);
    Atomics.store(this.word, 0, 0);
  }
}
