/**
 * XREAD and XREADGROUP: entries of several streams behind given identifiers.
 *
 * Reading has two parts, so that a client that waits can be served later: `parseRead` (parse_read.ts) reads the arguments, and
 * `serveRead` replies with what there is.
 */
import { ArenaFull } from "../../memory/arena.ts";
import type { Store } from "../../store/store.ts";
import { S_ADDED, S_FIRST, S_LAST, S_LOG } from "../../store/types/stream.ts";
import { C_ACTIVE, C_PENDING, C_SEEN, G_LAST, G_READ, P_COUNT, P_TIME } from "../../store/types/stream_groups.ts";
import { ID_WORDS } from "../../structures/stream_id.ts";
import type { Call } from "../call.ts";
import type { KeySpec, ShardCommand } from "../command.ts";
import { replyEntry, replyEntryOf, replyId, replyRange } from "./entry_reply.ts";
import { deadline } from "../wait.ts";
import { consumerArgument, countChange, groupArgument } from "./groups.ts";
import { parseRead, reaches } from "./parse_read.ts";
import { recordPending, recordRead } from "./record.ts";
import { NO_TIMEOUT } from "./read_arguments.ts";
import { groupReplies, keepPositions, mayWait, streamReplies } from "./waiting.ts";

function streamKeys(from: number): readonly KeySpec[] {
  return [{
    flags: ["RO", "access"],
    begin: { keyword: "STREAMS", from },
    find: { last: -1, step: 1, limit: 2 },
  }];
}

export const xread: ShardCommand = {
  name: "xread",
  arity: -4,
  flags: ["readonly", "blocking", "movablekeys"],
  keys: streamKeys(1),
  group: "stream",
  since: "5.0.0",
  summary: "Returns entries of several streams behind identifiers; waits for one if asked.",
  complexity: "O(log(N)+M) for each stream, N its length and M the number of entries returned",
  syntax: "[COUNT count] [BLOCK milliseconds] STREAMS <key [key ...] id [id ...]>",
  waiting: { mayWait, replies: streamReplies },
  run(call: Call): void {
    read(call, false);
  },
};

export const xreadgroup: ShardCommand = {
  name: "xreadgroup",
  arity: -7,
  flags: ["write", "blocking", "movablekeys"],
  keys: streamKeys(4),
  group: "stream",
  since: "5.0.0",
  summary: "Returns entries of several streams to a consumer of a group: new ones, or those still pending for it.",
  complexity: "O(log(N)+M) for each stream, N its length and M the number of entries returned",
  syntax: "GROUP <group consumer> [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS <key [key ...] id [id ...]>",
  waiting: { mayWait, replies: groupReplies, untilGone: true },
  run(call: Call): void {
    read(call, true);
  },
};

function read(call: Call, isGroup: boolean): void {
  parseRead(call, isGroup);
  if (serveRead(call)) return;
  const { reading, wait } = call;
  if (reading.timeoutMs === NO_TIMEOUT || !call.mayBlock) {
    call.reply.nilArray();
    return;
  }
  keepPositions(call);
  wait.ask(reading.first, reading.streams, deadline(reading.timeoutMs, call.nowMs));
}

/** Replies with what the streams of a parsed read have to give; false, and nothing is replied, when that is nothing. */
export function serveRead(call: Call): boolean {
  const { reading, reply } = call;
  const place = reply.openArray();
  let served = 0;
  for (let k = 0; k < reading.streams; k++) {
    if (!reaches(call, k)) continue;
    const e = call.read(reading.first + k);
    if (e === 0) continue;
    const start = reply.pos;
    try {
      if (reading.group === 0 ? serveStream(call, k, e) : serveGroup(call, k, e)) served++;
    } catch (error) {
      // Without memory for what is pending the streams before are still served: they have been changed.
      if (!(error instanceof ArenaFull) || served === 0) throw error;
      reply.pos = start;
      break;
    }
  }
  if (served > 0) reply.closeArray(place, served, reply.resp3 ? "%" : "*");
  return served > 0;
}

/** The head of one stream's reply: its key; its entries follow. */
function replyStream(call: Call, key: number): void {
  const { reply } = call;
  if (!reply.resp3) reply.array(2);
  reply.bulk(call.buf, call.at[key], call.len[key]);
}

function serveStream(call: Call, k: number, e: number): boolean {
  const { reading, streams: args } = call;
  const { start, end } = args;
  const key = reading.first + k;
  const store = call.storeOf(key);
  const s = store.streams.open(e);
  start.load(args.list, k * ID_WORDS);
  // No entry is behind the last identifier given; a reader that has seen it is told so without a look at the entries.
  if (start.compareAt(store.i32, s + S_LAST) >= 0) return false;
  if (!store.streams.lastEntry(s, end) || end.compare(start) <= 0) return false;
  start.increment();
  replyStream(call, key);
  replyRange(call, store, s, start, end, reading.count, false);
  return true;
}

function serveGroup(call: Call, k: number, e: number): boolean {
  const { reading, nowMs, streams: args } = call;
  const { start, end } = args;
  const key = reading.first + k;
  const store = call.storeOf(key);
  const { streams, i32 } = store;
  const s = streams.open(e);
  const g = groupArgument(call, store, s, reading.group);
  start.load(args.list, k * ID_WORDS);
  const isNew = start.isMax;
  const c = consumerArgument(call, store, g, reading.group + 1, key);
  streams.groups.setTime(c + C_SEEN, nowMs);
  if (!isNew) {
    start.increment();
    replyStream(call, key);
    replyHistory(call, store, s, g, c);
    return true;
  }
  if (!streams.lastEntry(s, end) || end.compareAt(i32, g + G_LAST) <= 0) return false;
  start.load(i32, g + G_LAST);
  start.increment();
  replyStream(call, key);
  if (deliver(call, store, s, key, g, c) > 0) countChange(call, key, 1);
  return true;
}

/** Replies with what is pending for a consumer from streams.start on; an entry that was deleted has no fields. */
function replyHistory(call: Call, store: Store, s: number, g: number, c: number): void {
  const { reply, reading, nowMs } = call;
  const { groups } = store.streams;
  const { owned } = groups;
  const { id, start } = call.streams;
  const place = reply.openArray();
  let n = 0;
  let w = owned.seekFrom(c + C_PENDING, start);
  for (; w !== 0 && (reading.count === 0 || n < reading.count); w = owned.next()) {
    id.load(store.i32, w);
    n++;
    if (!replyEntryOf(call, store, s, id)) {
      reply.array(2);
      replyId(call, id);
      reply.nilArray();
      continue;
    }
    const pending = groups.findPending(g, id);
    groups.setTime(pending + P_TIME, nowMs);
    groups.countDelivery(pending);
  }
  reply.closeArray(place, n);
}

/** Replies with the entries from streams.start to streams.end and makes them pending for the consumer; returns how many. */
function deliver(call: Call, store: Store, s: number, key: number, g: number, c: number): number {
  const { reply, reading, nowMs } = call;
  const { streams, i32 } = store;
  const { groups, cursor } = streams;
  const { start, end } = call.streams;
  const { block } = cursor;
  const place = reply.openArray();
  let n = 0;
  cursor.open(s + S_LOG, start, end, false);
  while (cursor.next()) {
    if (!reading.noAck) {
      let pending: number;
      try {
        pending = groups.assign(g, c, block.id);
      } catch (error) {
        // What was delivered so far is delivered; the rest waits for memory.
        if (!(error instanceof ArenaFull) || n === 0) throw error;
        break;
      }
      groups.setTime(pending + P_TIME, nowMs);
      i32[pending + P_COUNT] = 0;
      i32[pending + P_COUNT + 1] = 1;
      groups.setTime(c + C_ACTIVE, nowMs);
    }
    countRead(store, s, g);
    block.id.store(i32, g + G_LAST);
    if (call.effects.on && !reading.noAck) {
      recordPending(call, store, key, reading.group, g, block.id, groups.findPending(g, block.id));
    }
    replyEntry(call, store, block);
    if (++n === reading.count) break;
  }
  reply.closeArray(place, n);
  if (n > 0 && call.effects.on) recordRead(call, store, key, reading.group, g);
  return n;
}

/** The group reads the entry that the cursor is at: counts on, where the count is known, else finds out. */
function countRead(store: Store, s: number, g: number): void {
  const { streams, i32 } = store;
  const w = g + G_READ;
  const known = (i32[w] & i32[w + 1]) !== -1;
  const { block } = streams.cursor;
  const passedFirst = compareWords(i32, g + G_LAST, s + S_FIRST) >= 0;
  if (known && passedFirst && !streams.hasTombstones(s, g + G_LAST)) {
    i32[w + 1] = (i32[w + 1] + 1) | 0;
    if (i32[w + 1] === 0) i32[w]++;
  } else if ((i32[s + S_ADDED] | i32[s + S_ADDED + 1]) !== 0) {
    const found = streams.estimateRead(s, block.id);
    i32[w] = found ? streams.readHi : -1;
    i32[w + 1] = found ? streams.readLo : -1;
  }
}

/** Compares the identifiers in the words at `a` and `b`. */
function compareWords(i32: Int32Array, a: number, b: number): number {
  for (let k = 0; k < ID_WORDS; k++) if (i32[a + k] !== i32[b + k]) return (i32[a + k] >>> 0) - (i32[b + k] >>> 0);
  return 0;
}
