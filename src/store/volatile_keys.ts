/**
 * VolatileKeys: a store's keys with an expiry, found without a walk over the others: for active expiry and for eviction. Any thread, one at a
 * time. Where active expiry goes on and what it learned lies in the arena, behind the root of the database's table:
 *
 *   word 0   place in the table
 *   word 1   mean time to live, ms: low and high word
 */
import { ROOT_WORDS } from "../structures/table.ts";
import type { Store } from "./store.ts";

/** Words behind the root of a database's table. */
export const VOLATILE_WORDS = 3;

/** Share of the last sample in the mean time to live; Redis's. */
const TTL_SAMPLE_SHARE = 1 / 50;
/** Keys of one look at a table. */
const CANDIDATES = 128;

const TWO_32 = 4294967296;

export class VolatileKeys {
  /** Of the last `expireSome`: how many keys went, and whether it reached the end of the table. */
  expiredNow = 0;
  wrapped = false;
  private readonly candidates = new Int32Array(CANDIDATES);

  constructor(private readonly store: Store) {}

  /** Keys of a database that have an expiry. */
  count(db: number): number {
    return this.store.table.flaggedCount(this.store.tableRoot(db));
  }

  /**
   * Looks at some of a database and removes those whose time has come. At most `maxBuckets` buckets are looked at and about `want` keys
   * tried. Returns how many were tried; `expiredNow` says how many went.
   */
  expireSome(db: number, want: number, maxBuckets: number): number {
    const { store, candidates } = this;
    const { table, i32 } = store;
    const root = store.tableRoot(db);
    const place = root + ROOT_WORDS;
    this.expiredNow = 0;
    const next = table.scanFlagged(root, i32[place], want, maxBuckets);
    const n = table.foundCount;
    for (let i = 0; i < n; i++) candidates[i] = table.found[i];
    let ttlMs = 0;
    for (let i = 0; i < n; i++) {
      const e = candidates[i];
      if (!store.isExpired(e)) {
        ttlMs += Math.max(0, store.expiry(e) - store.nowMs);
        continue;
      }
      store.expireEntry(db, e);
      this.expiredNow++;
    }
    if (n > this.expiredNow) this.noteTtl(db, ttlMs / (n - this.expiredNow));
    i32[place] = next;
    this.wrapped = next === 0;
    return n;
  }

  /**
   * Puts up to `want` from a random place of a database on into table.found; returns how many, 0 only when there are none. Segments
   * without any are passed over at one look each.
   */
  sample(db: number, want: number): number {
    const { table, random } = this.store;
    const root = this.store.tableRoot(db);
    table.scanFlagged(root, table.randomPlace(root, random), want, Infinity);
    if (table.foundCount === 0) table.scanFlagged(root, 0, want, Infinity);
    const { found, foundCount } = table;
    // Whole buckets were collected: the first of each would always be taken, and the others never.
    const n = Math.min(want, foundCount);
    for (let i = 0; i < n; i++) {
      const k = i + Math.floor(random() * (foundCount - i));
      const item = found[k];
      found[k] = found[i];
      found[i] = item;
    }
    return n;
  }

  /** Mean time to live, ms, as active expiry met them; 0 before it met any. */
  meanTtlMs(db: number): number {
    const { i32 } = this.store;
    const w = this.store.tableRoot(db) + ROOT_WORDS + 1;
    return i32[w + 1] * TWO_32 + (i32[w] >>> 0);
  }

  private noteTtl(db: number, meanMs: number): void {
    const { i32 } = this.store;
    const before = this.meanTtlMs(db);
    const mean = before === 0 ? meanMs : before + (meanMs - before) * TTL_SAMPLE_SHARE;
    const w = this.store.tableRoot(db) + ROOT_WORDS + 1;
    i32[w] = Math.floor(mean) | 0;
    i32[w + 1] = Math.floor(mean / TWO_32);
  }
}
