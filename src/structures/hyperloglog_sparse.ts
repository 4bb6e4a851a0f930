/**
 * The sparse form of a HyperLogLog's registers: run lengths, in the order of the registers. Any thread, one at a time.
 *
 *   ZERO   00xxxxxx           x + 1 registers (1 to 64) are 0
 *   XZERO  01xxxxxx yyyyyyyy  xy + 1 registers (1 to 16384) are 0
 *   VAL    1vvvvvxx           x + 1 registers (1 to 4) have rank v + 1 (1 to 32)
 *
 * Runs come from clients' bytes as well as from ours: every function bounds them, and tells when they don't make up exactly all
 * registers. How runs are split and joined is Redis's way to the byte, so that the same elements give the same string.
 */
import { REGISTERS } from "./hyperloglog_hash.ts";

const ZERO_MAX = 64;
const VAL_MAX_RUN = 4;
const VAL_MAX_RANK = 32;
/** Runs looked at when joining: those that a split can have touched, counted from the one before it. */
const JOIN_SCAN = 5;

const XZERO = 0x40;
const VAL = 0x80;

/** Results of `SparseRaiser.raise` below any length. */
export const Raised = {
  UNCHANGED: -1,
  CORRUPT: -2,
  /** The register needs the dense form. */
  PROMOTE: -3,
  /** More bytes are needed than there is room for. */
  NO_ROOM: -4,
} as const;

/** Most bytes by which one raise makes the runs longer. */
export const GROWTH_MAX = 3;

function isXZero(b: number): boolean {
  return (b & 0xc0) === XZERO;
}

/** Registers of the run whose first byte is at `p`. */
function runLength(u8: Uint8Array, p: number): number {
  const b = u8[p];
  if ((b & VAL) !== 0) return (b & 3) + 1;
  return isXZero(b) ? (((b & 0x3f) << 8) | u8[p + 1]) + 1 : (b & 0x3f) + 1;
}

/** Bytes of a run of zeros. */
function zerosSize(run: number): number {
  return run === 0 ? 0 : run > ZERO_MAX ? 2 : 1;
}

/** Writes a run of zeros; returns the place behind it. */
function writeZeros(u8: Uint8Array, p: number, run: number): number {
  if (run === 0) return p;
  if (run > ZERO_MAX) {
    u8[p] = ((run - 1) >> 8) | XZERO;
    u8[p + 1] = run - 1;
    return p + 2;
  }
  u8[p] = run - 1;
  return p + 1;
}

/** Writes a run of a rank; returns the place behind it. */
function writeRanks(u8: Uint8Array, p: number, rank: number, run: number): number {
  if (run === 0) return p;
  u8[p] = VAL | ((rank - 1) << 2) | (run - 1);
  return p + 1;
}

function rankOf(b: number): number {
  return ((b >> 2) & 0x1f) + 1;
}

/** Writes the runs of empty registers, 2 bytes. */
export function writeEmptySparse(u8: Uint8Array, at: number): void {
  writeZeros(u8, at, REGISTERS);
}

/**
 * Raises registers one after the other. It remembers where it was, so that raising them in their order costs one pass over the
 * runs; for any other order it is rewound.
 */
export class SparseRaiser {
  /** A run at least two before the one last looked for: its place behind the runs' start, and its first register. */
  private offset = 0;
  private first = 0;

  /** The next register may be any. */
  rewind(): void {
    this.offset = 0;
    this.first = 0;
  }

  /**
   * Raises a register to `rank` in the runs u8[at, end). Returns the bytes the runs take now, or one of Raised, with nothing
   * changed. `room` is how many they may take at most, `limit` how many before the dense form is due.
   */
  raise(
    u8: Uint8Array,
    at: number,
    end: number,
    room: number,
    limit: number,
    register: number,
    rank: number,
  ): number {
    if (rank > VAL_MAX_RANK) return Raised.PROMOTE;
    // The run that covers the register, and the two before it.
    let p = at + this.offset;
    let first = this.first;
    let previous = p;
    let previousFirst = first;
    let run = 0;
    while (p < end) {
      run = runLength(u8, p);
      if (register < first + run) break;
      this.offset = previous - at;
      this.first = previousFirst;
      previous = p;
      previousFirst = first;
      p += isXZero(u8[p]) ? 2 : 1;
      first += run;
    }
    if (p >= end) return Raised.CORRUPT;
    const b = u8[p];
    const isVal = (b & VAL) !== 0;
    const oldSize = isXZero(b) ? 2 : 1;
    if (p + oldSize > end) return Raised.CORRUPT;
    const oldRank = isVal ? rankOf(b) : 0;
    if (oldRank >= rank) return Raised.UNCHANGED;
    if (run === 1 && oldSize === 1) u8[p] = VAL | ((rank - 1) << 2);
    else {
      // Split: what lies before the register, the register, what lies behind it.
      const before = register - first;
      const behind = first + run - 1 - register;
      const size = 1 + (isVal ? (before > 0 ? 1 : 0) + (behind > 0 ? 1 : 0) : zerosSize(before) + zerosSize(behind));
      const growth = size - oldSize;
      if (growth > 0 && end - at + growth > limit) return Raised.PROMOTE;
      if (growth > 0 && end - at + growth > room) return Raised.NO_ROOM;
      if (growth !== 0) u8.copyWithin(p + size, p + oldSize, end);
      end += growth;
      let next = isVal ? writeRanks(u8, p, oldRank, before) : writeZeros(u8, p, before);
      next = writeRanks(u8, next, rank, 1);
      if (isVal) writeRanks(u8, next, oldRank, behind);
      else writeZeros(u8, next, behind);
    }
    return join(u8, previous, end) - at;
  }
}

/** Joins neighbouring runs of the same rank near `p`; returns the runs' new end. */
function join(u8: Uint8Array, p: number, end: number): number {
  for (let scanned = 0; scanned < JOIN_SCAN && p < end; scanned++) {
    const b = u8[p];
    if ((b & VAL) === 0) {
      p += isXZero(b) ? 2 : 1;
      continue;
    }
    if (p + 1 < end && (u8[p + 1] & VAL) !== 0 && rankOf(b) === rankOf(u8[p + 1])) {
      const run = (b & 3) + (u8[p + 1] & 3) + 2;
      if (run <= VAL_MAX_RUN) {
        writeRanks(u8, p + 1, rankOf(b), run);
        u8.copyWithin(p, p + 1, end);
        end--;
        continue;
      }
    }
    p++;
  }
  return end;
}

/** Adds the number of registers of each rank to `histogram`. False when the runs are corrupt. */
export function addSparseRanks(u8: Uint8Array, at: number, end: number, histogram: Int32Array): boolean {
  let register = 0;
  let p = at;
  while (p < end) {
    const b = u8[p];
    const run = runLength(u8, p);
    histogram[(b & VAL) !== 0 ? rankOf(b) : 0] += run;
    register += run;
    p += isXZero(b) ? 2 : 1;
  }
  return p === end && register === REGISTERS;
}

/** Raises `ranks`, one byte a register, to those of the runs. False when the runs are corrupt. */
export function mergeSparse(u8: Uint8Array, at: number, end: number, ranks: Uint8Array): boolean {
  let register = 0;
  let p = at;
  while (p < end) {
    const b = u8[p];
    const run = runLength(u8, p);
    if ((b & VAL) !== 0) {
      if (register + run > REGISTERS) return false;
      const rank = rankOf(b);
      for (let r = register; r < register + run; r++) if (rank > ranks[r]) ranks[r] = rank;
    }
    register += run;
    p += isXZero(b) ? 2 : 1;
  }
  return p === end && register === REGISTERS;
}

/** The runs as PFDEBUG DECODE shows them: "Z:" XZERO, "z:" ZERO, "v:" rank,run. */
export function describeSparse(u8: Uint8Array, at: number, end: number): string {
  const runs: string[] = [];
  for (let p = at; p < end; p += isXZero(u8[p]) ? 2 : 1) {
    const b = u8[p];
    const run = runLength(u8, p);
    if ((b & VAL) !== 0) runs.push(`v:${rankOf(b)},${run}`);
    else runs.push(`${isXZero(b) ? "Z" : "z"}:${run}`);
  }
  return runs.join(" ");
}
