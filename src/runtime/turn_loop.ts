/**
 * When `turn` runs on the portable networks, whose sockets the runtime itself polls. Main thread.
 *
 * 1. Callbacks call `touch`; one setImmediate later, when the runtime has delivered all that was ready, `turn` runs once.
 * 2. While `turn` returns 0 it runs again after each look at the sockets; otherwise at the latest when it wished.
 * 3. At most one Atomics.waitAsync and one timer are outstanding. The word says ASLEEP exactly while nothing of this
 *    loop is scheduled but those (wake.ts, 1).
 */

import { ASLEEP, AWAKE, createWakeWord, type WakeHandle } from "./wake.ts";

type WaitAsync = (words: Int32Array, at: number, value: number) =>
  | { async: false; value: "not-equal" | "timed-out" }
  | { async: true; value: Promise<"ok" | "timed-out"> };

export class TurnLoop {
  turn: () => number = () => Infinity;
  /** Runs between the callbacks and `turn`, and once more behind it: the network's own deferred closes and writes. */
  readonly #settle: () => void;
  #scheduled = false;
  #closed = false;
  #word: Int32Array | undefined;
  #waiting = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAtMs = Infinity;
  readonly #run = () => this.#runTurn();
  readonly #timeUp = () => {
    this.#timer = undefined;
    this.#timerAtMs = Infinity;
    this.touch();
  };

  constructor(settle: () => void) {
    this.#settle = settle;
  }

  get wakeHandle(): WakeHandle {
    this.#word ??= createWakeWord();
    this.touch();
    return { word: this.#word, eventfd: -1 };
  }

  /** Makes `turn` run behind the callbacks that are being delivered now. */
  touch(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    if (this.#word !== undefined) Atomics.store(this.#word, 0, AWAKE);
    setImmediate(this.#run);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    // Lets go of the outstanding waitAsync, which would keep the process alive.
    if (this.#word !== undefined) Atomics.notify(this.#word, 0);
  }

  #runTurn(): void {
    this.#scheduled = false;
    if (this.#closed) return;
    this.#settle();
    let wishMs = this.turn();
    if (this.#word !== undefined && wishMs > 0) {
      Atomics.store(this.#word, 0, ASLEEP);
      wishMs = this.turn();
    }
    this.#settle();
    if (this.#closed || this.#scheduled) return;
    if (wishMs <= 0) return this.touch();
    this.#arm(wishMs);
    this.#wait();
  }

  #arm(wishMs: number): void {
    const atMs = performance.now() + wishMs;
    if (atMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(this.#timeUp, wishMs);
  }

  #wait(): void {
    if (this.#word === undefined || this.#waiting) return;
    // Sleeps only if the word is still ASLEEP: a waker that came first changed it and is seen here.
    const waitAsync = (Atomics as unknown as { waitAsync: WaitAsync }).waitAsync;
    const result = waitAsync(this.#word, 0, ASLEEP);
    if (!result.async) return this.touch();
    this.#waiting = true;
    result.value.then(() => {
      this.#waiting = false;
      this.touch();
    });
  }
}
