/**
 * HalfSipHash-1-3: a keyed 32-bit hash of bytes (J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF").
 *
 * The key is secret and random per server, so clients can't choose keys that collide. The 32-bit variant needs only
 * int32 operations, which both engines compile to machine words. Any thread.
 */
import { viewOf } from "./bytes.ts";

export class KeyHash {
  constructor(readonly k0: number, readonly k1: number) {}

  /** Hash of buf[from, from+len), as int32. */
  of(buf: Uint8Array, from: number, len: number): number {
    let v0 = this.k0;
    let v1 = this.k1;
    let v2 = 0x6c796765 ^ this.k0;
    let v3 = 0x74656462 ^ this.k1;
    const words = from + (len & ~3);
    let i = from;
    const view = viewOf(buf);
    for (; i < words; i += 4) {
      const m = view.getInt32(i, true);
      v3 ^= m;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= m;
    }
    let m = len << 24;
    const rest = len & 3;
    if (rest > 0) m |= buf[i];
    if (rest > 1) m |= buf[i + 1] << 8;
    if (rest > 2) m |= buf[i + 2] << 16;
    v3 ^= m;
    for (let round = 0; round < 4; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      if (round === 0) {
        v0 ^= m;
        v2 ^= 0xff;
      }
    }
    return v1 ^ v3;
  }
}
