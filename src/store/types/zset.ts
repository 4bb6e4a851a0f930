/**
 * Zsets: the values of type zset, in two encodings. Any thread, one at a time. One object a store.
 *
 *   LISTPACK  the payload is a listpack of member, score, member, score... in ascending order of (score, member); whole scores up
 *             to 2^62 are stored as integers, others as text, as Redis 7.4 does
 *   SKIPLIST  the payload is two roots, of a table of SCORED items (ROOT_WORDS) and of an ordered index over them (INDEX_WORDS);
 *             the name is what Redis calls its own structure, and what OBJECT ENCODING must answer
 *
 * Invariants:
 * 1. Encodings only widen, by the limits in force when a member is added.
 * 2. Table and index hold the same items; an item's score equals the index's copy of it. No score is NaN.
 * 3. No key holds an empty zset once a command is done.
 * 4. A method that throws ArenaFull has left the zset as it was.
 * 5. What `find` found is good until the zset changes or the next `find`.
 */
import { copyBytes } from "../../base/bytes.ts";
import { MAX_DOUBLE_CHARS, parseScoreBound, writeDouble } from "../../base/doubles.ts";
import { ItemKind, lenSize, LONG_LEN, readLongLen, writeLen } from "../../structures/item.ts";
import { LISTPACK_EMPTY } from "../../structures/listpack.ts";
import { INDEX_WORDS, LEAF_CAPACITY, OrderedIndex } from "../../structures/ordered_index.ts";
import { ROOT_WORDS, Table } from "../../structures/table.ts";
import { Encoding, Type } from "../entry.ts";
import { FREE_AT_ONCE, GarbageKind, registerSweeper } from "../garbage.ts";
import type { Store } from "../store.ts";
import { registerValueType, type ValueType } from "../value_type.ts";
import { copyInline, growthSpare, shrinkValue } from "./inline_value.ts";
import { ZsetCursor } from "./zset_cursor.ts";

/** The configuration that chooses encodings. */
export interface ZsetLimits {
  readonly zsetMaxListpackEntries: number;
  readonly zsetMaxListpackValue: number;
}

/** Words of a SKIPLIST payload; the index's root follows the table's. */
export const ZSET_WORDS = ROOT_WORDS + INDEX_WORDS;
const INDEX_ROOT = ROOT_WORDS;

/** Beyond this Redis does not trust a double to be a 64-bit integer (half of int64's range). */
const MAX_WHOLE = 2 ** 62;
const TWO_32 = 4294967296;

/** Members that are read ahead of removals from an end, of zsets whose tables the cache may not hold. */
const AHEAD = 16;
const AHEAD_FROM = 10_000;

export class Zsets {
  /** Operations on the tables of zsets. */
  readonly table: Table;
  /** Operations on the ordered indices of zsets. */
  readonly index: OrderedIndex;
  readonly f64: Float64Array;
  /** Walks a zset of this store. */
  readonly cursor: ZsetCursor;

  /** After `find` returned true: the member's score. */
  score = 0;

  // Where the last `find` looked: the listpack's entry of the member, or the item, and the member's hash.
  private place = 0;
  private item = 0;
  private hash = 0;
  // Members behind the last one that was popped from an end, which lie in the cache already: of which zset, on which side, how many.
  private aheadRoot = 0;
  private aheadUp = false;
  private ahead = 0;
  private readonly aheadHashes = new Int32Array(AHEAD);
  /** What reading ahead found, so that no compiler leaves it out. */
  prefetched = 0;
  private readonly text = new Uint8Array(MAX_DOUBLE_CHARS);
  private readonly run = new Int32Array(LEAF_CAPACITY);

  constructor(private readonly store: Store) {
    this.table = new Table(store.arena, store.hash, ItemKind.SCORED);
    this.index = new OrderedIndex(store.arena);
    this.f64 = new Float64Array(store.arena.buffer);
    this.cursor = new ZsetCursor(store, this);
  }

  // ---- reading ----------------------------------------------------------------------------------------------------

  /** Number of members. */
  count(e: number): number {
    const store = this.store;
    store.open(e);
    if (store.encoding(e) === Encoding.LISTPACK) return store.listpack.count(store.valueAt) >> 1;
    return this.index.count((store.valueAt >> 2) + INDEX_ROOT);
  }

  /** Looks for a member; sets `score`. Leaves the entry open. */
  find(e: number, buf: Uint8Array, from: number, len: number): boolean {
    const store = this.store;
    store.open(e);
    if (store.encoding(e) === Encoding.LISTPACK) {
      const listpack = store.listpack;
      const p = listpack.find(listpack.first(store.valueAt), buf, from, len, 2);
      this.place = p;
      if (p === 0) return false;
      this.score = this.scoreAt(listpack.skip(p));
      return true;
    }
    this.hash = store.hash.of(buf, from, len);
    this.item = this.table.find(store.valueAt >> 2, this.hash, buf, from, len);
    if (this.item === 0) return false;
    this.score = this.f64[this.item >> 3];
    return true;
  }

  /** The score that the listpack entry at `p` spells. */
  scoreAt(p: number): number {
    const { listpack, u8 } = this.store;
    if (u8[p] < 0x80) return u8[p]; // most scores of leaderboards and counters are small whole numbers
    listpack.read(p);
    if (listpack.isInt) return listpack.value;
    return parseScoreBound(this.store.u8, listpack.at, listpack.at + listpack.len);
  }

  /** Makes a score the element to be stored next in a listpack; returns the bytes that its entry takes. */
  encodeScore(score: number): number {
    const listpack = this.store.listpack;
    if (score >= -MAX_WHOLE && score <= MAX_WHOLE && Math.floor(score) === score) {
      const hi = Math.floor(score / TWO_32);
      return listpack.encodeInt64(hi | 0, (score - hi * TWO_32) | 0);
    }
    return listpack.encode(this.text, 0, writeDouble(this.text, 0, score));
  }

  // ---- changing ---------------------------------------------------------------------------------------------------

  /**
   * Makes the key hold an empty zset that is about to get `members` members of at most `longest` bytes. Returns the entry; the caller
   * adds members at once (invariant 3).
   */
  create(
    db: number,
    key: Uint8Array,
    keyFrom: number,
    keyLen: number,
    members: number,
    longest: number,
    limits: ZsetLimits,
    expiry: number,
  ): number {
    const store = this.store;
    if (members <= limits.zsetMaxListpackEntries && longest <= limits.zsetMaxListpackValue) {
      const e = store.reserve(db, key, keyFrom, keyLen, Type.ZSET, Encoding.LISTPACK, LISTPACK_EMPTY, expiry);
      store.listpack.init(store.valueAt);
      return e;
    }
    const e = store.reserve(db, key, keyFrom, keyLen, Type.ZSET, Encoding.SKIPLIST, ZSET_WORDS * 4, expiry);
    store.i32.fill(0, store.valueAt >> 2, (store.valueAt >> 2) + ZSET_WORDS);
    return e;
  }

  /** Adds the member that `find` has just not found. Returns the entry's address, which may be new. */
  add(
    db: number,
    e: number,
    buf: Uint8Array,
    from: number,
    len: number,
    score: number,
    limits: ZsetLimits,
  ): number {
    const store = this.store;
    store.open(e);
    if (store.encoding(e) === Encoding.LISTPACK) {
      const n = store.listpack.count(store.valueAt) >> 1;
      if (n < limits.zsetMaxListpackEntries && len <= limits.zsetMaxListpackValue) {
        return this.addPair(db, e, buf, from, len, score);
      }
      e = this.widen(db, e);
      this.hash = store.hash.of(buf, from, len);
    }
    this.addItem(store.valueAt >> 2, this.hash, buf, from, len, score);
    return e;
  }

  private addPair(db: number, e: number, buf: Uint8Array, from: number, len: number, score: number): number {
    const store = this.store;
    const listpack = store.listpack;
    const offset = this.cursor.pairPlace(store.valueAt, score, buf, from, len) - store.valueAt;
    const size = listpack.totalBytes(store.valueAt) + this.encodeScore(score) + listpack.encode(buf, from, len);
    e = store.resizeValue(db, e, size, growthSpare(size));
    this.putPair(store.valueAt, store.valueAt + offset, buf, from, len, score);
    return e;
  }

  /** Writes a pair before the entry at `p`; the listpack's memory has room. */
  private putPair(lp: number, p: number, buf: Uint8Array, from: number, len: number, score: number): void {
    const listpack = this.store.listpack;
    this.encodeScore(score);
    listpack.insert(lp, p);
    listpack.encode(buf, from, len);
    listpack.insert(lp, p);
  }

  /** Adds a member, whose hash is `h` and which is not there, to the value whose roots are at `root`. */
  addItem(root: number, h: number, buf: Uint8Array, from: number, len: number, score: number): void {
    const item = this.newItem(buf, from, len, score);
    try {
      this.index.insert(root + INDEX_ROOT, item);
    } catch (error) {
      this.store.arena.free(item);
      throw error;
    }
    try {
      this.table.insert(root, h, item, false);
    } catch (error) {
      this.index.remove(root + INDEX_ROOT, item);
      this.store.arena.free(item);
      throw error;
    }
  }

  /** As `addItem`, for a member that is greater than all others: faster and denser. */
  appendItem(root: number, buf: Uint8Array, from: number, len: number, score: number): void {
    const item = this.newItem(buf, from, len, score);
    try {
      this.table.insert(root, this.store.hash.of(buf, from, len), item, false);
    } catch (error) {
      this.store.arena.free(item);
      throw error;
    }
    this.index.append(root + INDEX_ROOT, item);
  }

  /** A SCORED item; its bytes may lie in this arena. */
  newItem(buf: Uint8Array, from: number, len: number, score: number): number {
    const { arena, u8 } = this.store;
    const item = arena.alloc(8 + lenSize(len) + len);
    this.f64[item >> 3] = score;
    copyBytes(u8, writeLen(u8, item + 8, len), buf, from, len);
    return item;
  }

  /** Gives the member that `find` has just found, buf[from, from+len), another score. Returns the entry's address. */
  setScore(db: number, e: number, buf: Uint8Array, from: number, len: number, score: number): number {
    const store = this.store;
    if (store.encoding(e) !== Encoding.LISTPACK) {
      this.index.update((store.valueAt >> 2) + INDEX_ROOT, this.item, score);
      return e;
    }
    const listpack = store.listpack;
    const offset = this.place - store.valueAt;
    const growth = this.encodeScore(score) - this.entrySize(listpack.skip(this.place));
    const size = listpack.totalBytes(store.valueAt);
    if (growth > 0) e = store.resizeValue(db, e, size + growth, growthSpare(size));
    const lp = store.valueAt;
    listpack.delete(lp, lp + offset, 2);
    this.putPair(lp, this.cursor.pairPlace(lp, score, buf, from, len), buf, from, len, score);
    return growth < 0 ? shrinkValue(store, db, e, size + growth) : e;
  }

  private entrySize(p: number): number {
    return this.store.listpack.skip(p) - p;
  }

  /**
   * Removes the member that `find` has just found. Returns the entry's address. The caller deletes a key whose zset became empty.
   */
  remove(db: number, e: number): number {
    const store = this.store;
    if (store.encoding(e) === Encoding.LISTPACK) {
      store.listpack.delete(store.valueAt, this.place, 2);
      return shrinkValue(store, db, e, store.listpack.totalBytes(store.valueAt));
    }
    const root = store.valueAt >> 2;
    this.index.remove(root + INDEX_ROOT, this.item);
    this.table.remove(root, this.hash);
    store.arena.free(this.item);
    return e;
  }

  /** Removes `n` members, fewer than all, from `rank` on. Returns the entry's address. */
  removeRange(db: number, e: number, rank: number, n: number): number {
    const store = this.store;
    store.open(e);
    if (store.encoding(e) === Encoding.LISTPACK) {
      const lp = store.valueAt;
      store.listpack.delete(lp, store.listpack.seek(lp, rank * 2), n * 2);
      return shrinkValue(store, db, e, store.listpack.totalBytes(lp));
    }
    const root = store.valueAt >> 2;
    if (n === 1) {
      this.lookAhead(root, rank);
      this.dropItem(root, this.index.removeRank(root + INDEX_ROOT, rank));
    } else while (n > 0) n -= this.removeRun(root, rank, n);
    return e;
  }

  /**
   * Before the member at an end is removed: reads what the next such removals will look up, so that their cache misses overlap. Who takes one
   * from an end of a large zset mostly goes on with that.
   */
  private lookAhead(root: number, rank: number): void {
    const { index, table, aheadHashes, run } = this;
    const { u8, hash } = this.store;
    const up = rank === 0;
    if (this.ahead > 0 && this.aheadRoot === root && this.aheadUp === up) {
      this.ahead--;
      return;
    }
    this.ahead = 0;
    const count = table.count(root);
    if (count < AHEAD_FROM || (!up && rank !== count - 1)) return;
    let item = index.seekRank(root + INDEX_ROOT, rank);
    let k = 0;
    let sum = 0;
    for (; k < AHEAD && item !== 0; k++) {
      run[k] = item;
      sum ^= u8[item + 8];
      item = up ? index.next() : index.previous();
    }
    this.prefetched = sum;
    for (let j = 0; j < k; j++) aheadHashes[j] = hash.of(u8, memberAt(u8, run[j]), memberLen(u8, run[j]));
    table.prefetch(root, aheadHashes, k, true);
    this.aheadRoot = root;
    this.aheadUp = up;
    this.ahead = k - 1;
  }

  /** Removes members from `rank` on that share a leaf, at most `n`; returns how many. */
  private removeRun(root: number, rank: number, n: number): number {
    const { index, run } = this;
    const most = Math.min(n, LEAF_CAPACITY);
    let item = index.seekRank(root + INDEX_ROOT, rank);
    for (let k = 0; k < most; k++) {
      run[k] = item;
      item = index.next();
    }
    const gone = index.removeRun(root + INDEX_ROOT, rank, most);
    for (let k = 0; k < gone; k++) this.dropItem(root, run[k]);
    return gone;
  }

  /** Takes an item that is no longer in the index out of the table, and frees it. */
  private dropItem(root: number, item: number): void {
    const { arena, u8, hash } = this.store;
    const h = hash.of(u8, memberAt(u8, item), memberLen(u8, item));
    this.table.seekItem(root, h, item);
    this.table.remove(root, h);
    arena.free(item);
  }

  /** Makes a listpack a table and an index; leaves the entry open. Returns its address. */
  private widen(db: number, e: number): number {
    const store = this.store;
    const root = store.looseRoot(1);
    const cursor = this.cursor;
    try {
      cursor.open(e);
      cursor.start(0, false);
      while (cursor.next()) this.appendItem(root, cursor.bytes, cursor.at, cursor.len, cursor.score);
      e = store.resizeValue(db, e, ZSET_WORDS * 4);
    } catch (error) {
      this.discard(root);
      throw error;
    }
    store.setEncoding(e, Encoding.SKIPLIST);
    this.moveRoots(root, store.valueAt >> 2);
    return e;
  }

  /** Moves a value's root words. */
  moveRoots(from: number, to: number): void {
    const i32 = this.store.i32;
    for (let i = 0; i < ZSET_WORDS; i++) i32[to + i] = i32[from + i];
    i32.fill(0, from, from + ZSET_WORDS);
  }

  /** Frees the value whose roots are at `root` (a large one in steps) and forgets it. */
  discard(root: number): void {
    if (this.table.count(root) > FREE_AT_ONCE) this.store.garbage.add(GarbageKind.ZSET, root, ZSET_WORDS);
    else {
      const place = this.store.looseRoot(1) + ZSET_WORDS;
      sweepZset(this.store, root, place, Infinity);
      this.store.i32[place] = 0;
    }
    this.store.i32.fill(0, root, root + ZSET_WORDS);
  }
}

/** Length of a SCORED item's member. */
export function memberLen(u8: Uint8Array, item: number): number {
  return u8[item + 8] === LONG_LEN ? readLongLen(u8, item + 8) : u8[item + 8];
}

/** Address of a SCORED item's member. */
export function memberAt(u8: Uint8Array, item: number): number {
  return item + (u8[item + 8] === LONG_LEN ? 13 : 9);
}

/** Frees the items and the segments of the table, then the nodes of the index. */
function sweepZset(store: Store, root: number, place: number, want: number): number {
  const { table, index } = store.zsets;
  while (want > 0 && table.dismantle(root, place)) {
    for (let k = 0; k < table.foundCount; k++) store.arena.free(table.found[k]);
    want -= table.foundCount;
  }
  if (want > 0) want -= index.releaseSome(root + INDEX_ROOT, want);
  return want;
}

registerSweeper(GarbageKind.ZSET, sweepZset);

const zsetType: ValueType = {
  release(store, payload, encoding) {
    if (encoding === Encoding.SKIPLIST) store.zsets.discard(payload >> 2);
  },

  copy(from, e, to, toDb, key, keyFrom, keyLen, expiry) {
    if (from.encoding(e) === Encoding.LISTPACK) return copyInline(from, e, to, toDb, key, keyFrom, keyLen, expiry);
    const root = to.looseRoot(1);
    const cursor = from.zsets.cursor;
    try {
      cursor.open(e);
      cursor.start(0, false);
      while (cursor.next()) to.zsets.appendItem(root, cursor.bytes, cursor.at, cursor.len, cursor.score);
      const copy = to.reserve(toDb, key, keyFrom, keyLen, Type.ZSET, Encoding.SKIPLIST, ZSET_WORDS * 4, expiry);
      to.zsets.moveRoots(root, to.valueAt >> 2);
      return copy;
    } catch (error) {
      to.zsets.discard(root);
      throw error;
    }
  },

  bytes(store, e, samples) {
    store.open(e);
    if (store.encoding(e) === Encoding.LISTPACK) return 0;
    const root = store.valueAt >> 2;
    const { table, index, cursor } = store.zsets;
    const count = table.count(root);
    let looked = 0;
    let sum = 0;
    cursor.open(e);
    cursor.start(0, false);
    while ((samples === 0 || looked < samples) && cursor.next()) {
      sum += store.arena.usable(cursor.place);
      looked++;
    }
    const items = looked === 0 ? 0 : Math.round((sum / looked) * count);
    return items + table.overheadBytes(root) + index.overheadBytes(root + INDEX_ROOT);
  },

  count(store, e) {
    return store.zsets.count(e);
  },
};

registerValueType(Type.ZSET, zsetType);
