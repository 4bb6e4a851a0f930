/** XPENDING: what was delivered in a consumer group and not acknowledged. */
import { SYNTAX_ERROR } from "../../base/reply_error.ts";
import type { Store } from "../../store/store.ts";
import { Type } from "../../store/entry.ts";
import { C_PENDING, G_PENDING, P_CONSUMER, P_COUNT, P_TIME } from "../../store/types/stream_groups.ts";
import type { Call } from "../call.ts";
import { READ_KEY, type ShardCommand } from "../command.ts";
import { replyId, replyIdAt, replyInt64 } from "./entry_reply.ts";
import { groupArgument, noGroup } from "./groups.ts";

export const xpending: ShardCommand = {
  name: "xpending",
  arity: -3,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "stream",
  since: "5.0.0",
  summary: "Tells what is pending in a consumer group: in sum, or the entries of an interval one by one.",
  complexity: "O(log(N)+M), N the number of pending entries and M the number of consumers, or of entries looked at",
  syntax: "key group [[IDLE min-idle-time:integer] start:string end:string count [consumer]]",
  tips: ["nondeterministic_output"],
  history: [["6.2.0", "Option `IDLE`, and bounds that leave their own identifier out."]],
  run(call: Call): void {
    const { argc, streams } = call;
    const { start, end } = streams;
    if (argc !== 3 && (argc < 6 || argc > 9)) throw SYNTAX_ERROR;
    let minIdle = 0;
    let count = 0;
    let name = 0;
    if (argc >= 6) {
      let i = 3;
      if (call.is(3, "idle")) {
        minIdle = call.int(4);
        if (argc < 8) throw SYNTAX_ERROR;
        i = 5;
      }
      count = Math.max(0, call.int(i + 2));
      streams.readStart(call, i, start);
      streams.readEnd(call, i + 1, end);
      if (i + 3 < argc) name = i + 3;
    }
    const e = call.readTyped(1, Type.STREAM);
    const store = call.storeOf(1);
    const g = e === 0 ? 0 : groupArgument(call, store, store.streams.open(e), 2);
    if (g === 0) throw noGroup(call, 1, 2);
    if (argc === 3) replySummary(call, store, g);
    else replyPending(call, store, g, name, count, minIdle);
  },
};

/** Number, first and last identifier, and each consumer that has some with their number. */
function replySummary(call: Call, store: Store, g: number): void {
  const { reply } = call;
  const { groups } = store.streams;
  const { pending, owned } = groups;
  const total = pending.count(g + G_PENDING);
  reply.array(4);
  reply.int(total);
  if (total === 0) {
    reply.nil();
    reply.nil();
    reply.nilArray();
    return;
  }
  replyIdAt(call, store.i32, pending.first(g + G_PENDING));
  replyIdAt(call, store.i32, pending.last(g + G_PENDING));
  const place = reply.openArray();
  let consumers = 0;
  for (let n = 0, c = groups.consumer(g, 0); c !== 0; c = groups.consumer(g, ++n)) {
    const count = owned.count(c + C_PENDING);
    if (count === 0) continue;
    reply.array(2);
    groups.readConsumerName(c);
    reply.bulk(store.u8, groups.nameAt, groups.nameLen);
    reply.bulkInt(count);
    consumers++;
  }
  reply.closeArray(place, consumers);
}

/** Up to `count` pending entries from streams.start to streams.end, of the consumer in argument `name` (0: of all). */
function replyPending(call: Call, store: Store, g: number, name: number, count: number, minIdle: number): void {
  const { reply, nowMs, buf, at, len } = call;
  const { groups } = store.streams;
  const { id, start, end } = call.streams;
  const c = name === 0 ? 0 : groups.findConsumer(g, buf, at[name], len[name]);
  if (name !== 0 && c === 0) {
    reply.array(0);
    return;
  }
  const tree = c === 0 ? groups.pending : groups.owned;
  const place = reply.openArray();
  let n = 0;
  let w = count === 0 ? 0 : tree.seekFrom(c === 0 ? g + G_PENDING : c + C_PENDING, start);
  for (; w !== 0 && n < count; w = tree.next()) {
    id.load(store.i32, w);
    if (id.compare(end) > 0) break;
    const pending = c === 0 ? w : groups.findPending(g, id);
    const idle = nowMs - groups.time(pending + P_TIME);
    if (minIdle !== 0 && idle < minIdle) continue;
    reply.array(4);
    replyId(call, id);
    groups.readConsumerName(store.i32[pending + P_CONSUMER]);
    reply.bulk(store.u8, groups.nameAt, groups.nameLen);
    reply.int(Math.max(0, idle));
    replyInt64(call, store.i32[pending + P_COUNT], store.i32[pending + P_COUNT + 1]);
    n++;
  }
  reply.closeArray(place, n);
}
