/**
 * Wake-ups: how another thread makes a sleeping network run `turn`. Any thread.
 *
 *   word 0   0 = the network is awake and will look at the rings by itself; 1 = it sleeps, or is about to
 *
 * 1. The sleeper stores 1, looks for work once more, and only then sleeps. The waker makes its work visible, and only
 *    then looks at the word. Both are sequentially consistent, so one of them sees the other: no wake-up is lost.
 * 2. Who changes 1 to 0 owes the wake-up: many wakers make one system call.
 */

import { openBunEventfd } from "./epoll_bun.ts";
import { openDenoEventfd } from "./epoll_deno.ts";

/** What crosses threads. `eventfd` is -1 where the network sleeps in Atomics.waitAsync. */
export interface WakeHandle {
  readonly word: Int32Array;
  readonly eventfd: number;
}

export const AWAKE = 0;
export const ASLEEP = 1;

/** A new word, awake. */
export function createWakeWord(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

/**
 * The function that wakes the network behind a `wakeHandle`; call it after the work is visible in shared memory.
 * Costs one atomic load while the network is awake. Throws if the handle's thread and this one can't share it.
 */
export function openWake(handle: unknown): () => void {
  const { word, eventfd } = handle as WakeHandle;
  if (eventfd === -1) {
    return () => {
      if (claim(word)) Atomics.notify(word, 0);
    };
  }
  const write = openBunEventfd(eventfd) ?? openDenoEventfd(eventfd);
  if (write === undefined) throw new Error("the eventfd of a network needs the FFI that made it");
  return () => {
    if (claim(word)) write();
  };
}

/** Orders our published work before the look at the word (1); true when the wake-up is ours to give (2). */
function claim(word: Int32Array): boolean {
  return Atomics.load(word, 0) === ASLEEP && Atomics.exchange(word, 0, AWAKE) === ASLEEP;
}
