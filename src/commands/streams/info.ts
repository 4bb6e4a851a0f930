/** XINFO: what a stream, its consumer groups and their consumers look like. */
import { NO_SUCH_KEY } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import { S_ADDED, S_FIRST, S_GROUPS, S_LAST, S_LOG, S_MAX_DELETED } from "../../store/types/stream.ts";
import {
  C_ACTIVE,
  C_PENDING,
  C_SEEN,
  G_LAST,
  G_PENDING,
  G_READ,
  P_CONSUMER,
  P_COUNT,
  P_TIME,
} from "../../store/types/stream_groups.ts";
import type { Call } from "../call.ts";
import { keyAt, type ShardCommand, type ShardContainer } from "../command.ts";
import { writeHelp } from "../help.ts";
import { replyEntry, replyIdAt, replyInt64, replyRange } from "./entry_reply.ts";
import { wrongSubcommand } from "./group.ts";
import { cText, groupArgument } from "./groups.ts";
import { ReplyError } from "../../base/reply_error.ts";

/** Entries, and pending ones of each group and consumer, that FULL shows unless told. */
const FULL_COUNT = 10;

const facts = {
  flags: ["readonly"],
  keys: [keyAt(2, "RO", "access")],
  group: "stream",
  since: "5.0.0",
} as const;

const stream: ShardCommand = {
  name: "stream",
  ...facts,
  arity: -3,
  summary: "Tells how a stream is doing, with FULL down to its entries and what is pending.",
  complexity: "O(1)",
  syntax: "key [FULL [COUNT count]]",
  history: [
    ["6.0.0", "Option `FULL`."],
    ["7.0.0", "Tells `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag`."],
    ["7.2.0", "Tells `active-time`, and of `seen-time` all attempts."],
  ],
  run(call: Call): void {
    const { argc, reply } = call;
    const store = call.storeOf(2);
    const s = existingStream(call, store);
    if (argc > 3 && ((argc !== 4 && argc !== 6) || !call.is(3, "full"))) throw wrongSubcommand(call, "XINFO");
    let count = FULL_COUNT;
    if (argc === 6) {
      if (!call.is(4, "count")) throw wrongSubcommand(call, "XINFO");
      count = call.int(5);
      if (count < 0) count = FULL_COUNT;
    }
    const full = argc > 3;
    const { streams, i32 } = store;
    reply.map(full ? 9 : 10);
    reply.bulkText("length");
    reply.int(streams.length(s));
    reply.bulkText("radix-tree-keys");
    reply.int(streams.log.blockCount(s + S_LOG));
    reply.bulkText("radix-tree-nodes");
    reply.int(streams.log.radixNodes(s + S_LOG));
    reply.bulkText("last-generated-id");
    replyIdAt(call, i32, s + S_LAST);
    reply.bulkText("max-deleted-entry-id");
    replyIdAt(call, i32, s + S_MAX_DELETED);
    reply.bulkText("entries-added");
    replyInt64(call, i32[s + S_ADDED], i32[s + S_ADDED + 1]);
    reply.bulkText("recorded-first-entry-id");
    replyIdAt(call, i32, s + S_FIRST);
    if (full) replyFull(call, store, s, count);
    else {
      reply.bulkText("groups");
      reply.int(streams.groups.count(s + S_GROUPS));
      reply.bulkText("first-entry");
      replyEdge(call, store, s, false);
      reply.bulkText("last-entry");
      replyEdge(call, store, s, true);
    }
  },
};

function replyEdge(call: Call, store: Store, s: number, last: boolean): void {
  const { cursor } = store.streams;
  cursor.openAll(s + S_LOG, last);
  if (cursor.next()) replyEntry(call, store, cursor.block);
  else call.reply.nil();
}

/** The stream in argument 2 as the word index of its payload; throws when there is none. */
function existingStream(call: Call, store: Store): number {
  const e = call.readTyped(2, Type.STREAM);
  if (e === 0) throw NO_SUCH_KEY;
  return store.streams.open(e);
}

function replyFull(call: Call, store: Store, s: number, count: number): void {
  const { reply } = call;
  const { start, end } = call.streams;
  const { groups } = store.streams;
  reply.bulkText("entries");
  start.setMin();
  end.setMax();
  replyRange(call, store, s, start, end, count, false);
  reply.bulkText("groups");
  reply.array(groups.count(s + S_GROUPS));
  for (let n = 0, g = groups.group(s + S_GROUPS, 0); g !== 0; g = groups.group(s + S_GROUPS, ++n)) {
    reply.map(7);
    replyGroupName(call, store, g);
    replyProgress(call, store, s, g);
    reply.bulkText("pel-count");
    reply.int(groups.pending.count(g + G_PENDING));
    reply.bulkText("pending");
    replyPending(call, store, g, count);
    reply.bulkText("consumers");
    reply.array(groups.consumerCount(g));
    for (let m = 0, c = groups.consumer(g, 0); c !== 0; c = groups.consumer(g, ++m)) {
      replyFullConsumer(call, store, g, c, count);
    }
  }
}

function replyGroupName(call: Call, store: Store, g: number): void {
  const { groups } = store.streams;
  groups.readGroupName(g);
  call.reply.bulkText("name");
  call.reply.bulk(store.u8, groups.nameAt, groups.nameLen);
}

function replyConsumerName(call: Call, store: Store, c: number): void {
  const { groups } = store.streams;
  groups.readConsumerName(c);
  call.reply.bulk(store.u8, groups.nameAt, groups.nameLen);
}

/** Where a group is and how far behind, each with its name. */
function replyProgress(call: Call, store: Store, s: number, g: number): void {
  const { reply } = call;
  const { i32 } = store;
  reply.bulkText("last-delivered-id");
  replyIdAt(call, i32, g + G_LAST);
  reply.bulkText("entries-read");
  if ((i32[g + G_READ] & i32[g + G_READ + 1]) === -1) reply.nil();
  else replyInt64(call, i32[g + G_READ], i32[g + G_READ + 1]);
  reply.bulkText("lag");
  replyLag(call, store, s, g);
}

/** How many entries a group has not read, null where deleted ones make that unknown. */
function replyLag(call: Call, store: Store, s: number, g: number): void {
  const { reply } = call;
  const { streams, i32 } = store;
  const { id, other } = call.streams;
  const length = streams.length(s);
  if ((i32[s + S_ADDED] | i32[s + S_ADDED + 1]) === 0 || length === 0) {
    reply.int(0);
    return;
  }
  id.load(i32, g + G_LAST);
  other.load(i32, s + S_MAX_DELETED);
  if (id.compareAt(i32, s + S_FIRST) < 0 && other.compareAt(i32, s + S_FIRST) < 0) {
    reply.int(length);
    return;
  }
  let hi = i32[g + G_READ];
  let lo = i32[g + G_READ + 1];
  if ((hi & lo) === -1 || streams.hasTombstones(s, g + G_LAST)) {
    if (!streams.estimateRead(s, id)) {
      reply.nil();
      return;
    }
    hi = streams.readHi;
    lo = streams.readLo;
  }
  const added = i32[s + S_ADDED + 1];
  const borrow = (added >>> 0) < (lo >>> 0) ? 1 : 0;
  replyInt64(call, (i32[s + S_ADDED] - hi - borrow) | 0, (added - lo) | 0);
}

/** Up to `count` (0: all) pending entries of a group. */
function replyPending(call: Call, store: Store, g: number, count: number): void {
  const { reply } = call;
  const { groups } = store.streams;
  const { pending } = groups;
  const total = pending.count(g + G_PENDING);
  let left = count === 0 ? total : Math.min(count, total);
  reply.array(left);
  for (let w = pending.first(g + G_PENDING); left > 0; w = pending.next(), left--) {
    reply.array(4);
    replyIdAt(call, store.i32, w);
    replyConsumerName(call, store, store.i32[w + P_CONSUMER]);
    replyDelivery(call, store, w);
  }
}

function replyDelivery(call: Call, store: Store, w: number): void {
  const { i32 } = store;
  replyInt64(call, i32[w + P_TIME], i32[w + P_TIME + 1]);
  replyInt64(call, i32[w + P_COUNT], i32[w + P_COUNT + 1]);
}

function replyFullConsumer(call: Call, store: Store, g: number, c: number, count: number): void {
  const { reply } = call;
  const { groups } = store.streams;
  const { owned } = groups;
  const { id } = call.streams;
  reply.map(5);
  reply.bulkText("name");
  replyConsumerName(call, store, c);
  reply.bulkText("seen-time");
  reply.int(groups.time(c + C_SEEN));
  reply.bulkText("active-time");
  reply.int(groups.time(c + C_ACTIVE));
  const total = owned.count(c + C_PENDING);
  reply.bulkText("pel-count");
  reply.int(total);
  reply.bulkText("pending");
  let left = count === 0 ? total : Math.min(count, total);
  reply.array(left);
  for (let w = owned.first(c + C_PENDING); left > 0; w = owned.next(), left--) {
    reply.array(3);
    replyIdAt(call, store.i32, w);
    id.load(store.i32, w);
    replyDelivery(call, store, groups.findPending(g, id));
  }
}

const groups: ShardCommand = {
  name: "groups",
  ...facts,
  arity: 3,
  summary: "Tells of each consumer group of a stream how far it has read.",
  complexity: "O(1) for each group",
  syntax: "key",
  history: [["7.0.0", "Tells `entries-read` and `lag`."]],
  run(call: Call): void {
    const { reply } = call;
    const store = call.storeOf(2);
    const s = existingStream(call, store);
    const { groups } = store.streams;
    reply.array(groups.count(s + S_GROUPS));
    for (let n = 0, g = groups.group(s + S_GROUPS, 0); g !== 0; g = groups.group(s + S_GROUPS, ++n)) {
      reply.map(6);
      replyGroupName(call, store, g);
      reply.bulkText("consumers");
      reply.int(groups.consumerCount(g));
      reply.bulkText("pending");
      reply.int(groups.pending.count(g + G_PENDING));
      replyProgress(call, store, s, g);
    }
  },
};

const consumers: ShardCommand = {
  name: "consumers",
  ...facts,
  arity: 4,
  summary: "Tells of each consumer of a group what is pending for it and when it was last heard of.",
  complexity: "O(1) for each consumer",
  syntax: "key group",
  tips: ["nondeterministic_output"],
  history: [["7.2.0", "Tells `inactive`, and of `idle` all attempts."]],
  run(call: Call): void {
    const { reply, nowMs } = call;
    const store = call.storeOf(2);
    const s = existingStream(call, store);
    const { groups } = store.streams;
    const g = groupArgument(call, store, s, 3);
    if (g === 0) {
      throw new ReplyError(`NOGROUP No such consumer group '${cText(call, 3)}' for key name '${cText(call, 2)}'`);
    }
    reply.array(groups.consumerCount(g));
    for (let n = 0, c = groups.consumer(g, 0); c !== 0; c = groups.consumer(g, ++n)) {
      const active = groups.time(c + C_ACTIVE);
      reply.map(4);
      reply.bulkText("name");
      replyConsumerName(call, store, c);
      reply.bulkText("pending");
      reply.int(groups.owned.count(c + C_PENDING));
      reply.bulkText("idle");
      reply.int(Math.max(0, nowMs - groups.time(c + C_SEEN)));
      reply.bulkText("inactive");
      reply.int(active === -1 ? -1 : nowMs - active);
    }
  },
};

const help: ShardCommand = {
  name: "help",
  arity: 2,
  flags: ["loading", "stale"],
  group: "stream",
  since: "5.0.0",
  summary: "Explains the subcommands.",
  complexity: "O(1)",
  syntax: "",
  run(call: Call): void {
    writeHelp(call.reply, "XINFO", [
      "CONSUMERS <key> <groupname>",
      "    Show consumers of <groupname>.",
      "GROUPS <key>",
      "    Show the stream consumer groups.",
      "STREAM <key> [FULL [COUNT <count>]",
      "    Show information about the stream.",
    ]);
  },
};

export const xinfo: ShardContainer = {
  name: "xinfo",
  arity: -2,
  flags: [],
  group: "stream",
  since: "5.0.0",
  summary: "Looks at streams and consumer groups.",
  complexity: "Depends on the subcommand.",
  syntax: "",
  subcommands: [stream, groups, consumers, help],
};
