/**
 * Entries: reading and writing what one key is in the arena (store/entry.ts), by its address. Any thread, one at a time.
 *
 * Invariant: nothing here allocates, frees or looks at a table; who changes an entry's size or place is Store.
 */
import type { Arena } from "../memory/arena.ts";
import { lenSize, LONG_LEN, readLongLen, writeLen } from "../structures/item.ts";
import { type Encoding, encodingOf, EXPIRY_BIT, KIND_MASK, NO_EXPIRY, Type, typeOf, withEncoding } from "./entry.ts";

const TWO_32 = 4294967296;
const TWO_63 = 9223372036854775808;

export class Entries {
  readonly u8: Uint8Array;
  readonly i32: Int32Array;

  /** After `open`: where key and value of the entry lie in `u8`. */
  keyAt = 0;
  keyLen = 0;
  valueAt = 0;
  valueLen = 0;

  constructor(readonly arena: Arena) {
    this.u8 = arena.u8;
    this.i32 = arena.i32;
  }

  /** Sets keyAt, keyLen, valueAt and valueLen for an entry. */
  open(e: number): void {
    const u8 = this.u8;
    const word0 = this.i32[e >> 2];
    let at = e + 4 + ((word0 >>> 4) & 8);
    let keyLen = u8[at];
    if (keyLen === LONG_LEN) {
      keyLen = readLongLen(u8, at);
      at += 5;
    } else at++;
    let valueLen = u8[at];
    if (valueLen === LONG_LEN) {
      valueLen = readLongLen(u8, at);
      at += 5;
    } else at++;
    this.keyAt = at;
    this.keyLen = keyLen;
    const value = at + keyLen;
    this.valueAt = (word0 & 7) === Type.STRING ? value : (value + 3) & ~3;
    this.valueLen = valueLen;
  }

  /** The type of an entry. */
  type(e: number): Type {
    return typeOf(this.i32[e >> 2]);
  }

  encoding(e: number): Encoding {
    return encodingOf(this.i32[e >> 2]);
  }

  setEncoding(e: number, encoding: Encoding): void {
    this.i32[e >> 2] = withEncoding(this.i32[e >> 2], encoding);
  }

  /** Expiry in ms since 1970, rounded to a double beyond 2^53; NO_EXPIRY without one. */
  expiry(e: number): number {
    if ((this.i32[e >> 2] & EXPIRY_BIT) === 0) return NO_EXPIRY;
    return this.i32[(e >> 2) + 2] * TWO_32 + (this.i32[(e >> 2) + 1] >>> 0);
  }

  /** Expiry exactly; only for an entry that has one. */
  expiryBig(e: number): bigint {
    return (BigInt(this.i32[(e >> 2) + 2]) << 32n) | BigInt(this.i32[(e >> 2) + 1] >>> 0);
  }

  /** Writes an expiry into an entry that has room for one. */
  protected writeExpiry(e: number, expiry: number): void {
    // The double nearest to the last int64 is 2^63, which does not fit.
    const fits = expiry < TWO_63;
    this.i32[(e >> 2) + 1] = fits ? expiry | 0 : -1;
    this.i32[(e >> 2) + 2] = fits ? Math.floor(expiry / TWO_32) : 0x7fffffff;
  }

  /** Writes another length of the open entry's value, of the same size. */
  protected writeValueLen(e: number, valueLen: number): void {
    const at = e + 4 + ((this.i32[e >> 2] >>> 4) & 8);
    writeLen(this.u8, at + lenSize(this.keyLen), valueLen);
    this.valueLen = valueLen;
  }

  /** Word 0's clock of an entry, as kept. */
  clockOf(e: number): number {
    return this.i32[e >> 2] >>> 8;
  }

  /** Copies the access clock (RENAME and RESTORE keep it). */
  setClock(e: number, clock: number): void {
    this.i32[e >> 2] = (this.i32[e >> 2] & KIND_MASK) | (clock << 8);
  }
}

/** Bytes of an entry. */
export function entrySize(keyLen: number, valueLen: number, hasExpiry: boolean, type: Type): number {
  const head = (hasExpiry ? 12 : 4) + lenSize(keyLen) + lenSize(valueLen) + keyLen;
  return type === Type.STRING ? head + valueLen : ((head + 3) & ~3) + valueLen;
}
