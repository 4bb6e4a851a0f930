/**
 * Streams: the values of type stream. Any thread, one at a time. One object a store.
 *
 *   payload   log (LOG_WORDS) | consumer groups, an ordered index by name (INDEX_WORDS) | length | first entry's identifier | last
 *             identifier given | greatest identifier deleted (ID_WORDS each) | entries ever added (high and low word)
 *
 * Invariants:
 * 1. `length` is the number of entries not deleted; the first identifier is that of the first of them, 0-0 without any.
 * 2. No entry is greater than the last identifier. A stream may be empty: unlike other keys it stays when its last entry goes.
 * 3. A method that throws ArenaFull has left the stream as it was.
 */
import { copyBytes } from "../../base/bytes.ts";
import { INDEX_WORDS } from "../../structures/ordered_index.ts";
import { StreamBlock } from "../../structures/stream_block.ts";
import { ID_WORDS, StreamId } from "../../structures/stream_id.ts";
import { LOG_WORDS, StreamCursor, type StreamLimits, StreamLog } from "../../structures/stream_log.ts";
import { Encoding, Type } from "../entry.ts";
import { FREE_AT_ONCE, GarbageKind, registerSweeper } from "../garbage.ts";
import type { Store } from "../store.ts";
import { registerValueType, type ValueType } from "../value_type.ts";
import { ConsumerGroups, G_PENDING } from "./stream_groups.ts";

// Words of the payload.
export const S_LOG = 0;
export const S_GROUPS = S_LOG + LOG_WORDS;
export const S_LENGTH = S_GROUPS + INDEX_WORDS;
export const S_FIRST = S_LENGTH + 1;
export const S_LAST = S_FIRST + ID_WORDS;
export const S_MAX_DELETED = S_LAST + ID_WORDS;
export const S_ADDED = S_MAX_DELETED + ID_WORDS;
const STREAM_WORDS = S_ADDED + 2;

/** Words of a stream given to the garbage: log, groups, and the group that is being freed. */
const GARBAGE_WORDS = LOG_WORDS + INDEX_WORDS + 1;
const GARBAGE_GROUP = LOG_WORDS + INDEX_WORDS;

export class Streams {
  readonly log: StreamLog;
  readonly groups: ConsumerGroups;
  /** Walks entries. */
  readonly cursor: StreamCursor;
  private readonly i32: Int32Array;
  private readonly id = new StreamId();

  constructor(private readonly store: Store) {
    this.i32 = store.i32;
    this.log = new StreamLog(store.arena, store.listpack);
    this.groups = new ConsumerGroups(store.arena);
    this.cursor = new StreamCursor(this.log, store.arena, store.listpack);
  }

  /** Word index of a stream's payload. Good as long as the entry's address. */
  open(e: number): number {
    this.store.open(e);
    return this.store.valueAt >> 2;
  }

  /** Makes the key hold an empty stream. Returns the entry. */
  create(db: number, key: Uint8Array, keyFrom: number, keyLen: number, expiry: number): number {
    const { store, i32 } = this;
    const e = store.reserve(db, key, keyFrom, keyLen, Type.STREAM, Encoding.STREAM, STREAM_WORDS * 4, expiry);
    const s = store.valueAt >> 2;
    i32.fill(0, s, s + STREAM_WORDS);
    return e;
  }

  length(s: number): number {
    return this.i32[s + S_LENGTH];
  }

  /** Adds an entry, greater than the last identifier, with the pairs of the arguments from `first` on. Throws ArenaFull. */
  append(
    s: number,
    id: StreamId,
    buf: Uint8Array,
    at: Int32Array,
    len: Int32Array,
    first: number,
    pairs: number,
    limits: StreamLimits,
  ): void {
    const i32 = this.i32;
    this.log.append(s + S_LOG, id, buf, at, len, first, pairs, limits);
    if (i32[s + S_LENGTH]++ === 0) id.store(i32, s + S_FIRST);
    id.store(i32, s + S_LAST);
    i32[s + S_ADDED + 1] = (i32[s + S_ADDED + 1] + 1) | 0;
    if (i32[s + S_ADDED + 1] === 0) i32[s + S_ADDED]++;
  }

  /** True when there is an entry with the identifier. */
  has(s: number, id: StreamId): boolean {
    this.cursor.open(s + S_LOG, id, id, false);
    return this.cursor.next();
  }

  /** Sets `id` to that of the first entry not before it; false when there is none. */
  seek(s: number, id: StreamId): boolean {
    const { cursor } = this;
    this.id.setMax();
    cursor.open(s + S_LOG, id, this.id, false);
    if (!cursor.next()) return false;
    id.copy(cursor.block.id);
    return true;
  }

  /** Sets `id` to that of the last entry; false when there is none. */
  lastEntry(s: number, id: StreamId): boolean {
    const { cursor } = this;
    if (this.length(s) === 0) return false;
    cursor.openAll(s + S_LOG, true);
    if (!cursor.next()) return false;
    id.copy(cursor.block.id);
    return true;
  }

  /** Deletes an entry; false when there is none with the identifier. `renewFirst` follows when all are deleted. */
  remove(s: number, id: StreamId): boolean {
    const i32 = this.i32;
    if (!this.log.remove(s + S_LOG, id)) return false;
    i32[s + S_LENGTH]--;
    if (id.compareAt(i32, s + S_MAX_DELETED) > 0) id.store(i32, s + S_MAX_DELETED);
    return true;
  }

  /** Finds out the first identifier anew. */
  renewFirst(s: number): void {
    const { cursor, id } = this;
    id.setMin();
    if (this.length(s) > 0) {
      cursor.openAll(s + S_LOG, false);
      if (cursor.next()) id.copy(cursor.block.id);
    }
    id.store(this.i32, s + S_FIRST);
  }

  /** Deletes the first entries until no more than `most` are left (structures/stream_log.ts); returns the number deleted. */
  trimToLength(s: number, most: number, whole: boolean, limit: number): number {
    return this.trimmed(s, this.log.trimToLength(s + S_LOG, this.length(s), most, whole, limit));
  }

  /** Deletes the entries before `min` (structures/stream_log.ts); returns the number deleted. */
  trimBefore(s: number, min: StreamId, whole: boolean, limit: number): number {
    return this.trimmed(s, this.log.trimBefore(s + S_LOG, min, whole, limit));
  }

  private trimmed(s: number, n: number): number {
    this.i32[s + S_LENGTH] -= n;
    if (n > 0) this.renewFirst(s);
    return n;
  }

  // ---- how far a group has read -----------------------------------------------------------------------------------

  /** True when an entry may have been deleted from the identifier at word `w` on. */
  hasTombstones(s: number, w: number): boolean {
    const { i32, id } = this;
    id.load(i32, s + S_MAX_DELETED);
    return this.length(s) !== 0 && !id.isMin && id.compareAt(i32, w) >= 0;
  }

  /**
   * How many entries were ever added up to an identifier, where that can be told: for the ends of the stream, as long as nothing was
   * deleted between. False, with nothing set, where not; else `readHi`, `readLo`.
   */
  estimateRead(s: number, id: StreamId): boolean {
    const { i32, id: maxDeleted } = this;
    const length = this.length(s);
    const added = (i32[s + S_ADDED] | i32[s + S_ADDED + 1]) !== 0;
    if (!added) return this.setRead(0, 0, 0);
    const last = id.compareAt(i32, s + S_LAST);
    if (length === 0 && last <= 0) return this.setRead(i32[s + S_ADDED], i32[s + S_ADDED + 1], 0);
    if (!id.isMin && id.compareAt(i32, s + S_MAX_DELETED) < 0) return false;
    if (last === 0) return this.setRead(i32[s + S_ADDED], i32[s + S_ADDED + 1], 0);
    if (last > 0) return false;
    const first = id.compareAt(i32, s + S_FIRST);
    maxDeleted.load(i32, s + S_MAX_DELETED);
    if (first > 0 || (!maxDeleted.isMin && maxDeleted.compareAt(i32, s + S_FIRST) >= 0)) return false;
    return this.setRead(i32[s + S_ADDED], i32[s + S_ADDED + 1], first === 0 ? length - 1 : length);
  }

  /** After `estimateRead` returned true: the number, as int32 halves. */
  readHi = 0;
  readLo = 0;

  private setRead(hi: number, lo: number, less: number): true {
    this.readLo = (lo - less) | 0;
    this.readHi = (hi - ((lo >>> 0) < less ? 1 : 0)) | 0;
    return true;
  }

  // ---- the value as a whole ---------------------------------------------------------------------------------------

  /** Frees what the stream at `s`, or the roots of one under construction, owns (a large one in steps). */
  discard(s: number): void {
    const { store, i32 } = this;
    if (i32[s + S_GROUPS] === 0 && this.log.blockCount(s + S_LOG) <= FREE_AT_ONCE) {
      this.log.release(s + S_LOG, Infinity);
    } else {
      // What follows the roots in a payload is the length: the garbage takes that word for the group being freed.
      i32[s + GARBAGE_GROUP] = 0;
      store.garbage.add(GarbageKind.STREAM, s + S_LOG, GARBAGE_WORDS);
    }
    i32.fill(0, s, s + GARBAGE_WORDS);
  }

  /** Removes a group with all that is pending in it (of a large one in steps). */
  destroyGroup(s: number, g: number): void {
    const { store, groups, i32 } = this;
    groups.takeGroup(s + S_GROUPS, g);
    if (groups.pending.count(g + G_PENDING) + groups.consumerCount(g) <= FREE_AT_ONCE) {
      groups.dismantle(g, Infinity);
      return;
    }
    const root = store.looseRoot(0);
    i32[root + GARBAGE_GROUP] = g;
    store.garbage.add(GarbageKind.STREAM, root, GARBAGE_WORDS);
    i32[root + GARBAGE_GROUP] = 0;
  }

  /** Makes `root` of this store a copy of the log at `other`'s `root`. */
  copyLog(other: Streams, from: number, to: number): void {
    const { arena, u8 } = this.store;
    const source = other.store;
    for (let at = other.log.tree.first(from); at !== 0; at = other.log.tree.next()) {
      this.id.load(source.i32, at);
      const lp = other.log.blockOf(at);
      const size = source.listpack.totalBytes(lp);
      const copy = arena.alloc(StreamBlock.allocation(size));
      copyBytes(u8, copy, source.u8, lp, size);
      this.log.adopt(to, this.id, copy);
    }
  }
}

/** Frees blocks, then group by group. */
function sweepStream(store: Store, root: number, _place: number, want: number): number {
  const { log, groups } = store.streams;
  want = log.release(root, want);
  while (want > 0) {
    if (store.i32[root + GARBAGE_GROUP] === 0) {
      const group = groups.takeFirst(root + LOG_WORDS);
      if (group === 0) return want;
      store.i32[root + GARBAGE_GROUP] = group;
    }
    want = groups.dismantle(store.i32[root + GARBAGE_GROUP], want);
    if (want > 0) store.i32[root + GARBAGE_GROUP] = 0;
  }
  return want;
}

registerSweeper(GarbageKind.STREAM, sweepStream);

const streamType: ValueType = {
  release(store, payload) {
    store.streams.discard(payload >> 2);
  },

  copy(from, e, to, toDb, key, keyFrom, keyLen, expiry) {
    const { i32 } = to;
    const root = to.looseRoot(0);
    try {
      const source = from.streams.open(e);
      to.streams.copyLog(from.streams, source + S_LOG, root + S_LOG);
      to.streams.groups.copyAll(from.streams.groups, source + S_GROUPS, root + S_GROUPS);
      // The key's entry comes last, and may replace the source's words with others only then.
      const words = from.i32.slice(source + S_LENGTH, source + STREAM_WORDS);
      const copy = to.streams.create(toDb, key, keyFrom, keyLen, expiry);
      const s = to.streams.open(copy);
      for (let k = 0; k < S_LENGTH; k++) i32[s + k] = i32[root + k];
      i32.fill(0, root, root + S_LENGTH);
      i32.set(words, s + S_LENGTH);
      return copy;
    } catch (error) {
      to.streams.discard(root);
      throw error;
    }
  },

  bytes(store, e, samples) {
    const s = store.streams.open(e);
    return store.streams.log.bytes(s + S_LOG, samples) + store.streams.groups.bytes(s + S_GROUPS);
  },

  count(store, e) {
    return store.streams.length(store.streams.open(e));
  },
};

registerValueType(Type.STREAM, streamType);
