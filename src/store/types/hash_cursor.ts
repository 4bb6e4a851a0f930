/** HashCursor: walks the fields of a hash of any encoding. Any thread, one at a time. */
import { copyBytes } from "../../base/bytes.ts";
import { INT64_TEXT_MAX } from "../../base/int64_text.ts";
import type { Listpack } from "../../structures/listpack.ts";
import { Encoding } from "../entry.ts";
import { NO_EXPIRY, type Store } from "../store.ts";
import { listpackAt, readExpiry } from "./field_listpack.ts";

/** A run of bytes; short ones (digits of integers) lie in a buffer of its own. */
export class Text {
  bytes: Uint8Array;
  at = 0;
  len = 0;
  private readonly digits = new Uint8Array(INT64_TEXT_MAX);

  constructor() {
    this.bytes = this.digits;
  }

  /** Takes the element at `p` of a listpack. */
  take(listpack: Listpack, p: number): void {
    listpack.readBytes(p);
    this.len = listpack.len;
    if (listpack.isInt) {
      // The listpack keeps the digits of one integer only; a field and its value may both be one.
      copyBytes(this.digits, 0, listpack.bytes, listpack.at, listpack.len);
      this.bytes = this.digits;
      this.at = 0;
    } else {
      this.bytes = listpack.bytes;
      this.at = listpack.at;
    }
  }
}

/** Walks a hash that does not change meanwhile (nor is any other table of fields in its store walked or scanned). */
export class HashCursor {
  /** After `next` returned true: the field, its value, and when it expires (ms since 1970, or NO_EXPIRY). */
  readonly field = new Text();
  readonly value = new Text();
  expiry = NO_EXPIRY;

  private store: Store | undefined;
  private encoding: Encoding = Encoding.LISTPACK;
  private root = 0;
  private place = 0;
  private index = 0;
  private end = 0;

  /** Starts before the first field. */
  open(store: Store, e: number): void {
    store.open(e);
    this.store = store;
    this.encoding = store.encoding(e);
    this.index = 0;
    if (this.encoding !== Encoding.HASHTABLE) {
      this.place = store.listpack.first(listpackAt(store.valueAt, this.encoding));
      return;
    }
    this.root = store.valueAt >> 2;
    this.place = store.fields.walk(this.root, 0);
    this.end = store.fields.foundCount;
  }

  /** Steps until other hashes may be walked in between; 0: now. */
  get untilRest(): number {
    return this.encoding === Encoding.HASHTABLE ? this.end - this.index : 0;
  }

  /** Goes to the next field, expired ones too; false behind the last. */
  next(): boolean {
    const store = this.store!;
    if (this.encoding !== Encoding.HASHTABLE) return this.nextInListpack(store.listpack);
    while (this.index === this.end) {
      if (this.place === 0) return false;
      this.place = store.fields.walk(this.root, this.place);
      this.end = store.fields.foundCount;
      this.index = 0;
    }
    const { item } = store.hashes.table;
    item.read(store.fields.found[this.index++]);
    this.field.bytes = this.value.bytes = store.u8;
    this.field.at = item.fieldAt;
    this.field.len = item.fieldLen;
    this.value.at = item.valueAt;
    this.value.len = item.valueLen;
    this.expiry = item.expiry;
    return true;
  }

  private nextInListpack(listpack: Listpack): boolean {
    if (this.place === 0) return false;
    this.field.take(listpack, this.place);
    const value = listpack.skip(this.place);
    this.value.take(listpack, value);
    if (this.encoding === Encoding.LISTPACKEX) {
      const ttl = listpack.skip(value);
      this.expiry = readExpiry(listpack, ttl);
      this.place = listpack.next(ttl);
    } else {
      this.expiry = NO_EXPIRY;
      this.place = listpack.next(value);
    }
    return true;
  }
}
