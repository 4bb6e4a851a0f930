/**
 * ConsumerGroups: the consumer groups of streams, their consumers, and what is pending: entries given to a consumer and not yet
 * acknowledged. Any thread, one at a time.
 *
 * Groups and consumers are blocks of memory that never move, ordered by name; here they go by the index of their first word. Behind
 * their words lies a SCORED item (structures/item.ts) whose score is always 0, which is what the index of names points to.
 *
 *   group     last identifier delivered | entries read, -1 unknown (high and low word) | pending | consumers, an ordered index
 *             | 0.0 | len name
 *   consumer  seen time | active time, -1 never (ms, high and low word) | its pending identifiers | unused | 0.0 | len name
 *   pending   of a group: for each identifier delivery time (ms), delivery count (high and low words), and the consumer
 *             of a consumer: identifiers only
 *
 * Invariants:
 * 1. An identifier is pending for exactly one consumer of the group: the one that the group's entry names, whose tree has it too.
 * 2. A method that throws ArenaFull has changed nothing; acknowledging never allocates.
 */
import { copyBytes, equalBytes } from "../../base/bytes.ts";
import type { Arena } from "../../memory/arena.ts";
import { ID_TREE_WORDS, IdTree } from "../../structures/id_tree.ts";
import { lenSize, LONG_LEN, readLongLen, writeLen } from "../../structures/item.ts";
import { INDEX_WORDS, OrderedIndex, Seek } from "../../structures/ordered_index.ts";
import { ID_WORDS, StreamId } from "../../structures/stream_id.ts";

// Words of a group.
export const G_LAST = 0;
export const G_READ = G_LAST + ID_WORDS;
export const G_PENDING = G_READ + 2;
export const G_CONSUMERS = G_PENDING + ID_TREE_WORDS;
const GROUP_WORDS = G_CONSUMERS + INDEX_WORDS;

// Words of a consumer. Items lie at multiples of 8 bytes, hence the unused word.
export const C_SEEN = 0;
export const C_ACTIVE = 2;
export const C_PENDING = 4;
const CONSUMER_WORDS = C_PENDING + ID_TREE_WORDS + 1;

// Words of a group's pending entry.
export const P_TIME = ID_WORDS;
export const P_COUNT = P_TIME + 2;
export const P_CONSUMER = P_COUNT + 2;
const PENDING_VALUE_WORDS = P_CONSUMER + 1 - ID_WORDS;

const TWO_32 = 4294967296;
/** Consumers looked at for MEMORY USAGE. */
const CONSUMER_SAMPLES = 16;

export class ConsumerGroups {
  /** Operations on the pending entries of groups. */
  readonly pending: IdTree;
  /** Operations on the pending identifiers of consumers. */
  readonly owned: IdTree;

  /** After `readName`. */
  nameAt = 0;
  nameLen = 0;

  private readonly u8: Uint8Array;
  private readonly i32: Int32Array;
  private readonly names: OrderedIndex;
  private readonly id = new StreamId();

  constructor(private readonly arena: Arena) {
    this.u8 = arena.u8;
    this.i32 = arena.i32;
    this.pending = new IdTree(arena, PENDING_VALUE_WORDS);
    this.owned = new IdTree(arena, 0);
    this.names = new OrderedIndex(arena);
  }

  // ---- names --------------------------------------------------------------------------------------------------------

  private find(index: number, words: number, buf: Uint8Array, from: number, len: number): number {
    const { names, u8 } = this;
    names.seek(index, Seek.BEFORE_LEX, 0, buf, from, len);
    const item = names.item();
    if (item === 0) return 0;
    this.locate(item);
    return this.nameLen === len && equalBytes(u8, this.nameAt, buf, from, len) ? (item >> 2) - words : 0;
  }

  /** Finds the name of an item. */
  private locate(item: number): void {
    const u8 = this.u8;
    const at = item + 8;
    const long = u8[at] === LONG_LEN;
    this.nameAt = at + (long ? 5 : 1);
    this.nameLen = long ? readLongLen(u8, at) : u8[at];
  }

  /** A block of `words` words, all zero, and a name, entered in the index; its name may lie in this arena. Throws ArenaFull. */
  private enter(index: number, words: number, buf: Uint8Array, from: number, len: number): number {
    const { arena, i32, u8 } = this;
    const at = arena.alloc(words * 4 + 8 + lenSize(len) + len);
    const w = at >> 2;
    i32.fill(0, w, w + words + 2);
    copyBytes(u8, writeLen(u8, at + words * 4 + 8, len), buf, from, len);
    try {
      this.names.insert(index, at + words * 4);
    } catch (error) {
      arena.free(at);
      throw error;
    }
    return w;
  }

  private nth(index: number, words: number, n: number): number {
    const item = this.names.seekRank(index, n);
    return item === 0 ? 0 : (item >> 2) - words;
  }

  // ---- groups -------------------------------------------------------------------------------------------------------

  /** Number of groups of the index at `groups`. */
  count(groups: number): number {
    return this.names.count(groups);
  }

  /** The n-th group by name, or 0. */
  group(groups: number, n: number): number {
    return this.nth(groups, GROUP_WORDS, n);
  }

  /** The group with a name, or 0. */
  findGroup(groups: number, buf: Uint8Array, from: number, len: number): number {
    return this.find(groups, GROUP_WORDS, buf, from, len);
  }

  /** Makes a group; there is none of that name. It has read nothing, up to 0-0. Throws ArenaFull. */
  createGroup(groups: number, buf: Uint8Array, from: number, len: number): number {
    return this.enter(groups, GROUP_WORDS, buf, from, len);
  }

  /** Takes the first group out of the index, for `dismantle`; 0 when there is none. */
  takeFirst(groups: number): number {
    const g = this.group(groups, 0);
    if (g !== 0) this.takeGroup(groups, g);
    return g;
  }

  /** Takes a group out of the index, for `dismantle`. */
  takeGroup(groups: number, g: number): void {
    this.names.remove(groups, (g + GROUP_WORDS) << 2);
  }

  /** Frees about `want` pending entries and consumers of a group that is in no index; above 0 only when the group is gone too. */
  dismantle(g: number, want: number): number {
    const { i32, arena } = this;
    while (want > 0) {
      const freed = this.pending.removeFirstLeaf(g + G_PENDING);
      if (freed === 0) break;
      want -= freed;
    }
    while (want > 0) {
      const c = this.consumer(g, 0);
      if (c === 0) break;
      const freed = this.owned.removeFirstLeaf(c + C_PENDING);
      want -= freed + 1;
      if (i32[c + C_PENDING] === 0) this.freeConsumer(g, c);
    }
    if (want > 0) arena.free(g << 2);
    return want;
  }

  /** Sets nameAt and nameLen to a group's name. */
  readGroupName(g: number): void {
    this.locate((g + GROUP_WORDS) << 2);
  }

  // ---- consumers ----------------------------------------------------------------------------------------------------

  consumerCount(g: number): number {
    return this.names.count(g + G_CONSUMERS);
  }

  /** The n-th consumer by name, or 0. */
  consumer(g: number, n: number): number {
    return this.nth(g + G_CONSUMERS, CONSUMER_WORDS, n);
  }

  /** The consumer with a name, or 0. */
  findConsumer(g: number, buf: Uint8Array, from: number, len: number): number {
    return this.find(g + G_CONSUMERS, CONSUMER_WORDS, buf, from, len);
  }

  /** Makes a consumer; there is none of that name. Seen now, never active. Throws ArenaFull. */
  createConsumer(g: number, buf: Uint8Array, from: number, len: number, nowMs: number): number {
    const c = this.enter(g + G_CONSUMERS, CONSUMER_WORDS, buf, from, len);
    this.setTime(c + C_SEEN, nowMs);
    this.setTime(c + C_ACTIVE, -1);
    return c;
  }

  /** Removes a consumer and all that is pending for it. */
  removeConsumer(g: number, c: number): void {
    const { owned, pending, id } = this;
    for (let at = owned.first(c + C_PENDING); at !== 0; at = owned.next()) {
      id.load(this.i32, at);
      pending.remove(g + G_PENDING, id);
    }
    while (owned.removeFirstLeaf(c + C_PENDING) > 0);
    this.freeConsumer(g, c);
  }

  private freeConsumer(g: number, c: number): void {
    this.names.remove(g + G_CONSUMERS, (c + CONSUMER_WORDS) << 2);
    this.arena.free(c << 2);
  }

  /** Sets nameAt and nameLen to a consumer's name. */
  readConsumerName(c: number): void {
    this.locate((c + CONSUMER_WORDS) << 2);
  }

  // ---- pending entries ----------------------------------------------------------------------------------------------

  /** The pending entry of an identifier, or 0. */
  findPending(g: number, id: StreamId): number {
    return this.pending.find(g + G_PENDING, id);
  }

  /**
   * Makes an identifier pending for a consumer, whoever had it; returns its entry. A new one has no delivery time and the count 0.
   * Throws ArenaFull.
   */
  assign(g: number, c: number, id: StreamId): number {
    const { i32, pending, owned } = this;
    const found = pending.find(g + G_PENDING, id);
    if (found !== 0) {
      const before = i32[found + P_CONSUMER];
      if (before === c) return found;
      owned.insert(c + C_PENDING, id);
      owned.remove(before + C_PENDING, id);
      i32[found + P_CONSUMER] = c;
      return found;
    }
    owned.insert(c + C_PENDING, id);
    let at: number;
    try {
      at = pending.insert(g + G_PENDING, id);
    } catch (error) {
      owned.remove(c + C_PENDING, id);
      throw error;
    }
    i32.fill(0, at + ID_WORDS, at + ID_WORDS + PENDING_VALUE_WORDS);
    i32[at + P_CONSUMER] = c;
    return at;
  }

  /** Makes an identifier pending no more; false when it was not. */
  acknowledge(g: number, id: StreamId): boolean {
    const at = this.pending.find(g + G_PENDING, id);
    if (at === 0) return false;
    this.owned.remove(this.i32[at + P_CONSUMER] + C_PENDING, id);
    return this.pending.remove(g + G_PENDING, id);
  }

  /** Says that the entry was delivered once more. */
  countDelivery(at: number): void {
    const i32 = this.i32;
    i32[at + P_COUNT + 1] = (i32[at + P_COUNT + 1] + 1) | 0;
    if (i32[at + P_COUNT + 1] === 0) i32[at + P_COUNT]++;
  }

  /** Writes a number, |n| <= 2^53, to the two words at `w`. */
  setTime(w: number, n: number): void {
    this.i32[w] = Math.floor(n / TWO_32);
    this.i32[w + 1] = n | 0;
  }

  /** The signed 64-bit integer in the two words at `w`, as the nearest double. */
  time(w: number): number {
    return this.i32[w] * TWO_32 + (this.i32[w + 1] >>> 0);
  }

  // ---- all groups ---------------------------------------------------------------------------------------------------

  /** Makes the index at `to` one of copies of the groups in `other`'s index at `from`. Throws ArenaFull with some copied. */
  copyAll(other: ConsumerGroups, from: number, to: number): void {
    for (let n = 0, g = other.group(from, 0); g !== 0; g = other.group(from, ++n)) {
      other.readGroupName(g);
      const copy = this.createGroup(to, other.u8, other.nameAt, other.nameLen);
      for (let k = 0; k < G_PENDING; k++) this.i32[copy + k] = other.i32[g + k];
      for (let m = 0, c = other.consumer(g, 0); c !== 0; c = other.consumer(g, ++m)) {
        this.copyConsumer(other, g, c, copy);
      }
    }
  }

  private copyConsumer(other: ConsumerGroups, from: number, c: number, to: number): void {
    const { i32, id } = this;
    other.readConsumerName(c);
    const copy = this.createConsumer(to, other.u8, other.nameAt, other.nameLen, 0);
    for (let k = 0; k < C_PENDING; k++) i32[copy + k] = other.i32[c + k];
    for (let at = other.owned.first(c + C_PENDING); at !== 0; at = other.owned.next()) {
      id.load(other.i32, at);
      const source = other.findPending(from, id);
      const target = this.assign(to, copy, id);
      for (let k = P_TIME; k < P_CONSUMER; k++) i32[target + k] = other.i32[source + k];
    }
  }

  /** Bytes of all groups, estimated from some consumers of each. */
  bytes(groups: number): number {
    const { arena, names, pending, owned } = this;
    let bytes = names.overheadBytes(groups);
    for (let n = 0, g = this.group(groups, 0); g !== 0; g = this.group(groups, ++n)) {
      bytes += arena.usable(g << 2) + names.overheadBytes(g + G_CONSUMERS) + pending.bytes(g + G_PENDING);
      const consumers = this.consumerCount(g);
      const samples = Math.min(consumers, CONSUMER_SAMPLES);
      let sampled = 0;
      for (let m = 0; m < samples; m++) {
        const c = this.consumer(g, m);
        sampled += arena.usable(c << 2) + owned.bytes(c + C_PENDING);
      }
      if (samples > 0) bytes += Math.round((sampled * consumers) / samples);
    }
    return bytes;
  }
}
