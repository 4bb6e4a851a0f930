/**
 * Intset: Redis's sorted array of distinct integers, byte for byte, in place over an arena. Any thread, one at a time.
 * Source: the RDB format, which stores it as it lies here.
 *
 *   4 bytes width of an integer: 2, 4 or 8 | 4 bytes count | integers, ascending, little-endian
 *
 * Use: a set is named by its address `is`. Integers come and go as two's complement halves (`hi`, `lo`, both int32), as
 * Int64Parser and Listpack give them. Adding is done in two steps, because only the caller can make room: `find`
 * (false: not there), then give the set's memory `bytesWith` bytes, then `add`. Removing: `find`, `removeAt`, then give
 * back to `totalBytes`.
 *
 * Invariants:
 * 1. The width is that of the widest integer ever added (as in Redis, removing never narrows it).
 * 2. Nothing here allocates; results lie in the object's fields and are good until its next call.
 * 3. Sets from outside pass `validIntset` first; all else trusts its bytes.
 */
import { moveBytes } from "../base/bytes.ts";

export const INTSET_HEADER = 8;

const TWO_32 = 4294967296;

/** Bytes that the integer needs: 2, 4 or 8. */
function widthOf(hi: number, lo: number): number {
  if (hi !== lo >> 31) return 8;
  return lo >= -32768 && lo <= 32767 ? 2 : 4;
}

export class Intset {
  /** After `find`: the integer's index, or where it would be. */
  position = 0;
  /** After `get`: the integer; `value` is exact within ±2^53, else the nearest double. */
  value = 0;
  hi = 0;
  lo = 0;

  constructor(private readonly u8: Uint8Array) {}

  /** Makes the INTSET_HEADER bytes at `is` an empty set. */
  init(is: number): void {
    this.u8.fill(0, is, is + INTSET_HEADER);
    this.u8[is] = 2;
  }

  width(is: number): number {
    return this.u8[is];
  }

  count(is: number): number {
    const u8 = this.u8;
    return u8[is + 4] | (u8[is + 5] << 8) | (u8[is + 6] << 16) | (u8[is + 7] << 24);
  }

  /** Total size, header included. */
  totalBytes(is: number): number {
    return INTSET_HEADER + this.count(is) * this.u8[is];
  }

  /** Total size once the integer, which is not there yet, is added. */
  bytesWith(is: number, hi: number, lo: number): number {
    const need = widthOf(hi, lo);
    const width = this.u8[is];
    return INTSET_HEADER + (this.count(is) + 1) * (need > width ? need : width);
  }

  private setCount(is: number, n: number): void {
    const u8 = this.u8;
    u8[is + 4] = n;
    u8[is + 5] = n >>> 8;
    u8[is + 6] = n >>> 16;
    u8[is + 7] = n >>> 24;
  }

  /** Reads integer number `index`, 0 <= index < count, into value, hi and lo. */
  get(is: number, index: number): void {
    this.read(is + INTSET_HEADER + index * this.u8[is], this.u8[is]);
  }

  private read(at: number, width: number): void {
    const u8 = this.u8;
    if (width === 2) {
      this.lo = ((u8[at] | (u8[at + 1] << 8)) << 16) >> 16;
      this.hi = this.lo >> 31;
      this.value = this.lo;
      return;
    }
    this.lo = u8[at] | (u8[at + 1] << 8) | (u8[at + 2] << 16) | (u8[at + 3] << 24);
    if (width === 4) {
      this.hi = this.lo >> 31;
      this.value = this.lo;
      return;
    }
    this.hi = u8[at + 4] | (u8[at + 5] << 8) | (u8[at + 6] << 16) | (u8[at + 7] << 24);
    this.value = this.hi * TWO_32 + (this.lo >>> 0);
  }

  private write(at: number, width: number, hi: number, lo: number): void {
    const u8 = this.u8;
    u8[at] = lo;
    u8[at + 1] = lo >>> 8;
    if (width === 2) return;
    u8[at + 2] = lo >>> 16;
    u8[at + 3] = lo >>> 24;
    if (width === 4) return;
    u8[at + 4] = hi;
    u8[at + 5] = hi >>> 8;
    u8[at + 6] = hi >>> 16;
    u8[at + 7] = hi >>> 24;
  }

  /** True when the integer is in the set; `position` is its index, or the one it would get. */
  find(is: number, hi: number, lo: number): boolean {
    const width = this.u8[is];
    const n = this.count(is);
    if (widthOf(hi, lo) > width) {
      this.position = hi < 0 ? 0 : n;
      return false;
    }
    const first = is + INTSET_HEADER;
    if (n === 0) {
      this.position = 0;
      return false;
    }
    // Ascending insertion is common: compare with the last one before searching.
    this.read(first + (n - 1) * width, width);
    if (this.hi < hi || (this.hi === hi && this.lo >>> 0 < lo >>> 0)) {
      this.position = n;
      return false;
    }
    let low = 0;
    let high = n; // the answer lies in [low, high)
    while (low < high) {
      const middle = (low + high) >>> 1;
      this.read(first + middle * width, width);
      if (this.hi === hi && this.lo === lo) {
        this.position = middle;
        return true;
      }
      if (this.hi < hi || (this.hi === hi && this.lo >>> 0 < lo >>> 0)) low = middle + 1;
      else high = middle;
    }
    this.position = low;
    return false;
  }

  /** Adds the integer that `find` has just not found; the memory at `is` has room for bytesWith. */
  add(is: number, hi: number, lo: number): void {
    const u8 = this.u8;
    const n = this.count(is);
    const need = widthOf(hi, lo);
    if (need > u8[is]) {
      this.widen(is, need, this.position === 0 ? 1 : 0);
    } else {
      const at = is + INTSET_HEADER + this.position * u8[is];
      moveBytes(u8, at + u8[is], at, (n - this.position) * u8[is]);
    }
    this.write(is + INTSET_HEADER + this.position * u8[is], u8[is], hi, lo);
    this.setCount(is, n + 1);
  }

  /**
   * Gives all integers `width` bytes and moves them up by `shift` places; from the last on, since the room overlaps.
   */
  private widen(is: number, width: number, shift: number): void {
    const old = this.u8[is];
    const first = is + INTSET_HEADER;
    for (let i = this.count(is) - 1; i >= 0; i--) {
      this.read(first + i * old, old);
      this.write(first + (i + shift) * width, width, this.hi, this.lo);
    }
    this.u8[is] = width;
  }

  /** Removes integer number `index`. */
  removeAt(is: number, index: number): void {
    const width = this.u8[is];
    const n = this.count(is);
    const at = is + INTSET_HEADER + index * width;
    moveBytes(this.u8, at, at + width, (n - 1 - index) * width);
    this.setCount(is, n - 1);
  }
}

/**
 * Number of integers if u8[at, at+size) is a well-formed set that is not empty (width, count, strictly ascending), else
 * -1. For bytes that come from outside.
 */
export function validIntset(u8: Uint8Array, at: number, size: number): number {
  if (size < INTSET_HEADER || at + size > u8.length) return -1;
  const width = u8[at];
  if ((u8[at + 1] | u8[at + 2] | u8[at + 3]) !== 0 || (width !== 2 && width !== 4 && width !== 8)) return -1;
  const set = new Intset(u8);
  const n = set.count(at) >>> 0;
  if (n === 0 || INTSET_HEADER + n * width !== size) return -1;
  set.get(at, 0);
  for (let i = 1; i < n; i++) {
    const { hi, lo } = set;
    set.get(at, i);
    if (set.hi < hi || (set.hi === hi && set.lo >>> 0 <= lo >>> 0)) return -1;
  }
  return n;
}
