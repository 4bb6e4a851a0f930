/**
 * Watches: which keys WATCH looks after, and whether they were changed since. Any thread, one at a time: all state is in the arena, so
 * that a shard that holds another one notes its changes there.
 *
 *   owner words  a table's root (kind MEMBER), then the number that the last change got
 *   item of a key      len | 0, db (2 bytes), key | change (4 bytes), watchers (4 bytes), stale (1 byte)
 *   item of a watcher  len | 1, db (2 bytes), watcher (8 bytes), key | change that the watcher saw (4 bytes)
 *
 * Invariants:
 * 1. A key's item is there exactly while it has watchers; its change is the number of the last change to the key since.
 * 2. Nothing is looked up for a change while nobody watches.
 * 3. "Stale" says that what stands under the key's name had expired before it was watched, or before SWAPDB put it there: the
 *    watchers take the key for missing, so it is no change when it goes.
 */
import { lenSize, writeLen } from "../structures/item.ts";
import { ROOT_COUNT, ROOT_WORDS } from "../structures/table.ts";
import type { Store } from "./store.ts";

export const WATCH_WORDS = ROOT_WORDS + 1;

const KEY = 0;
const WATCHER = 1;

export class Watches {
  private name = new Uint8Array(64);
  private nameLen = 0;

  /** `root`: word index of WATCH_WORDS words of the owner area. */
  constructor(private readonly store: Store, private readonly root: number) {}

  /** True while any key is watched. */
  get any(): boolean {
    return this.store.i32[this.root + ROOT_COUNT] !== 0;
  }

  /** The watcher (a number below 2^53) watches a key from now on; once more is no different. */
  add(db: number, buf: Uint8Array, from: number, len: number, watcher: number): void {
    this.nameWatcher(db, buf, from, len, watcher);
    if (this.find() !== 0) return;
    const mine = this.insert(4);
    this.nameKey(db, buf, from, len);
    let item = this.find();
    if (item === 0) {
      try {
        item = this.insert(9);
      } catch (error) {
        this.nameWatcher(db, buf, from, len, watcher);
        this.find();
        this.remove(mine);
        throw error;
      }
      this.setTail(item, 0, this.lastChange);
      this.setTail(item, 4, 0);
      this.setStale(item, this.store.isStale(db, buf, from, len));
    }
    this.setTail(item, 4, this.tail(item, 4) + 1);
    this.setTail(mine, 0, this.tail(item, 0));
  }

  /** True when the key was not changed since the watcher began to watch it. */
  unchanged(db: number, buf: Uint8Array, from: number, len: number, watcher: number): boolean {
    this.nameWatcher(db, buf, from, len, watcher);
    const mine = this.find();
    if (mine === 0) return false;
    const seen = this.tail(mine, 0);
    this.nameKey(db, buf, from, len);
    const item = this.find();
    return item !== 0 && this.tail(item, 0) === seen;
  }

  /** The watcher no longer watches the key. */
  drop(db: number, buf: Uint8Array, from: number, len: number, watcher: number): void {
    this.nameWatcher(db, buf, from, len, watcher);
    const mine = this.find();
    if (mine === 0) return;
    this.remove(mine);
    this.nameKey(db, buf, from, len);
    const item = this.find();
    if (item === 0) return;
    const watchers = this.tail(item, 4) - 1;
    if (watchers === 0) this.remove(item);
    else this.setTail(item, 4, watchers);
  }

  /** The key changed; `expired`: it goes because its time has come. */
  touch(db: number, buf: Uint8Array, from: number, len: number, expired = false): void {
    this.nameKey(db, buf, from, len);
    const item = this.find();
    if (item === 0) return;
    if (!expired || !this.isStale(item)) this.setTail(item, 0, this.nextChange());
    this.setStale(item, false);
  }

  /** `db` is being emptied (`other` is -1), or exchanged for `other`: every watched key of it changes that is there now or will be then. */
  touchDatabase(db: number, other: number): void {
    const { store } = this;
    const { members, u8 } = store;
    let cursor = 0;
    do {
      cursor = members.scan(this.root, cursor);
      for (let k = 0; k < members.foundCount; k++) {
        const item = members.found[k];
        const at = item + (u8[item] === 255 ? 5 : 1);
        if (u8[at] !== KEY || (u8[at + 1] | (u8[at + 2] << 8)) !== db) continue;
        const len = this.lenOf(item) - 3;
        const wasThere = store.has(db, u8, at + 3, len) && !this.isStale(item);
        const willBe = other >= 0 && store.exists(other, u8, at + 3, len);
        if (wasThere || willBe) this.setTail(item, 0, this.nextChange());
        this.setStale(item, other >= 0 && store.isStale(other, u8, at + 3, len));
      }
    } while (cursor !== 0);
  }

  private get lastChange(): number {
    return this.store.i32[this.root + ROOT_WORDS];
  }

  private nextChange(): number {
    return this.store.i32[this.root + ROOT_WORDS] = (this.lastChange + 1) | 0;
  }

  private nameKey(db: number, buf: Uint8Array, from: number, len: number): void {
    this.begin(KEY, db, len + 3);
    this.name.set(buf.subarray(from, from + len), 3);
  }

  private nameWatcher(db: number, buf: Uint8Array, from: number, len: number, watcher: number): void {
    this.begin(WATCHER, db, len + 11);
    let rest = watcher;
    for (let i = 3; i < 11; i++) {
      this.name[i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    this.name.set(buf.subarray(from, from + len), 11);
  }

  private begin(kind: number, db: number, len: number): void {
    if (this.name.length < len) this.name = new Uint8Array(len * 2);
    this.name[0] = kind;
    this.name[1] = db;
    this.name[2] = db >>> 8;
    this.nameLen = len;
  }

  private find(): number {
    const { members, hash } = this.store;
    return members.find(this.root, hash.of(this.name, 0, this.nameLen), this.name, 0, this.nameLen);
  }

  /** Enters an item for the name with `tailBytes` behind it. */
  private insert(tailBytes: number): number {
    const { arena, members, hash, u8 } = this.store;
    const item = arena.alloc(lenSize(this.nameLen) + this.nameLen + tailBytes);
    const at = writeLen(u8, item, this.nameLen);
    u8.set(this.name.subarray(0, this.nameLen), at);
    try {
      members.insert(this.root, hash.of(this.name, 0, this.nameLen), item, false);
    } catch (error) {
      arena.free(item);
      throw error;
    }
    return item;
  }

  /** Takes out the item that the last `find` met. */
  private remove(item: number): void {
    const { arena, members, hash } = this.store;
    members.remove(this.root, hash.of(this.name, 0, this.nameLen));
    arena.free(item);
  }

  private lenOf(item: number): number {
    const { u8 } = this.store;
    if (u8[item] !== 255) return u8[item];
    return u8[item + 1] | (u8[item + 2] << 8) | (u8[item + 3] << 16) | (u8[item + 4] << 24);
  }

  private tailAt(item: number, offset: number): number {
    const len = this.lenOf(item);
    return item + lenSize(len) + len + offset;
  }

  private tail(item: number, offset: number): number {
    const { u8 } = this.store;
    const at = this.tailAt(item, offset);
    return u8[at] | (u8[at + 1] << 8) | (u8[at + 2] << 16) | (u8[at + 3] << 24);
  }

  private isStale(item: number): boolean {
    return this.store.u8[this.tailAt(item, 8)] !== 0;
  }

  private setStale(item: number, stale: boolean): void {
    this.store.u8[this.tailAt(item, 8)] = stale ? 1 : 0;
  }

  private setTail(item: number, offset: number, value: number): void {
    const { u8 } = this.store;
    const at = this.tailAt(item, offset);
    u8[at] = value;
    u8[at + 1] = value >>> 8;
    u8[at + 2] = value >>> 16;
    u8[at + 3] = value >>> 24;
  }
}
