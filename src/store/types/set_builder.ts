/**
 * SetBuilder: gathers members, of which some may come twice, into a set that then replaces a key. Any thread, one at a time.
 *
 * Members gather in a table without an entry; only `finish` looks at its size and decides on the encoding, so the sources of a
 * *STORE command may include the key it replaces.
 *
 * Invariants:
 * 1. One builder at a time works on a store (it owns loose root 0), and ends with `finish` or `discard`.
 */
import { INTSET_HEADER } from "../../structures/intset.ts";
import { LISTPACK_EMPTY } from "../../structures/listpack.ts";
import { Encoding, Type } from "../entry.ts";
import { FREE_AT_ONCE, GarbageKind } from "../garbage.ts";
import { NO_EXPIRY, type Store } from "../store.ts";
import { ROOT_WORDS } from "../../structures/table.ts";
import { shrinkValue } from "./inline_value.ts";
import { SetCursor } from "./set_cursor.ts";
import { addToTable, discardTable, moveRoot, SET_ROOT_SIZE, type SetLimits } from "./set.ts";

/** Takes members, as a command's result does. */
export interface MemberSink {
  /** Takes a member whose bytes are good during the call; returns false to say that no more are wanted. */
  add(bytes: Uint8Array, at: number, len: number): boolean;
}

export class SetBuilder implements MemberSink {
  /** Word index of the table's root. */
  readonly root: number;
  private allInts = true;
  private longest = 0;
  private readonly members = new SetCursor();

  constructor(private readonly store: Store, private readonly limits: SetLimits) {
    this.root = store.looseRoot(0);
  }

  get count(): number {
    return this.store.members.count(this.root);
  }

  add(bytes: Uint8Array, at: number, len: number): boolean {
    if (!addToTable(this.store, this.root, bytes, at, len)) return true;
    if (this.allInts && !this.store.number.parse(bytes, at, at + len)) this.allInts = false;
    if (len > this.longest) this.longest = len;
    return true;
  }

  /** Takes a member out again. */
  remove(bytes: Uint8Array, at: number, len: number): void {
    const { store, root } = this;
    const h = store.hash.of(bytes, at, len);
    const item = store.members.find(root, h, bytes, at, len);
    if (item === 0) return;
    store.members.remove(root, h);
    store.arena.free(item);
  }

  /** Frees what was gathered. */
  discard(): void {
    if (this.count > FREE_AT_ONCE) {
      this.store.garbage.add(GarbageKind.SET, this.root, ROOT_WORDS);
      this.store.i32.fill(0, this.root, this.root + ROOT_WORDS);
    } else discardTable(this.store, this.root);
  }

  /** Makes the key hold the set, whatever it held; without members nothing is done. */
  finish(db: number, key: Uint8Array, keyFrom: number, keyLen: number): void {
    const { store, root, limits, count } = this;
    if (count === 0) return;
    try {
      if (this.allInts && count <= limits.setMaxIntsetEntries) this.finishIntset(db, key, keyFrom, keyLen);
      else if (
        !this.allInts && count <= limits.setMaxListpackEntries && this.longest <= limits.setMaxListpackValue
      ) this.finishListpack(db, key, keyFrom, keyLen);
      else {
        store.reserve(db, key, keyFrom, keyLen, Type.SET, Encoding.HASHTABLE, SET_ROOT_SIZE, NO_EXPIRY);
        moveRoot(store, root, store.valueAt >> 2);
        return;
      }
    } catch (error) {
      this.discard();
      throw error;
    }
    discardTable(store, root);
  }

  private finishIntset(db: number, key: Uint8Array, keyFrom: number, keyLen: number): void {
    const { store, members, count } = this;
    const { intset, number } = store;
    // Room for integers of any width; what they don't need is given back.
    const size = INTSET_HEADER + count * 8;
    const e = store.reserve(db, key, keyFrom, keyLen, Type.SET, Encoding.INTSET, size, NO_EXPIRY);
    const is = store.valueAt;
    intset.init(is);
    members.openValue(store, Encoding.HASHTABLE, this.root << 2);
    while (members.next()) {
      number.parse(members.bytes, members.at, members.at + members.len);
      intset.find(is, number.hi, number.lo);
      intset.add(is, number.hi, number.lo);
    }
    shrinkValue(store, db, e, intset.totalBytes(is));
  }

  private finishListpack(db: number, key: Uint8Array, keyFrom: number, keyLen: number): void {
    const { store, members } = this;
    const listpack = store.listpack;
    let size = LISTPACK_EMPTY;
    members.openValue(store, Encoding.HASHTABLE, this.root << 2);
    while (members.next()) size += listpack.encode(members.bytes, members.at, members.len);
    store.reserve(db, key, keyFrom, keyLen, Type.SET, Encoding.LISTPACK, size, NO_EXPIRY);
    const lp = store.valueAt;
    listpack.init(lp);
    members.openValue(store, Encoding.HASHTABLE, this.root << 2);
    while (members.next()) {
      listpack.encode(members.bytes, members.at, members.len);
      listpack.append(lp);
    }
  }
}
