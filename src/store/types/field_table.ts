/**
 * FieldTable: the fields of a large hash, as a table of FIELD items and a heap of those that expire. Any thread, one at a time.
 *
 *   root   5 words the table | 2 words the heap of deadlines | 1 word the hash's own deadline (field_deadlines.ts)
 *
 * Invariants:
 * 1. The heap's nodes are exactly the items that expire.
 * 2. A method that throws ArenaFull has changed nothing.
 */
import { Arena } from "../../memory/arena.ts";
import { HEAP_WORDS } from "../../structures/deadline_heap.ts";
import { lenSize } from "../../structures/item.ts";
import { ROOT_WORDS } from "../../structures/table.ts";
import { GarbageKind, registerSweeper } from "../garbage.ts";
import { NO_EXPIRY, type Store } from "../store.ts";
import { FieldItem, fieldItemSize } from "./field_item.ts";

/** Words of the root. */
export const FIELD_TABLE_WORDS = ROOT_WORDS + HEAP_WORDS + 1;
/** Word of the root that is the heap's. */
export const FIELD_HEAP = ROOT_WORDS;
/** Word of the root that is the hash's own deadline's. */
export const FIELD_NODE = ROOT_WORDS + HEAP_WORDS;

export class FieldTable {
  /** The item last read. */
  readonly item: FieldItem;
  private hash = 0;

  constructor(private readonly store: Store) {
    this.item = new FieldItem(store);
  }

  count(root: number): number {
    return this.store.fields.count(root);
  }

  /** The item of a field, or 0; reads it. Items that expired are found too. */
  find(root: number, field: Uint8Array, from: number, len: number): number {
    this.hash = this.store.hash.of(field, from, len);
    const found = this.store.fields.find(root, this.hash, field, from, len);
    if (found !== 0) this.item.read(found);
    return found;
  }

  /** Enters a field that the last `find` did not meet. */
  insert(
    root: number,
    field: Uint8Array,
    from: number,
    len: number,
    value: Uint8Array,
    valueFrom: number,
    valueLen: number,
    expiry: number,
  ): void {
    const { store } = this;
    const { arena, fields, deadlines } = store;
    const expires = expiry !== NO_EXPIRY;
    const item = arena.alloc(fieldItemSize(len, valueLen, expires));
    this.item.write(item, expires, field, from, len, value, valueFrom, valueLen);
    try {
      fields.insert(root, this.hash, item, false);
    } catch (error) {
      arena.free(item);
      throw error;
    }
    if (!expires) return;
    try {
      deadlines.insert(root + FIELD_HEAP, item, expiry);
    } catch (error) {
      fields.remove(root, this.hash);
      arena.free(item);
      throw error;
    }
  }

  /** Puts another value into the field that the last `find` met; its expiry stays or goes. */
  replace(
    root: number,
    item: number,
    value: Uint8Array,
    valueFrom: number,
    valueLen: number,
    keepExpiry: boolean,
  ): void {
    const { arena, i32, fields, deadlines, u8 } = this.store;
    const old = this.item;
    const timed = old.expiry !== NO_EXPIRY;
    const expires = timed && keepExpiry;
    const size = fieldItemSize(old.fieldLen, valueLen, expires);
    if (
      expires === timed && lenSize(valueLen) === lenSize(old.valueLen) && Arena.rounded(size) === arena.usable(item)
    ) {
      old.writeValue(item, value, valueFrom, valueLen);
      return;
    }
    const next = arena.alloc(size);
    old.write(next, expires, u8, old.fieldAt, old.fieldLen, value, valueFrom, valueLen);
    if (expires) {
      old.copyDeadline(item, next);
      deadlines.moved(root + FIELD_HEAP, next);
    } else if (timed) deadlines.remove(root + FIELD_HEAP, item);
    i32[fields.slot] = next;
    arena.free(item);
  }

  /** Gives the field that the last `find` met another expiry, ms since 1970, or none (NO_EXPIRY). */
  setExpiry(root: number, item: number, expiry: number): void {
    const { arena, i32, fields, deadlines, u8 } = this.store;
    const old = this.item;
    const heap = root + FIELD_HEAP;
    const expires = expiry !== NO_EXPIRY;
    if (expires && old.expiry !== NO_EXPIRY) {
      deadlines.update(heap, item, expiry);
      return;
    }
    if (!expires && old.expiry === NO_EXPIRY) return;
    const next = arena.alloc(fieldItemSize(old.fieldLen, old.valueLen, expires));
    old.write(next, expires, u8, old.fieldAt, old.fieldLen, u8, old.valueAt, old.valueLen);
    if (expires) {
      try {
        deadlines.insert(heap, next, expiry);
      } catch (error) {
        arena.free(next);
        throw error;
      }
    } else deadlines.remove(heap, item);
    i32[fields.slot] = next;
    arena.free(item);
  }

  /** Removes the field that the last `find` met. */
  remove(root: number, item: number): void {
    this.take(root, item, this.hash);
  }

  /** Removes the field with the earliest deadline. */
  removeFirst(root: number): void {
    const { fields, u8, deadlines } = this.store;
    const item = deadlines.first(root + FIELD_HEAP);
    this.item.read(item);
    const hash = fields.hashOf(item);
    fields.find(root, hash, u8, this.item.fieldAt, this.item.fieldLen);
    this.take(root, item, hash);
  }

  private take(root: number, item: number, hash: number): void {
    const { arena, fields, deadlines } = this.store;
    if (this.item.expires(item)) deadlines.remove(root + FIELD_HEAP, item);
    fields.remove(root, hash);
    arena.free(item);
  }

  /** The earliest deadline, or NO_EXPIRY. */
  firstExpiry(root: number): number {
    const node = this.store.deadlines.first(root + FIELD_HEAP);
    return node === 0 ? NO_EXPIRY : this.store.deadlines.time(node);
  }

  /** Bytes of table, heap and items, estimated from `samples` items (0: all). */
  bytes(root: number, samples: number): number {
    const { fields, arena, deadlines } = this.store;
    let seen = 0;
    let sum = 0;
    let place = 0;
    do {
      place = fields.walk(root, place);
      for (let k = 0; k < fields.foundCount && (samples === 0 || seen < samples); k++) {
        sum += arena.usable(fields.found[k]);
        seen++;
      }
    } while (place !== 0 && (samples === 0 || seen < samples));
    const items = seen === 0 ? 0 : Math.round((sum / seen) * fields.count(root));
    return fields.overheadBytes(root) + deadlines.bytes(root + FIELD_HEAP) + items;
  }
}

/** Frees fields, table and heap: see Sweeper. */
export function sweepFields(store: Store, root: number, place: number, want: number): number {
  const { fields, arena, deadlines } = store;
  deadlines.release(root + FIELD_HEAP);
  while (want > 0 && fields.dismantle(root, place)) {
    for (let k = 0; k < fields.foundCount; k++) arena.free(fields.found[k]);
    want -= fields.foundCount;
  }
  return want;
}

registerSweeper(GarbageKind.HASH, sweepFields);

/** Frees a table under construction, whose root lies in a loose root. */
export function discardFields(store: Store, root: number): void {
  const place = root + FIELD_TABLE_WORDS;
  store.i32[place] = 0;
  sweepFields(store, root, place, Infinity);
  store.i32.fill(0, root, place + 1);
}

/** Moves a root's words. */
export function moveFields(store: Store, from: number, to: number): void {
  for (let i = 0; i < FIELD_TABLE_WORDS; i++) store.i32[to + i] = store.i32[from + i];
  store.i32.fill(0, from, from + FIELD_TABLE_WORDS);
}
