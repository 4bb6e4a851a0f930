/** FieldItem: reads and writes FIELD items (structures/item.ts), the fields of a hash that is a table. Any thread, one at a time. */
import { copyBytes } from "../../base/bytes.ts";
import { FIELD_DEADLINE_SIZE, lenSize, LONG_LEN, readLongLen, writeLen } from "../../structures/item.ts";
import { NO_EXPIRY, type Store } from "../store.ts";

const TWO_32 = 4294967296;

/** Bytes before the lengths. */
function headSize(expires: boolean): number {
  return expires ? FIELD_DEADLINE_SIZE : 1;
}

/** Bytes of an item. */
export function fieldItemSize(fieldLen: number, valueLen: number, expires: boolean): number {
  return headSize(expires) + lenSize(fieldLen) + lenSize(valueLen) + fieldLen + valueLen;
}

export class FieldItem {
  /** After `read`: where field and value lie, and when the field expires, ms since 1970 or NO_EXPIRY. */
  fieldAt = 0;
  fieldLen = 0;
  valueAt = 0;
  valueLen = 0;
  expiry = NO_EXPIRY;

  private readonly u8: Uint8Array;
  private readonly i32: Int32Array;

  constructor(store: Store) {
    this.u8 = store.u8;
    this.i32 = store.i32;
  }

  /** True when the item has a deadline. */
  expires(item: number): boolean {
    return this.u8[item] !== 0;
  }

  read(item: number): void {
    const { u8, i32 } = this;
    let at = item + 1;
    this.expiry = NO_EXPIRY;
    if (u8[item] !== 0) {
      at = item + FIELD_DEADLINE_SIZE;
      this.expiry = i32[(item >> 2) + 3] * TWO_32 + (i32[(item >> 2) + 2] >>> 0);
    }
    let len = u8[at];
    if (len === LONG_LEN) {
      len = readLongLen(u8, at);
      at += 5;
    } else at++;
    this.fieldLen = len;
    len = u8[at];
    if (len === LONG_LEN) {
      len = readLongLen(u8, at);
      at += 5;
    } else at++;
    this.valueLen = len;
    this.fieldAt = at;
    this.valueAt = at + this.fieldLen;
  }

  /** Writes all of an item but its deadline's words. */
  write(
    item: number,
    expires: boolean,
    field: Uint8Array,
    fieldFrom: number,
    fieldLen: number,
    value: Uint8Array,
    valueFrom: number,
    valueLen: number,
  ): void {
    const u8 = this.u8;
    if (expires) this.i32[item >> 2] = 1;
    else u8[item] = 0;
    let at = writeLen(u8, item + headSize(expires), fieldLen);
    at = writeLen(u8, at, valueLen);
    copyBytes(u8, at, field, fieldFrom, fieldLen);
    copyBytes(u8, at + fieldLen, value, valueFrom, valueLen);
  }

  /** Puts another value into an item that has the room, its length taking as many bytes as before. The item was read. */
  writeValue(item: number, value: Uint8Array, valueFrom: number, valueLen: number): void {
    const u8 = this.u8;
    writeLen(u8, item + headSize(u8[item] !== 0) + lenSize(this.fieldLen), valueLen);
    copyBytes(u8, this.valueAt, value, valueFrom, valueLen);
  }

  /** Copies a deadline's words; the heap must hear of it. */
  copyDeadline(from: number, to: number): void {
    for (let w = 1; w < FIELD_DEADLINE_SIZE >> 2; w++) this.i32[(to >> 2) + w] = this.i32[(from >> 2) + w];
  }
}
