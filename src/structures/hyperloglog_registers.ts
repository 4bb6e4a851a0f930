/**
 * Registers: the ranks of one HyperLogLog, or of several united, spread out to a byte each; and what they estimate. One object is
 * used over and over. Any thread, one at a time.
 *
 * Source of the estimator: Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (arXiv:1702.01284).
 */
import { DENSE_SIZE, Form, formOf, HEADER_SIZE, RANK_BITS } from "./hyperloglog.ts";
import { INDEX_BITS, REGISTERS } from "./hyperloglog_hash.ts";
import { addSparseRanks, mergeSparse } from "./hyperloglog_sparse.ts";

const RANK_MASK = (1 << RANK_BITS) - 1;
/** Different ranks that 6 bits can spell. */
const RANKS = 1 << RANK_BITS;
/** Bits of the hash behind the register's number; a rank is at most one more. */
const HASH_BITS = 64 - INDEX_BITS;
/** 1 / (2 ln 2), the estimator's constant for endlessly many registers. */
const ALPHA = 0.721347520444481703680;
/** Neighbouring registers are counted apart: most have one rank, and counting in one word waits for the count before. */
const LANES = 4;
const HIGH_BITS = 0x80808080 | 0;

export class Registers {
  /** Rank of each register. */
  readonly ranks = new Uint8Array(REGISTERS);
  /** The same, four registers a word. */
  private readonly words = new Int32Array(this.ranks.buffer);
  private readonly histogram = new Int32Array(RANKS * LANES);

  /** Makes all ranks 0. */
  clear(): void {
    this.words.fill(0);
  }

  /** Raises the ranks to those of the HyperLogLog u8[at, at+length). False when its registers are corrupt. */
  merge(u8: Uint8Array, at: number, length: number): boolean {
    if (formOf(u8, at) === Form.SPARSE) return mergeSparse(u8, at + HEADER_SIZE, at + length, this.ranks);
    const words = this.words;
    let byte = at + HEADER_SIZE;
    for (let w = 0; w < words.length; w++, byte += 3) {
      const packed = u8[byte] | (u8[byte + 1] << 8) | (u8[byte + 2] << 16);
      const other = (packed & 0x3f) | ((packed & 0xfc0) << 2) | ((packed & 0x3f000) << 4) | ((packed & 0xfc0000) << 6);
      const own = words[w];
      // The larger of each byte: its high bit survives the subtraction where `own` is not the smaller.
      const keep = (((((own | HIGH_BITS) - other) & HIGH_BITS) >>> 7) * 0xff) | 0;
      words[w] = (own & keep) | (other & ~keep);
    }
    return true;
  }

  /** Makes the registers of the dense HyperLogLog at `at` these. */
  writeDense(u8: Uint8Array, at: number): void {
    const words = this.words;
    let byte = at + HEADER_SIZE;
    for (let w = 0; w < words.length; w++, byte += 3) {
      const ranks = words[w];
      const packed = (ranks & 0x3f) | ((ranks >> 2) & 0xfc0) | ((ranks >> 4) & 0x3f000) | ((ranks >> 6) & 0xfc0000);
      u8[byte] = packed;
      u8[byte + 1] = packed >> 8;
      u8[byte + 2] = packed >> 16;
    }
  }

  /** The estimate of these ranks. */
  estimate(): number {
    const { words, histogram } = this;
    histogram.fill(0);
    for (let w = 0; w < words.length; w++) {
      const ranks = words[w];
      histogram[ranks & RANK_MASK]++;
      histogram[RANKS + ((ranks >> 8) & RANK_MASK)]++;
      histogram[2 * RANKS + ((ranks >> 16) & RANK_MASK)]++;
      histogram[3 * RANKS + ((ranks >> 24) & RANK_MASK)]++;
    }
    return this.estimateCounted();
  }

  /** The estimate of the HyperLogLog u8[at, at+length), or -1 when its registers are corrupt. Leaves the ranks alone. */
  estimateOf(u8: Uint8Array, at: number, length: number): number {
    const histogram = this.histogram;
    histogram.fill(0);
    if (formOf(u8, at) === Form.SPARSE) {
      return addSparseRanks(u8, at + HEADER_SIZE, at + length, histogram) ? this.estimateCounted() : -1;
    }
    const end = at + DENSE_SIZE;
    for (let byte = at + HEADER_SIZE; byte < end; byte += 3) {
      const packed = u8[byte] | (u8[byte + 1] << 8) | (u8[byte + 2] << 16);
      histogram[packed & RANK_MASK]++;
      histogram[RANKS + ((packed >> 6) & RANK_MASK)]++;
      histogram[2 * RANKS + ((packed >> 12) & RANK_MASK)]++;
      histogram[3 * RANKS + (packed >> 18)]++;
    }
    return this.estimateCounted();
  }

  /** The estimate from the number of registers of each rank. */
  private estimateCounted(): number {
    const histogram = this.histogram;
    for (let rank = 0; rank < RANKS; rank++) {
      histogram[rank] += histogram[RANKS + rank] + histogram[2 * RANKS + rank] + histogram[3 * RANKS + rank];
    }
    const m = REGISTERS;
    let z = m * tau((m - histogram[HASH_BITS + 1]) / m);
    for (let rank = HASH_BITS; rank >= 1; rank--) {
      z += histogram[rank];
      z *= 0.5;
    }
    z += m * sigma(histogram[0] / m);
    return Math.round((ALPHA * m * m) / z);
  }
}

/** The paper's sigma: corrects for registers that are still 0. */
function sigma(x: number): number {
  if (x === 1) return Infinity;
  let y = 1;
  let z = x;
  let before: number;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (before !== z);
  return z;
}

/** The paper's tau: corrects for registers that are full. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let y = 1;
  let z = 1 - x;
  let before: number;
  do {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  } while (before !== z);
  return z / 3;
}
