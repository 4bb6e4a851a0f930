/**
 * Clock: the two clocks of the system. Only `threads/` reads them; everything below takes time as an argument.
 *
 * Reading a clock costs 50 ns in Bun and 100-170 ns in Deno, so hot paths read it once a turn, not once a command.
 */

/** Microseconds since an arbitrary start; never goes back. Has a fraction. */
export function monotonicUs(): number {
  return performance.now() * 1000;
}

/** Milliseconds since an arbitrary start; never goes back. Has a fraction. */
export function monotonicMs(): number {
  return performance.now();
}

/** Unix time in whole milliseconds. Follows the system's clock, so it can jump. */
export function wallMs(): number {
  return Date.now();
}

/** Unix time in whole microseconds: the system clock's milliseconds, refined by the monotonic clock between them. */
export function wallUs(): number {
  const coarseUs = Date.now() * 1000;
  const fineUs = Math.floor(monotonicUs() + offsetUs);
  // The system clock was set, or it drifted by more than its own resolution: follow it.
  if (fineUs < coarseUs || fineUs >= coarseUs + 2000) {
    offsetUs = coarseUs - monotonicUs();
    return coarseUs;
  }
  return fineUs;
}

/** Blocks the calling thread: nothing else of it runs meanwhile. For tests of slow servers. */
export function blockThread(ms: number): void {
  // Nobody else knows this word, so the wait ends by its time.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

let offsetUs = Date.now() * 1000 - monotonicUs();
