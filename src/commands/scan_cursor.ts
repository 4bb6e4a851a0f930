/**
 * Scan cursors: the number that SCAN takes and answers, as main (which chooses the shard by it) and shards read it.
 *
 *   cursor of SCAN = number of the shard + SHARDS x cursor in that shard's table; 0 begins and ends
 */
import { ReplyError } from "../base/reply_error.ts";
import type { Reply } from "../codec/resp/reply.ts";
import type { Arguments } from "./command.ts";

/** More shards than a server ever has; a power of two. */
const SHARDS = 1024;

export const INVALID_CURSOR = new ReplyError("ERR invalid cursor");

/**
 * Reads an argument as a cursor: what C's strtoul takes, so also a sign and nothing at all. Numbers beyond 2^53, which no server
 * gives away, come out rounded or as Infinity. Throws INVALID_CURSOR.
 */
export function parseCursor(request: Arguments, i: number): number {
  const { buf } = request;
  let at = request.at[i];
  const to = at + request.len[i];
  const negative = at < to && buf[at] === 0x2d;
  if (negative || (at < to && buf[at] === 0x2b)) {
    at++;
    if (at === to) throw INVALID_CURSOR;
  }
  let n = 0;
  for (; at < to; at++) {
    const digit = buf[at] - 48;
    if (digit < 0 || digit > 9) throw INVALID_CURSOR;
    n = n * 10 + digit;
  }
  if (n >= 2 ** 64) throw INVALID_CURSOR;
  return negative && n > 0 ? Infinity : n;
}

/** The shard that a cursor of SCAN goes on in; NaN for a cursor that no server gave away. */
export function cursorShard(cursor: number): number {
  return cursor % SHARDS;
}

/** Where in the shard's table a cursor of SCAN goes on. */
export function cursorPlace(cursor: number): number {
  return Math.floor(cursor / SHARDS);
}

/** The cursor that goes on at `place` in a shard. */
export function joinCursor(shard: number, place: number): number {
  return place * SHARDS + shard;
}

/**
 * Makes the reply of a SCAN of `n` elements (or of what counts as such) that were written since `place = reply.openArray()`, once
 * the next cursor is known.
 */
export function closeScan(reply: Reply, place: number, n: number, cursor: number): void {
  reply.closeArray(place, n);
  const end = reply.pos;
  reply.array(2);
  reply.bulkInt(cursor);
  const head = reply.pos - end;
  reply.ensure(head);
  reply.buf.copyWithin(place + head, place, reply.pos);
  reply.buf.copyWithin(place, end + head, end + head + head);
}
