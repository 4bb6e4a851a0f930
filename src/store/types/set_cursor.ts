/** SetCursor: walks the members of a set of any encoding. Any thread, one at a time. */
import { writeInt64 } from "../../base/int64_text.ts";
import { Encoding } from "../entry.ts";
import type { Store } from "../store.ts";
import { memberAt, memberLen } from "./member.ts";

/** Walks the members of a set that does not change meanwhile (nor any other table of members in its store is walked or scanned). */
export class SetCursor {
  /** After `next` returned true: the member's bytes. */
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  len = 0;

  private store: Store | undefined;
  private encoding: Encoding = Encoding.INTSET;
  private value = 0;
  private index = 0;
  private end = 0;
  private place = 0;

  /** Starts before the first member. */
  open(store: Store, e: number): void {
    store.open(e);
    this.openValue(store, store.encoding(e), store.valueAt);
  }

  /** The same for a value outside an entry. */
  openValue(store: Store, encoding: Encoding, payload: number): void {
    this.store = store;
    this.encoding = encoding;
    this.value = payload;
    this.index = 0;
    if (encoding === Encoding.INTSET) this.end = store.intset.count(payload);
    else if (encoding === Encoding.LISTPACK) this.place = store.listpack.first(payload);
    else {
      this.place = store.members.walk(payload >> 2, 0);
      this.end = store.members.foundCount;
    }
  }

  /** Steps until other sets may be walked in between; 0: now. */
  get untilRest(): number {
    return this.encoding === Encoding.HASHTABLE ? this.end - this.index : 0;
  }

  /** Goes to the next member; false behind the last. */
  next(): boolean {
    const store = this.store!;
    switch (this.encoding) {
      case Encoding.INTSET: {
        if (this.index === this.end) return false;
        store.intset.get(this.value, this.index++);
        this.bytes = store.digits;
        this.at = 0;
        this.len = writeInt64(store.digits, 0, store.intset.hi, store.intset.lo);
        return true;
      }
      case Encoding.LISTPACK: {
        if (this.place === 0) return false;
        store.listpack.readBytes(this.place);
        this.bytes = store.listpack.bytes;
        this.at = store.listpack.at;
        this.len = store.listpack.len;
        this.place = store.listpack.next(this.place);
        return true;
      }
      default: {
        while (this.index === this.end) {
          if (this.place === 0) return false;
          this.place = store.members.walk(this.value >> 2, this.place);
          this.end = store.members.foundCount;
          this.index = 0;
        }
        const item = store.members.found[this.index++];
        this.bytes = store.u8;
        this.at = memberAt(store.u8, item);
        this.len = memberLen(store.u8, item);
        return true;
      }
    }
  }
}
