/**
 * Store: one shard's keyspace over one arena: databases, entries, expiry, access clock. Any thread, one at a time.
 *
 * Everything that outlives a command lies in the arena, so that another shard may run a command on this store while its
 * own thread is held (docs/ARCHITECTURE.md, "Holds"). The fields of this object are scratch and figures.
 *
 * Invariants:
 * 1. `nowMs` is the batch's time: it never changes while a command runs, and time and randomness come in from outside.
 * 2. An entry address is good until the entry is resized, replaced or removed; each of those returns the new address.
 * 3. The slot flag in the table is set exactly for entries with an expiry.
 * 4. A method that throws ArenaFull has changed nothing.
 */
import { assert } from "../base/assert.ts";
import { copyBytes } from "../base/bytes.ts";
import { KeyHash } from "../base/hash.ts";
import { INT64_TEXT_MAX } from "../base/int64_text.ts";
import { Int64Parser } from "../base/integers.ts";
import { Arena, ROOT_WORDS as OWNER_WORDS } from "../memory/arena.ts";
import { DeadlineHeap, HEAP_WORDS } from "../structures/deadline_heap.ts";
import { Intset } from "../structures/intset.ts";
import { ItemKind, ItemReader, lenSize, LONG_LEN, readLongLen, writeLen } from "../structures/item.ts";
import { Listpack } from "../structures/listpack.ts";
import { Quicklist } from "../structures/quicklist.ts";
import { ROOT_COUNT, ROOT_WORDS, Table } from "../structures/table.ts";
import type { TableShape } from "../structures/table_shape.ts";
import { AccessClock } from "./access_clock.ts";
import { Cut, CUT_WORDS } from "./cut.ts";
import { Entries, entrySize } from "./entries.ts";
import {
  type Encoding,
  encodingBits,
  EXPIRY_BIT,
  NO_EXPIRY,
  stringEncoding,
  Type,
  typeOf,
  WRITTEN_BIT,
} from "./entry.ts";
import { FREE_AT_ONCE, Garbage, GARBAGE_WORDS, GarbageKind, registerSweeper } from "./garbage.ts";
import { LongValues } from "./long_values.ts";
import { Zsets } from "./types/zset.ts";
import { Hashes } from "./types/hash.ts";
import { Streams } from "./types/stream.ts";
import { releaseValue, valueTypeOf } from "./value_type.ts";
import { VOLATILE_WORDS, VolatileKeys } from "./volatile_keys.ts";
import { WAITED_WORDS, WaitedKeys } from "./waited_keys.ts";
import { WATCH_WORDS, Watches } from "./watches.ts";

export { NO_EXPIRY };
/** `dbCount` argument for a store that another thread has made: nothing of it is looked at before it is held. */
export const OPEN = 0;
/** Database of an entry that no key reaches any more. */
export const NO_DB = -1;

// Words of the arena's owner area.
const W_DATABASES = 0;
const W_DB_COUNT = 1;
const W_GARBAGE = 2;
const W_FIELD_DEADLINES = W_GARBAGE + GARBAGE_WORDS;
/** Roots of values under construction, which have no entry yet (store/types/). */
const W_LOOSE = W_FIELD_DEADLINES + HEAP_WORDS;
/** Words of one such value; the longest root is a hash's. */
const LOOSE_WORDS = 16;
const W_WATCHES = W_LOOSE + 2 * LOOSE_WORDS;
const W_CUT = W_WATCHES + WATCH_WORDS;
const W_WAITED = W_CUT + CUT_WORDS;
/** Words of the owner area that are in use. */
const STORE_WORDS = W_WAITED + WAITED_WORDS;

/** A database's words: the table's root and what VolatileKeys keeps. */
const DB_WORDS = ROOT_WORDS + VOLATILE_WORDS;

/** Bytes that a key takes at least, its share of the table and the smallest entry. */
const EXPECTED_KEY_BYTES = 24;

/** What a store tells its surroundings. All are called while a command (or active expiry) runs. */
export interface StoreEvents {
  /** A key has come that was not there; store.keyAt/keyLen locate its name. Told only while `Store.tellsNew`. */
  created(store: Store, db: number): void;
  /** A key went because its time had come; store.keyAt/keyLen locate its name in store.u8. */
  expired(store: Store, db: number): void;
  /** A hash's field, named by the bytes, goes because its time has come; store.keyAt/keyLen locate the key. */
  fieldExpired(store: Store, db: number, field: Uint8Array, at: number, len: number): void;
  /** One or more `fieldExpired` of one key are told. `emptied`: the key goes with them. */
  fieldsExpired(store: Store, db: number, emptied: boolean): void;
}

export class Store extends Entries {
  readonly table: Table;
  /** Keys with an expiry. */
  readonly volatile: VolatileKeys;
  /** Operations on listpacks in this arena. */
  readonly listpack: Listpack;
  /** Operations on intsets in this arena. */
  readonly intset: Intset;
  /** Long lists in this arena. */
  readonly quicklists: Quicklist;
  /** Operations on the tables of sets. */
  readonly members: Table;
  /** Operations on the tables of hashes. */
  readonly fields: Table;
  /** Operations on sorted sets. */
  readonly zsets: Zsets;
  readonly hashes: Hashes;
  /** Operations on streams. */
  readonly streams: Streams;
  /** Operations on heaps of deadlines. */
  readonly deadlines: DeadlineHeap;
  /** The root of the heap of all hashes with fields that expire (store/types/hash_expiry.ts). */
  readonly fieldDeadlines: number;
  /** Values that wait for being freed. */
  readonly garbage: Garbage;
  /** Keys that WATCH looks after. */
  readonly watches: Watches;
  /** Keys that blocked clients wait for. */
  readonly waited: WaitedKeys;
  /** What a snapshot under way has written of this store. */
  readonly cut: Cut;
  readonly clock: AccessClock;
  /** Time of the batch, ms since 1970. */
  nowMs = 0;
  /** False while expired keys must stay visible as they are (loading, replicas). */
  expiryEnabled = true;

  // Figures since start, for INFO.
  expiredKeys = 0;
  expiredFields = 0;
  /** Changes since the last save, as rdb_changes_since_last_save counts them. */
  dirty = 0;
  /** Times that FLUSHALL was run, counted once over all shards. */
  flushes = 0;

  /** Scratch of whoever works on this store: reads integers; holds the text of one. */
  readonly number = new Int64Parser();
  readonly digits = new Uint8Array(INT64_TEXT_MAX);

  events: StoreEvents | undefined;
  /** True while someone wants to know which keys are created. */
  tellsNew = false;

  private expectedBuf: Uint8Array | undefined;
  private expectedFrom = -1;
  private expectedLen = 0;
  private expectedHash = 0;
  private readonly reader: ItemReader;
  private readonly longValues: LongValues;
  private readonly databasesWord: number;
  private readonly cutWord: number;

  /** A store over an arena; a fresh arena gets `dbCount` empty databases. `random()` gives [0, 1). */
  constructor(arena: Arena, readonly hash: KeyHash, readonly random: () => number, dbCount = 16) {
    super(arena);
    this.volatile = new VolatileKeys(this);
    this.table = new Table(arena, hash, ItemKind.ENTRY);
    this.listpack = new Listpack(arena.u8);
    this.intset = new Intset(arena.u8);
    this.quicklists = new Quicklist(arena, this.listpack);
    this.members = new Table(arena, hash, ItemKind.MEMBER);
    this.fields = new Table(arena, hash, ItemKind.FIELD);
    this.zsets = new Zsets(this);
    this.deadlines = new DeadlineHeap(arena);
    this.hashes = new Hashes(this);
    this.streams = new Streams(this);
    this.fieldDeadlines = arena.rootWord + W_FIELD_DEADLINES;
    this.watches = new Watches(this, arena.rootWord + W_WATCHES);
    this.waited = new WaitedKeys(arena, hash, arena.rootWord + W_WAITED);
    this.garbage = new Garbage(this, arena.rootWord + W_GARBAGE);
    this.cut = new Cut(this, arena.rootWord + W_CUT);
    this.reader = new ItemReader(arena, ItemKind.ENTRY);
    this.longValues = new LongValues(arena);
    this.clock = new AccessClock(random);
    this.databasesWord = arena.rootWord + W_DATABASES;
    this.cutWord = arena.rootWord + W_CUT;
    if (dbCount !== OPEN && this.i32[this.databasesWord] === 0) this.format(dbCount);
  }

  private format(dbCount: number): void {
    assert(STORE_WORDS <= OWNER_WORDS, "a store's words fit the arena's owner area");
    const at = this.arena.alloc(dbCount * DB_WORDS * 4);
    this.i32.fill(0, at >> 2, (at >> 2) + dbCount * DB_WORDS);
    this.i32[this.arena.rootWord + W_DATABASES] = at;
    this.i32[this.arena.rootWord + W_DB_COUNT] = dbCount;
  }

  get dbCount(): number {
    return this.i32[this.arena.rootWord + W_DB_COUNT];
  }

  /** Word index of the root words of a value under construction; `which` 0 or 1. All zero when none is. */
  looseRoot(which: 0 | 1): number {
    return this.arena.rootWord + W_LOOSE + which * LOOSE_WORDS;
  }

  private root(db: number): number {
    return (this.i32[this.databasesWord] >> 2) + db * DB_WORDS;
  }

  /** Tells the hash of the key at buf[from...] for the command that runs next; a negative `from` ends that. */
  expectKey(buf: Uint8Array, from: number, len: number, h: number): void {
    if (this.expectedBuf !== buf) this.expectedBuf = buf;
    this.expectedFrom = from;
    this.expectedLen = len;
    this.expectedHash = h;
  }

  private hashOf(buf: Uint8Array, from: number, len: number): number {
    // The length tells an empty key from the one that follows it: both start at the same place.
    return from === this.expectedFrom && len === this.expectedLen && buf === this.expectedBuf
      ? this.expectedHash
      : this.hash.of(buf, from, len);
  }

  /** Warms the processor's cache for requests with keys of these hashes (structures/table.ts). */
  prefetch(db: number, hashes: Int32Array, n: number): void {
    this.longValues.warm(this.table.ahead, this.table.prefetch(this.root(db), hashes, n));
  }

  /** Sets the batch's time. */
  setNow(ms: number): void {
    this.nowMs = ms;
    this.clock.setNow(ms);
  }

  // ---- looking up -------------------------------------------------------------------------------------------------

  /**
   * The live entry of a key, or 0. An expired one is removed on the way. Does not touch the access clock.
   */
  peek(db: number, buf: Uint8Array, from: number, len: number): number {
    const root = this.root(db);
    const h = this.hashOf(buf, from, len);
    const e = this.table.find(root, h, buf, from, len);
    if (e === 0 || (this.i32[e >> 2] & EXPIRY_BIT) === 0) return e;
    if (!this.isExpired(e)) return e;
    this.expire(db, e, h);
    return 0;
  }

  /** As `peek`, and counts as an access for LRU or LFU. */
  find(db: number, buf: Uint8Array, from: number, len: number): number {
    const e = this.peek(db, buf, from, len);
    if (e !== 0) this.clock.touch(this.i32, e >> 2);
    return e;
  }

  /** True when the entry's time has come. */
  isExpired(e: number): boolean {
    return this.expiryEnabled && this.expiry(e) <= this.nowMs && this.expiry(e) !== NO_EXPIRY;
  }

  private expire(db: number, e: number, h: number): void {
    this.open(e);
    this.events?.expired(this, db);
    this.expiredKeys++;
    this.dirty++;
    this.drop(db, e, h, true);
  }

  count(db: number): number {
    return this.i32[this.root(db) + ROOT_COUNT];
  }

  /** True when a key or a field of a hash has an expiry. */
  get expires(): boolean {
    for (let db = 0; db < this.dbCount; db++) if (this.volatile.count(db) > 0) return true;
    return this.deadlines.count(this.fieldDeadlines) > 0;
  }

  /** Hashes with fields that expire; in all databases with -1. A shard that runs meanwhile makes it an estimate. */
  hashesWithDeadlines(db: number): number {
    const n = this.deadlines.count(this.fieldDeadlines);
    if (db === -1) return n;
    let found = 0;
    for (let i = 0; i < n; i++) {
      if (this.i32[this.deadlines.nodeAt(this.fieldDeadlines, i) >> 2] === db) found++;
    }
    return found;
  }

  /** Slots and bytes of a database's table, for MEMORY STATS. */
  tableBytes(db: number): number {
    return this.table.overheadBytes(this.root(db));
  }

  /** Takes in how the keys of a database lie in its table. */
  measureTable(db: number, shape: TableShape): void {
    shape.add(this.table, this.root(db));
  }

  tableSlots(db: number): number {
    return this.table.slotCount(this.root(db));
  }

  /** One step of SCAN: entries (expired ones too) in table.found; returns the next cursor, 0 at the end. */
  scan(db: number, cursor: number): number {
    return this.table.scan(this.root(db), cursor);
  }

  /** A random entry, expired ones too, or 0. */
  randomEntry(db: number): number {
    return this.table.random(this.root(db), this.random);
  }

  // ---- changing ---------------------------------------------------------------------------------------------------

  /**
   * Sets a string, whatever the key held. `expiry` is ms since 1970 or NO_EXPIRY; Returns the entry. The value's bytes may lie
   * in this arena if they belong to another entry.
   */
  setString(
    db: number,
    key: Uint8Array,
    keyFrom: number,
    keyLen: number,
    value: Uint8Array,
    valueFrom: number,
    valueLen: number,
    expiry: number,
  ): number {
    const encoding = stringEncoding(value, valueFrom, valueLen);
    if (expiry === NO_EXPIRY && keyLen < LONG_LEN) {
      // The most frequent change, a string replaced by one as long: nothing but the value and the clock is written.
      const h = this.hashOf(key, keyFrom, keyLen);
      const old = this.table.find(this.root(db), h, key, keyFrom, keyLen);
      if (old === 0) {
        const e = this.add(db, h, key, keyFrom, keyLen, Type.STRING, encoding, valueLen, expiry);
        copyBytes(this.u8, this.valueAt, value, valueFrom, valueLen);
        return e;
      }
      const w = old >> 2;
      const short = valueLen < LONG_LEN;
      const head = old + 5;
      if (
        (this.i32[w] & (EXPIRY_BIT | 7)) === Type.STRING &&
        (short ? this.u8[head] === valueLen : this.u8[head] === LONG_LEN && readLongLen(this.u8, head) === valueLen)
      ) {
        this.i32[w] = Type.STRING | encodingBits(encoding) | (this.i32[w] & WRITTEN_BIT) | this.clock.fresh();
        copyBytes(this.u8, head + (short ? 1 : 5) + keyLen, value, valueFrom, valueLen);
        return old;
      }
      if ((this.i32[w] & EXPIRY_BIT) !== 0 && this.isExpired(old)) this.expire(db, old, h);
    }
    const e = this.reserve(db, key, keyFrom, keyLen, Type.STRING, encoding, valueLen, expiry);
    copyBytes(this.u8, this.valueAt, value, valueFrom, valueLen);
    return e;
  }

  /**
   * Makes the key an entry of the given type with `valueLen` bytes of undefined value, releasing what it held before.
   * Leaves the entry open (keyAt, valueAt...). Returns it. The caller must fill the value.
   */
  reserve(
    db: number,
    key: Uint8Array,
    keyFrom: number,
    keyLen: number,
    type: Type,
    encoding: Encoding,
    valueLen: number,
    expiry: number,
  ): number {
    const root = this.root(db);
    const i32 = this.i32;
    const h = this.hashOf(key, keyFrom, keyLen);
    let old = this.table.find(root, h, key, keyFrom, keyLen);
    if (old !== 0 && (i32[old >> 2] & EXPIRY_BIT) !== 0 && this.isExpired(old)) {
      // An old value that is only overwritten now has expired all the same, and that is told.
      this.expire(db, old, h);
      old = 0;
    }
    if (old === 0) return this.add(db, h, key, keyFrom, keyLen, type, encoding, valueLen, expiry);
    this.touch(db, old);
    const size = entrySize(keyLen, valueLen, expiry !== NO_EXPIRY, type);
    let e: number;
    if (this.waited.any) this.waited.touch(db, key, keyFrom, keyLen);
    if (this.arena.usable(old) === Arena.rounded(size)) {
      const word0 = i32[old >> 2];
      if (typeOf(word0) !== Type.STRING) releaseValue(this, old);
      e = old;
    } else {
      e = this.arena.alloc(size);
      if (typeOf(i32[old >> 2]) !== Type.STRING) releaseValue(this, old);
      this.arena.free(old);
      i32[this.table.slot] = e;
    }
    this.writeHead(e, db, h, key, keyFrom, keyLen, type, encoding, valueLen, expiry);
    this.table.setFlag(root, expiry !== NO_EXPIRY);
    return e;
  }

  /** As `reserve`, for a key that does not exist, not even expired. */
  create(
    db: number,
    key: Uint8Array,
    keyFrom: number,
    keyLen: number,
    type: Type,
    encoding: Encoding,
    valueLen: number,
    expiry: number,
  ): number {
    return this.add(db, this.hashOf(key, keyFrom, keyLen), key, keyFrom, keyLen, type, encoding, valueLen, expiry);
  }

  private add(
    db: number,
    h: number,
    key: Uint8Array,
    keyFrom: number,
    keyLen: number,
    type: Type,
    encoding: Encoding,
    valueLen: number,
    expiry: number,
  ): number {
    const e = this.arena.alloc(entrySize(keyLen, valueLen, expiry !== NO_EXPIRY, type));
    this.writeHead(e, db, h, key, keyFrom, keyLen, type, encoding, valueLen, expiry);
    try {
      this.table.insert(this.root(db), h, e, expiry !== NO_EXPIRY);
    } catch (error) {
      this.arena.free(e);
      throw error;
    }
    if (this.tellsNew) this.events?.created(this, db);
    if (this.waited.any) this.waited.touch(db, key, keyFrom, keyLen);
    return e;
  }

  private writeHead(
    e: number,
    db: number,
    h: number,
    key: Uint8Array,
    keyFrom: number,
    keyLen: number,
    type: Type,
    encoding: Encoding,
    valueLen: number,
    expiry: number,
  ): void {
    const i32 = this.i32;
    const u8 = this.u8;
    let at = e + 4;
    let word0 = type | encodingBits(encoding) | this.clock.fresh();
    if (i32[this.cutWord] !== 0) word0 |= this.cut.bitFor(db, h);
    if (expiry !== NO_EXPIRY) {
      word0 |= EXPIRY_BIT;
      this.writeExpiry(e, expiry);
      at += 8;
    }
    i32[e >> 2] = word0;
    at = writeLen(u8, at, keyLen);
    at = writeLen(u8, at, valueLen);
    this.keyAt = at;
    this.keyLen = keyLen;
    copyBytes(u8, at, key, keyFrom, keyLen);
    at += keyLen;
    this.valueAt = type === Type.STRING ? at : (at + 3) & ~3;
    this.valueLen = valueLen;
  }

  /**
   * Gives the entry's value `valueLen` bytes, keeping the first min(old, new); `spare` more are reserved behind it where the
   * size class has none (for values that will grow). Leaves the entry open. Returns its address, which may be new.
   */
  resizeValue(db: number, e: number, valueLen: number, spare = 0): number {
    this.open(e);
    const word0 = this.i32[e >> 2];
    const type = typeOf(word0);
    const hasExpiry = (word0 & EXPIRY_BIT) !== 0;
    const size = entrySize(this.keyLen, valueLen, hasExpiry, type);
    const sameHead = lenSize(valueLen) === lenSize(this.valueLen);
    const have = this.arena.usable(e);
    if (sameHead && size <= have && (size >= this.valueLen || spare > 0 || Arena.rounded(size) === have)) {
      // A value that shrank much gives its memory back, unless it is kept for growing.
      if (Arena.rounded(size) === have || spare > 0 || size * 2 > have) {
        this.writeValueLen(e, valueLen);
        return e;
      }
    }
    const slot = this.slotOf(db, e);
    if (sameHead && size > have) {
      // Nothing moves within the entry, so a large one may grow into the free memory behind it.
      const grown = this.arena.realloc(e, size + spare);
      this.i32[slot] = grown;
      this.open(grown);
      this.writeValueLen(grown, valueLen);
      if (grown !== e && type !== Type.STRING) valueTypeOf(type).moved?.(this, db, grown);
      return grown;
    }
    const next = this.arena.alloc(size + spare);
    const keyAt = this.keyAt;
    const oldValueAt = this.valueAt;
    const keep = Math.min(this.valueLen, valueLen);
    const u8 = this.u8;
    const headLen = 4 + (hasExpiry ? 8 : 0);
    copyBytes(u8, next, u8, e, headLen);
    let at = writeLen(u8, next + headLen, this.keyLen);
    at = writeLen(u8, at, valueLen);
    copyBytes(u8, at, u8, keyAt, this.keyLen);
    this.keyAt = at;
    at += this.keyLen;
    this.valueAt = type === Type.STRING ? at : (at + 3) & ~3;
    copyBytes(u8, this.valueAt, u8, oldValueAt, keep);
    this.valueLen = valueLen;
    this.i32[slot] = next;
    this.arena.free(e);
    if (type !== Type.STRING) valueTypeOf(type).moved?.(this, db, next);
    return next;
  }

  /** Sets or takes away (NO_EXPIRY) an entry's expiry. Returns its address, which may be new. */
  setExpiry(db: number, e: number, expiry: number): number {
    const i32 = this.i32;
    const word0 = i32[e >> 2];
    const had = (word0 & EXPIRY_BIT) !== 0;
    const has = expiry !== NO_EXPIRY;
    if (has && had) {
      this.writeExpiry(e, expiry);
      return e;
    }
    if (has === had) return e;
    this.open(e);
    const slot = this.slotOf(db, e);
    const { keyAt, keyLen, valueAt, valueLen } = this;
    const type = typeOf(word0);
    const size = entrySize(keyLen, valueLen, has, type);
    const next = this.arena.alloc(size);
    const u8 = this.u8;
    i32[next >> 2] = word0 ^ EXPIRY_BIT;
    if (has) this.writeExpiry(next, expiry);
    let at = writeLen(u8, next + (has ? 12 : 4), keyLen);
    at = writeLen(u8, at, valueLen);
    copyBytes(u8, at, u8, keyAt, keyLen);
    this.keyAt = at;
    at += keyLen;
    this.valueAt = type === Type.STRING ? at : (at + 3) & ~3;
    copyBytes(u8, this.valueAt, u8, valueAt, valueLen);
    i32[slot] = next;
    this.table.setFlag(this.root(db), has);
    this.arena.free(e);
    if (type !== Type.STRING) valueTypeOf(type).moved?.(this, db, next);
    return next;
  }

  /** As `setExpiry`, for a time beyond what a double holds exactly. */
  setExpiryBig(db: number, e: number, expiry: bigint): number {
    const at = this.setExpiry(db, e, Number(expiry));
    this.i32[(at >> 2) + 1] = Number(BigInt.asIntN(32, expiry));
    this.i32[(at >> 2) + 2] = Number(expiry >> 32n);
    return at;
  }

  /** The table word that holds `e`; usually the last find's. */
  private slotOf(db: number, e: number): number {
    if (this.i32[this.table.slot] === e && this.table.slot !== 0) return this.table.slot;
    this.reader.locate(e);
    const h = this.hash.of(this.u8, this.reader.keyAt, this.reader.keyLen);
    this.table.find(this.root(db), h, this.u8, this.reader.keyAt, this.reader.keyLen);
    return this.table.slot;
  }

  /** Removes a key; true when it was there (and not expired). */
  delete(db: number, buf: Uint8Array, from: number, len: number): boolean {
    const h = this.hashOf(buf, from, len);
    const e = this.table.find(this.root(db), h, buf, from, len);
    if (e === 0) return false;
    if (this.isExpired(e)) {
      this.expire(db, e, h);
      return false;
    }
    this.drop(db, e, h);
    return true;
  }

  /** Removes an entry. */
  deleteEntry(db: number, e: number): void {
    this.slotOf(db, e);
    this.drop(db, e, this.table.hashOf(e));
  }

  /** Removes an entry because its time has come (active expiry). */
  expireEntry(db: number, e: number): void {
    this.slotOf(db, e);
    this.expire(db, e, this.table.hashOf(e));
  }

  /**
   * To be called before an entry changes or goes: a snapshot under way that has not written it does so now, as it is (store/cut.ts).
   * Commands need not: what changes keys calls it before they run. Throws ArenaFull only in a store held by another shard's thread.
   */
  touch(db: number, e: number): void {
    if (this.i32[this.cutWord] !== 0) this.cut.touch(db, e);
  }

  /** As `touch`, for whatever a key holds. */
  touchKey(db: number, buf: Uint8Array, from: number, len: number): void {
    const h = this.hashOf(buf, from, len);
    if (!this.cut.isAhead(db, h)) return;
    const e = this.table.find(this.root(db), h, buf, from, len);
    if (e !== 0) this.cut.touchAhead(db, e);
  }

  /** Takes the entry that the table's last find met out of the table and frees it. */
  private drop(db: number, e: number, h: number, expired = false): void {
    this.touch(db, e);
    if (this.watches.any) {
      this.open(e);
      this.watches.touch(db, this.u8, this.keyAt, this.keyLen, expired);
    }
    if (this.waited.any) {
      this.open(e);
      this.waited.touch(db, this.u8, this.keyAt, this.keyLen);
    }
    this.table.remove(this.root(db), h);
    if (typeOf(this.i32[e >> 2]) !== Type.STRING) releaseValue(this, e);
    this.arena.free(e);
  }

  /**
   * Moves an entry to another name and database of this store, whatever was there. The value stays where it is unless the key's
   * length changes. Returns the entry's new address.
   */
  move(db: number, e: number, toDb: number, key: Uint8Array, keyFrom: number, keyLen: number): number {
    const i32 = this.i32;
    const u8 = this.u8;
    this.touch(db, e);
    const toHash = this.hash.of(key, keyFrom, keyLen);
    const overwritten = this.table.find(this.root(toDb), toHash, key, keyFrom, keyLen);
    if (overwritten !== 0) this.touch(toDb, overwritten);
    this.slotOf(db, e);
    const h = this.table.hashOf(e);
    this.open(e);
    if (this.waited.any) {
      this.waited.touch(db, u8, this.keyAt, this.keyLen);
      this.waited.touch(toDb, key, keyFrom, keyLen);
    }
    const word0 = i32[e >> 2];
    const type = typeOf(word0);
    const hasExpiry = (word0 & EXPIRY_BIT) !== 0;
    const next = this.arena.alloc(entrySize(keyLen, this.valueLen, hasExpiry, type));
    const headLen = hasExpiry ? 12 : 4;
    copyBytes(u8, next, u8, e, headLen);
    i32[next >> 2] = (word0 & ~WRITTEN_BIT) | this.cut.bitFor(toDb, toHash);
    let at = writeLen(u8, next + headLen, keyLen);
    at = writeLen(u8, at, this.valueLen);
    copyBytes(u8, at, key, keyFrom, keyLen);
    at += keyLen;
    if (type !== Type.STRING) at = (at + 3) & ~3;
    copyBytes(u8, at, u8, this.valueAt, this.valueLen);
    const target = this.table.find(this.root(toDb), toHash, key, keyFrom, keyLen);
    if (target !== 0) {
      i32[this.table.slot] = next;
      this.table.setFlag(this.root(toDb), hasExpiry);
      if (typeOf(i32[target >> 2]) !== Type.STRING) releaseValue(this, target);
      this.arena.free(target);
    } else {
      try {
        this.table.insert(this.root(toDb), toHash, next, hasExpiry);
      } catch (error) {
        this.arena.free(next);
        throw error;
      }
    }
    this.slotOf(db, e);
    this.table.remove(this.root(db), h);
    this.arena.free(e);
    if (type !== Type.STRING) valueTypeOf(type).moved?.(this, toDb, next);
    if (this.tellsNew) {
      // As in Redis, the name is new even where it stood for another value.
      this.open(next);
      this.events?.created(this, toDb);
    }
    return next;
  }

  /** Exchanges two databases. */
  swap(a: number, b: number): void {
    if (this.watches.any) {
      // A watched name changes when it is there before or after.
      this.watches.touchDatabase(a, b);
      this.watches.touchDatabase(b, a);
    }
    if (this.waited.any) {
      this.waited.touchDatabase(a);
      this.waited.touchDatabase(b);
    }
    const ra = this.root(a);
    const rb = this.root(b);
    for (let i = 0; i < DB_WORDS; i++) {
      const w = this.i32[ra + i];
      this.i32[ra + i] = this.i32[rb + i];
      this.i32[rb + i] = w;
    }
    this.table.slot = 0;
    this.cut.swapped(a, b);
    this.renameDatabases(a, b, b, a);
  }

  /** Empties one database; of a large one the memory is freed in steps, of one that a snapshot still needs later. */
  flush(db: number): void {
    this.touchWatched(db);
    if (this.waited.any) this.waited.touchDatabase(db);
    const root = this.root(db);
    const large = this.count(db) > FREE_AT_ONCE;
    this.renameDatabases(db, NO_DB, NO_DB, NO_DB);
    if (!this.cut.keep(db, root)) this.free(root, large);
    this.i32.fill(0, root, root + DB_WORDS);
    this.table.slot = 0;
  }

  /** Frees the entries of a database, of a large one in steps. */
  private free(root: number, large: boolean): void {
    if (large) {
      this.garbage.add(GarbageKind.KEYSPACE, root, ROOT_WORDS);
      return;
    }
    this.i32[root + ROOT_WORDS] = 0;
    sweepKeyspace(this, root, root + ROOT_WORDS, Infinity);
  }

  /** Tells the hashes with fields that expire that database `a` is now `toA`, and `b` `toB`. */
  private renameDatabases(a: number, toA: number, b: number, toB: number): void {
    const n = this.deadlines.count(this.fieldDeadlines);
    for (let i = 0; i < n; i++) {
      const w = this.deadlines.nodeAt(this.fieldDeadlines, i) >> 2;
      if (this.i32[w] === a) this.i32[w] = toA;
      else if (this.i32[w] === b) this.i32[w] = toB;
    }
  }

  /** Empties all databases by starting the arena anew: no walk. */
  flushAll(): void {
    const dbCount = this.dbCount;
    if (this.watches.any || this.waited.any || this.cut.on) {
      for (let db = 0; db < dbCount; db++) if (this.count(db) > 0) this.flush(db);
      return;
    }
    const freed = this.garbage.freed + this.garbage.pending;
    this.arena.reset();
    this.format(dbCount);
    this.garbage.restart(freed);
    this.table.slot = 0;
  }

  /** What is watched in a database and is there now changes. */
  private touchWatched(db: number): void {
    if (this.watches.any) this.watches.touchDatabase(db, -1);
  }

  /** Makes an empty database ready for about `keys` keys, if there is room for more than that. */
  expectKeys(db: number, keys: number): void {
    if (keys * EXPECTED_KEY_BYTES > this.arena.freeChunkBytes) return;
    this.table.presize(this.root(db), keys);
  }

  /** Word index of a database's table root, for walks. */
  tableRoot(db: number): number {
    return this.root(db);
  }

  /** True when the key is there and its time has not come. Changes nothing. */
  exists(db: number, buf: Uint8Array, from: number, len: number): boolean {
    const e = this.table.find(this.root(db), this.hash.of(buf, from, len), buf, from, len);
    return e !== 0 && !this.isExpired(e);
  }

  /** True when the key is there, whether its time has come or not. */
  has(db: number, buf: Uint8Array, from: number, len: number): boolean {
    return this.table.find(this.root(db), this.hash.of(buf, from, len), buf, from, len) !== 0;
  }

  /** True when the key is still there although its time has come. */
  isStale(db: number, buf: Uint8Array, from: number, len: number): boolean {
    return this.has(db, buf, from, len) && !this.exists(db, buf, from, len);
  }
}

/** Frees the entries of a flushed database. */
function sweepKeyspace(store: Store, root: number, place: number, want: number): number {
  const { table, arena, i32 } = store;
  while (want > 0 && table.dismantle(root, place)) {
    for (let k = 0; k < table.foundCount; k++) {
      const e = table.found[k];
      if (typeOf(i32[e >> 2]) !== Type.STRING) releaseValue(store, e);
      arena.free(e);
    }
    want -= table.foundCount;
  }
  return want;
}

registerSweeper(GarbageKind.KEYSPACE, sweepKeyspace);
