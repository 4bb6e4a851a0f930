/**
 * ZsetBuilder: gathers members with scores into a zset that then replaces a key. Any thread, one at a time.
 *
 * Members gather without an entry; only `finish` looks at their number and decides on the encoding, so the sources of a *STORE command
 * may include the key it replaces.
 *
 * Invariants:
 * 1. One builder at a time works on a store (it owns loose root 0), and ends with `finish` or `discard`.
 * 2. Until `finish` the table knows all members; the index only knows those that came by `add`.
 */
import { LISTPACK_EMPTY } from "../../structures/listpack.ts";
import { ROOT_WORDS } from "../../structures/table.ts";
import { Encoding, Type } from "../entry.ts";
import { NO_EXPIRY, type Store } from "../store.ts";
import { memberAt, memberLen, ZSET_WORDS, type ZsetLimits, type Zsets } from "./zset.ts";

/** How the scores of a member that several sources have become one. */
export const Aggregate = { SUM: 0, MIN: 1, MAX: 2 } as const;
export type Aggregate = (typeof Aggregate)[keyof typeof Aggregate];

/** Two scores as one. The sum of both infinities is 0, by Redis's convention. */
export function aggregateScores(how: Aggregate, a: number, b: number): number {
  if (how === Aggregate.MIN) return b < a ? b : a;
  if (how === Aggregate.MAX) return b > a ? b : a;
  const sum = a + b;
  return sum !== sum ? 0 : sum;
}

export class ZsetBuilder {
  /** Word index of the value's roots. */
  readonly root: number;
  private readonly zsets: Zsets;
  private longest = 0;

  constructor(private readonly store: Store) {
    this.root = store.looseRoot(0);
    this.zsets = store.zsets;
  }

  get count(): number {
    return this.zsets.table.count(this.root);
  }

  /** Takes a member that was not taken before. */
  add(buf: Uint8Array, from: number, len: number, score: number): void {
    this.zsets.addItem(this.root, this.store.hash.of(buf, from, len), buf, from, len, score);
    if (len > this.longest) this.longest = len;
  }

  /** Takes a member, or adds to its score. Not to be mixed with `add`; `settle` follows when all were taken. */
  accumulate(how: Aggregate, buf: Uint8Array, from: number, len: number, score: number): void {
    const { store, zsets, root } = this;
    const { table, f64 } = zsets;
    const h = store.hash.of(buf, from, len);
    const found = table.find(root, h, buf, from, len);
    if (found !== 0) {
      f64[found >> 3] = aggregateScores(how, f64[found >> 3], score);
      return;
    }
    const item = zsets.newItem(buf, from, len, score);
    try {
      table.insert(root, h, item, false);
    } catch (error) {
      store.arena.free(item);
      throw error;
    }
    if (len > this.longest) this.longest = len;
  }

  /** Takes a member of `accumulate` out again. */
  remove(buf: Uint8Array, from: number, len: number): void {
    const { store, root } = this;
    const table = this.zsets.table;
    const h = store.hash.of(buf, from, len);
    const item = table.find(root, h, buf, from, len);
    if (item === 0) return;
    table.remove(root, h);
    store.arena.free(item);
  }

  /** Orders what was accumulated. */
  settle(): void {
    const { table, index } = this.zsets;
    let place = 0;
    do {
      place = table.walk(this.root, place);
      for (let k = 0; k < table.foundCount; k++) index.insert(this.root + ROOT_WORDS, table.found[k]);
    } while (place !== 0);
  }

  /** Frees what was gathered. */
  discard(): void {
    this.zsets.discard(this.root);
  }

  /** Makes the key hold the zset, whatever it held; without members nothing is done. */
  finish(db: number, key: Uint8Array, keyFrom: number, keyLen: number, limits: ZsetLimits): void {
    const { store, zsets, root, count } = this;
    if (count === 0) return;
    try {
      if (count <= limits.zsetMaxListpackEntries && this.longest <= limits.zsetMaxListpackValue) {
        this.finishListpack(db, key, keyFrom, keyLen);
        this.discard();
        return;
      }
      store.reserve(db, key, keyFrom, keyLen, Type.ZSET, Encoding.SKIPLIST, ZSET_WORDS * 4, NO_EXPIRY);
    } catch (error) {
      this.discard();
      throw error;
    }
    zsets.moveRoots(root, store.valueAt >> 2);
  }

  private finishListpack(db: number, key: Uint8Array, keyFrom: number, keyLen: number): void {
    const { store, zsets, root } = this;
    const { listpack, u8 } = store;
    const { index, f64 } = zsets;
    let size = LISTPACK_EMPTY;
    for (let item = index.seekRank(root + ROOT_WORDS, 0); item !== 0; item = index.next()) {
      size += listpack.encode(u8, memberAt(u8, item), memberLen(u8, item)) + zsets.encodeScore(f64[item >> 3]);
    }
    store.reserve(db, key, keyFrom, keyLen, Type.ZSET, Encoding.LISTPACK, size, NO_EXPIRY);
    const lp = store.valueAt;
    listpack.init(lp);
    for (let item = index.seekRank(root + ROOT_WORDS, 0); item !== 0; item = index.next()) {
      listpack.encode(u8, memberAt(u8, item), memberLen(u8, item));
      listpack.append(lp);
      zsets.encodeScore(f64[item >> 3]);
      listpack.append(lp);
    }
  }
}
