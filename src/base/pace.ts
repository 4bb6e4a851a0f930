/** Pace: slowness on purpose, for tests: the directives key-load-delay and rdb-key-save-delay. Any thread. */

/**
 * True when the key of that number (from 1) is due `elapsedMs` after the first. `delay`: microseconds a key; below zero: one microsecond for so
 * many keys.
 */
export function mayPass(number: number, delay: number, elapsedMs: number): boolean {
  if (delay === 0) return true;
  const us = delay > 0 ? delay : -1 / delay;
  return number * us <= elapsedMs * 1000;
}
