/**
 * ActiveExpiry: removes keys, and fields of hashes, whose time has come although nobody asks for them, within a bounded share of time.
 * As in Redis ("How Redis expires keys"), it samples volatile keys and goes on while many of them had expired; the fields that are due
 * are known (store/types/field_deadlines.ts).
 */
import type { Store } from "../../store/store.ts";

/** Keys tried per round, and how many more for each further step of effort. */
const SAMPLE = 20;
const SAMPLE_PER_EFFORT = 5;
/** Fields of hashes removed between two looks at the clock. */
const FIELDS = 64;
/** Buckets looked at per round: bounds the time of a round where volatile keys are rare. */
const BUCKETS = 256;
/** Going on is worth it while more than a tenth of the sample had expired; with more effort, while less had. */
const WORTHWHILE = 0.1;
const WORTHWHILE_PER_EFFORT = 0.01;

export class ActiveExpiry {
  /** DEBUG SET-ACTIVE-EXPIRE. */
  enabled = true;
  /** active-expire-effort, 1..10. */
  effort = 1;
  /** Estimate of the share of expired keys among the volatile ones, 0..1 (INFO expired_stale_perc / 100). */
  staleShare = 0;
  /** Times that a step ended because its time was used up. */
  timeCapReached = 0;
  /** Time spent, µs. */
  spentUs = 0;
  private nextDb = 0;

  constructor(private readonly store: Store) {}

  /** Works for at most about `budgetMs`; `clock` gives ms. Returns true when there was more to do. */
  step(budgetMs: number, clock: () => number): boolean {
    if (!this.enabled || !this.store.expiryEnabled) return false;
    const start = clock();
    const more = this.work(budgetMs, clock);
    this.spentUs += (clock() - start) * 1000;
    return more;
  }

  private work(budgetMs: number, clock: () => number): boolean {
    const store = this.store;
    const end = clock() + budgetMs;
    let more = store.hashes.expireSome(FIELDS);
    while (more && clock() < end - budgetMs / 2) more = store.hashes.expireSome(FIELDS);
    const sample = SAMPLE + (this.effort - 1) * SAMPLE_PER_EFFORT;
    const worthwhile = WORTHWHILE - (this.effort - 1) * WORTHWHILE_PER_EFFORT;
    let tried = 0;
    let expired = 0;
    for (let k = 0; k < store.dbCount; k++) {
      const db = this.nextDb;
      if (store.volatile.count(db) > 0) {
        for (;;) {
          const n = store.volatile.expireSome(db, sample, BUCKETS);
          tried += n;
          expired += store.volatile.expiredNow;
          if (clock() >= end) {
            this.note(tried, expired);
            this.timeCapReached++;
            return true;
          }
          if (store.volatile.wrapped || (n > 0 && store.volatile.expiredNow <= n * worthwhile)) break;
          if (store.volatile.count(db) === 0) break;
        }
      }
      this.nextDb = db + 1 === store.dbCount ? 0 : db + 1;
    }
    this.note(tried, expired);
    return more;
  }

  private note(tried: number, expired: number): void {
    if (tried > 0) this.staleShare = this.staleShare * 0.95 + (expired / tried) * 0.05;
  }
}
