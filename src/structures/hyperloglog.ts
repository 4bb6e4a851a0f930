/**
 * HyperLogLog: estimates how many distinct elements were added, from 16384 registers of 6 bits. Any thread, one at a time.
 *
 * The bytes are Redis's own, so that they can be exchanged (GET, SET, DUMP, RDB):
 *
 *   4 bytes  "HYLL"
 *   1 byte   form: 0 dense, 1 sparse
 *   3 bytes  0
 *   8 bytes  cached estimate, little-endian; bit 7 of the last byte set: out of date
 *   registers: dense 6 bits each, from each byte's lowest bit on; sparse run lengths (hyperloglog_sparse.ts)
 *
 * Source of the estimator: Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (arXiv:1702.01284).
 * Functions take the bytes as u8[at, at + length), `at` the first of "HYLL".
 */
import { INDEX_BITS, REGISTERS } from "./hyperloglog_hash.ts";
import { addSparseRanks, mergeSparse } from "./hyperloglog_sparse.ts";

export const HEADER_SIZE = 16;
export const RANK_BITS = 6;
export const DENSE_SIZE = HEADER_SIZE + (REGISTERS * RANK_BITS) / 8;

export const Form = { DENSE: 0, SPARSE: 1 } as const;
export type Form = (typeof Form)[keyof typeof Form];

const FORM_AT = 4;
const ESTIMATE_AT = 8;
const STALE_AT = 15;
const STALE = 0x80;
const RANK_MASK = (1 << RANK_BITS) - 1;
/** Bits of the hash behind the register's number; a rank is at most one more. */
const HASH_BITS = 64 - INDEX_BITS;
/** Different ranks that 6 bits can spell. */
export const RANKS = 1 << RANK_BITS;
/** 1 / (2 ln 2), the estimator's constant for endless many registers. */
const ALPHA = 0.721347520444481703680;

/** True when the string may be a HyperLogLog: its sparse registers may still prove corrupt. */
export function isHyperLogLog(u8: Uint8Array, at: number, length: number): boolean {
  if (length < HEADER_SIZE) return false;
  if (u8[at] !== 72 || u8[at + 1] !== 89 || u8[at + 2] !== 76 || u8[at + 3] !== 76) return false;
  return u8[at + FORM_AT] === Form.SPARSE || (u8[at + FORM_AT] === Form.DENSE && length === DENSE_SIZE);
}

export function formOf(u8: Uint8Array, at: number): Form {
  return u8[at + FORM_AT] as Form;
}

export function setForm(u8: Uint8Array, at: number, form: Form): void {
  u8[at + FORM_AT] = form;
}

/** Writes the header of an empty one. */
export function writeHeader(u8: Uint8Array, at: number, form: Form): void {
  u8.fill(0, at, at + HEADER_SIZE);
  u8[at] = 72;
  u8[at + 1] = 89;
  u8[at + 2] = 76;
  u8[at + 3] = 76;
  u8[at + FORM_AT] = form;
}

// ---- the cached estimate ------------------------------------------------------------------------------------------

export function isStale(u8: Uint8Array, at: number): boolean {
  return (u8[at + STALE_AT] & STALE) !== 0;
}

export function markStale(u8: Uint8Array, at: number): void {
  u8[at + STALE_AT] |= STALE;
}

/** The cached estimate; beyond 2^53, where only foreign bytes can be, the nearest double. */
export function cachedEstimate(u8: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 7; i >= 0; i--) value = value * 256 + u8[at + ESTIMATE_AT + i];
  return value;
}

/** Keeps an estimate, which is then up to date. */
export function cacheEstimate(u8: Uint8Array, at: number, estimate: number): void {
  for (let i = 0; i < 8; i++) {
    const rest = Math.floor(estimate / 256);
    u8[at + ESTIMATE_AT + i] = estimate - rest * 256;
    estimate = rest;
  }
}

// ---- dense registers ----------------------------------------------------------------------------------------------

/** Rank in a register of a dense one. */
export function denseRank(u8: Uint8Array, at: number, register: number): number {
  const bit = register * RANK_BITS;
  const byte = at + HEADER_SIZE + (bit >> 3);
  // The last register ends with its first byte: what is read behind it is shifted out.
  return ((u8[byte] | (u8[byte + 1] << 8)) >> (bit & 7)) & RANK_MASK;
}

/** Raises a register of a dense one to `rank`; false when it was that high. */
export function raiseDense(u8: Uint8Array, at: number, register: number, rank: number): boolean {
  const bit = register * RANK_BITS;
  const byte = at + HEADER_SIZE + (bit >> 3);
  const shift = bit & 7;
  if ((((u8[byte] | (u8[byte + 1] << 8)) >> shift) & RANK_MASK) >= rank) return false;
  u8[byte] = (u8[byte] & ~(RANK_MASK << shift)) | (rank << shift);
  if (shift > 2) u8[byte + 1] = (u8[byte + 1] & ~(RANK_MASK >> (8 - shift))) | (rank >> (8 - shift));
  return true;
}

/** Makes a dense one's registers those in `ranks`, one byte each. */
export function writeDense(u8: Uint8Array, at: number, ranks: Uint8Array): void {
  let byte = at + HEADER_SIZE;
  for (let r = 0; r < REGISTERS; r += 4, byte += 3) {
    const word = ranks[r] | (ranks[r + 1] << 6) | (ranks[r + 2] << 12) | (ranks[r + 3] << 18);
    u8[byte] = word;
    u8[byte + 1] = word >> 8;
    u8[byte + 2] = word >> 16;
  }
}

/** Raises `ranks` (one byte a register) to those of a HyperLogLog. False when its registers are corrupt. */
export function mergeRanks(u8: Uint8Array, at: number, length: number, ranks: Uint8Array): boolean {
  if (formOf(u8, at) === Form.SPARSE) return mergeSparse(u8, at + HEADER_SIZE, at + length, ranks);
  let byte = at + HEADER_SIZE;
  for (let r = 0; r < REGISTERS; r += 4, byte += 3) {
    const word = u8[byte] | (u8[byte + 1] << 8) | (u8[byte + 2] << 16);
    const a = word & RANK_MASK;
    const b = (word >> 6) & RANK_MASK;
    const c = (word >> 12) & RANK_MASK;
    const d = word >> 18;
    if (a > ranks[r]) ranks[r] = a;
    if (b > ranks[r + 1]) ranks[r + 1] = b;
    if (c > ranks[r + 2]) ranks[r + 2] = c;
    if (d > ranks[r + 3]) ranks[r + 3] = d;
  }
  return true;
}

// ---- estimating ---------------------------------------------------------------------------------------------------

/** Estimate of a HyperLogLog from its registers, or -1 when they are corrupt. */
export function estimate(u8: Uint8Array, at: number, length: number): number {
  const histogram = new Int32Array(RANKS);
  if (formOf(u8, at) === Form.SPARSE) {
    return addSparseRanks(u8, at + HEADER_SIZE, at + length, histogram) ? estimateOf(histogram) : -1;
  }
  const end = at + DENSE_SIZE;
  for (let byte = at + HEADER_SIZE; byte < end; byte += 3) {
    const word = u8[byte] | (u8[byte + 1] << 8) | (u8[byte + 2] << 16);
    histogram[word & RANK_MASK]++;
    histogram[(word >> 6) & RANK_MASK]++;
    histogram[(word >> 12) & RANK_MASK]++;
    histogram[word >> 18]++;
  }
  return estimateOf(histogram);
}

/** Estimate of registers given one byte each. */
export function estimateRanks(ranks: Uint8Array): number {
  const histogram = new Int32Array(RANKS);
  for (let r = 0; r < REGISTERS; r++) histogram[ranks[r] & RANK_MASK]++;
  return estimateOf(histogram);
}

/** Estimate from the number of registers of each rank. */
function estimateOf(histogram: Int32Array): number {
  const m = REGISTERS;
  let z = m * tau((m - histogram[HASH_BITS + 1]) / m);
  for (let rank = HASH_BITS; rank >= 1; rank--) {
    z += histogram[rank];
    z *= 0.5;
  }
  z += m * sigma(histogram[0] / m);
  return Math.round((ALPHA * m * m) / z);
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
