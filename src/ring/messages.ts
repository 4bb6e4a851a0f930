/**
 * Messages: what goes through the rings, both ends of each in this file.
 *
 *   to a shard     word 0 size | 1 kind, bit 8 RESP3, bit 9 no touch, from bit 16 the database | 2 record | 3 command | 4 argc
 *     RUN            5.. offset (from the first byte behind these words) and length of each argument, then the bytes
 *     RUN_HELD       as RUN, with the hold's slot in word 1 from bit 16 moved to a word of its own before the arguments
 *     TIME           2, 3: ms since 1970, low and high word
 *     HOLD           2: slot of the hold | 3: number of the request that it is for
 *     CHUNK          2: bytes of the whole message | 3: bytes here | 4: number of the request | 5 - | bytes; the last chunk makes it whole
 *     SETTINGS       2..: Settings as doubles
 *     JOURNAL        2: number of this point in the order | 3: 1 when changes are journaled from here on, else 0 | 4: a mark, or 0
 *     STOP
 *   from a shard   word 0 size | 1 kind | 2 record | 3 bytes | bytes
 *     REPLY          a complete reply, or its end
 *     REPLY_PART     a piece of a reply that does not fit one message
 *     SLOW           before the record's reply: a SlowCall as JSON (threads/slow_call.ts)
 *     EVENT          what happened to keys (events.ts), or its end; before the reply of the record that caused it, which is -1 for none
 *     EVENT_PART     a piece of events that do not fit one message
 *
 * Only the layout is here; who holds whom and what a record is lies in threads/.
 */
import { copyBytes } from "../base/bytes.ts";

export const ToShard = { RUN: 1, RUN_HELD: 2, TIME: 3, HOLD: 4, CHUNK: 5, SETTINGS: 6, STOP: 7, JOURNAL: 8 } as const;
export const FromShard = { REPLY: 1, REPLY_PART: 2, SLOW: 3, EVENT: 4, EVENT_PART: 5 } as const;

export const KIND_MASK = 0xff;
export const RESP3_BIT = 1 << 8;
export const NO_TOUCH_BIT = 1 << 9;
export const DB_SHIFT = 16;

/**
 * Words before a RUN message's argument table; RUN_HELD has the hold's slot and participants in words 5 and 6, and both the request's
 * number in word 7.
 */
export const RUN_WORDS = 8;
export const NUMBER_WORD = 7;
export const REPLY_WORDS = 4;
export const CHUNK_WORDS = 6;

/** A multiple of 8 not below n. */
export function padded(n: number): number {
  return (n + 7) & ~7;
}

/** Bytes of a RUN message. */
export function runSize(argc: number, argBytes: number): number {
  return padded((RUN_WORDS + argc * 2) * 4 + argBytes);
}

/** ArgumentRanges as ranges of one buffer: what a request and a call have in common. */
export interface ArgumentRanges {
  buf: Uint8Array;
  argc: number;
  at: Int32Array;
  len: Int32Array;
}

/** Bytes of all arguments. */
export function argumentBytes(args: ArgumentRanges): number {
  let bytes = 0;
  for (let i = 0; i < args.argc; i++) bytes += args.len[i];
  return bytes;
}

/** Writes a RUN or RUN_HELD message at byte `at` (its size word is already there). `head` is word 1. */
export function writeRun(
  u8: Uint8Array,
  i32: Int32Array,
  at: number,
  head: number,
  record: number,
  command: number,
  slot: number,
  participants: number,
  args: ArgumentRanges,
): void {
  const w = at >> 2;
  const argc = args.argc;
  i32[w + 1] = head;
  i32[w + 2] = record;
  i32[w + 3] = command;
  i32[w + 4] = argc;
  i32[w + 5] = slot;
  i32[w + 6] = participants;
  let table = w + RUN_WORDS;
  const base = at + (RUN_WORDS + argc * 2) * 4;
  let to = base;
  for (let i = 0; i < argc; i++) {
    const len = args.len[i];
    i32[table] = to - base;
    i32[table + 1] = len;
    copyBytes(u8, to, args.buf, args.at[i], len);
    table += 2;
    to += len;
  }
}

/** Reads the argument table of a RUN message at byte `at` of `u8` into `args`, which then point into `u8`. */
export function readArguments(u8: Uint8Array, i32: Int32Array, at: number, args: ArgumentRanges): void {
  const w = at >> 2;
  const argc = i32[w + 4];
  if (argc > args.at.length) {
    args.at = new Int32Array(argc * 2);
    args.len = new Int32Array(argc * 2);
  }
  const base = at + (RUN_WORDS + argc * 2) * 4;
  const table = w + RUN_WORDS;
  for (let i = 0; i < argc; i++) {
    args.at[i] = base + i32[table + 2 * i];
    args.len[i] = i32[table + 2 * i + 1];
  }
  args.buf = u8;
  args.argc = argc;
}

/** Byte offset of argument 1 of the RUN message at byte `at`, which has it. */
export function firstKeyAt(i32: Int32Array, at: number): number {
  const w = at >> 2;
  return at + (RUN_WORDS + i32[w + 4] * 2) * 4 + i32[w + RUN_WORDS + 2];
}
