/**
 * Cut: which entries of a store a snapshot under way has written. Any thread, one at a time: all state lies in the arena, so that a
 * shard that holds another one knows what it must not change yet.
 *
 * The walk of a snapshot (store/snapshot.ts) goes through the tables in the order of databases and cursors. Behind it everything has
 * been written; before it, what changes is written first and marked in its entry (WRITTEN_BIT), as is what is new since the cut. The
 * walk takes the marks away, so there are none when it is done.
 *
 *   owner words  state | address of the block | database and cursor of the walk | form | entry being written in pieces | queue: head, tail
 *   block        for each database the one that its table was at the cut, or NO_DB (made since)
 *                | for each database of the cut the root of its table, if that was flushed since
 *   queue        what a holder of this store wrote: word 0 next | word 1 database of the cut | word 2 length | bytes
 *
 * Invariants:
 * 1. An entry is ahead of the walk when its database at the cut is, or when that is the walk's and its place is not before the cursor.
 * 2. Ahead of the walk exactly the entries without mark are to be written as they are; behind it no entry has a mark.
 * 3. A table that is flushed ahead of the walk stays, unchanged, until the walk has passed it.
 * 4. While marks are cleaned up after a snapshot that was given up, nothing is written and nothing gets a mark.
 */
import { copyBytes } from "../base/bytes.ts";
import { assert } from "../base/assert.ts";
import { RdbWriter } from "../codec/rdb/writer.ts";
import { ROOT_COUNT, ROOT_WORDS, scanPlace } from "../structures/table.ts";
import { EntryWriter } from "./dump/entry_writer.ts";
import { WRITTEN_BIT } from "./entry.ts";
import { GarbageKind } from "./garbage.ts";
import { NO_DB, type Store } from "./store.ts";

const State = { OFF: 0, ON: 1, CLEANING: 2 } as const;

const C_STATE = 0;
const C_BLOCK = 1;
const C_DB = 2;
const C_CURSOR = 3;
const C_FORM = 4;
const C_CURRENT = 5;
const C_HEAD = 6;
const C_TAIL = 7;
/** Words of the owner area. */
export const CUT_WORDS = 8;

const Q_NEXT = 0;
const Q_DB = 1;
const Q_LENGTH = 2;
const Q_BYTES = 3;

/** Who writes entries that are about to change: the snapshot of the thread that owns the store. */
export interface Keeper {
  /** Writes an entry of a database of the cut. */
  keep(db: number, e: number): void;
  /** Writes the rest of the entry that is being written in pieces. */
  settle(): void;
}

export class Cut {
  /** Undefined in a store that another shard's thread has opened. */
  keeper: Keeper | undefined;

  private readonly i32: Int32Array;
  private foreign: EntryWriter | undefined;

  /** `root`: word index of CUT_WORDS words of the owner area. */
  constructor(private readonly store: Store, private readonly root: number) {
    this.i32 = store.i32;
  }

  /** True while a snapshot is under way: what is to change must be told to `touch`. */
  get on(): boolean {
    return this.i32[this.root + C_STATE] === State.ON;
  }

  /** True while marks of a snapshot that was given up are cleaned up. */
  get cleaning(): boolean {
    return this.i32[this.root + C_STATE] === State.CLEANING;
  }

  /** The form that entries are written in, as `begin` was told it. */
  get form(): number {
    return this.i32[this.root + C_FORM];
  }

  // ---- the store's side -------------------------------------------------------------------------------------------

  /** Before an entry of database `db` changes or goes: has it written, if the walk has not. */
  touch(db: number, e: number): void {
    if (this.isAhead(db, this.store.table.hashOf(e))) this.touchAhead(db, e);
  }

  /** As `touch`, for an entry that is ahead of the walk. */
  touchAhead(db: number, e: number): void {
    const { i32, root } = this;
    if ((i32[e >> 2] & WRITTEN_BIT) !== 0) {
      if (i32[root + C_CURRENT] !== e) return;
      assert(this.keeper !== undefined, "a store is held only when no entry is half written");
      this.keeper.settle();
      return;
    }
    const cutDb = i32[this.tables + db];
    if (this.keeper !== undefined) this.keeper.keep(cutDb, e);
    else this.queue(cutDb, e);
    i32[e >> 2] |= WRITTEN_BIT;
  }

  /** Before another shard's thread may change this store: an entry that is half written is written to its end. */
  settle(): void {
    if (this.on) this.keeper?.settle();
  }

  /** The mark that a new entry gets whose key has hash `h`. */
  bitFor(db: number, h: number): number {
    return this.isAhead(db, h) ? WRITTEN_BIT : 0;
  }

  /** Databases `a` and `b` are exchanged. */
  swapped(a: number, b: number): void {
    if (this.i32[this.root + C_STATE] === State.OFF) return;
    const { i32, tables } = this;
    const was = i32[tables + a];
    i32[tables + a] = i32[tables + b];
    i32[tables + b] = was;
  }

  /** Database `db` is to be emptied: true when the walk still needs its table, which is now no longer the store's to free. */
  keep(db: number, tableRoot: number): boolean {
    if (!this.on) return false;
    const { i32, tables } = this;
    const cutDb = i32[tables + db];
    i32[tables + db] = NO_DB;
    if (cutDb === NO_DB || cutDb < i32[this.root + C_DB] || i32[tableRoot + ROOT_COUNT] === 0) return false;
    const kept = this.keptRoot(cutDb);
    for (let k = 0; k < ROOT_WORDS; k++) i32[kept + k] = i32[tableRoot + k];
    return true;
  }

  /** True when an entry of database `db` whose key has hash `h` would be ahead of the walk of a snapshot under way. */
  isAhead(db: number, h: number): boolean {
    const { i32, root } = this;
    if (i32[root + C_STATE] !== State.ON) return false;
    const cutDb = i32[this.tables + db];
    const walking = i32[root + C_DB];
    return cutDb > walking || (cutDb === walking && scanPlace(h) >= i32[root + C_CURSOR]);
  }

  private get tables(): number {
    return this.i32[this.root + C_BLOCK] >> 2;
  }

  private keptRoot(cutDb: number): number {
    return this.tables + this.store.dbCount + cutDb * ROOT_WORDS;
  }

  /** Writes an entry into the queue in the arena, for the store's own thread. */
  private queue(cutDb: number, e: number): void {
    const { i32, root, store } = this;
    this.foreign ??= new EntryWriter(new RdbWriter());
    const { out } = this.foreign;
    out.clear();
    this.foreign.use(this.form);
    this.foreign.write(store, e);
    const at = store.arena.alloc(Q_BYTES * 4 + out.pos);
    const node = at >> 2;
    i32[node + Q_NEXT] = 0;
    i32[node + Q_DB] = cutDb;
    i32[node + Q_LENGTH] = out.pos;
    copyBytes(store.u8, at + Q_BYTES * 4, out.buf, 0, out.pos);
    const tail = i32[root + C_TAIL];
    if (tail === 0) i32[root + C_HEAD] = node;
    else i32[tail + Q_NEXT] = node;
    i32[root + C_TAIL] = node;
  }

  // ---- the walk's side --------------------------------------------------------------------------------------------

  /** Makes now the cut. None may be on, nor marks be left. Throws ArenaFull. */
  begin(form: number): void {
    const { i32, root, store } = this;
    assert(i32[root + C_STATE] === State.OFF, "one snapshot at a time");
    const words = store.dbCount * (1 + ROOT_WORDS);
    const block = store.arena.alloc(words * 4);
    i32.fill(0, block >> 2, (block >> 2) + words);
    for (let db = 0; db < store.dbCount; db++) i32[(block >> 2) + db] = db;
    i32.fill(0, root, root + CUT_WORDS);
    i32[root + C_BLOCK] = block;
    i32[root + C_FORM] = form;
    i32[root + C_STATE] = State.ON;
  }

  /** The database of the cut that the walk is in, and its cursor there. */
  get db(): number {
    return this.i32[this.root + C_DB];
  }

  get cursor(): number {
    return this.i32[this.root + C_CURSOR];
  }

  /** The entry that is being written in pieces; 0: none. */
  set current(e: number) {
    this.i32[this.root + C_CURRENT] = e;
  }

  /** Everything before `cursor` of the walk's database has been written, or all of it with 0. */
  advance(cursor: number): void {
    const { i32, root } = this;
    i32[root + C_CURSOR] = cursor;
    if (cursor !== 0) return;
    const kept = this.keptRoot(this.db);
    if (i32[kept + ROOT_COUNT] !== 0) this.store.garbage.add(GarbageKind.KEYSPACE, kept, ROOT_WORDS);
    i32.fill(0, kept, kept + ROOT_WORDS);
    i32[root + C_DB]++;
  }

  /** Word index of the root of the table that the walk is in; 0: there is none left of that database. */
  get walkedRoot(): number {
    const { i32, tables } = this;
    const kept = this.keptRoot(this.db);
    if (i32[kept + ROOT_COUNT] !== 0) return kept;
    for (let db = 0; db < this.store.dbCount; db++) {
      if (i32[tables + db] === this.db) return this.store.tableRoot(db);
    }
    return 0;
  }

  /** Takes what another shard's thread has written: hands each to `take`. */
  takeQueued(take: (db: number, buf: Uint8Array, from: number, len: number) => void): void {
    const { i32, root, store } = this;
    while (i32[root + C_HEAD] !== 0) {
      const node = i32[root + C_HEAD];
      take(i32[node + Q_DB], store.u8, (node + Q_BYTES) << 2, i32[node + Q_LENGTH]);
      i32[root + C_HEAD] = i32[node + Q_NEXT];
      if (i32[root + C_HEAD] === 0) i32[root + C_TAIL] = 0;
      store.arena.free(node << 2);
    }
  }

  /** Gives the snapshot up: nothing is written any more, the walk only cleans up. */
  giveUp(): void {
    this.i32[this.root + C_STATE] = State.CLEANING;
    this.takeQueued(() => {});
  }

  /** The walk is through. */
  end(): void {
    const { i32, root, store } = this;
    store.arena.free(i32[root + C_BLOCK]);
    i32.fill(0, root, root + CUT_WORDS);
  }
}
