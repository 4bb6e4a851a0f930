/**
 * Eviction: which keys go when memory is short (maxmemory and maxmemory-policy). Any thread, one at a time.
 *
 * As in Redis (documentation, "Key eviction"), keys are sampled, and the best victims of past samples are remembered in a small
 * pool, which makes the choice nearly as good as a true LRU or LFU order would.
 *
 * Invariants:
 * 1. The limit holds for all stores of the server together; each shard evicts only keys of its own.
 * 2. A call of `relieve` evicts a bounded number of keys and frees a bounded number of items; what is left is the next call's.
 * 3. The pool holds names, not addresses: a key that went or changed in the meantime is found out.
 */
import { copyBytes } from "../base/bytes.ts";
import { NO_EXPIRY, type Store } from "./store.ts";

/** The policies, in the order in which maxmemory-policy names them. */
export const EVICTION_POLICIES = [
  "volatile-lru",
  "volatile-lfu",
  "volatile-random",
  "volatile-ttl",
  "allkeys-lru",
  "allkeys-lfu",
  "allkeys-random",
  "noeviction",
] as const;

/** Index in EVICTION_POLICIES. */
export type EvictionPolicy = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

const Policy = {
  VOLATILE_LRU: 0,
  VOLATILE_LFU: 1,
  VOLATILE_RANDOM: 2,
  VOLATILE_TTL: 3,
  ALLKEYS_LRU: 4,
  ALLKEYS_LFU: 5,
  ALLKEYS_RANDOM: 6,
  NO_EVICTION: 7,
} as const;

/** Victims remembered; Redis's number. */
const POOL = 16;
/** Key names up to this length need no larger buffer; Redis's number. */
const NAME_BYTES = 255;
/** Items of large values freed in place of evicting one more key. */
const SWEEP = 512;
/** Keys that one call may evict at the default tenacity of 10: some hundred µs, which is also what Redis grants. */
const KEYS_PER_TENACITY = 10;

export class Eviction {
  /** Bytes that all stores together may use; 0 without limit. */
  limitBytes = 0;
  policy: EvictionPolicy = Policy.NO_EVICTION;
  samples = 5;
  tenacity = 10;
  /** Keys evicted so far. */
  evictedKeys = 0;
  /** True when the last `relieve` was over the limit and found nothing to evict. */
  exhausted = false;
  /** Told of a key before it goes; store.keyAt and keyLen locate its name in store.u8. */
  onEvict: ((store: Store, db: number) => void) | undefined;

  // The pool, best victim last: score, database, name.
  private count = 0;
  private readonly scores = new Float64Array(POOL);
  private readonly dbs = new Int32Array(POOL);
  private readonly lengths = new Int32Array(POOL);
  private readonly names: Uint8Array[] = Array.from({ length: POOL }, () => new Uint8Array(NAME_BYTES));
  private nextDb = 0;

  /** Evicts keys of `store`; `all` are the stores of all shards, whose memory counts together. */
  constructor(private readonly store: Store, private readonly all: readonly Store[]) {}

  /** Bytes that the stores have given out. */
  get usedBytes(): number {
    let used = 0;
    for (let i = 0; i < this.all.length; i++) used += this.all[i].arena.usedBytes;
    return used;
  }

  get over(): boolean {
    return this.limitBytes !== 0 && this.usedBytes > this.limitBytes;
  }

  /** Evicts until the limit holds, within bounds. True when it holds. */
  relieve(): boolean {
    if (!this.over) {
      this.exhausted = false;
      return true;
    }
    let left = this.tenacity >= 100 ? Infinity : KEYS_PER_TENACITY * Math.max(1, this.tenacity);
    do {
      // What was evicted before but is not yet freed comes first, or a large value would take all other keys with it.
      if (this.store.garbage.pending > 0) this.store.garbage.step(SWEEP);
      else if (!this.evictOne()) {
        this.exhausted = true;
        return false;
      }
    } while (this.over && --left > 0);
    this.exhausted = false;
    return !this.over;
  }

  /** False when there is nothing to evict. */
  private evictOne(): boolean {
    switch (this.policy) {
      case Policy.NO_EVICTION:
        return false;
      case Policy.ALLKEYS_RANDOM:
      case Policy.VOLATILE_RANDOM:
        return this.evictRandom();
      default:
        return this.evictBest();
    }
  }

  private get onlyVolatile(): boolean {
    return this.policy < Policy.ALLKEYS_LRU;
  }

  private candidates(db: number): number {
    return this.onlyVolatile ? this.store.volatile.count(db) : this.store.count(db);
  }

  /** Databases take turns, so that a large one does not shelter behind its number. */
  private evictRandom(): boolean {
    const store = this.store;
    for (let tries = 0; tries < store.dbCount; tries++) {
      const db = this.nextDb;
      this.nextDb = (db + 1) % store.dbCount;
      if (this.candidates(db) === 0) continue;
      const e = this.onlyVolatile ? this.someVolatile(db) : store.randomEntry(db);
      if (e === 0) continue;
      this.evict(db, e);
      return true;
    }
    return false;
  }

  private someVolatile(db: number): number {
    const { store } = this;
    return store.volatile.sample(db, 1) === 0 ? 0 : store.table.found[0];
  }

  private evictBest(): boolean {
    const store = this.store;
    for (;;) {
      let any = false;
      for (let db = 0; db < store.dbCount; db++) {
        if (this.candidates(db) === 0) continue;
        any = true;
        this.sample(db);
      }
      if (!any) return false;
      while (this.count > 0) {
        const i = --this.count;
        const db = this.dbs[i];
        const e = store.peek(db, this.names[i], 0, this.lengths[i]);
        if (e === 0 || (this.onlyVolatile && store.expiry(e) === NO_EXPIRY)) continue;
        this.evict(db, e);
        return true;
      }
    }
  }

  private sample(db: number): void {
    const { store } = this;
    if (this.onlyVolatile) {
      const n = store.volatile.sample(db, this.samples);
      for (let i = 0; i < n; i++) this.consider(db, store.table.found[i]);
      return;
    }
    for (let i = 0; i < this.samples; i++) this.consider(db, store.randomEntry(db));
  }

  /** How good a victim an entry is. */
  private score(e: number): number {
    const { store } = this;
    const word0 = store.i32[e >> 2];
    switch (this.policy) {
      case Policy.VOLATILE_TTL:
        return -store.expiry(e);
      case Policy.VOLATILE_LFU:
      case Policy.ALLKEYS_LFU:
        return 255 - store.clock.frequency(word0);
      default:
        return store.clock.idleSeconds(word0);
    }
  }

  /** Enters a candidate into the pool if it is better than the worst there, or there is room. */
  private consider(db: number, e: number): void {
    const { scores, dbs, lengths, names, store } = this;
    const score = this.score(e);
    store.open(e);
    let at = 0;
    while (at < this.count && scores[at] < score) at++;
    if (at === 0 && this.count === POOL) return;
    if (this.has(db)) return;
    let free: Uint8Array;
    if (this.count < POOL) {
      free = names[this.count];
      for (let i = this.count; i > at; i--) this.shift(i - 1, i);
      this.count++;
    } else {
      at--;
      free = names[0];
      for (let i = 0; i < at; i++) this.shift(i + 1, i);
    }
    if (free.length < store.keyLen) free = new Uint8Array(store.keyLen);
    copyBytes(free, 0, store.u8, store.keyAt, store.keyLen);
    names[at] = free;
    scores[at] = score;
    dbs[at] = db;
    lengths[at] = store.keyLen;
  }

  private shift(from: number, to: number): void {
    this.scores[to] = this.scores[from];
    this.dbs[to] = this.dbs[from];
    this.lengths[to] = this.lengths[from];
    this.names[to] = this.names[from];
  }

  /** Whether the opened entry's key is in the pool already. */
  private has(db: number): boolean {
    const { u8, keyAt, keyLen } = this.store;
    for (let k = 0; k < this.count; k++) {
      if (this.dbs[k] !== db || this.lengths[k] !== keyLen) continue;
      const name = this.names[k];
      let i = 0;
      while (i < keyLen && name[i] === u8[keyAt + i]) i++;
      if (i === keyLen) return true;
    }
    return false;
  }

  private evict(db: number, e: number): void {
    const { store } = this;
    store.open(e);
    this.onEvict?.(store, db);
    store.deleteEntry(db, e);
    this.evictedKeys++;
  }
}
