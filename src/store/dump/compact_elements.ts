/** The elements of listpacks and intsets in RDB data. Any thread. */
import { INT64_TEXT_MAX, writeInt64 } from "../../base/int64_text.ts";
import { CorruptRdb } from "../../codec/rdb/reader.ts";
import type { Elements } from "../../codec/rdb/elements.ts";
import { Intset } from "../../structures/intset.ts";
import { Listpack, validListpack } from "../../structures/listpack.ts";

/** The entries of a listpack, which was not checked before. */
export class ListpackElements implements Elements {
  bytes: Uint8Array;
  at = 0;
  len = 0;
  private readonly listpack: Listpack;
  private place: number;

  /** Over bytes[from, from+size), a `what` that stays as it is. Throws CorruptRdb. */
  constructor(bytes: Uint8Array, from: number, size: number, what: string) {
    if (validListpack(bytes, from, size) < 0) throw new CorruptRdb(`${what} integrity check failed.`);
    this.bytes = bytes;
    this.listpack = new Listpack(bytes);
    this.place = this.listpack.first(from);
  }

  next(): boolean {
    if (this.place === 0) return false;
    this.listpack.readBytes(this.place);
    this.bytes = this.listpack.bytes;
    this.at = this.listpack.at;
    this.len = this.listpack.len;
    this.place = this.listpack.next(this.place);
    return true;
  }
}

/** The integers of an intset that was checked before, as text. */
export class IntsetElements implements Elements {
  readonly bytes: Uint8Array = new Uint8Array(INT64_TEXT_MAX);
  readonly at = 0;
  len = 0;
  private readonly intset: Intset;
  private index = 0;

  /** Over the intset at `source[from]`, which stays as it is. */
  constructor(source: Uint8Array, private readonly from: number) {
    this.intset = new Intset(source);
  }

  next(): boolean {
    const { intset, from } = this;
    if (this.index === intset.count(from)) return false;
    intset.get(from, this.index++);
    this.len = writeInt64(this.bytes, 0, intset.hi, intset.lo);
    return true;
  }
}
