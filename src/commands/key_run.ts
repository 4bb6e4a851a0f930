/**
 * KeyRun: the keys of a command that takes many, whose lookups in a large keyspace are cache misses: some are hashed and brought into the
 * processor's cache ahead, all at once (structures/table.ts). Any thread, one at a time.
 *
 * Use: `start`, then `at(i)` before the key in argument `i` is looked up, in ascending order, and `stop`: the next request's bytes may lie
 * in the same place. `runGuarded` stops the run of a command that throws.
 */
import { PREFETCH_MAX } from "../structures/table.ts";
import type { Call } from "./call.ts";

/** Fewer keys are not worth it. */
const FEW = 3;

export class KeyRun {
  private readonly hashes = new Int32Array(PREFETCH_MAX);
  private active = false;
  private step = 1;
  private end = 0;
  /** The batch: arguments from `from` on, up to `until`. */
  private from = 0;
  private until = 0;

  constructor(private readonly call: Call) {}

  /** The keys are the arguments `first`, `first + step`, ... before `end`. */
  start(first: number, end: number, step: number): void {
    this.active = this.call.stores === null && end - first >= FEW * step;
    this.step = step;
    this.end = end;
    this.until = first;
  }

  /** The key in argument `i` comes next. */
  at(i: number): void {
    if (!this.active) return;
    const { call } = this;
    if (i >= this.until) this.look(i);
    call.store.expectKey(call.buf, call.at[i], call.len[i], this.hashes[(i - this.from) / this.step]);
  }

  /** Hashes and warms the keys from argument `i` on. */
  private look(i: number): void {
    const { hashes, step, end } = this;
    const { store, buf, at, len, db } = this.call;
    this.from = i;
    let n = 0;
    for (; i < end && n < PREFETCH_MAX; i += step) hashes[n++] = store.hash.of(buf, at[i], len[i]);
    this.until = i;
    store.prefetch(db, hashes, n);
  }

  stop(): void {
    if (!this.active) return;
    this.active = false;
    this.call.store.expectKey(this.call.buf, -1, 0, 0);
  }
}
