/**
 * Set: the values of type set, in three encodings. Any thread, one at a time.
 *
 *   INTSET     the payload is an intset
 *   LISTPACK   the payload is a listpack of the members
 *   HASHTABLE  the payload is the root of a table of MEMBER items
 *
 * Invariants:
 * 1. Encodings only widen, by the limits in force when a member is added (as Redis 7.4: an intset that meets a text becomes a
 *    listpack if that fits, an intset that grows too long becomes a table).
 * 2. No key holds an empty set once a command is done.
 * 3. A function that throws ArenaFull has left the set as it was.
 */
import { copyBytes } from "../../base/bytes.ts";
import { writeInt64 } from "../../base/int64_text.ts";
import { INTSET_HEADER } from "../../structures/intset.ts";
import { lenSize, writeLen } from "../../structures/item.ts";
import { LISTPACK_EMPTY } from "../../structures/listpack.ts";
import { ROOT_WORDS } from "../../structures/table.ts";
import { Encoding, Type } from "../entry.ts";
import { FREE_AT_ONCE, GarbageKind, registerSweeper } from "../garbage.ts";
import type { Store } from "../store.ts";
import { registerValueType, type ValueType } from "../value_type.ts";
import { copyInline, growthSpare, shrinkValue } from "./inline_value.ts";
import { SetCursor } from "./set_cursor.ts";

/** The configuration that chooses encodings. */
export interface SetLimits {
  readonly setMaxIntsetEntries: number;
  readonly setMaxListpackEntries: number;
  readonly setMaxListpackValue: number;
}

/** Bytes of a table's root as payload. */
export const SET_ROOT_SIZE = ROOT_WORDS * 4;

/** Number of members. */
export function setCount(store: Store, e: number): number {
  store.open(e);
  switch (store.encoding(e)) {
    case Encoding.INTSET:
      return store.intset.count(store.valueAt);
    case Encoding.LISTPACK:
      return store.listpack.count(store.valueAt);
    default:
      return store.members.count(store.valueAt >> 2);
  }
}

/** True when buf[from, from+len) is a member. */
export function setHas(store: Store, e: number, buf: Uint8Array, from: number, len: number): boolean {
  store.open(e);
  const at = store.valueAt;
  switch (store.encoding(e)) {
    case Encoding.INTSET:
      return store.number.parse(buf, from, from + len) && store.intset.find(at, store.number.hi, store.number.lo);
    case Encoding.LISTPACK:
      return store.listpack.find(store.listpack.first(at), buf, from, len) !== 0;
    default:
      return store.members.find(at >> 2, store.hash.of(buf, from, len), buf, from, len) !== 0;
  }
}

/**
 * Makes the key hold an empty set that will take buf[from, from+len) and about `sizeHint` members. Returns the entry; the caller adds
 * members at once (invariant 2).
 */
export function createSet(
  store: Store,
  db: number,
  key: Uint8Array,
  keyFrom: number,
  keyLen: number,
  buf: Uint8Array,
  from: number,
  len: number,
  sizeHint: number,
  limits: SetLimits,
  expiry: number,
): number {
  if (sizeHint <= limits.setMaxIntsetEntries && store.number.parse(buf, from, from + len)) {
    const e = store.reserve(db, key, keyFrom, keyLen, Type.SET, Encoding.INTSET, INTSET_HEADER, expiry);
    store.intset.init(store.valueAt);
    return e;
  }
  if (sizeHint <= limits.setMaxListpackEntries) {
    const e = store.reserve(db, key, keyFrom, keyLen, Type.SET, Encoding.LISTPACK, LISTPACK_EMPTY, expiry);
    store.listpack.init(store.valueAt);
    return e;
  }
  const e = store.reserve(db, key, keyFrom, keyLen, Type.SET, Encoding.HASHTABLE, SET_ROOT_SIZE, expiry);
  store.i32.fill(0, store.valueAt >> 2, (store.valueAt >> 2) + ROOT_WORDS);
  return e;
}

/**
 * Says that about `members` are about to be added: a small encoding that would not do for so many gives way to a table at once (as in
 * Redis, whether or not they turn out to be members already). Returns the entry's address.
 */
export function setExpect(store: Store, db: number, e: number, members: number, limits: SetLimits): number {
  const encoding = store.encoding(e);
  const max = encoding === Encoding.INTSET
    ? limits.setMaxIntsetEntries
    : encoding === Encoding.LISTPACK
    ? limits.setMaxListpackEntries
    : Infinity;
  return members > max ? convertToTable(store, db, e) : e;
}

/** Adds a member. Returns the entry's address, which may be new, or 0 when it was a member already. */
export function setAdd(
  store: Store,
  db: number,
  e: number,
  buf: Uint8Array,
  from: number,
  len: number,
  limits: SetLimits,
): number {
  store.open(e);
  switch (store.encoding(e)) {
    case Encoding.INTSET:
      return addToIntset(store, db, e, buf, from, len, limits);
    case Encoding.LISTPACK:
      return addToListpack(store, db, e, buf, from, len, limits);
    default:
      return addToTable(store, store.valueAt >> 2, buf, from, len) ? e : 0;
  }
}

function addToIntset(
  store: Store,
  db: number,
  e: number,
  buf: Uint8Array,
  from: number,
  len: number,
  limits: SetLimits,
): number {
  const { intset, listpack, number } = store;
  const is = store.valueAt;
  const n = intset.count(is);
  if (number.parse(buf, from, from + len)) {
    const { hi, lo } = number;
    if (intset.find(is, hi, lo)) return 0;
    if (n < limits.setMaxIntsetEntries) {
      const size = intset.bytesWith(is, hi, lo);
      e = store.resizeValue(db, e, size, growthSpare(size));
      intset.add(store.valueAt, hi, lo);
      return e;
    }
  } else if (
    n < limits.setMaxListpackEntries && len <= limits.setMaxListpackValue &&
    longestText(store, is, n) <= limits.setMaxListpackValue
  ) {
    // Written to a block of its own first: the payload is the source, and where it lies changes with its size.
    const size = LISTPACK_EMPTY + listpackBytes(store, is, n) + listpack.encode(buf, from, len);
    const lp = store.arena.alloc(size);
    listpack.init(lp);
    for (let i = 0; i < n; i++) {
      intset.get(is, i);
      listpack.encodeInt64(intset.hi, intset.lo);
      listpack.append(lp);
    }
    listpack.encode(buf, from, len);
    listpack.append(lp);
    try {
      e = store.resizeValue(db, e, size);
    } catch (error) {
      store.arena.free(lp);
      throw error;
    }
    store.setEncoding(e, Encoding.LISTPACK);
    store.u8.copyWithin(store.valueAt, lp, lp + size);
    store.arena.free(lp);
    return e;
  }
  e = convertToTable(store, db, e);
  addToTable(store, store.valueAt >> 2, buf, from, len);
  return e;
}

/** Digits of the longest integer, which is the first or the last. */
function longestText(store: Store, is: number, n: number): number {
  if (n === 0) return 0;
  const { intset, digits } = store;
  intset.get(is, 0);
  const first = writeInt64(digits, 0, intset.hi, intset.lo);
  intset.get(is, n - 1);
  return Math.max(first, writeInt64(digits, 0, intset.hi, intset.lo));
}

/** Bytes of the integers as listpack entries. */
function listpackBytes(store: Store, is: number, n: number): number {
  let size = 0;
  for (let i = 0; i < n; i++) {
    store.intset.get(is, i);
    size += store.listpack.encodeInt64(store.intset.hi, store.intset.lo);
  }
  return size;
}

function addToListpack(
  store: Store,
  db: number,
  e: number,
  buf: Uint8Array,
  from: number,
  len: number,
  limits: SetLimits,
): number {
  const listpack = store.listpack;
  const lp = store.valueAt;
  if (listpack.find(listpack.first(lp), buf, from, len) !== 0) return 0;
  if (listpack.count(lp) < limits.setMaxListpackEntries && len <= limits.setMaxListpackValue) {
    const size = listpack.totalBytes(lp) + listpack.encode(buf, from, len);
    e = store.resizeValue(db, e, size, growthSpare(size));
    listpack.append(store.valueAt);
    return e;
  }
  e = convertToTable(store, db, e);
  addToTable(store, store.valueAt >> 2, buf, from, len);
  return e;
}

/** Adds a member to a table; false when it was there. */
export function addToTable(store: Store, root: number, buf: Uint8Array, from: number, len: number): boolean {
  const h = store.hash.of(buf, from, len);
  if (store.members.find(root, h, buf, from, len) !== 0) return false;
  const item = store.arena.alloc(lenSize(len) + len);
  copyBytes(store.u8, writeLen(store.u8, item, len), buf, from, len);
  try {
    store.members.insert(root, h, item, false);
  } catch (error) {
    store.arena.free(item);
    throw error;
  }
  return true;
}

/** Makes a small set a table; leaves the entry open. Returns its address. */
function convertToTable(store: Store, db: number, e: number): number {
  const root = store.looseRoot(1);
  const members = new SetCursor();
  try {
    members.open(store, e);
    while (members.next()) addToTable(store, root, members.bytes, members.at, members.len);
    e = store.resizeValue(db, e, SET_ROOT_SIZE);
  } catch (error) {
    discardTable(store, root);
    throw error;
  }
  store.setEncoding(e, Encoding.HASHTABLE);
  moveRoot(store, root, store.valueAt >> 2);
  return e;
}

/** Frees a table under construction, whose root lies in a loose root. */
export function discardTable(store: Store, root: number): void {
  const place = root + ROOT_WORDS;
  store.i32[place] = 0;
  sweepMembers(store, root, place, Infinity);
  store.i32[place] = 0;
}

/** Moves a table's root words. */
export function moveRoot(store: Store, from: number, to: number): void {
  for (let i = 0; i < ROOT_WORDS; i++) store.i32[to + i] = store.i32[from + i];
  store.i32.fill(0, from, from + ROOT_WORDS);
}

/**
 * Removes a member. Returns the entry's address, which may be new, or 0 when it was none. The caller deletes a key whose set became
 * empty.
 */
export function setRemove(store: Store, db: number, e: number, buf: Uint8Array, from: number, len: number): number {
  store.open(e);
  const at = store.valueAt;
  switch (store.encoding(e)) {
    case Encoding.INTSET: {
      const number = store.number;
      if (!number.parse(buf, from, from + len) || !store.intset.find(at, number.hi, number.lo)) return 0;
      return removeInt(store, db, e, store.intset.position);
    }
    case Encoding.LISTPACK: {
      const p = store.listpack.find(store.listpack.first(at), buf, from, len);
      return p === 0 ? 0 : removeEntry(store, db, e, p);
    }
    default: {
      const h = store.hash.of(buf, from, len);
      const item = store.members.find(at >> 2, h, buf, from, len);
      if (item === 0) return 0;
      store.members.remove(at >> 2, h);
      store.arena.free(item);
      return e;
    }
  }
}

/** Removes integer number `index` of an open intset. */
export function removeInt(store: Store, db: number, e: number, index: number): number {
  const is = store.valueAt;
  store.intset.removeAt(is, index);
  return shrinkValue(store, db, e, store.intset.totalBytes(is));
}

/** Removes the entry at `p` of an open listpack. */
export function removeEntry(store: Store, db: number, e: number, p: number): number {
  const lp = store.valueAt;
  store.listpack.delete(lp, p);
  return shrinkValue(store, db, e, store.listpack.totalBytes(lp));
}

/** Frees the members of a table: see Sweeper. */
function sweepMembers(store: Store, root: number, place: number, want: number): number {
  const { members, arena } = store;
  while (want > 0 && members.dismantle(root, place)) {
    for (let k = 0; k < members.foundCount; k++) arena.free(members.found[k]);
    want -= members.foundCount;
  }
  return want;
}

registerSweeper(GarbageKind.SET, sweepMembers);

const valueType: ValueType = {
  release(store, payload, encoding) {
    if (encoding !== Encoding.HASHTABLE) return;
    const root = payload >> 2;
    if (store.members.count(root) > FREE_AT_ONCE) {
      store.garbage.add(GarbageKind.SET, root, ROOT_WORDS);
      return;
    }
    const loose = store.looseRoot(1);
    moveRoot(store, root, loose);
    discardTable(store, loose);
  },

  copy(from, e, to, toDb, key, keyFrom, keyLen, expiry) {
    const encoding = from.encoding(e);
    if (encoding !== Encoding.HASHTABLE) return copyInline(from, e, to, toDb, key, keyFrom, keyLen, expiry);
    const root = to.looseRoot(0);
    try {
      const members = new SetCursor();
      members.open(from, e);
      while (members.next()) addToTable(to, root, members.bytes, members.at, members.len);
      const copy = to.reserve(toDb, key, keyFrom, keyLen, Type.SET, encoding, SET_ROOT_SIZE, expiry);
      moveRoot(to, root, to.valueAt >> 2);
      return copy;
    } catch (error) {
      discardTable(to, root);
      throw error;
    }
  },

  bytes(store, e, samples) {
    if (store.encoding(e) !== Encoding.HASHTABLE) return 0;
    store.open(e);
    const root = store.valueAt >> 2;
    const { members, arena } = store;
    const count = members.count(root);
    let seen = 0;
    let sum = 0;
    let place = 0;
    do {
      place = members.walk(root, place);
      for (let k = 0; k < members.foundCount && (samples === 0 || seen < samples); k++) {
        sum += arena.usable(members.found[k]);
        seen++;
      }
    } while (place !== 0 && (samples === 0 || seen < samples));
    return members.overheadBytes(root) + Math.round((sum / seen) * count);
  },

  count: setCount,
};

registerValueType(Type.SET, valueType);
