/**
 * Snapshot: writes one store as it was at one moment, in bounded steps, while commands go on. On the thread that owns the store.
 *
 * `begin` makes the cut (store/cut.ts). `step` walks the tables and writes entries; what is about to change before the walk gets there
 * is written first (`Store.touch`). The order of entries is therefore arbitrary, each comes once. What goes to the sink are blocks of
 * whole entries of one database, so that blocks of several shards can be put behind each other in any order. An entry whose value is
 * large goes in pieces; what must be written meanwhile waits aside until it is whole.
 *
 * FLUSHALL, FLUSHDB and SWAPDB don't disturb a snapshot: it keeps the tables that it still needs.
 *
 * Invariants:
 * 1. At the end the sink has every entry of the cut exactly once, as it was at the cut.
 * 2. Between two steps at most one entry is half written; that one is marked in the arena, and its rest written before it changes.
 */
import { assert } from "../base/assert.ts";
import { RdbWriter } from "../codec/rdb/writer.ts";
import type { Keeper } from "./cut.ts";
import { type EntryForm, EntryWriter, packForm } from "./dump/entry_writer.ts";
import { WRITTEN_BIT } from "./entry.ts";
import type { Store } from "./store.ts";

/** Where a snapshot goes. */
export interface SnapshotSink {
  /** Bytes that can be taken at once; the walk waits while there are none. */
  room(): number;
  /**
   * Takes buf[from, to), entries of a database of the cut, always: if need be into a queue of its own. `whole`: an entry ends there, so
   * that something else may follow than the next bytes of this sink.
   */
  write(buf: Uint8Array, from: number, to: number, db: number, whole: boolean): void;
}

/** About how many bytes are handed on at a time. */
const BLOCK = 1 << 16;
/** Bytes that wait for the end of a large entry before that is written at once: bounds the memory. */
const ASIDE_MAX = 1 << 24;
/** Buckets walked between two looks at the clock: some tens of microseconds. */
const BUCKETS = 8;

/** What a step came to. */
export const SnapshotStep = {
  /** There is more to do. */
  MORE: 0,
  /** There is more, once the sink has room. */
  FULL: 1,
  /** That was all. */
  DONE: 2,
} as const;
export type SnapshotStep = (typeof SnapshotStep)[keyof typeof SnapshotStep];

/** A writer, and which of its bytes belong to which database. */
class Stream {
  readonly out = new RdbWriter();
  readonly writer = new EntryWriter(this.out);
  private db = 0;
  /** Runs of former databases: where each ends, and which it is. */
  private readonly ends: number[] = [];
  private readonly dbs: number[] = [];

  constructor() {
    this.out.samples = true;
  }

  /** What is written from now on belongs to a database. */
  select(db: number): void {
    if (db === this.db) return;
    if (this.out.pos > 0) {
      this.ends.push(this.out.pos);
      this.dbs.push(this.db);
    }
    this.db = db;
  }

  /** Hands everything on. */
  flush(sink: SnapshotSink, whole: boolean): void {
    const { buf, pos } = this.out;
    let from = 0;
    for (let k = 0; k < this.ends.length; k++) {
      sink.write(buf, from, this.ends[k], this.dbs[k], true);
      from = this.ends[k];
    }
    if (pos > from) sink.write(buf, from, pos, this.db, whole);
    this.forget();
  }

  forget(): void {
    this.out.clear();
    this.ends.length = 0;
    this.dbs.length = 0;
  }
}

export class Snapshot implements Keeper {
  /** Entries written, of `total` at the cut. */
  written = 0;
  total = 0;

  private readonly stream = new Stream();
  private readonly aside = new Stream();
  private sink!: SnapshotSink;
  /** The entry that is half written; 0: none. */
  private current = 0;

  /** The one snapshot of a store, for one thread. */
  constructor(private readonly store: Store) {
    store.cut.keeper = this;
  }

  /** True when `step` has something to do. */
  get active(): boolean {
    const { cut } = this.store;
    return cut.on || cut.cleaning;
  }

  /**
   * Makes now the cut. No snapshot may be under way; what one that was given up has left is cleaned up first. Throws ArenaFull when not
   * even some hundred bytes are left.
   */
  begin(sink: SnapshotSink, form: EntryForm): void {
    const { store, stream, aside } = this;
    assert(!store.cut.on, "one snapshot at a time");
    while (store.cut.cleaning) this.clean();
    store.cut.begin(packForm(form));
    stream.writer.use(store.cut.form);
    aside.writer.use(store.cut.form);
    this.sink = sink;
    this.written = 0;
    this.total = 0;
    for (let db = 0; db < store.dbCount; db++) this.total += store.count(db);
  }

  /** Goes on for at most about `budgetMs`; `clock` gives ms. */
  step(budgetMs: number, clock: () => number): SnapshotStep {
    const { store } = this;
    const { cut } = store;
    const end = clock() + budgetMs;
    if (!cut.on) {
      while (cut.cleaning) {
        this.clean();
        if (clock() >= end) return SnapshotStep.MORE;
      }
      return SnapshotStep.DONE;
    }
    this.takeQueued();
    for (;;) {
      if (this.sink.room() <= 0) return SnapshotStep.FULL;
      if (this.current !== 0) this.writePiece();
      else {
        const root = cut.walkedRoot;
        if (root !== 0) store.table.prefetchScan(root, cut.cursor, BUCKETS);
        for (let k = 0; k < BUCKETS && this.current === 0 && cut.db < store.dbCount; k++) this.walkBucket();
      }
      if (cut.db === store.dbCount) break;
      if (clock() >= end) return SnapshotStep.MORE;
    }
    this.stream.flush(this.sink, true);
    cut.end();
    return SnapshotStep.DONE;
  }

  /** Gives the snapshot up; steps then clean up. */
  abort(): void {
    if (!this.store.cut.on) return;
    this.store.cut.giveUp();
    this.current = 0;
    this.stream.forget();
    this.aside.forget();
  }

  // ---- the walk -----------------------------------------------------------------------------------------------------

  /** Writes the entries of one home bucket, or up to a large one. */
  private walkBucket(): void {
    const { store, stream } = this;
    const { cut, table, i32 } = store;
    const root = cut.walkedRoot;
    if (root === 0) {
      cut.advance(0);
      return;
    }
    const next = table.scanOnce(root, cut.cursor);
    const { found, foundCount } = table;
    const db = cut.db;
    for (let k = 0; k < foundCount; k++) {
      const e = found[k];
      if ((i32[e >> 2] & WRITTEN_BIT) !== 0) continue;
      this.written++;
      stream.select(db);
      if (!stream.writer.writeSmall(store, e)) {
        // The bucket is looked at again afterwards: what has been written of it gets its mark.
        for (let j = 0; j <= k; j++) i32[found[j] >> 2] |= WRITTEN_BIT;
        this.current = cut.current = e;
        stream.writer.begin(store, e);
        return;
      }
      if (stream.out.pos >= BLOCK) stream.flush(this.sink, true);
    }
    this.unmark(found, foundCount);
    cut.advance(next);
  }

  /** Takes the mark off those that have it: a write to each entry would cost as much memory traffic as reading it. */
  private unmark(entries: Int32Array, count: number): void {
    const { i32 } = this.store;
    for (let k = 0; k < count; k++) {
      const w = entries[k] >> 2;
      if ((i32[w] & WRITTEN_BIT) !== 0) i32[w] &= ~WRITTEN_BIT;
    }
  }

  private writePiece(): void {
    const { stream } = this;
    if (stream.writer.advance(BLOCK)) this.finish();
    else stream.flush(this.sink, false);
  }

  /** The large entry is whole; what waited aside follows. */
  private finish(): void {
    this.current = this.store.cut.current = 0;
    this.stream.flush(this.sink, true);
    this.aside.flush(this.sink, true);
  }

  private clean(): void {
    const { store } = this;
    const { cut, table } = store;
    const root = cut.walkedRoot;
    let next = 0;
    if (root !== 0) {
      next = table.scanOnce(root, cut.cursor);
      this.unmark(table.found, table.foundCount);
    }
    cut.advance(next);
    if (cut.db === store.dbCount) cut.end();
  }

  // ---- what comes in between ----------------------------------------------------------------------------------------

  /** Keeper. */
  keep(db: number, e: number): void {
    const { store } = this;
    const stream = this.side;
    this.written++;
    stream.select(db);
    stream.writer.write(store, e);
    this.checkSide(stream);
  }

  /** Keeper. */
  settle(): void {
    if (this.current === 0) return;
    while (!this.stream.writer.advance(BLOCK)) this.stream.flush(this.sink, false);
    this.finish();
  }

  /** The stream for entries out of turn. */
  private get side(): Stream {
    return this.current === 0 ? this.stream : this.aside;
  }

  private checkSide(stream: Stream): void {
    if (stream === this.aside) {
      if (stream.out.pos >= ASIDE_MAX) this.settle();
    } else if (stream.out.pos >= BLOCK) stream.flush(this.sink, true);
  }

  /** Takes over what another shard's thread wrote while it held this store. */
  private takeQueued(): void {
    this.store.cut.takeQueued((db, buf, from, len) => {
      const stream = this.side;
      this.written++;
      stream.select(db);
      stream.out.raw(buf, from, len);
      this.checkSide(stream);
    });
  }
}
