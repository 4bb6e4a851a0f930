/**
 * From an element to its HyperLogLog register and rank, by MurmurHash64A in 32-bit halves (no BigInt). Any thread.
 *
 * Source: Austin Appleby, MurmurHash2, 64-bit version; seed and split of the hash as Redis has them, so that values agree.
 */

/** Registers are numbered by the hash's lowest bits. */
export const INDEX_BITS = 14;
export const REGISTERS = 1 << INDEX_BITS;
const INDEX_MASK = REGISTERS - 1;

const SEED = 0xadc83b19 | 0;
/** The multiplier 0xc6a4a7935bd1e995. */
const M_HI = 0xc6a4a793 | 0;
const M_LO = 0x5bd1e995;
const M_LO_LOW = M_LO & 0xffff;
const M_LO_HIGH = M_LO >>> 16;
/** The hash's shift by 47 bits reaches from the upper half into the lower: 47 - 32. */
const SHIFT = 15;

/** `rank << INDEX_BITS | register` of the element buf[from, from+len); rank is 1 to 51. */
export function registerOf(buf: Uint8Array, from: number, len: number): number {
  let lo = Math.imul(len, M_LO) ^ SEED;
  let hi = timesHigh(len, 0);
  const end = from + (len & ~7);
  let i = from;
  for (; i < end; i += 8) {
    const a = buf[i] | (buf[i + 1] << 8) | (buf[i + 2] << 16) | (buf[i + 3] << 24);
    const b = buf[i + 4] | (buf[i + 5] << 8) | (buf[i + 6] << 16) | (buf[i + 7] << 24);
    const kHi = timesHigh(a, b);
    const kLo = Math.imul(a, M_LO) ^ (kHi >>> SHIFT);
    hi ^= timesHigh(kLo, kHi);
    lo ^= Math.imul(kLo, M_LO);
    hi = timesHigh(lo, hi);
    lo = Math.imul(lo, M_LO);
  }
  const rest = len & 7;
  if (rest > 0) {
    for (let k = rest - 1; k >= 0; k--) {
      if (k >= 4) hi ^= buf[i + k] << ((k - 4) * 8);
      else lo ^= buf[i + k] << (k * 8);
    }
    hi = timesHigh(lo, hi);
    lo = Math.imul(lo, M_LO);
  }
  lo ^= hi >>> SHIFT;
  hi = timesHigh(lo, hi);
  lo = Math.imul(lo, M_LO);
  lo ^= hi >>> SHIFT;
  // The rank is the place of the lowest set bit above the index; one behind the hash's end bounds it.
  const above = (lo >>> INDEX_BITS) | (hi << (32 - INDEX_BITS));
  const top = (hi >>> INDEX_BITS) | (1 << (32 - INDEX_BITS));
  const rank = above !== 0 ? 32 - Math.clz32(above & -above) : 64 - Math.clz32(top & -top);
  return (rank << INDEX_BITS) | (lo & INDEX_MASK);
}

/** Upper half of the 64-bit number (hi, lo) times the multiplier, modulo 2^64. The lower half is imul(lo, M_LO). */
function timesHigh(lo: number, hi: number): number {
  const low = lo & 0xffff;
  const high = lo >>> 16;
  const highLow = Math.imul(high, M_LO_LOW);
  const lowHigh = Math.imul(low, M_LO_HIGH);
  const mid = (Math.imul(low, M_LO_LOW) >>> 16) + (highLow & 0xffff) + (lowHigh & 0xffff);
  const carry = (highLow >>> 16) + (lowHigh >>> 16) + (mid >>> 16);
  const outer = (Math.imul(hi, M_LO) + Math.imul(lo, M_HI)) | 0;
  return (((Math.imul(high, M_LO_HIGH) + carry) | 0) + outer) | 0;
}
