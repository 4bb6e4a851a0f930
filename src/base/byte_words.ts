/**
 * Copying and comparing byte ranges by words: in steps of 4 bytes, and of 8 for the compiler that does those in registers.
 *
 * Where the length is no multiple of it, the last step of a copy or a comparison overlaps the one before, so no loop over single bytes
 * follows.
 */
import { INT64_IN_REGISTERS } from "../runtime/int64.ts";

/** Bytes of the shortest range for which looking up the DataViews pays. */
export const WORDWISE_MIN = 8;

/** Copies len >= WORDWISE_MIN bytes from `src` at `from` to `dst` at `at`. The ranges may not overlap when both are one buffer. */
function copyBy4(dst: DataView, at: number, src: DataView, from: number, len: number): void {
  const last = len - 4;
  let i = 0;
  for (; i <= last; i += 4) dst.setInt32(at + i, src.getInt32(from + i, true), true);
  if (i < len) dst.setInt32(at + last, src.getInt32(from + last, true), true);
}

/** As `copyBy4`. */
function copyBy8(dst: DataView, at: number, src: DataView, from: number, len: number): void {
  const last = len - 8;
  let i = 0;
  for (; i <= last; i += 8) dst.setBigInt64(at + i, src.getBigInt64(from + i, true), true);
  if (i < len) dst.setBigInt64(at + last, src.getBigInt64(from + last, true), true);
}

/** True when len >= WORDWISE_MIN bytes of `a` at `i` and of `b` at `j` are the same. */
function equalBy4(a: DataView, i: number, b: DataView, j: number, len: number): boolean {
  const last = len - 4;
  let k = 0;
  for (; k <= last; k += 4) if (a.getInt32(i + k, true) !== b.getInt32(j + k, true)) return false;
  return k === len || a.getInt32(i + last, true) === b.getInt32(j + last, true);
}

/** As `equalBy4`. */
function equalBy8(a: DataView, i: number, b: DataView, j: number, len: number): boolean {
  const last = len - 8;
  let k = 0;
  for (; k <= last; k += 8) if (a.getBigInt64(i + k, true) !== b.getBigInt64(j + k, true)) return false;
  return k === len || a.getBigInt64(i + last, true) === b.getBigInt64(j + last, true);
}

/** Moves len >= WORDWISE_MIN bytes of `buf` from `from` to `at`; the ranges may overlap, so each step reads before it writes. */
function moveBy4(buf: DataView, at: number, from: number, len: number): void {
  if (at <= from) {
    let i = 0;
    for (; i <= len - 4; i += 4) buf.setInt32(at + i, buf.getInt32(from + i, true), true);
    for (; i < len; i++) buf.setUint8(at + i, buf.getUint8(from + i));
    return;
  }
  let i = len - 4;
  for (; i >= 0; i -= 4) buf.setInt32(at + i, buf.getInt32(from + i, true), true);
  for (i += 3; i >= 0; i--) buf.setUint8(at + i, buf.getUint8(from + i));
}

/** As `moveBy4`. */
function moveBy8(buf: DataView, at: number, from: number, len: number): void {
  if (at <= from) {
    let i = 0;
    for (; i <= len - 8; i += 8) buf.setBigInt64(at + i, buf.getBigInt64(from + i, true), true);
    for (; i < len; i++) buf.setUint8(at + i, buf.getUint8(from + i));
    return;
  }
  let i = len - 8;
  for (; i >= 0; i -= 8) buf.setBigInt64(at + i, buf.getBigInt64(from + i, true), true);
  for (i += 7; i >= 0; i--) buf.setUint8(at + i, buf.getUint8(from + i));
}

/** Copies `len` bytes, of any number, and up to STEP - 1 of what follows them; both ranges must have as much more. */
function copyAheadBy4(dst: DataView, at: number, src: DataView, from: number, len: number): void {
  for (let i = 0; i < len; i += 4) dst.setInt32(at + i, src.getInt32(from + i, true), true);
}

/** As `copyAheadBy4`. */
function copyAheadBy8(dst: DataView, at: number, src: DataView, from: number, len: number): void {
  for (let i = 0; i < len; i += 8) dst.setBigInt64(at + i, src.getBigInt64(from + i, true), true);
}

// The faster of each pair on this runtime.
export const copyWords = INT64_IN_REGISTERS ? copyBy8 : copyBy4;
export const equalWords = INT64_IN_REGISTERS ? equalBy8 : equalBy4;
export const moveWords = INT64_IN_REGISTERS ? moveBy8 : moveBy4;
export const STEP = INT64_IN_REGISTERS ? 8 : 4;
export const copyAhead = INT64_IN_REGISTERS ? copyAheadBy8 : copyAheadBy4;
