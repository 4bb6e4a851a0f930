/**
 * Bits of a byte string in an arena, counted, looked for, read and written. Bit 0 is the highest of the first byte. Any thread.
 *
 * `at` is the byte address where the string starts; bit numbers are relative to it and may exceed int32. Functions that take both
 * `u8` and `i32` go over whole words in the middle, so both must be views of one buffer.
 */

/** Spread out by popcount: 0x55555555 keeps pairs, 0x33333333 nibbles, 0x0f0f0f0f bytes. */
const PAIRS = 0x55555555;
const NIBBLES = 0x33333333;
const BYTES = 0x0f0f0f0f;
const SUM_BYTES = 0x01010101;

/** Words that can be added in bytes of one word: each gives at most 8 a byte, and 31 * 8 < 256. */
const ADDABLE = 30;

const POPCOUNT = new Uint8Array(256);
for (let i = 1; i < 256; i++) POPCOUNT[i] = POPCOUNT[i >> 1] + (i & 1);

/** Number of set bits in the bytes u8[at, at+len). */
export function countBits(u8: Uint8Array, i32: Int32Array, at: number, len: number): number {
  let count = 0;
  const end = at + len;
  while (at < end && (at & 3) !== 0) count += POPCOUNT[u8[at++]];
  let w = at >> 2;
  const wordEnd = end >> 2;
  while (wordEnd - w >= ADDABLE) {
    let bytes = 0;
    for (const stop = w + ADDABLE; w < stop; w += 3) {
      let a = i32[w];
      let b = i32[w + 1];
      let c = i32[w + 2];
      a -= (a >>> 1) & PAIRS;
      b -= (b >>> 1) & PAIRS;
      c -= (c >>> 1) & PAIRS;
      // Three words fit in nibbles: 3 * 4 < 16.
      a = (a & NIBBLES) + ((a >>> 2) & NIBBLES);
      b = (b & NIBBLES) + ((b >>> 2) & NIBBLES);
      c = (c & NIBBLES) + ((c >>> 2) & NIBBLES);
      const nibbles = (((a + b) | 0) + c) | 0;
      bytes = (bytes + (nibbles & BYTES) + ((nibbles >>> 4) & BYTES)) | 0;
    }
    // The bytes' sum may pass 255, so pairs of bytes are added first.
    count += Math.imul((bytes & 0x00ff00ff) + ((bytes >>> 8) & 0x00ff00ff), 0x00010001) >>> 16;
  }
  for (; w < wordEnd; w++) {
    let v = i32[w];
    v -= (v >>> 1) & PAIRS;
    v = (v & NIBBLES) + ((v >>> 2) & NIBBLES);
    count += Math.imul((v + (v >>> 4)) & BYTES, SUM_BYTES) >>> 24;
  }
  for (at = Math.max(at, w << 2); at < end; at++) count += POPCOUNT[u8[at]];
  return count;
}

/** Number of set bits among the bits first..last (inclusive). */
export function countBitRange(u8: Uint8Array, i32: Int32Array, at: number, first: number, last: number): number {
  if (first > last) return 0;
  const firstByte = Math.floor(first / 8);
  const lastByte = Math.floor(last / 8);
  const headMask = 0xff >> (first % 8);
  const tailMask = (0xff << (7 - (last % 8))) & 0xff;
  if (firstByte === lastByte) return POPCOUNT[u8[at + firstByte] & headMask & tailMask];
  return POPCOUNT[u8[at + firstByte] & headMask] + POPCOUNT[u8[at + lastByte] & tailMask] +
    countBits(u8, i32, at + firstByte + 1, lastByte - firstByte - 1);
}

/** Number of the first bit equal to `bit` among first..last (inclusive), or -1. */
export function findBit(u8: Uint8Array, i32: Int32Array, at: number, first: number, last: number, bit: 0 | 1): number {
  if (first > last) return -1;
  // A byte or word is passed over when it is all of the other bit.
  const flip = bit === 1 ? 0 : 0xff;
  const skip = bit === 1 ? 0 : -1;
  let byte = Math.floor(first / 8);
  const lastByte = Math.floor(last / 8);
  let b = (u8[at + byte] ^ flip) & (0xff >> (first % 8));
  if (b === 0) {
    byte++;
    while (byte <= lastByte && ((at + byte) & 3) !== 0 && u8[at + byte] === (skip & 0xff)) byte++;
    if (((at + byte) & 3) === 0) {
      let w = (at + byte) >> 2;
      const wordEnd = (at + lastByte + 1) >> 2;
      while (w < wordEnd && i32[w] === skip) w++;
      byte = Math.max(byte, (w << 2) - at);
    }
    while (byte <= lastByte && u8[at + byte] === (skip & 0xff)) byte++;
    if (byte > lastByte) return -1;
    b = u8[at + byte] ^ flip;
  }
  const found = byte * 8 + Math.clz32(b) - 24;
  return found <= last ? found : -1;
}

/** The unsigned field of `bits` <= 53 bits from bit `offset` on, of a string of `len` bytes; bits behind its end are 0. */
export function readField(u8: Uint8Array, at: number, len: number, offset: number, bits: number): number {
  let byte = Math.floor(offset / 8);
  let available = 8 - (offset % 8);
  let value = 0;
  while (bits > 0) {
    const take = available < bits ? available : bits;
    const b = byte < len ? u8[at + byte] : 0;
    value = value * (1 << take) + ((b >> (available - take)) & ((1 << take) - 1));
    bits -= take;
    byte++;
    available = 8;
  }
  return value;
}

/** Writes the unsigned field of `bits` <= 53 bits from bit `offset` on, all of which lies in the string. */
export function writeField(u8: Uint8Array, at: number, offset: number, bits: number, value: number): void {
  let byte = at + Math.floor((offset + bits - 1) / 8);
  let below = 7 - ((offset + bits - 1) % 8); // bits of the byte that lie behind the field
  while (bits > 0) {
    const room = 8 - below;
    const take = room < bits ? room : bits;
    const size = 1 << take;
    const rest = Math.floor(value / size);
    const mask = (size - 1) << below;
    u8[byte] = (u8[byte] & ~mask) | ((value - rest * size) << below);
    value = rest;
    bits -= take;
    byte--;
    below = 0;
  }
}
