/**
 * JournalRecords: what goes through a journal ring from an engine to the persistence thread, both ends in this file.
 *
 *   word 0 size | 1 kind, bit 8: another piece follows, bit 9: background | 2 number
 *     RECORD   3 db | 4 end db | 5 commands | 6 bytes here | 7 free | bytes
 *     MARK     3: which mark
 *
 * A record is the effect of one request (or of work in the background) as whole commands in RESP: the first belongs to `db`, behind the last
 * `end db` is selected. The effects of several requests that need not stand together may make one record, and count as one command. A record
 * larger than a message comes in pieces one behind the other, each with the same head.
 * A number is that of the request; of background work, that of the last request before it.
 */
import { copyBytes } from "../base/bytes.ts";
import { KIND_MASK, padded } from "./messages.ts";

export const JournalKind = { RECORD: 1, MARK: 2 } as const;

const MORE_BIT = 1 << 8;
const BACKGROUND_BIT = 1 << 9;
/** Bytes before a record's own. */
const HEAD_BYTES = 32;

/** Bytes of a message with so many bytes of a record. */
export function recordSize(bytes: number): number {
  return padded(HEAD_BYTES + bytes);
}

/** Most bytes of a record that a message of `maxMessage` bytes carries. */
export function pieceBytes(maxMessage: number): number {
  return maxMessage - HEAD_BYTES;
}

export const MARK_SIZE = 16;

/** Writes a record's piece buf[from, from+len) as the message at byte `at`, whose size word is there already. */
export function writeRecord(
  u8: Uint8Array,
  i32: Int32Array,
  at: number,
  number: number,
  background: boolean,
  more: boolean,
  db: number,
  endDb: number,
  commands: number,
  buf: Uint8Array,
  from: number,
  len: number,
): void {
  const w = at >> 2;
  i32[w + 1] = JournalKind.RECORD | (more ? MORE_BIT : 0) | (background ? BACKGROUND_BIT : 0);
  i32[w + 2] = number;
  i32[w + 3] = db;
  i32[w + 4] = endDb;
  i32[w + 5] = commands;
  i32[w + 6] = len;
  copyBytes(u8, at + HEAD_BYTES, buf, from, len);
}

/** Writes a mark as the message at byte `at`. */
export function writeMark(i32: Int32Array, at: number, number: number, mark: number): void {
  const w = at >> 2;
  i32[w + 1] = JournalKind.MARK;
  i32[w + 2] = number;
  i32[w + 3] = mark;
}

// The reader's end: the fields of the message at byte `at`.

export function recordKind(i32: Int32Array, at: number): number {
  return i32[(at >> 2) + 1] & KIND_MASK;
}

export function hasMore(i32: Int32Array, at: number): boolean {
  return (i32[(at >> 2) + 1] & MORE_BIT) !== 0;
}

export function isBackground(i32: Int32Array, at: number): boolean {
  return (i32[(at >> 2) + 1] & BACKGROUND_BIT) !== 0;
}

/** True for a record in one piece with one command: what most are. */
export function isPlain(i32: Int32Array, at: number): boolean {
  const w = at >> 2;
  return (i32[w + 1] & ~BACKGROUND_BIT) === JournalKind.RECORD && i32[w + 5] === 1;
}

export function recordNumber(i32: Int32Array, at: number): number {
  return i32[(at >> 2) + 2];
}

export function recordDb(i32: Int32Array, at: number): number {
  return i32[(at >> 2) + 3];
}

export function recordEndDb(i32: Int32Array, at: number): number {
  return i32[(at >> 2) + 4];
}

export function recordCommands(i32: Int32Array, at: number): number {
  return i32[(at >> 2) + 5];
}

export function recordBytesAt(at: number): number {
  return at + HEAD_BYTES;
}

export function recordBytes(i32: Int32Array, at: number): number {
  return i32[(at >> 2) + 6];
}

export function markOf(i32: Int32Array, at: number): number {
  return i32[(at >> 2) + 3];
}
