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
 * Functions take the bytes as u8[at, at + length), `at` the first of "HYLL".
 */
import { REGISTERS } from "./hyperloglog_hash.ts";

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
