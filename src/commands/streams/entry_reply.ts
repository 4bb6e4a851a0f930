/** What the stream commands reply with: identifiers, entries, 64-bit counters. */
import { moveBytes } from "../../base/bytes.ts";
import type { StreamBlock } from "../../structures/stream_block.ts";
import type { StreamId } from "../../structures/stream_id.ts";
import type { Store } from "../../store/store.ts";
import { S_LOG } from "../../store/types/stream.ts";
import type { Call } from "../call.ts";

/** An identifier as bulk string. */
export function replyId(call: Call, id: StreamId): void {
  const { streams } = call;
  call.reply.bulk(streams.text, 0, streams.format(id));
}

/** The identifier in the words at `w` as bulk string. */
export function replyIdAt(call: Call, i32: Int32Array, w: number): void {
  const { other } = call.streams;
  other.load(i32, w);
  replyId(call, other);
}

/** Puts an identifier as bulk string before what was written since `place`. */
export function insertId(call: Call, place: number, id: StreamId): void {
  const { reply } = call;
  const end = reply.pos;
  replyId(call, id);
  const size = reply.pos - end;
  reply.ensure(size);
  const { buf } = reply;
  moveBytes(buf, end + size, end, size);
  moveBytes(buf, place + size, place, end - place);
  moveBytes(buf, place, end + size, size);
}

/** The entry that the block shows: its identifier, then fields and values in turn. */
export function replyEntry(call: Call, store: Store, block: StreamBlock): void {
  const { reply } = call;
  const { listpack } = store;
  reply.array(2);
  replyId(call, block.id);
  const { pairs } = block;
  reply.array(pairs * 2);
  block.rewind();
  for (let k = 0; k < pairs; k++) {
    block.readField();
    reply.bulk(listpack.bytes, listpack.at, listpack.len);
    block.readValue();
    reply.bulk(listpack.bytes, listpack.at, listpack.len);
  }
}

/** The entries from `start` to `end`, at most `count` (0: all), as an array. */
export function replyRange(
  call: Call,
  store: Store,
  s: number,
  start: StreamId,
  end: StreamId,
  count: number,
  reverse: boolean,
): void {
  const { cursor } = store.streams;
  const place = call.reply.openArray();
  let n = 0;
  cursor.open(s + S_LOG, start, end, reverse);
  while (cursor.next()) {
    replyEntry(call, store, cursor.block);
    if (++n === count) break;
  }
  call.reply.closeArray(place, n);
}

/** The entry of an identifier; false, and nothing is replied, when there is none. */
export function replyEntryOf(call: Call, store: Store, s: number, id: StreamId): boolean {
  const { cursor } = store.streams;
  cursor.open(s + S_LOG, id, id, false);
  if (!cursor.next()) return false;
  replyEntry(call, store, cursor.block);
  return true;
}

/** The signed 64-bit integer of two halves (int32). */
export function replyInt64(call: Call, hi: number, lo: number): void {
  const n = hi * 4294967296 + (lo >>> 0);
  if (Number.isSafeInteger(n)) call.reply.int(n);
  else call.reply.bigInt((BigInt(hi) << 32n) | BigInt(lo >>> 0));
}
