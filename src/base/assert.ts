/** Assertions on our own mistakes. Bytes from the wire or the disk never reach one (docs/ARCHITECTURE.md "Failures"). */

/** The program contradicts itself; the process must stop with a report. */
export class InternalError extends Error {}

/** Throws InternalError when `condition` is false. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new InternalError(`assertion failed: ${what}`);
}
