/**
 * Messages: what goes through the rings, both ends of each in this file.
 *
 *   to a shard     word 0 size | 1 kind, bit 8 RESP3, bit 9 no touch, from bit 16 the database | 2 record | 3 command | 4 argc
 *     RUN            5.. offset (from the first byte behind these words) and length of each argument, then the bytes
 *     RUN_HELD       as RUN, with a hold's slot and participants; several in a row may share the hold (JOINED_BIT, KEPT_BIT)
 *     TIME           2, 3: ms since 1970, low and high word
 *     HOLD           2: slot of the hold | 3: number of the request that it is for
 *     CHUNK          2: bytes of the whole message | 3: bytes here | 4: number of the request | 5 - | bytes; the last chunk makes it whole
 *     SETTINGS       2..: Settings as doubles
 *     WAIT           as RUN: the request waits for those of its keys that are the shard's own, unless its ticket was taken
 *     FORGET         2: ticket of a request that waits no longer
 *     JOURNAL        2: number of this point in the order | 3: what is done with changes from here on (JournalMode) | 4: a mark, or 0
 *     ORDER          2: bytes of text | 3: - | an EngineOrder (threads/engine_order.ts) as JSON
 *     STOP
 *   from a shard   word 0 size | 1 kind | 2 record | 3 bytes | bytes
 *     REPLY          a complete reply, or its end
 *     REPLY_PART     a piece of a reply that does not fit one message
 *     SLOW           before the record's reply: a SlowCall as JSON (threads/slow_call.ts)
 *     EVENT          what happened to keys (events.ts), or its end; before the reply of the record that caused it, which is -1 for none
 *     EVENT_PART     a piece of events that do not fit one message
 *     WAITS          a request with a ticket got no reply yet: ticket and deadline (ms since 1970) as doubles
 *     WOKEN          before the reply of a request with a ticket: the ticket as a double
 *     RELAY          a request that waits can be served with the owner of its second key held: the ticket as a double
 *
 *     LOADED         a LoadResult (threads/engine_order.ts) as JSON; record -1
 *     LOG            a line for the log
 *     FAILED         a command inside a transaction failed; 2: the command | its error's first word
 *
 * Only the layout is here; who holds whom and what a record is lies in threads/.
 */
import { copyBytes } from "../base/bytes.ts";

export const ToShard = {
  RUN: 1,
  RUN_HELD: 2,
  TIME: 3,
  HOLD: 4,
  CHUNK: 5,
  SETTINGS: 6,
  STOP: 7,
  JOURNAL: 8,
  WAIT: 9,
  FORGET: 10,
  ORDER: 11,
} as const;
export const FromShard = {
  REPLY: 1,
  REPLY_PART: 2,
  SLOW: 3,
  EVENT: 4,
  EVENT_PART: 5,
  WAITS: 6,
  WOKEN: 7,
  RELAY: 8,
  LOADED: 9,
  LOG: 10,
  FAILED: 11,
} as const;

export const KIND_MASK = 0xff;
export const RESP3_BIT = 1 << 8;
export const NO_TOUCH_BIT = 1 << 9;
/** Of a RUN_HELD: the shard has asked for it by RELAY. */
export const RELAYED_BIT = 1 << 10;
/** Of a RUN, RUN_HELD or WAIT: the request may wait; its ticket (threads/claims.ts) is in the first of two words behind the arguments. */
export const TICKET_BIT = 1 << 11;
export const TICKET_SIZE = 8;
/** Of a RUN_HELD: it runs in the hold of the one before it. */
export const JOINED_BIT = 1 << 12;
/** Of a RUN_HELD: the hold goes on for the next one, which is in the ring as well. */
export const KEPT_BIT = 1 << 13;
export const DB_SHIFT = 16;

/**
 * Words before a RUN message's argument table; RUN_HELD has the hold's slot and participants in words 5 and 6, and both the request's
 * number in word 7.
 */
export const RUN_WORDS = 8;
export const SLOT_WORD = 5;
export const PARTICIPANTS_WORD = 6;
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

/** The ticket of the RUN, RUN_HELD or WAIT message at byte `at`; 0 when it has none. */
export function ticketOf(i32: Int32Array, at: number): number {
  const w = at >> 2;
  return (i32[w + 1] & TICKET_BIT) === 0 ? 0 : i32[w + ((i32[w] - TICKET_SIZE) >> 2)];
}

/** Writes the ticket of a message whose size, TICKET_SIZE included, is written already. */
export function writeTicket(i32: Int32Array, at: number, ticket: number): void {
  const w = at >> 2;
  i32[w + ((i32[w] - TICKET_SIZE) >> 2)] = ticket;
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
  i32[w + SLOT_WORD] = slot;
  i32[w + PARTICIPANTS_WORD] = participants;
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

/** Tells the RUN_HELD message at byte `at` that one of the same hold follows. */
export function keepHold(i32: Int32Array, at: number): void {
  i32[(at >> 2) + 1] |= KEPT_BIT;
}

/** Tells the RUN_HELD message at byte `at`, the first of its hold, how many participants that has. */
export function setParticipants(i32: Int32Array, at: number, participants: number): void {
  i32[(at >> 2) + PARTICIPANTS_WORD] = participants;
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

/** Words before an order's text. */
const ORDER_WORDS = 4;

/** Bytes of an ORDER message with so many bytes of text. */
export function orderSize(textBytes: number): number {
  return padded(ORDER_WORDS * 4 + textBytes);
}

/** Writes an ORDER message at byte `at` (its size word is already there). */
export function writeOrder(u8: Uint8Array, i32: Int32Array, at: number, text: Uint8Array): void {
  i32[(at >> 2) + 1] = ToShard.ORDER;
  i32[(at >> 2) + 2] = text.length;
  u8.set(text, at + ORDER_WORDS * 4);
}

/** A copy of the text of the ORDER message at byte `at`. */
export function orderText(u8: Uint8Array, i32: Int32Array, at: number): Uint8Array {
  const from = at + ORDER_WORDS * 4;
  return u8.slice(from, from + i32[(at >> 2) + 2]);
}
