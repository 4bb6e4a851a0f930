/**
 * SHA-1 (FIPS 180-4), for the names of scripts and for digests of keyspaces; not for secrets. Any thread.
 *
 * Small and synchronous: what runtimes offer is asynchronous, or theirs alone.
 */

const BLOCK = 64;
/** Bytes of a digest. */
export const SHA1_SIZE = 20;

export class Sha1 {
  private readonly h = new Int32Array(5);
  private readonly w = new Int32Array(80);
  private readonly block = new Uint8Array(BLOCK);

  /** Writes the digest of src[from, from+len) to out[at, at+20); `out` may be `src`. */
  digest(src: Uint8Array, from: number, len: number, out: Uint8Array, at: number): void {
    const { h, block } = this;
    h[0] = 0x67452301;
    h[1] = 0xefcdab89;
    h[2] = 0x98badcfe;
    h[3] = 0x10325476;
    h[4] = 0xc3d2e1f0;
    let done = 0;
    for (; done + BLOCK <= len; done += BLOCK) this.compress(src, from + done);
    const rest = len - done;
    block.fill(0);
    for (let i = 0; i < rest; i++) block[i] = src[from + done + i];
    block[rest] = 0x80;
    if (rest >= BLOCK - 8) {
      this.compress(block, 0);
      block.fill(0);
    }
    const bits = len * 8;
    for (let k = 0; k < 4; k++) {
      block[BLOCK - 1 - k] = bits >>> (8 * k);
      block[BLOCK - 5 - k] = Math.floor(bits / 4294967296) >>> (8 * k);
    }
    this.compress(block, 0);
    for (let i = 0; i < SHA1_SIZE; i++) out[at + i] = h[i >> 2] >>> (24 - 8 * (i & 3));
  }

  private compress(src: Uint8Array, at: number): void {
    const { h, w } = this;
    for (let i = 0; i < 16; i++, at += 4) {
      w[i] = (src[at] << 24) | (src[at + 1] << 16) | (src[at + 2] << 8) | src[at + 3];
    }
    for (let i = 16; i < 80; i++) {
      const x = w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16];
      w[i] = (x << 1) | (x >>> 31);
    }
    let a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (let i = 0; i < 80; i++) {
      let f: number;
      if (i < 20) f = ((b & c) | (~b & d)) + 0x5a827999;
      else if (i < 40) f = (b ^ c ^ d) + 0x6ed9eba1;
      else if (i < 60) f = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
      else f = (b ^ c ^ d) + 0xca62c1d6;
      const next = (((a << 5) | (a >>> 27)) + f + e + w[i]) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = next;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
  }
}

/** The digest of some bytes as 40 hexadecimal digits in lower case. */
export function sha1Hex(bytes: Uint8Array): string {
  const out = new Uint8Array(SHA1_SIZE);
  new Sha1().digest(bytes, 0, bytes.length, out, 0);
  return hex(out);
}

/** Two lower-case hexadecimal digits a byte. */
export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += (byte < 16 ? "0" : "") + byte.toString(16);
  return text;
}
