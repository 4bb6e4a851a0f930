/**
 * CRC-64 as Redis ends RDB files and DUMP payloads with it (polynomial of D. T. Jones, 0xad93d23594c935a9; reflected, starting from
 * and ending with 0). Any thread. The check value of "123456789" is e9c6d914c4b8d9ca.
 *
 * The sum lies in two 32-bit halves. Eight bytes go through eight tables at once ("slicing by 8", M. E. Kounavis and F. L. Berry),
 * which takes a byte in one or two nanoseconds; one table would take three. Long inputs go to crc64_kernel.ts.
 */
import { CHUNK, Crc64Kernel } from "./crc64_kernel.ts";

/** The polynomial with its bits in reverse order. */
const POLY_HI = 0x95ac9329 | 0;
const POLY_LO = 0xac4bc9b5 | 0;

/** tables[(k << 8 | byte)]: the sum of `byte` followed by k zero bytes. */
const HI = new Int32Array(8 * 256);
const LO = new Int32Array(8 * 256);

for (let byte = 0; byte < 256; byte++) {
  let hi = 0;
  let lo = byte;
  for (let bit = 0; bit < 8; bit++) {
    const carry = lo & 1;
    lo = (lo >>> 1) | (hi << 31);
    hi >>>= 1;
    if (carry !== 0) {
      hi ^= POLY_HI;
      lo ^= POLY_LO;
    }
  }
  HI[byte] = hi;
  LO[byte] = lo;
}
for (let i = 256; i < 8 * 256; i++) {
  const lo = LO[i - 256];
  const hi = HI[i - 256];
  const next = lo & 0xff;
  LO[i] = ((lo >>> 8) | (hi << 24)) ^ LO[next];
  HI[i] = (hi >>> 8) ^ HI[next];
}

/** Inputs from this length on are worth being copied to the kernel. */
const KERNEL_MIN = 1024;
/** Made when first needed. */
let kernel: Crc64Kernel | undefined;

/** Makes beforehand what the first long input would wait for, some milliseconds. */
export function prepareCrc64(): void {
  kernel ??= new Crc64Kernel(LO, HI);
}

/** A running sum. */
export class Crc64 {
  /** The halves of the sum, as int32. */
  hi = 0;
  lo = 0;

  /** Starts anew. */
  reset(): void {
    this.hi = 0;
    this.lo = 0;
  }

  /** Takes in buf[from, from+len). */
  update(buf: Uint8Array, from: number, len: number): void {
    const end = from + len;
    if (len >= KERNEL_MIN) from = this.updateLong(buf, from, len);
    let { hi, lo } = this;
    let i = from;
    for (const last = end - 8; i <= last; i += 8) {
      const a = lo ^ (buf[i] | (buf[i + 1] << 8) | (buf[i + 2] << 16) | (buf[i + 3] << 24));
      const b = hi ^ (buf[i + 4] | (buf[i + 5] << 8) | (buf[i + 6] << 16) | (buf[i + 7] << 24));
      const i0 = 0x700 | (a & 0xff);
      const i1 = 0x600 | ((a >>> 8) & 0xff);
      const i2 = 0x500 | ((a >>> 16) & 0xff);
      const i3 = 0x400 | (a >>> 24);
      const i4 = 0x300 | (b & 0xff);
      const i5 = 0x200 | ((b >>> 8) & 0xff);
      const i6 = 0x100 | ((b >>> 16) & 0xff);
      const i7 = b >>> 24;
      lo = LO[i0] ^ LO[i1] ^ LO[i2] ^ LO[i3] ^ LO[i4] ^ LO[i5] ^ LO[i6] ^ LO[i7];
      hi = HI[i0] ^ HI[i1] ^ HI[i2] ^ HI[i3] ^ HI[i4] ^ HI[i5] ^ HI[i6] ^ HI[i7];
    }
    for (; i < end; i++) {
      const index = (lo ^ buf[i]) & 0xff;
      lo = ((lo >>> 8) | (hi << 24)) ^ LO[index];
      hi = (hi >>> 8) ^ HI[index];
    }
    this.hi = hi;
    this.lo = lo;
  }

  /** Takes in whole words; returns the place behind them. */
  private updateLong(buf: Uint8Array, from: number, len: number): number {
    kernel ??= new Crc64Kernel(LO, HI);
    const end = from + (len & ~7);
    let { hi, lo } = this;
    for (let i = from; i < end; i += CHUNK) {
      kernel.take(lo, hi, buf, i, Math.min(CHUNK, end - i));
      ({ hi, lo } = kernel);
    }
    this.hi = hi;
    this.lo = lo;
    return end;
  }

  /** Writes the sum as it lies in files: 8 bytes, least significant first. */
  write(buf: Uint8Array, at: number): void {
    for (let k = 0; k < 4; k++) {
      buf[at + k] = this.lo >>> (8 * k);
      buf[at + 4 + k] = this.hi >>> (8 * k);
    }
  }

  /** True when the 8 bytes at `at` are this sum. */
  equals(buf: Uint8Array, at: number): boolean {
    for (let k = 0; k < 4; k++) {
      if (buf[at + k] !== ((this.lo >>> (8 * k)) & 0xff) || buf[at + 4 + k] !== ((this.hi >>> (8 * k)) & 0xff)) {
        return false;
      }
    }
    return true;
  }
}
