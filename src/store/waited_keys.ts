/**
 * WaitedKeys: the keys that blocked clients wait for, and which of them became ready. Any thread, one at a time: all state is in the
 * arena, so that a shard that holds another one leaves word there of what it made ready. Who waits is the owner's business
 * (threads/shard/waits.ts); here a key has only the number of its queue.
 *
 *   owner words  a table's root (kind MEMBER) | the first ready item | the last one
 *   item         len | db (2 bytes), key | next ready item (4 bytes; 0: not ready, 1: ready and the last) | queue (4 bytes)
 *
 * A key is ready when it came to be, went, was replaced, or when a command says so: whether that helps anyone is found out by trying.
 *
 * Invariants:
 * 1. A key's item is there from `enter` to `leave`, and on until it is taken from the ready list.
 * 2. Nothing is looked up for a change while nobody waits.
 */
import type { Arena } from "../memory/arena.ts";
import type { KeyHash } from "../base/hash.ts";
import { ItemKind, lenSize, writeLen } from "../structures/item.ts";
import { ROOT_COUNT, ROOT_WORDS, Table } from "../structures/table.ts";

export const WAITED_WORDS = ROOT_WORDS + 2;
const W_FIRST = ROOT_WORDS;
const W_LAST = ROOT_WORDS + 1;

/** Mark of the ready list's last item: no address, those are multiples of 8. */
const LAST = 1;
/** Bytes of database in front of a key's name. */
const DB_BYTES = 2;
const TAIL_BYTES = 8;
/** Number of an item that nobody waits for any more. */
const NO_QUEUE = -1;

export class WaitedKeys {
  private readonly u8: Uint8Array;
  private readonly i32: Int32Array;
  /** Its own, as a key may become ready in the middle of work on another table. */
  private readonly table: Table;
  private name = new Uint8Array(64);
  private nameLen = 0;

  /** `root`: word index of WAITED_WORDS words of the owner area. */
  constructor(private readonly arena: Arena, private readonly hash: KeyHash, private readonly root: number) {
    this.u8 = arena.u8;
    this.i32 = arena.i32;
    this.table = new Table(arena, hash, ItemKind.MEMBER);
  }

  /** True while any key is waited for. */
  get any(): boolean {
    return this.i32[this.root + ROOT_COUNT] !== 0;
  }

  /** True while a ready key waits for `takeReady`. */
  get ready(): boolean {
    return this.i32[this.root + W_FIRST] !== 0;
  }

  /** The queue of a key, or -1. */
  queueOf(db: number, buf: Uint8Array, from: number, len: number): number {
    const item = this.find(db, buf, from, len);
    return item === 0 ? NO_QUEUE : this.tail(item, 4);
  }

  /** The key's queue is `queue` (0 or above) from now on. Throws ArenaFull. */
  enter(db: number, buf: Uint8Array, from: number, len: number, queue: number): void {
    let item = this.find(db, buf, from, len);
    if (item === 0) {
      item = this.arena.alloc(lenSize(this.nameLen) + this.nameLen + TAIL_BYTES);
      const at = writeLen(this.u8, item, this.nameLen);
      this.u8.set(this.name.subarray(0, this.nameLen), at);
      this.setTail(item, 0, 0);
      try {
        this.table.insert(this.root, this.hash.of(this.name, 0, this.nameLen), item, false);
      } catch (error) {
        this.arena.free(item);
        throw error;
      }
    }
    this.setTail(item, 4, queue);
  }

  /** Nobody waits for the key any more. */
  leave(db: number, buf: Uint8Array, from: number, len: number): void {
    const item = this.find(db, buf, from, len);
    if (item === 0) return;
    if (this.tail(item, 0) === 0) this.remove(item);
    else this.setTail(item, 4, NO_QUEUE);
  }

  /** The key may have become what someone waits for. */
  touch(db: number, buf: Uint8Array, from: number, len: number): void {
    const item = this.find(db, buf, from, len);
    if (item !== 0) this.makeReady(item);
  }

  /** Every key of `db` that is waited for may have become ready. */
  touchDatabase(db: number): void {
    const { table, u8 } = this;
    let cursor = 0;
    do {
      cursor = table.scan(this.root, cursor);
      for (let k = 0; k < table.foundCount; k++) {
        const item = table.found[k];
        const at = item + (u8[item] === 255 ? 5 : 1);
        if ((u8[at] | (u8[at + 1] << 8)) === db) this.makeReady(item);
      }
    } while (cursor !== 0);
  }

  /** Takes the key that has been ready longest from the list: its queue, or -1 when none is ready. */
  takeReady(): number {
    for (;;) {
      const item = this.i32[this.root + W_FIRST];
      if (item === 0) return NO_QUEUE;
      const next = this.tail(item, 0);
      this.i32[this.root + W_FIRST] = next === LAST ? 0 : next;
      this.setTail(item, 0, 0);
      const queue = this.tail(item, 4);
      if (queue !== NO_QUEUE) return queue;
      const len = this.lenOf(item);
      const at = item + lenSize(len);
      this.table.find(this.root, this.hash.of(this.u8, at, len), this.u8, at, len);
      this.remove(item);
    }
  }

  private makeReady(item: number): void {
    if (this.tail(item, 0) !== 0) return;
    const { i32, root } = this;
    if (i32[root + W_FIRST] === 0) i32[root + W_FIRST] = item;
    else this.setTail(i32[root + W_LAST], 0, item);
    i32[root + W_LAST] = item;
    this.setTail(item, 0, LAST);
  }

  private find(db: number, buf: Uint8Array, from: number, len: number): number {
    const size = len + DB_BYTES;
    if (this.name.length < size) this.name = new Uint8Array(size * 2);
    this.name[0] = db;
    this.name[1] = db >>> 8;
    this.name.set(buf.subarray(from, from + len), DB_BYTES);
    this.nameLen = size;
    return this.table.find(this.root, this.hash.of(this.name, 0, size), this.name, 0, size);
  }

  /** Takes out the item that the last find met. */
  private remove(item: number): void {
    const len = this.lenOf(item);
    this.table.remove(this.root, this.hash.of(this.u8, item + lenSize(len), len));
    this.arena.free(item);
  }

  private lenOf(item: number): number {
    const { u8 } = this;
    if (u8[item] !== 255) return u8[item];
    return u8[item + 1] | (u8[item + 2] << 8) | (u8[item + 3] << 16) | (u8[item + 4] << 24);
  }

  private tailAt(item: number, offset: number): number {
    const len = this.lenOf(item);
    return item + lenSize(len) + len + offset;
  }

  private tail(item: number, offset: number): number {
    const { u8 } = this;
    const at = this.tailAt(item, offset);
    return u8[at] | (u8[at + 1] << 8) | (u8[at + 2] << 16) | (u8[at + 3] << 24);
  }

  private setTail(item: number, offset: number, value: number): void {
    const { u8 } = this;
    const at = this.tailAt(item, offset);
    u8[at] = value;
    u8[at + 1] = value >>> 8;
    u8[at + 2] = value >>> 16;
    u8[at + 3] = value >>> 24;
  }
}
