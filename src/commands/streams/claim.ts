/** XCLAIM and XAUTOCLAIM: pending entries change hands. */
import { ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import type { Store } from "../../store/store.ts";
import { Type } from "../../store/entry.ts";
import { C_ACTIVE, C_SEEN, G_LAST, G_PENDING, P_COUNT, P_TIME } from "../../store/types/stream_groups.ts";
import { ID_WORDS } from "../../structures/stream_id.ts";
import type { Call } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { insertId, replyEntryOf, replyId } from "./entry_reply.ts";
import { consumerArgument, countChange, groupArgument, noGroup } from "./groups.ts";
import { recordAcknowledged, recordPending, recordRead } from "./record.ts";

const CLAIM_IDLE = new ReplyError("ERR Invalid min-idle-time argument for XCLAIM");
const CLAIM_IDLE_OPTION = new ReplyError("ERR Invalid IDLE option argument for XCLAIM");
const CLAIM_TIME_OPTION = new ReplyError("ERR Invalid TIME option argument for XCLAIM");
const CLAIM_RETRY_OPTION = new ReplyError("ERR Invalid RETRYCOUNT option argument for XCLAIM");
const AUTOCLAIM_IDLE = new ReplyError("ERR Invalid min-idle-time argument for XAUTOCLAIM");
const COUNT_POSITIVE = new ReplyError("ERR COUNT must be > 0");

/** Bytes that a pending entry takes in both trees, with what splits leave free: an upper bound for `needRoom`. */
const PENDING_BYTES = 160;
const AUTOCLAIM_COUNT = 100;
/** XAUTOCLAIM looks at so many pending entries for each one it may claim. */
const ATTEMPTS = 10;
/** Redis's bound: the identifiers fit a C long of bytes. */
const AUTOCLAIM_COUNT_MAX = 2 ** 59;

export const xclaim: ShardCommand = {
  name: "xclaim",
  arity: -6,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "update")],
  group: "stream",
  since: "5.0.0",
  summary: "Makes pending entries of a consumer group another consumer's, if they have been idle long enough.",
  complexity: "O(log(N)) for each entry, N the number of pending entries",
  syntax: "key group consumer min-idle-time id [id ...] [IDLE ms:integer] [TIME unix-time-milliseconds] " +
    "[RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]",
  tips: ["nondeterministic_output"],
  run(call: Call): void {
    const { argc, nowMs, streams: args } = call;
    const e = call.readTyped(1, Type.STREAM);
    const store = call.storeOf(1);
    const { streams, i32 } = store;
    const { groups } = streams;
    const s = e === 0 ? 0 : streams.open(e);
    const g = e === 0 ? 0 : groupArgument(call, store, s, 2);
    if (g === 0) throw noGroup(call, 1, 2);
    const minIdle = call.int(4, -Infinity, Infinity, CLAIM_IDLE);
    const { id } = args;
    args.reserve(argc - 5);
    let i = 5;
    for (; i < argc && args.isId(call, i, id); i++) id.store(args.list, (i - 5) * ID_WORDS);
    const ids = i - 5;
    const lastId = args.start;
    lastId.setMin();
    let time = nowMs;
    let retryHi = -1; // of a count that was given it is never negative
    let retryLo = 0;
    let force = false;
    let justId = false;
    for (; i < argc; i++) {
      const more = i + 1 < argc;
      if (call.is(i, "force")) force = true;
      else if (call.is(i, "justid")) justId = true;
      else if (more && call.is(i, "idle")) time = deliveryTime(call, ++i, true);
      else if (more && call.is(i, "time")) time = deliveryTime(call, ++i, false);
      else if (more && call.is(i, "retrycount")) {
        call.int64(++i, CLAIM_RETRY_OPTION);
        retryHi = call.number.hi;
        retryLo = call.number.lo;
      } else if (more && call.is(i, "lastid")) args.read(call, ++i, lastId);
      else throw new ReplyError(`ERR Unrecognized XCLAIM option '${call.text(i)}'`);
    }
    call.needRoom(1, ids * PENDING_BYTES);
    const c = consumerArgument(call, store, g, 3, 1);
    const movesLast = lastId.compareAt(i32, g + G_LAST) > 0;
    if (movesLast) lastId.store(i32, g + G_LAST);
    groups.setTime(c + C_SEEN, nowMs);
    const place = call.reply.openArray();
    let claimed = 0;
    let dropped = 0;
    for (let k = 0; k < ids; k++) {
      id.load(args.list, k * ID_WORDS);
      const found = groups.findPending(g, id);
      if (!streams.has(s, id)) {
        if (groups.acknowledge(g, id)) {
          dropped++;
          if (call.effects.on) recordAcknowledged(call, 1, 2, id);
        }
        continue;
      }
      if (found === 0 && !force) continue;
      if (found !== 0 && minIdle > 0 && nowMs - groups.time(found + P_TIME) < minIdle) continue;
      const pending = groups.assign(g, c, id);
      if (found === 0) groups.countDelivery(pending);
      groups.setTime(pending + P_TIME, time);
      if (retryHi >= 0) {
        i32[pending + P_COUNT] = retryHi;
        i32[pending + P_COUNT + 1] = retryLo;
      } else if (!justId) groups.countDelivery(pending);
      if (call.effects.on) recordPending(call, store, 1, 2, g, id, pending);
      groups.setTime(c + C_ACTIVE, nowMs);
      if (justId) replyId(call, id);
      else replyEntryOf(call, store, s, id);
      claimed++;
    }
    call.reply.closeArray(place, claimed);
    if (movesLast && call.effects.on) recordRead(call, store, 1, 2, g);
    countChange(call, 1, claimed + dropped + (movesLast && claimed + dropped === 0 ? 1 : 0));
  },
};

/** The delivery time that argument `i` says, `ago` or since 1970; one that makes no sense is now. */
function deliveryTime(call: Call, i: number, ago: boolean): number {
  const ms = call.int(i, -Infinity, Infinity, ago ? CLAIM_IDLE_OPTION : CLAIM_TIME_OPTION);
  const time = ago ? call.nowMs - ms : ms;
  return time < 0 || time > call.nowMs ? call.nowMs : time;
}

export const xautoclaim: ShardCommand = {
  name: "xautoclaim",
  arity: -6,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "delete")],
  group: "stream",
  since: "6.2.0",
  summary:
    "Walks the pending entries of a consumer group and makes those that have been idle long enough a consumer's.",
  complexity: "O(1) with a small COUNT",
  syntax: "key group consumer min-idle-time:string start:string [COUNT count] [JUSTID]",
  tips: ["nondeterministic_output"],
  history: [["7.0.0", "Replies with the identifiers of entries that are no more, and forgets them."]],
  run(call: Call): void {
    const { argc, streams: args } = call;
    const minIdle = call.int(4, -Infinity, Infinity, AUTOCLAIM_IDLE);
    args.readStart(call, 5, args.start);
    let count = AUTOCLAIM_COUNT;
    let justId = false;
    for (let i = 6; i < argc; i++) {
      if (i + 1 < argc && call.is(i, "count")) count = call.int(++i, 1, AUTOCLAIM_COUNT_MAX, COUNT_POSITIVE);
      else if (call.is(i, "justid")) justId = true;
      else throw SYNTAX_ERROR;
    }
    const e = call.readTyped(1, Type.STREAM);
    const store = call.storeOf(1);
    const { streams } = store;
    const s = e === 0 ? 0 : streams.open(e);
    const g = e === 0 ? 0 : groupArgument(call, store, s, 2);
    if (g === 0) throw noGroup(call, 1, 2);
    const most = Math.min(count, streams.groups.pending.count(g + G_PENDING));
    call.needRoom(1, most * PENDING_BYTES);
    args.reserve(most);
    const c = consumerArgument(call, store, g, 3, 1);
    autoclaim(call, store, s, g, c, minIdle, count, justId);
  },
};

function autoclaim(
  call: Call,
  store: Store,
  s: number,
  g: number,
  c: number,
  minIdle: number,
  count: number,
  justId: boolean,
): void {
  const { reply, nowMs } = call;
  const { streams, i32 } = store;
  const { groups } = streams;
  const { pending } = groups;
  const { id, start, list } = call.streams;
  groups.setTime(c + C_SEEN, nowMs);
  reply.array(3);
  const head = reply.pos;
  const place = reply.openArray();
  let claimed = 0;
  let dropped = 0;
  let w = pending.seekFrom(g + G_PENDING, start);
  for (let attempts = count * ATTEMPTS; attempts > 0 && claimed + dropped < count && w !== 0; attempts--) {
    id.load(i32, w);
    if (!streams.has(s, id)) {
      id.store(list, dropped++ * ID_WORDS);
      groups.acknowledge(g, id);
      if (call.effects.on) recordAcknowledged(call, 1, 2, id);
      w = pending.seekFrom(g + G_PENDING, id);
      continue;
    }
    if (minIdle <= 0 || nowMs - groups.time(w + P_TIME) >= minIdle) {
      groups.assign(g, c, id);
      groups.setTime(w + P_TIME, nowMs);
      if (!justId) groups.countDelivery(w);
      if (call.effects.on) recordPending(call, store, 1, 2, g, id, w);
      groups.setTime(c + C_ACTIVE, nowMs);
      if (justId) replyId(call, id);
      else replyEntryOf(call, store, s, id);
      claimed++;
    }
    w = pending.next();
  }
  reply.closeArray(place, claimed);
  if (w === 0) id.setMin();
  else id.load(i32, w);
  insertId(call, head, id);
  reply.array(dropped);
  for (let k = 0; k < dropped; k++) {
    id.load(list, k * ID_WORDS);
    replyId(call, id);
  }
  countChange(call, 1, claimed + dropped);
}
