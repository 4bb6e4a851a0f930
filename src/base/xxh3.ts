/**
 * XXH3, 64 bits, seed 0: a fast hash of bytes that is not secret.
 *
 * Source: "xxHash fast digest algorithm", Yann Collet (the specification in the xxHash repository).
 * Up to 240 bytes the few 128-bit products are taken in BigInt; longer inputs run over eight 64-bit lanes in 32-bit halves.
 */

const SECRET = Uint8Array.from(
  ("b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221" +
    "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8" +
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb" +
    "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")
    .match(/../g)!,
  (pair) => parseInt(pair, 16),
);

const PRIME32_1 = 0x9e3779b1;
const PRIME32_2 = 0x85ebca77;
const PRIME32_3 = 0xc2b2ae3d;
const PRIME64_1 = 0x9e3779b185ebca87n;
const PRIME64_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME64_3 = 0x165667b19e3779f9n;
const PRIME64_4 = 0x85ebca77c2b2ae63n;
const PRIME64_5 = 0x27d4eb2f165667c5n;
const PRIME_MX1 = 0x165667919e3779f9n;
const PRIME_MX2 = 0x9fb21c651e98df25n;
const MASK = 0xffffffffffffffffn;

const MEDIUM_MAX = 240;
const STRIPE = 64;
/** Stripes of a block: as often as the secret can be moved on by 8 bytes. */
const BLOCK_STRIPES = (SECRET.length - STRIPE) / 8;
const LAST_SECRET = SECRET.length - 71;

/** The hash of buf[from, from+len) as 16 hexadecimal digits, the highest first. */
export function xxh3Text(buf: Uint8Array, from: number, len: number): string {
  return xxh3(buf, from, len).toString(16).padStart(16, "0");
}

function xxh3(buf: Uint8Array, from: number, len: number): bigint {
  if (len === 0) return finish(read64(SECRET, 56) ^ read64(SECRET, 64));
  if (len <= 3) {
    const combined = buf[from + len - 1] | (len << 8) | (buf[from] << 16) | (buf[from + (len >> 1)] << 24);
    return finish(BigInt(((read32(SECRET, 0) ^ read32(SECRET, 4)) ^ combined) >>> 0));
  }
  if (len <= 8) {
    const combined = (BigInt(read32(buf, from) >>> 0) << 32n) | BigInt(read32(buf, from + len - 4) >>> 0);
    let v = read64(SECRET, 8) ^ read64(SECRET, 16) ^ combined;
    v ^= rotate(v, 49n) ^ rotate(v, 24n);
    v = (v * PRIME_MX2) & MASK;
    v ^= (v >> 35n) + BigInt(len);
    v = (v * PRIME_MX2) & MASK;
    return v ^ (v >> 28n);
  }
  if (len <= 16) {
    const low = read64(SECRET, 24) ^ read64(SECRET, 32) ^ read64(buf, from);
    const high = read64(SECRET, 40) ^ read64(SECRET, 48) ^ read64(buf, from + len - 8);
    return avalanche((BigInt(len) + swapBytes(low) + high + foldedProduct(low, high)) & MASK);
  }
  if (len <= MEDIUM_MAX) return medium(buf, from, len);
  return new Lanes().hash(buf, from, len);
}

function medium(buf: Uint8Array, from: number, len: number): bigint {
  let acc = (BigInt(len) * PRIME64_1) & MASK;
  if (len <= 128) {
    for (let i = (len - 1) >> 5; i >= 0; i--) {
      acc += mix(buf, from + i * 16, i * 32) + mix(buf, from + len - i * 16 - 16, i * 32 + 16);
    }
    return avalanche(acc & MASK);
  }
  for (let i = 0; i < 8; i++) acc += mix(buf, from + i * 16, i * 16);
  acc = avalanche(acc & MASK);
  for (let i = 8; i < len >> 4; i++) acc += mix(buf, from + i * 16, (i - 8) * 16 + 3);
  return avalanche((acc + mix(buf, from + len - 16, 119)) & MASK);
}

/** Mixes 16 bytes of input with 16 of the secret. */
function mix(buf: Uint8Array, at: number, secretAt: number): bigint {
  return foldedProduct(read64(buf, at) ^ read64(SECRET, secretAt), read64(buf, at + 8) ^ read64(SECRET, secretAt + 8));
}

/** Both halves of the 128-bit product, xored. */
function foldedProduct(a: bigint, b: bigint): bigint {
  const product = a * b;
  return (product & MASK) ^ (product >> 64n);
}

function avalanche(v: bigint): bigint {
  v ^= v >> 37n;
  v = (v * PRIME_MX1) & MASK;
  return v ^ (v >> 32n);
}

/** The finish that short inputs share with the older XXH64. */
function finish(v: bigint): bigint {
  v ^= v >> 33n;
  v = (v * PRIME64_2) & MASK;
  v ^= v >> 29n;
  v = (v * PRIME64_3) & MASK;
  return v ^ (v >> 32n);
}

function rotate(v: bigint, by: bigint): bigint {
  return ((v << by) | (v >> (64n - by))) & MASK;
}

function swapBytes(v: bigint): bigint {
  let out = 0n;
  for (let i = 0; i < 8; i++) {
    out = (out << 8n) | (v & 0xffn);
    v >>= 8n;
  }
  return out;
}

function read32(buf: Uint8Array, at: number): number {
  return buf[at] | (buf[at + 1] << 8) | (buf[at + 2] << 16) | (buf[at + 3] << 24);
}

function read64(buf: Uint8Array, at: number): bigint {
  return (BigInt(read32(buf, at + 4) >>> 0) << 32n) | BigInt(read32(buf, at) >>> 0);
}

/** Eight 64-bit accumulators for inputs above 240 bytes: lane k is words 2k (low) and 2k + 1 (high). */
class Lanes {
  private readonly acc = new Uint32Array(16);

  constructor() {
    const start = [
      BigInt(PRIME32_3),
      PRIME64_1,
      PRIME64_2,
      PRIME64_3,
      PRIME64_4,
      BigInt(PRIME32_2),
      PRIME64_5,
      BigInt(PRIME32_1),
    ];
    for (let k = 0; k < 8; k++) {
      this.acc[2 * k] = Number(start[k] & 0xffffffffn);
      this.acc[2 * k + 1] = Number(start[k] >> 32n);
    }
  }

  hash(buf: Uint8Array, from: number, len: number): bigint {
    const end = from + len;
    let at = from;
    for (; end - at > BLOCK_STRIPES * STRIPE; at += BLOCK_STRIPES * STRIPE) {
      for (let n = 0; n < BLOCK_STRIPES; n++) this.accumulate(buf, at + n * STRIPE, n * 8);
      this.scramble();
    }
    for (let n = 0; n < Math.floor((end - at - 1) / STRIPE); n++) this.accumulate(buf, at + n * STRIPE, n * 8);
    this.accumulate(buf, end - STRIPE, LAST_SECRET);
    let result = BigInt(len) * PRIME64_1;
    for (let k = 0; k < 8; k += 2) {
      result += foldedProduct(this.lane(k) ^ read64(SECRET, 11 + k * 8), this.lane(k + 1) ^ read64(SECRET, 19 + k * 8));
    }
    return avalanche(result & MASK);
  }

  private lane(k: number): bigint {
    return (BigInt(this.acc[2 * k + 1]) << 32n) | BigInt(this.acc[2 * k]);
  }

  /** Adds one stripe: to each lane the product of the keyed input's halves, to its neighbour the input itself. */
  private accumulate(buf: Uint8Array, at: number, secretAt: number): void {
    const acc = this.acc;
    for (let k = 0; k < 8; k++) {
      const lo = read32(buf, at + k * 8);
      const hi = read32(buf, at + k * 8 + 4);
      const other = (k ^ 1) * 2;
      const sum = acc[other] + (lo >>> 0);
      acc[other] = sum;
      acc[other + 1] += (hi >>> 0) + (sum > 0xffffffff ? 1 : 0);
      const keyLo = lo ^ read32(SECRET, secretAt + k * 8);
      const keyHi = hi ^ read32(SECRET, secretAt + k * 8 + 4);
      const low = acc[2 * k] + (Math.imul(keyLo, keyHi) >>> 0);
      acc[2 * k] = low;
      acc[2 * k + 1] += productHigh(keyLo, keyHi) + (low > 0xffffffff ? 1 : 0);
    }
  }

  private scramble(): void {
    const acc = this.acc;
    for (let k = 0; k < 8; k++) {
      const secretAt = SECRET.length - STRIPE + k * 8;
      const hi = acc[2 * k + 1] ^ read32(SECRET, secretAt + 4);
      const lo = acc[2 * k] ^ (acc[2 * k + 1] >>> 15) ^ read32(SECRET, secretAt);
      acc[2 * k] = Math.imul(lo, PRIME32_1);
      acc[2 * k + 1] = Math.imul(hi, PRIME32_1) + productHigh(lo, PRIME32_1);
    }
  }
}

/** Upper half of the 64-bit product of two unsigned 32-bit numbers. */
function productHigh(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const low = Math.imul(al, bl) >>> 0;
  const mid = (Math.imul(ah, bl) >>> 0) + (low >>> 16);
  const mid2 = (Math.imul(al, bh) >>> 0) + (mid & 0xffff);
  return (Math.imul(ah, bh) >>> 0) + Math.floor(mid / 65536) + Math.floor(mid2 / 65536);
}
