/**
 * Call: what a command's function sees while it runs: its arguments, the keyspace, the reply. One object serves all commands of
 * an engine. Any thread.
 *
 * Invariants:
 * 1. A function never sees a thread, a socket or a file, and `nowMs` stands still while it runs.
 * 2. `store` is the shard's own; keys of other shards are reached by `storeOf(i)`, which is `store` for nearly every call.
 * 3. Argument bytes are good until the function returns.
 */
import { equalBytes, equalsIgnoreCase, latin1Text } from "../base/bytes.ts";
import { Int64Parser } from "../base/integers.ts";
import { LongDoubleSum } from "../base/long_doubles.ts";
import { NOT_INT32, NOT_INTEGER, OUT_OF_MEMORY, ReplyError, WRONG_TYPE } from "../base/reply_error.ts";
import { keySlot } from "../codec/crc16.ts";
import type { Reply } from "../codec/resp/reply.ts";
import { Payload } from "../store/dump/payload.ts";
import type { Type } from "../store/entry.ts";
import type { Store } from "../store/store.ts";
import { BitCombiner } from "../structures/bit_combiner.ts";
import { Registers } from "../structures/hyperloglog_registers.ts";
import { SparseRaiser } from "../structures/hyperloglog_sparse.ts";
import type { Arguments, ShardCommand } from "./command.ts";
import { Effects } from "./effects.ts";
import { KeyRun } from "./key_run.ts";
import { KeyFinder } from "./key_specs.ts";
import { Limits } from "./limits.ts";
import { ReadArguments } from "./streams/read_arguments.ts";
import { StreamArguments } from "./streams/stream_arguments.ts";
import { TrimArguments } from "./streams/trim_argument.ts";
import { Wait } from "./wait.ts";

/** Items of garbage freed at a time while room is wanted. */
const SWEEP = 4096;

export class Call {
  // The request (offsets into buf), set by `load`.
  buf: Uint8Array = new Uint8Array(0);
  argc = 0;
  at: Int32Array = new Int32Array(0);
  len: Int32Array = new Int32Array(0);
  /** As `Request.start`. */
  start = -1;

  db = 0;
  /** All shards' stores while they are held for a command with keys in several; else null. */
  stores: readonly Store[] | null = null;
  /** Number of this engine's shard, and how many shards there are. */
  shard = 0;
  shardCount = 1;
  /** False inside a transaction or script: a blocking command must not wait. */
  mayBlock = true;
  /** What a blocking command that found nothing waits for. */
  readonly wait: Wait = new Wait();
  /** True while a blocking request whose keys lie in several shards is run on the keys of this one. */
  partial = false;

  /** Changes that commands told by `changed`, ever. */
  changes = 0;
  /** What the journal is to hold of them. */
  readonly effects: Effects = new Effects(this);

  /** Lookups for reading that met a key, or none: keyspace_hits and keyspace_misses. */
  hits = 0;
  misses = 0;

  /** Classes of keyspace events that someone listens for: bits of NotifyClass; 0 costs one test a change. */
  notifyMask = 0;
  notifier: Notifier | undefined;

  /** The running call is timed and stands for so many like it; 0 when it is not. What it runs in its turn is timed likewise. */
  weight = 0;
  /** A clock for that, in microseconds. */
  clockUs: () => number = () => 0;
  /** A command that the running one has run in its turn took `us` if it was timed, and failed with `error` if it did. */
  ranInner: (command: ShardCommand, us: number, error: ReplyError | undefined) => void = () => {};

  /** Takes a line for the server's log, level verbose: what an error's text leaves unsaid. */
  log: (line: string) => void = () => {};

  /** The last `int64` parsed. */
  readonly number = new Int64Parser();
  /** Adds for INCRBYFLOAT and its like; holds the last sum's text. */
  readonly sum = new LongDoubleSum();
  /** Combines the strings of BITOP. */
  readonly bits = new BitCombiner();
  /** Registers that the HyperLogLog commands unite, and what raises them in the sparse form. */
  readonly registers = new Registers();
  readonly raiser = new SparseRaiser();

  /** What the arguments of a stream command say. */
  readonly streams = new StreamArguments();
  readonly trim = new TrimArguments();
  readonly reading = new ReadArguments();

  /** Finds a request's keys. */
  readonly keys = new KeyFinder();
  /** Looks ahead at the keys of a command that has many. */
  readonly keyRun: KeyRun = new KeyRun(this);
  /** Where commands print that do so in place of a reply (DEBUG LISTPACK): the process's standard output. */
  print: (text: string) => void = () => {};
  /** Serialized values, for DUMP and RESTORE. */
  readonly payload = new Payload();

  constructor(readonly store: Store, readonly reply: Reply, readonly limits: Limits) {}

  /** Makes the request's arguments this call's; `start` as the field. */
  load(request: Arguments, db: number, start = -1): void {
    // Storing a reference costs a write barrier, a comparison next to nothing.
    if (this.buf !== request.buf) this.buf = request.buf;
    this.argc = request.argc;
    this.at = request.at;
    this.len = request.len;
    this.start = start;
    this.db = db;
  }

  get nowMs(): number {
    return this.store.nowMs;
  }

  // ---- arguments --------------------------------------------------------------------------------------------------

  /** True when argument `i` is the option `lower` (given in lower case), letters of either case alike. */
  is(i: number, lower: string): boolean {
    return equalsIgnoreCase(this.buf, this.at[i], this.len[i], lower);
  }

  /** Argument `i` as latin-1 text (cold paths). */
  text(i: number): string {
    return latin1Text(this.buf, this.at[i], this.at[i] + this.len[i]);
  }

  /** Argument `i` as a 64-bit integer in `number`; throws `error` when it is none. */
  int64(i: number, error: ReplyError = NOT_INTEGER): Int64Parser {
    if (!this.number.parse(this.buf, this.at[i], this.at[i] + this.len[i])) throw error;
    return this.number;
  }

  /**
   * Argument `i` as an integer within [min, max]; throws `error` otherwise. Beyond 2^53 the nearest double, so bounds of int64
   * can be given for "any int64 whose exact value does not matter".
   */
  int(i: number, min = -Infinity, max = Infinity, error: ReplyError = NOT_INTEGER): number {
    const n = this.int64(i, error).value;
    if (n < min || n > max) throw error;
    return n;
  }

  /** Argument `i` as an integer of 32 bits, with Redis's error for larger ones. */
  int32(i: number): number {
    const n = this.int64(i).value;
    if (n < -2147483648 || n > 2147483647) throw NOT_INT32;
    return n;
  }

  /** True when arguments `i` and `j` are the same bytes. */
  same(i: number, j: number): boolean {
    return this.len[i] === this.len[j] && equalBytes(this.buf, this.at[i], this.buf, this.at[j], this.len[i]);
  }

  // ---- keyspace ---------------------------------------------------------------------------------------------------

  /** The store that owns the key in argument `i`. */
  storeOf(i: number): Store {
    return this.stores === null ? this.store : this.storeOfName(this.buf, this.at[i], this.len[i]);
  }

  /** The store that owns the key named buf[from, from+len), when that is not an argument; one that this call reaches. */
  storeOfName(buf: Uint8Array, from: number, len: number): Store {
    const stores = this.stores;
    return stores === null ? this.store : stores[(keySlot(buf, from, len) * stores.length) >> 14];
  }

  /** True when the key in argument `i` is this shard's own. */
  owns(i: number): boolean {
    return this.shardCount === 1 ||
      (keySlot(this.buf, this.at[i], this.len[i]) * this.shardCount) >> 14 === this.shard;
  }

  /** The stores that this call reaches: all when shards are held, else the own one. For commands on the whole keyspace. */
  get reachCount(): number {
    return this.stores === null ? 1 : this.stores.length;
  }

  /** The n-th of `reachCount` stores. */
  reach(n: number): Store {
    return this.stores === null ? this.store : this.stores[n];
  }

  /** The entry of the key in argument `i` for reading, or 0; counts a hit or miss. Of any type. */
  read(i: number): number {
    const e = this.storeOf(i).find(this.db, this.buf, this.at[i], this.len[i]);
    this.countRead(e, i);
    return e;
  }

  /** As `read`, but leaves the access clock as it is (EXISTS, TTL, TYPE). */
  inspect(i: number): number {
    const e = this.storeOf(i).peek(this.db, this.buf, this.at[i], this.len[i]);
    this.countRead(e, i);
    return e;
  }

  private countRead(e: number, i: number): void {
    if (e !== 0) this.hits++;
    else {
      this.misses++;
      if ((this.notifyMask & NotifyClass.MISS) !== 0) this.notify(NotifyClass.MISS, "keymiss", i);
    }
  }

  /** As `read`, for an entry of one type; throws WRONGTYPE. */
  readTyped(i: number, type: Type): number {
    const e = this.read(i);
    if (e !== 0 && this.storeOf(i).type(e) !== type) throw WRONG_TYPE;
    return e;
  }

  /** The entry of the key in argument `i` for writing, or 0; counts neither hit nor miss. Of any type. */
  write(i: number): number {
    return this.storeOf(i).find(this.db, this.buf, this.at[i], this.len[i]);
  }

  /** As `write`, for an entry of one type; throws WRONGTYPE. */
  writeTyped(i: number, type: Type): number {
    const e = this.write(i);
    if (e !== 0 && this.storeOf(i).type(e) !== type) throw WRONG_TYPE;
    return e;
  }

  /** The entry without touching its access clock or the hit figures (OBJECT, TTL, TYPE...). */
  peek(i: number): number {
    return this.storeOf(i).peek(this.db, this.buf, this.at[i], this.len[i]);
  }

  /** Throws OOM unless about `bytes` more can be stored by the shard of argument `i` (before a change that needs much). */
  needRoom(i: number, bytes: number): void {
    const { arena, garbage } = this.storeOf(i);
    const need = bytes + this.limits.reserveBytes;
    while (need > arena.freeChunkBytes) {
      // Values that wait to be freed are room as well.
      if (!garbage.step(SWEEP) && need > arena.freeChunkBytes) throw OUT_OF_MEMORY;
    }
  }

  // ---- what changed -----------------------------------------------------------------------------------------------

  /** Says that the key in argument `i` was changed: once per change, as Redis counts rdb_changes_since_last_save. */
  changed(i: number, changes = 1, db = this.db): void {
    const store = this.storeOf(i);
    store.dirty += changes;
    this.changes += changes;
    if (store.watches.any) store.watches.touch(db, this.buf, this.at[i], this.len[i]);
    this.notifier?.changed(db, this.buf, this.at[i], this.len[i]);
  }

  /** Says that the key in argument `i` may have what blocked clients wait for, although it was there before. */
  ready(i: number): void {
    const { waited } = this.storeOf(i);
    if (waited.any) waited.touch(this.db, this.buf, this.at[i], this.len[i]);
  }

  /** Publishes a keyspace event for the key in argument `i`, in Redis's name for it. */
  notify(cls: number, event: string, i: number, db = this.db): void {
    if ((this.notifyMask & cls) === 0) return;
    this.notifier?.event(cls, event, db, this.buf, this.at[i], this.len[i]);
  }
}

/** Who is told of changes: watching, tracking and notifying are its business. Bytes are good during the call only. */
export interface Notifier {
  changed(db: number, buf: Uint8Array, from: number, len: number): void;
  event(cls: number, event: string, db: number, buf: Uint8Array, from: number, len: number): void;
  /** A database was emptied, all of them with db -1: before it happens. */
  flushing?(db: number): void;
  /** Two databases are exchanged: before it happens. */
  swapping?(a: number, b: number): void;
}

/** Classes of keyspace events, as the letters of notify-keyspace-events. */
export const NotifyClass = {
  KEYSPACE: 1, // K
  KEYEVENT: 2, // E
  GENERIC: 4, // g
  STRING: 8, // $
  LIST: 16, // l
  SET: 32, // s
  HASH: 64, // h
  ZSET: 128, // z
  EXPIRED: 256, // x
  EVICTED: 512, // e
  STREAM: 1024, // t
  MISS: 2048, // m
  NEW: 16384, // n
} as const;
