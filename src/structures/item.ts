/**
 * Items: the blocks of arena memory that tables point to, and where their keys lie. Any thread, one at a time.
 *
 * Lengths are one byte below 255, else 255 and four bytes (little-endian), written here as len:
 *
 *   ENTRY   word 0 (type, encoding, expiry bit, clock: see store/entry.ts) | 8 bytes of expiry if bit 7 | len key | len value | key | value
 *   MEMBER  len | member                                  (set)
 *   FIELD   a zero byte | len field | len value | field | value   (hash)
 *           or, if it expires: 1, 3 bytes of 0 | a deadline's words 1..3 (structures/deadline_heap.ts) | len field | ... as above
 *   SCORED  8 bytes of score (IEEE 754) | len | member    (sorted set)
 */
import type { Arena } from "../memory/arena.ts";

export const ItemKind = { ENTRY: 0, MEMBER: 1, FIELD: 2, SCORED: 3 } as const;
export type ItemKind = (typeof ItemKind)[keyof typeof ItemKind];

/** Bytes before the lengths of a FIELD that expires. */
export const FIELD_DEADLINE_SIZE = 16;

/** First byte of a length that does not fit one byte. */
export const LONG_LEN = 255;

/** Bytes that a length takes. */
export function lenSize(len: number): number {
  return len < LONG_LEN ? 1 : 5;
}

/** Writes a length; returns the place behind it. */
export function writeLen(u8: Uint8Array, at: number, len: number): number {
  if (len < LONG_LEN) {
    u8[at] = len;
    return at + 1;
  }
  u8[at] = LONG_LEN;
  u8[at + 1] = len;
  u8[at + 2] = len >>> 8;
  u8[at + 3] = len >>> 16;
  u8[at + 4] = len >>> 24;
  return at + 5;
}

/** Reads a long length's four bytes. */
export function readLongLen(u8: Uint8Array, at: number): number {
  return u8[at + 1] | (u8[at + 2] << 8) | (u8[at + 3] << 16) | (u8[at + 4] << 24);
}

/** Finds the key of an item of one kind; the result lies in fields because two numbers can't be returned for free. */
export class ItemReader {
  keyAt = 0;
  keyLen = 0;
  private readonly u8: Uint8Array;
  private readonly i32: Int32Array;

  constructor(arena: Arena, private readonly kind: ItemKind) {
    this.u8 = arena.u8;
    this.i32 = arena.i32;
  }

  /** Sets keyAt and keyLen for the item at `ref`. */
  locate(ref: number): void {
    const u8 = this.u8;
    switch (this.kind) {
      case ItemKind.ENTRY: {
        const at = ref + 4 + ((this.i32[ref >> 2] >>> 4) & 8);
        let len = u8[at];
        let behind = at + 1;
        if (len === LONG_LEN) {
          len = readLongLen(u8, at);
          behind = at + 5;
        }
        this.keyLen = len;
        this.keyAt = behind + (u8[behind] === LONG_LEN ? 5 : 1);
        return;
      }
      case ItemKind.FIELD: {
        const at = ref + 1 + u8[ref] * (FIELD_DEADLINE_SIZE - 1);
        let len = u8[at];
        let behind = at + 1;
        if (len === LONG_LEN) {
          len = readLongLen(u8, at);
          behind = at + 5;
        }
        this.keyLen = len;
        this.keyAt = behind + (u8[behind] === LONG_LEN ? 5 : 1);
        return;
      }
      default: {
        const at = this.kind === ItemKind.SCORED ? ref + 8 : ref;
        const len = u8[at];
        if (len === LONG_LEN) {
          this.keyLen = readLongLen(u8, at);
          this.keyAt = at + 5;
        } else {
          this.keyLen = len;
          this.keyAt = at + 1;
        }
      }
    }
  }
}
