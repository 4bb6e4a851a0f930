/**
 * Garbage: collects the JavaScript heap of a thread that never comes back to its runtime's event loop. That thread.
 *
 * JavaScriptCore collects when the heap has grown by a fraction of itself, and counts shared buffers as heap: a thread that has arenas
 * of gigabytes in sight may leave gigabytes of garbage. What else would collect, timers, runs in the event loop only. V8 collects
 * young objects by their own amount, so in Deno nothing needs to be done.
 */

import { bun } from "./host.ts";

/** Shortest time between two collections: a young one costs about a tenth of a millisecond. */
const EVERY_MS = 1000;

/** Of this many collections one is complete, since what survived a young one is found by no other. It costs some milliseconds. */
const COMPLETE_EVERY = 64;

export class Garbage {
  private nextMs = 0;
  private collections = 0;

  /** Call where the thread is about to sleep, if it has worked; `nowMs` is any monotonic clock. */
  collect(nowMs: number): void {
    if (bun === undefined || nowMs < this.nextMs) return;
    this.nextMs = nowMs + EVERY_MS;
    bun.gc(++this.collections % COMPLETE_EVERY === 0);
  }
}
