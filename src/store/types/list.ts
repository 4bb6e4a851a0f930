/**
 * List: the values of type list, in two encodings. Any thread, one at a time.
 *
 *   LISTPACK   the payload is a listpack of the elements
 *   QUICKLIST  the payload is the root of a quicklist
 *
 * Use: before elements are added, `listGrow` chooses the encoding for all of them; then they are pushed or inserted.
 * After some were removed, `listShrink` gives back memory and may choose the small encoding again. The cursor and the
 * elements read lie in store.quicklists and store.listpack.
 *
 * Invariants:
 * 1. Encodings change where Redis 7.4 changes them: to a quicklist when the elements to be added would exceed a node;
 *    back when removing left a single node of at most half a node's size.
 * 2. No key holds an empty list once a command is done.
 * 3. A function that throws ArenaFull has left the elements as they were.
 * 4. The payload's length is that of the listpack, but between a removal and `listShrink`, where it may be longer.
 */
import { ArenaFull } from "../../memory/arena.ts";
import { LISTPACK_EMPTY, LISTPACK_HEADER } from "../../structures/listpack.ts";
import { exceedsNode, nodeBytesLimit, nodeCountLimit } from "../../structures/quicklist.ts";
import { ROOT_WORDS, SequenceTree } from "../../structures/sequence_tree.ts";
import { Encoding, Type } from "../entry.ts";
import { FREE_AT_ONCE, GarbageKind, registerSweeper } from "../garbage.ts";
import { NO_EXPIRY, type Store } from "../store.ts";
import { registerValueType, type ValueType } from "../value_type.ts";
import { copyInline, growthSpare, shrinkValue } from "./inline_value.ts";

/** The configuration that chooses encodings and node sizes. */
export interface ListLimits {
  readonly listMaxListpackSize: number;
}

/** Bytes of a quicklist's root as payload. */
const ROOT_SIZE = ROOT_WORDS * 4;

// ---- the whole ------------------------------------------------------------------------------------------------------

/**
 * Makes the key hold an empty list, with `room` bytes reserved for the entries to come. Returns the entry; the caller
 * adds elements at once, or deletes it (invariant 2).
 */
export function createList(
  store: Store,
  db: number,
  key: Uint8Array,
  keyFrom: number,
  keyLen: number,
  room: number,
): number {
  const size = LISTPACK_EMPTY + room;
  const e = store.reserve(db, key, keyFrom, keyLen, Type.LIST, Encoding.LISTPACK, size, NO_EXPIRY);
  store.listpack.init(store.valueAt);
  return e;
}

/** Number of elements. */
export function listLength(store: Store, e: number): number {
  store.open(e);
  if (store.encoding(e) === Encoding.QUICKLIST) return store.quicklists.tree.count(store.valueAt >> 2);
  return store.listpack.count(store.valueAt);
}

/** Makes an encoding ready for `elements` more of `bytes` in all. Returns the entry's address, which may be new. */
export function listGrow(
  store: Store,
  db: number,
  e: number,
  bytes: number,
  elements: number,
  limits: ListLimits,
): number {
  if (store.encoding(e) === Encoding.QUICKLIST) return e;
  store.open(e);
  const lp = store.valueAt;
  const { listpack } = store;
  const fill = limits.listMaxListpackSize;
  if (!exceedsNode(fill, listpack.totalBytes(lp) + bytes, listpack.count(lp) + elements)) return e;
  return toQuicklist(store, db, e);
}

/** Gives back what removals left over, in the encoding that fits now. Returns the entry's address, which may be new. */
export function listShrink(store: Store, db: number, e: number, limits: ListLimits): number {
  store.open(e);
  const { quicklists, listpack } = store;
  if (store.encoding(e) === Encoding.LISTPACK) {
    const size = listpack.totalBytes(store.valueAt);
    return size === store.valueLen ? e : shrinkValue(store, db, e, size);
  }
  const root = store.valueAt >> 2;
  if (quicklists.tree.leafCount(root) !== 1) return e;
  quicklists.firstNode(root);
  if (quicklists.nodeIsPlain) return e;
  const fill = limits.listMaxListpackSize;
  // Redis halves both limits in integers; a byte limit stands for no count limit, and the other way round.
  const bytesLimit = fill < 0 ? nodeBytesLimit(fill) >> 1 : Infinity;
  if (quicklists.nodeBytes > bytesLimit || quicklists.tree.count(root) > Math.floor(nodeCountLimit(fill) / 2)) return e;
  return toListpack(store, db, e);
}

function toQuicklist(store: Store, db: number, e: number): number {
  const { quicklists, listpack, u8 } = store;
  const lp = store.valueAt;
  const elements = listpack.count(lp);
  const loose = store.looseRoot(0);
  if (elements > 0) quicklists.appendListpack(loose, u8, lp, listpack.totalBytes(lp), elements);
  let next: number;
  try {
    next = store.resizeValue(db, e, ROOT_SIZE);
  } catch (error) {
    quicklists.free(loose, Infinity);
    throw error;
  }
  store.setEncoding(next, Encoding.QUICKLIST);
  moveRoot(store, loose, store.valueAt >> 2);
  return next;
}

/** Of an open quicklist with a single node, where the tree stands; without memory it stays what it is. */
function toListpack(store: Store, db: number, e: number): number {
  const { quicklists, u8 } = store;
  const node = quicklists.tree.leaf;
  const lp = quicklists.nodeAt;
  const size = quicklists.nodeBytes;
  let next: number;
  try {
    next = store.resizeValue(db, e, Math.max(size, ROOT_SIZE));
  } catch (error) {
    if (error instanceof ArenaFull) return e;
    throw error;
  }
  quicklists.tree.first(store.valueAt >> 2);
  quicklists.tree.remove(store.valueAt >> 2);
  if (size < ROOT_SIZE) next = shrinkValue(store, db, next, size);
  u8.copyWithin(store.valueAt, lp, lp + size);
  store.setEncoding(next, Encoding.LISTPACK);
  store.arena.free(node);
  return next;
}

// ---- ends -----------------------------------------------------------------------------------------------------------

/**
 * Adds an element, for which `listGrow` made ready, at the head or tail. Returns the entry's address, which may be new.
 */
export function listPush(
  store: Store,
  db: number,
  e: number,
  atHead: boolean,
  src: Uint8Array,
  from: number,
  len: number,
  limits: ListLimits,
): number {
  store.open(e);
  if (store.encoding(e) === Encoding.QUICKLIST) {
    store.quicklists.push(store.valueAt >> 2, atHead, src, from, len, limits.listMaxListpackSize);
    return e;
  }
  const { listpack } = store;
  const size = listpack.totalBytes(store.valueAt) + listpack.encode(src, from, len);
  const next = store.resizeValue(db, e, size, growthSpare(size));
  const lp = store.valueAt;
  if (atHead) listpack.insert(lp, lp + LISTPACK_HEADER);
  else listpack.append(lp);
  return next;
}

/**
 * Adds the elements of the arguments `first`, ... up to `end`, for which `listGrow` made ready, one after the other at
 * the head or tail. Returns the entry's address, which may be new. Throws ArenaFull: of several, the first ones may
 * then have been added.
 */
export function listPushAll(
  store: Store,
  db: number,
  e: number,
  atHead: boolean,
  buf: Uint8Array,
  at: Int32Array,
  len: Int32Array,
  first: number,
  end: number,
  limits: ListLimits,
): number {
  if (end - first === 1 || store.encoding(e) === Encoding.QUICKLIST) {
    for (let i = first; i < end; i++) e = listPush(store, db, e, atHead, buf, at[i], len[i], limits);
    return e;
  }
  // All at once: the entry is resized a single time.
  const { listpack } = store;
  store.open(e);
  let size = listpack.totalBytes(store.valueAt);
  for (let i = first; i < end; i++) size += listpack.encode(buf, at[i], len[i]);
  e = store.resizeValue(db, e, size, growthSpare(size));
  const lp = store.valueAt;
  for (let i = first; i < end; i++) {
    listpack.encode(buf, at[i], len[i]);
    if (atHead) listpack.insert(lp, lp + LISTPACK_HEADER);
    else listpack.append(lp);
  }
  return e;
}

/** Reads the first or last element into store.listpack's bytes, at and len. */
export function listReadEnd(store: Store, e: number, atHead: boolean): void {
  store.open(e);
  const { listpack, quicklists } = store;
  if (store.encoding(e) === Encoding.QUICKLIST) {
    quicklists.seekEnd(store.valueAt >> 2, atHead);
    quicklists.read();
    return;
  }
  listpack.readBytes(atHead ? store.valueAt + LISTPACK_HEADER : listpack.last(store.valueAt));
}

/** Removes the first or last element. */
export function listPop(store: Store, e: number, atHead: boolean): void {
  store.open(e);
  const { listpack } = store;
  const at = store.valueAt;
  if (store.encoding(e) === Encoding.QUICKLIST) store.quicklists.pop(at >> 2, atHead);
  else listpack.delete(at, atHead ? at + LISTPACK_HEADER : listpack.last(at));
}

/** As `listPop`, right behind `listReadEnd` of the same end. Returns how many elements are left. */
export function listPopRead(store: Store, e: number, atHead: boolean): number {
  const { quicklists, listpack } = store;
  const at = store.valueAt;
  if (store.encoding(e) === Encoding.QUICKLIST) {
    quicklists.removeEnd(at >> 2, atHead);
    return quicklists.tree.count(at >> 2);
  }
  listPop(store, e, atHead);
  return listpack.count(at);
}

// ---- anywhere -------------------------------------------------------------------------------------------------------

/** Puts the cursor on element `index`, 0 <= index < length. */
export function listSeek(store: Store, e: number, index: number): void {
  store.open(e);
  if (store.encoding(e) === Encoding.QUICKLIST) store.quicklists.seek(store.valueAt >> 2, index);
  else store.quicklists.seekAlone(store.valueAt, index);
}

/**
 * Inserts an element, for which `listGrow` made ready, before or behind the cursor. Returns the entry's address, which
 * may be new.
 */
export function listInsert(
  store: Store,
  db: number,
  e: number,
  behind: boolean,
  src: Uint8Array,
  from: number,
  len: number,
  limits: ListLimits,
): number {
  store.open(e);
  const { listpack, quicklists } = store;
  if (store.encoding(e) === Encoding.QUICKLIST) {
    quicklists.insert(store.valueAt >> 2, behind, src, from, len, limits.listMaxListpackSize);
    return e;
  }
  const lp = store.valueAt;
  const offset = (behind ? listpack.skip(quicklists.p) : quicklists.p) - lp;
  const size = listpack.totalBytes(lp) + listpack.encode(src, from, len);
  const next = store.resizeValue(db, e, size, growthSpare(size));
  listpack.insert(store.valueAt, store.valueAt + offset);
  return next;
}

/**
 * Gives element `index` another value, for which `listGrow` made ready. Returns the entry's address, which may be new.
 */
export function listReplace(
  store: Store,
  db: number,
  e: number,
  index: number,
  src: Uint8Array,
  from: number,
  len: number,
  limits: ListLimits,
): number {
  store.open(e);
  const { listpack } = store;
  if (store.encoding(e) === Encoding.QUICKLIST) {
    store.quicklists.replace(store.valueAt >> 2, index, src, from, len, limits.listMaxListpackSize);
    return e;
  }
  const lp = store.valueAt;
  const offset = listpack.seek(lp, index) - lp;
  listpack.encode(src, from, len);
  const grow = listpack.replaceGrowth(lp + offset);
  if (grow > 0) {
    const size = listpack.totalBytes(lp) + grow;
    e = store.resizeValue(db, e, size, growthSpare(size));
  }
  listpack.replace(store.valueAt, store.valueAt + offset);
  return e;
}

/** Removes the element at the cursor, which goes to the next one; false when there is none. */
export function listRemoveHere(store: Store, e: number): boolean {
  store.open(e);
  const { listpack, quicklists } = store;
  if (store.encoding(e) === Encoding.QUICKLIST) return quicklists.remove(store.valueAt >> 2);
  listpack.delete(store.valueAt, quicklists.p);
  return !listpack.isEnd(quicklists.p);
}

/** Removes the `n` elements from `start` on, all of which exist. */
export function listRemoveRange(store: Store, e: number, start: number, n: number): void {
  if (n === 0) return;
  store.open(e);
  const { listpack } = store;
  const at = store.valueAt;
  if (store.encoding(e) === Encoding.QUICKLIST) store.quicklists.removeRange(at >> 2, start, n);
  else listpack.delete(at, listpack.seek(at, start), n);
}

// ---- the value as a whole -------------------------------------------------------------------------------------------

function moveRoot(store: Store, from: number, to: number): void {
  for (let i = 0; i < ROOT_WORDS; i++) store.i32[to + i] = store.i32[from + i];
  store.i32.fill(0, from, from + ROOT_WORDS);
}

registerSweeper(GarbageKind.LIST, (store, root, _place, want) => store.quicklists.free(root, want));

const valueType: ValueType = {
  release(store, payload, encoding) {
    if (encoding !== Encoding.QUICKLIST) return;
    const root = payload >> 2;
    if (store.quicklists.tree.leafCount(root) > FREE_AT_ONCE) store.garbage.add(GarbageKind.LIST, root, ROOT_WORDS);
    else store.quicklists.free(root, Infinity);
  },

  copy(from, e, to, toDb, key, keyFrom, keyLen, expiry) {
    if (from.encoding(e) !== Encoding.QUICKLIST) return copyInline(from, e, to, toDb, key, keyFrom, keyLen, expiry);
    from.open(e);
    // A tree object of its own: the stores may be the same, and one object has one position.
    const nodes = new SequenceTree(from.arena);
    const loose = to.looseRoot(0);
    try {
      for (let more = nodes.first(from.valueAt >> 2); more; more = nodes.next()) {
        const word = nodes.leafWord;
        if (word < 0) to.quicklists.appendPlain(loose, from.u8, nodes.leaf, ~word);
        else {
          const lp = nodes.leaf + word;
          to.quicklists.appendListpack(loose, from.u8, lp, from.listpack.totalBytes(lp), nodes.leafElements);
        }
      }
      const copy = to.reserve(toDb, key, keyFrom, keyLen, Type.LIST, Encoding.QUICKLIST, ROOT_SIZE, expiry);
      moveRoot(to, loose, to.valueAt >> 2);
      return copy;
    } catch (error) {
      to.quicklists.free(loose, Infinity);
      throw error;
    }
  },

  bytes(store, e, samples) {
    if (store.encoding(e) !== Encoding.QUICKLIST) return 0;
    store.open(e);
    return store.quicklists.bytes(store.valueAt >> 2, samples);
  },

  count: listLength,
};

registerValueType(Type.LIST, valueType);
