/**
 * Hashes: the values of type hash, in three encodings. One object a store; its fields are scratch. Any thread, one at a time.
 *
 *   LISTPACK, LISTPACKEX   see field_listpack.ts; the latter once a field got an expiry
 *   HASHTABLE              the payload is the root of a FieldTable
 *
 * Invariants:
 * 1. Encodings only widen, by the limits in force when a field is set (as in Redis).
 * 2. Fields that expired stay, and are found, until something removes them: who asks must look at `expiry` (`isStale`).
 * 3. No key holds an empty hash once a command is done.
 * 4. A method that throws ArenaFull has left the hash as it was. Methods that may move the entry return its address.
 */
import { LISTPACK_EMPTY } from "../../structures/listpack.ts";
import { Encoding, Type } from "../entry.ts";
import { FREE_AT_ONCE, GarbageKind } from "../garbage.ts";
import { NO_EXPIRY, type Store } from "../store.ts";
import { registerValueType, type ValueType } from "../value_type.ts";
import { addNode, dropNode, nextDue, nodeDb, nodeEntry, place, setNodeTime } from "./field_deadlines.ts";
import {
  countDue,
  entriesPerField,
  EX_HEADER,
  firstExpiry,
  listpackAt,
  NO_TTL_SIZE,
  readExpiry,
  sortIn,
} from "./field_listpack.ts";
import { discardFields, FIELD_HEAP, FIELD_NODE, FIELD_TABLE_WORDS, FieldTable, moveFields } from "./field_table.ts";
import { HashCursor } from "./hash_cursor.ts";
import { copyInline, growthSpare, shrinkValue } from "./inline_value.ts";

/** The configuration that chooses encodings. */
export interface HashLimits {
  readonly hashMaxListpackEntries: number;
  readonly hashMaxListpackValue: number;
}

/** Arguments of a command; `Call` is one. */
interface Arguments {
  readonly buf: Uint8Array;
  readonly at: Int32Array;
  readonly len: Int32Array;
}

export class Hashes {
  /** After `find`: the value's bytes, and when the field expires (ms since 1970, NO_EXPIRY without). */
  bytes: Uint8Array;
  at = 0;
  len = 0;
  expiry = NO_EXPIRY;
  /** After `set`: whether the field is new. */
  created = false;

  /** After `findLive`: the hash's entry, 0 when it is gone. */
  entry = 0;
  /** After `expireDue`: how many fields went. */
  expired = 0;
  /** A field that `findLive` was to be quiet about went; `tellExpired` tells it. */
  private untold = false;

  readonly table: FieldTable;
  /** The entry of a listpack that the last `find` met. */
  private found = 0;

  constructor(private readonly store: Store) {
    this.bytes = store.u8;
    this.table = new FieldTable(store);
  }

  // ---- reading ------------------------------------------------------------------------------------------------------

  /** Number of fields, expired ones too. */
  length(e: number): number {
    const { store } = this;
    store.open(e);
    const encoding = store.encoding(e);
    if (encoding === Encoding.HASHTABLE) return this.table.count(store.valueAt >> 2);
    const count = store.listpack.count(listpackAt(store.valueAt, encoding));
    return encoding === Encoding.LISTPACK ? count >> 1 : Math.floor(count / 3);
  }

  /** Number of fields that did not expire. Time: proportional to the number of those that did. */
  liveLength(e: number): number {
    const { store } = this;
    const length = this.length(e);
    if (!store.expiryEnabled) return length;
    switch (store.encoding(e)) {
      case Encoding.LISTPACK:
        return length;
      case Encoding.LISTPACKEX:
        return length - countDue(store.listpack, store.valueAt + EX_HEADER, store.nowMs);
      default:
        return length - store.deadlines.countDue((store.valueAt >> 2) + FIELD_HEAP, store.nowMs);
    }
  }

  /** True when a field with this expiry is to be treated as gone. */
  isStale(expiry: number): boolean {
    return expiry !== NO_EXPIRY && expiry <= this.store.nowMs && this.store.expiryEnabled;
  }

  /** Looks a field up: its value and expiry. */
  find(e: number, field: Uint8Array, from: number, len: number): boolean {
    const { store } = this;
    store.open(e);
    const encoding = store.encoding(e);
    if (encoding === Encoding.HASHTABLE) {
      const { table } = this;
      this.found = table.find(store.valueAt >> 2, field, from, len);
      if (this.found === 0) return false;
      this.bytes = store.u8;
      this.at = table.item.valueAt;
      this.len = table.item.valueLen;
      this.expiry = table.item.expiry;
      return true;
    }
    const { listpack } = store;
    const first = listpack.first(listpackAt(store.valueAt, encoding));
    this.found = listpack.find(first, field, from, len, entriesPerField(encoding));
    if (this.found === 0) return false;
    const value = listpack.skip(this.found);
    this.expiry = encoding === Encoding.LISTPACKEX ? readExpiry(listpack, listpack.skip(value)) : NO_EXPIRY;
    listpack.readBytes(value);
    this.bytes = listpack.bytes;
    this.at = listpack.at;
    this.len = listpack.len;
    return true;
  }

  // ---- making and setting -------------------------------------------------------------------------------------------

  /** Makes the key hold an empty hash, whatever it held; the caller sets fields at once (invariant 3). */
  create(db: number, key: Uint8Array, keyFrom: number, keyLen: number, expiry: number): number {
    const { store } = this;
    const e = store.reserve(db, key, keyFrom, keyLen, Type.HASH, Encoding.LISTPACK, LISTPACK_EMPTY, expiry);
    store.listpack.init(store.valueAt);
    return e;
  }

  /**
   * Makes the key, which is not there, hold the fields and values in arguments [first, end), in turn; `created` tells nothing. For the
   * usual case that they fit a listpack it is made in one piece. Returns the entry; `length` tells how many fields differ.
   */
  createFrom(db: number, key: number, args: Arguments, first: number, end: number, limits: HashLimits): number {
    const { store } = this;
    const { buf, at, len } = args;
    const { listpack } = store;
    if (!this.fitListpack(args, first, end, limits)) {
      let e = this.create(db, buf, at[key], len[key], NO_EXPIRY);
      try {
        e = this.toTable(db, e);
        return this.setAll(db, e, args, first, end, limits);
      } catch (error) {
        store.deleteEntry(db, e);
        throw error;
      }
    }
    let size = LISTPACK_EMPTY;
    for (let i = first; i < end; i++) size += listpack.encode(buf, at[i], len[i]);
    const e = store.reserve(db, buf, at[key], len[key], Type.HASH, Encoding.LISTPACK, size, NO_EXPIRY);
    const lp = store.valueAt;
    listpack.init(lp);
    for (let i = first; i < end; i += 2) {
      const p = i === first ? 0 : listpack.find(listpack.first(lp), buf, at[i], len[i], 2);
      if (p === 0) {
        listpack.encode(buf, at[i], len[i]);
        listpack.append(lp);
      }
      listpack.encode(buf, at[i + 1], len[i + 1]);
      if (p === 0) listpack.append(lp);
      else listpack.replace(lp, listpack.skip(p));
    }
    const used = listpack.totalBytes(lp);
    return used === size ? e : shrinkValue(store, db, e, used);
  }

  private fitListpack(args: Arguments, first: number, end: number, limits: HashLimits): boolean {
    if ((end - first) >> 1 > limits.hashMaxListpackEntries) return false;
    for (let i = first; i < end; i++) if (args.len[i] > limits.hashMaxListpackValue) return false;
    return true;
  }

  /** Sets the fields in arguments [first, end) to the values between them. */
  setAll(db: number, e: number, args: Arguments, first: number, end: number, limits: HashLimits): number {
    const { buf, at, len } = args;
    for (let i = first; i < end; i += 2) {
      e = this.set(db, e, buf, at[i], len[i], buf, at[i + 1], len[i + 1], false, limits);
    }
    return e;
  }

  /**
   * Says that the fields and values in arguments [first, end) are about to be set: a listpack that would not do for them gives way to a
   * table at once (as in Redis, whether or not the fields are there already).
   */
  expect(db: number, e: number, args: Arguments, first: number, end: number, limits: HashLimits): number {
    if (this.store.encoding(e) === Encoding.HASHTABLE || this.fitListpack(args, first, end, limits)) return e;
    return this.toTable(db, e);
  }

  /**
   * Sets a field; an expiry it had goes, unless `keepExpiry` and its time has not come. `created` tells whether it is new (one that
   * expired but is still there is not, as in Redis).
   */
  set(
    db: number,
    e: number,
    field: Uint8Array,
    from: number,
    len: number,
    value: Uint8Array,
    valueFrom: number,
    valueLen: number,
    keepExpiry: boolean,
    limits: HashLimits,
  ): number {
    const met = this.find(e, field, from, len);
    return this.put(db, e, met, field, from, len, value, valueFrom, valueLen, keepExpiry, limits);
  }

  /** As `set`, for a field that was just looked up (`find` or `findLive`, with nothing done since); `met`: what that returned. */
  put(
    db: number,
    e: number,
    met: boolean,
    field: Uint8Array,
    from: number,
    len: number,
    value: Uint8Array,
    valueFrom: number,
    valueLen: number,
    keepExpiry: boolean,
    limits: HashLimits,
  ): number {
    const { store, table } = this;
    this.created = !met;
    if (met && keepExpiry && this.isStale(this.expiry)) keepExpiry = false;
    if (store.encoding(e) !== Encoding.HASHTABLE) {
      const max = limits.hashMaxListpackValue;
      const fits = valueLen <= max && (met || (len <= max && this.length(e) < limits.hashMaxListpackEntries));
      if (fits) {
        return met
          ? this.replaceInListpack(db, e, value, valueFrom, valueLen, keepExpiry)
          : this.append(db, e, field, from, len, value, valueFrom, valueLen);
      }
      e = this.toTable(db, e);
      this.find(e, field, from, len);
    }
    const root = store.valueAt >> 2;
    if (!met) {
      table.insert(root, field, from, len, value, valueFrom, valueLen, NO_EXPIRY);
      return e;
    }
    table.replace(root, this.found, value, valueFrom, valueLen, keepExpiry);
    if (!keepExpiry && this.expiry !== NO_EXPIRY) this.renewNode(db, e);
    return e;
  }

  private append(
    db: number,
    e: number,
    field: Uint8Array,
    from: number,
    len: number,
    value: Uint8Array,
    valueFrom: number,
    valueLen: number,
  ): number {
    const { store } = this;
    const { listpack } = store;
    const encoding = store.encoding(e);
    const timed = encoding === Encoding.LISTPACKEX;
    const old = listpack.totalBytes(listpackAt(store.valueAt, encoding)) + (timed ? EX_HEADER + NO_TTL_SIZE : 0);
    const size = old + listpack.encode(value, valueFrom, valueLen) + listpack.encode(field, from, len);
    e = store.resizeValue(db, e, size, growthSpare(size));
    const lp = listpackAt(store.valueAt, encoding);
    listpack.append(lp);
    listpack.encode(value, valueFrom, valueLen);
    listpack.append(lp);
    if (timed) {
      listpack.encodeInt(0);
      listpack.append(lp);
    }
    return e;
  }

  /** Replaces the value of the field that `find` met. */
  private replaceInListpack(
    db: number,
    e: number,
    value: Uint8Array,
    valueFrom: number,
    valueLen: number,
    keepExpiry: boolean,
  ): number {
    const { store } = this;
    const { listpack } = store;
    listpack.encode(value, valueFrom, valueLen);
    e = this.replaceEntry(db, e, listpack.skip(this.found));
    return keepExpiry || this.expiry === NO_EXPIRY ? e : this.setListpackExpiry(db, e, NO_EXPIRY);
  }

  /** Puts what the listpack has encoded in the place of the entry at `p`; `found` stays the field's entry. */
  private replaceEntry(db: number, e: number, p: number): number {
    const { store } = this;
    const { listpack } = store;
    const encoding = store.encoding(e);
    const growth = listpack.replaceGrowth(p);
    const fromPayload = p - store.valueAt;
    const foundFromPayload = this.found - store.valueAt;
    if (growth > 0) {
      const size = store.valueLen + growth;
      e = store.resizeValue(db, e, size, growthSpare(size));
    }
    listpack.replace(listpackAt(store.valueAt, encoding), store.valueAt + fromPayload);
    if (growth < 0) e = shrinkValue(store, db, e, store.valueLen + growth);
    this.found = store.valueAt + foundFromPayload;
    return e;
  }

  // ---- expiry -------------------------------------------------------------------------------------------------------

  /** Makes a LISTPACK ready for fields that expire. */
  toExpiring(db: number, e: number): number {
    const { store } = this;
    if (store.encoding(e) !== Encoding.LISTPACK) return e;
    const { listpack, arena } = store;
    store.open(e);
    const old = store.valueAt;
    const oldEnd = listpack.end(old);
    const size = listpack.totalBytes(old) + (listpack.count(old) >> 1) * NO_TTL_SIZE;
    // Written to a block of its own first: the payload is the source, and where it lies changes with its size.
    const lp = arena.alloc(size);
    listpack.init(lp);
    let to = listpack.first(old);
    let at = listpack.end(lp);
    listpack.encodeInt(0);
    while (to !== 0 && to !== oldEnd) {
      const behind = listpack.skip(listpack.skip(to));
      store.u8.copyWithin(at, to, behind);
      at = listpack.write(at + behind - to);
      to = behind;
    }
    store.u8[at] = store.u8[oldEnd];
    listpack.setHeader(lp, size, (listpack.count(old) >> 1) * 3);
    try {
      e = store.resizeValue(db, e, EX_HEADER + size);
    } catch (error) {
      arena.free(lp);
      throw error;
    }
    store.i32[store.valueAt >> 2] = 0;
    store.u8.copyWithin(store.valueAt + EX_HEADER, lp, lp + size);
    arena.free(lp);
    store.setEncoding(e, Encoding.LISTPACKEX);
    return e;
  }

  /** Gives the field that the last `find` met an expiry, ms since 1970, or takes it away (NO_EXPIRY). Not for a LISTPACK. */
  setExpiry(db: number, e: number, expiry: number): number {
    const { store } = this;
    if (expiry === this.expiry) return e;
    if (expiry !== NO_EXPIRY) this.reserveNode(db, e, expiry);
    try {
      if (store.encoding(e) === Encoding.HASHTABLE) this.table.setExpiry(store.valueAt >> 2, this.found, expiry);
      else return this.setListpackExpiry(db, e, expiry);
    } catch (error) {
      this.renewNode(db, e);
      throw error;
    }
    this.renewNode(db, e);
    return e;
  }

  private setListpackExpiry(db: number, e: number, expiry: number): number {
    const { store } = this;
    const { listpack } = store;
    listpack.encodeInt(expiry === NO_EXPIRY ? 0 : expiry);
    e = this.replaceEntry(db, e, listpack.skip(listpack.skip(this.found)));
    sortIn(store.u8, listpack, store.valueAt + EX_HEADER, this.found, expiry);
    this.renewNode(db, e);
    return e;
  }

  /** Removes the field with the earliest expiry, of a hash that has one; `firstField` read it. The entry must be open. */
  removeEarliest(db: number, e: number): number {
    const { store } = this;
    if (store.encoding(e) === Encoding.HASHTABLE) {
      this.table.removeFirst(store.valueAt >> 2);
      this.renewNode(db, e);
      return e;
    }
    this.found = store.listpack.first(store.valueAt + EX_HEADER);
    return this.removeFromListpack(db, e);
  }

  /** The earliest expiry, or NO_EXPIRY. Opens the entry. */
  earliest(e: number): number {
    const { store } = this;
    store.open(e);
    switch (store.encoding(e)) {
      case Encoding.LISTPACK:
        return NO_EXPIRY;
      case Encoding.LISTPACKEX:
        return firstExpiry(store.listpack, store.valueAt + EX_HEADER);
      default:
        return this.table.firstExpiry(store.valueAt >> 2);
    }
  }

  /** Reads the name of the field with the earliest expiry, of a hash that has one, into bytes, at, len. The entry must be open. */
  earliestField(e: number): void {
    const { store } = this;
    if (store.encoding(e) === Encoding.HASHTABLE) {
      const { item } = this.table;
      item.read(store.deadlines.first((store.valueAt >> 2) + FIELD_HEAP));
      this.bytes = store.u8;
      this.at = item.fieldAt;
      this.len = item.fieldLen;
      return;
    }
    const { listpack } = store;
    listpack.readBytes(listpack.first(store.valueAt + EX_HEADER));
    this.bytes = listpack.bytes;
    this.at = listpack.at;
    this.len = listpack.len;
  }

  /** Word of an open entry's payload that names its node; 0 for an encoding without. */
  private nodeWord(e: number): number {
    const { store } = this;
    switch (store.encoding(e)) {
      case Encoding.LISTPACK:
        return 0;
      case Encoding.LISTPACKEX:
        return store.valueAt >> 2;
      default:
        return (store.valueAt >> 2) + FIELD_NODE;
    }
  }

  /** Makes sure that the hash has a node, before a field gets an expiry: nothing can fail after that. */
  private reserveNode(db: number, e: number, expiry: number): void {
    const w = this.nodeWord(e);
    if (this.store.i32[w] === 0) this.store.i32[w] = addNode(this.store, db, e, expiry);
  }

  /** Makes the node right after fields or their expiries changed. Only reserveNode adds one. */
  private renewNode(db: number, e: number): void {
    const { store } = this;
    const expiry = this.earliest(e);
    const w = this.nodeWord(e);
    if (w === 0) return;
    const node = store.i32[w];
    if (node === 0) return;
    if (expiry === NO_EXPIRY) {
      dropNode(store, node);
      store.i32[w] = 0;
    } else {
      setNodeTime(store, node, expiry);
      place(store, node, db, e);
    }
  }

  // ---- removing -----------------------------------------------------------------------------------------------------

  /** Removes the field that the last `find` met. The caller deletes a key whose hash became empty. */
  removeFound(db: number, e: number): number {
    const { store } = this;
    if (store.encoding(e) !== Encoding.HASHTABLE) return this.removeFromListpack(db, e);
    this.table.remove(store.valueAt >> 2, this.found);
    if (this.expiry !== NO_EXPIRY) this.renewNode(db, e);
    return e;
  }

  private removeFromListpack(db: number, e: number): number {
    const { store } = this;
    const { listpack } = store;
    const encoding = store.encoding(e);
    const lp = listpackAt(store.valueAt, encoding);
    listpack.delete(lp, this.found, entriesPerField(encoding));
    e = shrinkValue(store, db, e, lp - store.valueAt + listpack.totalBytes(lp));
    if (encoding === Encoding.LISTPACKEX) this.renewNode(db, e);
    return e;
  }

  // ---- what has expired ---------------------------------------------------------------------------------------------

  /**
   * As `find`, for a field that did not expire. One that did is removed on the way, and with the last one the key: `entry` is the
   * hash's entry afterwards, or 0. `quiet`: fields that a command removes so are one event, which `tellExpired` tells; the key's end is told
   * at once.
   */
  findLive(db: number, e: number, field: Uint8Array, from: number, len: number, quiet = false): boolean {
    this.entry = e;
    if (!this.find(e, field, from, len)) return false;
    if (this.expiry === NO_EXPIRY || !this.isStale(this.expiry)) return true;
    const { store } = this;
    store.touch(db, e);
    this.find(e, field, from, len);
    store.events?.fieldExpired(store, db, field, from, len);
    e = this.removeFound(db, e);
    this.entry = this.afterExpiry(db, e, 1, quiet);
    return false;
  }

  /** Tells of the fields that `findLive` was quiet about; `e` is the hash's entry now, or 0. */
  tellExpired(db: number, e: number): void {
    if (!this.untold) return;
    this.untold = false;
    if (e === 0) return; // told with the key's end
    const { store } = this;
    store.open(e);
    store.events?.fieldsExpired(store, db, false);
  }

  /**
   * Removes up to `want` fields whose time has come, earliest first, and the key with the last one. Returns the entry's address, or 0;
   * `expired` tells how many fields went.
   */
  expireDue(db: number, e: number, want: number): number {
    const { store } = this;
    let n = 0;
    if (this.isStale(this.earliest(e))) store.touch(db, e);
    for (; n < want && this.isStale(this.earliest(e)); n++) {
      this.earliestField(e);
      store.events?.fieldExpired(store, db, this.bytes, this.at, this.len);
      e = this.removeEarliest(db, e);
    }
    this.expired = n;
    return n === 0 ? e : this.afterExpiry(db, e, n);
  }

  /** Removes about `want` fields whose time has come, of whatever hashes. Returns true when there are more. */
  expireSome(want: number): boolean {
    const { store } = this;
    if (!store.expiryEnabled) return false;
    for (;;) {
      const node = nextDue(store, store.nowMs);
      if (node === 0) return false;
      if (want <= 0) return true;
      this.expireDue(nodeDb(store, node), nodeEntry(store, node), want);
      want -= this.expired;
    }
  }

  private afterExpiry(db: number, e: number, n: number, quiet = false): number {
    const { store } = this;
    store.expiredFields += n;
    store.dirty += n;
    const emptied = this.length(e) === 0;
    if (store.watches.any) store.watches.touch(db, store.u8, store.keyAt, store.keyLen);
    if (quiet && !emptied) this.untold = true;
    else store.events?.fieldsExpired(store, db, emptied);
    if (!emptied) return e;
    store.deleteEntry(db, e);
    return 0;
  }

  // ---- the table ----------------------------------------------------------------------------------------------------

  /** Makes a small hash a table; leaves the entry open. */
  private toTable(db: number, e: number): number {
    const { store } = this;
    const root = store.looseRoot(1);
    const node = store.encoding(e) === Encoding.LISTPACKEX ? this.openNode(e) : 0;
    try {
      this.fill(store, e, root);
      e = store.resizeValue(db, e, FIELD_TABLE_WORDS * 4);
    } catch (error) {
      discardFields(store, root);
      throw error;
    }
    store.setEncoding(e, Encoding.HASHTABLE);
    store.i32[root + FIELD_NODE] = node;
    moveFields(store, root, store.valueAt >> 2);
    if (node !== 0) place(store, node, db, e);
    return e;
  }

  private openNode(e: number): number {
    this.store.open(e);
    return this.store.i32[this.store.valueAt >> 2];
  }

  /** Enters the fields of a hash of `from` into a table of this store. */
  private fill(from: Store, e: number, root: number): void {
    const { table } = this;
    const cursor = new HashCursor();
    cursor.open(from, e);
    while (cursor.next()) {
      const { field, value } = cursor;
      table.find(root, field.bytes, field.at, field.len);
      table.insert(root, field.bytes, field.at, field.len, value.bytes, value.at, value.len, cursor.expiry);
    }
  }

  /** ValueType.copy. */
  copy(
    from: Store,
    e: number,
    toDb: number,
    key: Uint8Array,
    keyFrom: number,
    keyLen: number,
    expiry: number,
  ): number {
    const to = this.store;
    const earliest = from.hashes.earliest(e);
    const node = earliest === NO_EXPIRY ? 0 : addNode(to, toDb, 0, earliest);
    const root = to.looseRoot(0);
    let copy: number;
    try {
      if (from.encoding(e) !== Encoding.HASHTABLE) copy = copyInline(from, e, to, toDb, key, keyFrom, keyLen, expiry);
      else {
        this.fill(from, e, root);
        const size = FIELD_TABLE_WORDS * 4;
        copy = to.reserve(toDb, key, keyFrom, keyLen, Type.HASH, Encoding.HASHTABLE, size, expiry);
        moveFields(to, root, to.valueAt >> 2);
      }
    } catch (error) {
      if (node !== 0) dropNode(to, node);
      discardFields(to, root);
      throw error;
    }
    const w = this.nodeWord(copy);
    if (w !== 0) to.i32[w] = node;
    if (node !== 0) place(to, node, toDb, copy);
    return copy;
  }

  /** ValueType.release. */
  release(payload: number, encoding: Encoding): void {
    const { store } = this;
    if (encoding === Encoding.LISTPACK) return;
    const root = payload >> 2;
    const node = store.i32[encoding === Encoding.LISTPACKEX ? root : root + FIELD_NODE];
    if (node !== 0) dropNode(store, node);
    if (encoding !== Encoding.HASHTABLE) return;
    if (this.table.count(root) > FREE_AT_ONCE) {
      store.garbage.add(GarbageKind.HASH, root, FIELD_TABLE_WORDS);
      return;
    }
    const loose = store.looseRoot(1);
    moveFields(store, root, loose);
    discardFields(store, loose);
  }

  /** ValueType.moved. */
  moved(db: number, e: number): void {
    const { store } = this;
    store.open(e);
    const w = this.nodeWord(e);
    if (w !== 0 && store.i32[w] !== 0) place(store, store.i32[w], db, e);
  }
}

const valueType: ValueType = {
  release: (store, payload, encoding) => store.hashes.release(payload, encoding),
  copy: (from, e, to, toDb, key, keyFrom, keyLen, expiry) =>
    to.hashes.copy(from, e, toDb, key, keyFrom, keyLen, expiry),
  bytes(store, e, samples) {
    if (store.encoding(e) !== Encoding.HASHTABLE) return 0;
    store.open(e);
    return store.hashes.table.bytes(store.valueAt >> 2, samples);
  },
  moved: (store, db, e) => store.hashes.moved(db, e),
  count: (store, e) => store.hashes.length(e),
};

registerValueType(Type.HASH, valueType);
