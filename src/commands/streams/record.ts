/** Effects that stream commands record: what depended on the time, on how entries lie in blocks, or on who asked. */
import type { Store } from "../../store/store.ts";
import { S_FIRST } from "../../store/types/stream.ts";
import { G_LAST, G_READ, P_COUNT, P_TIME } from "../../store/types/stream_groups.ts";
import type { StreamId } from "../../structures/stream_id.ts";
import type { Call } from "../call.ts";
import { policyArgument } from "./reference_policy.ts";

function putId(call: Call, id: StreamId): void {
  const { streams } = call;
  call.effects.bytes(streams.text, 0, streams.format(id));
}

function putIdAt(call: Call, i32: Int32Array, w: number): void {
  const { other } = call.streams;
  other.load(i32, w);
  putId(call, other);
}

/**
 * Records XADD or XTRIM with what it came to: `id` (undefined for XTRIM) in place of argument `idAt`, and, where entries were trimmed by
 * whole blocks, the stream at `s` as the bound.
 */
export function recordTrimmed(call: Call, store: Store, s: number, idAt: number, id: StreamId | undefined): void {
  const { effects, argc, trim } = call;
  effects.begin(argc - droppedArguments(call, idAt));
  effects.args(0, 2);
  let i = 2;
  for (; i < idAt; i++) {
    if (policyArgument(call, i) !== -1) continue;
    if (!trim.approximate) effects.arg(i);
    else if (i === trim.thresholdAt - 1) effects.text("=");
    else if (i === trim.thresholdAt) putThreshold(call, store, s);
    else if (call.is(i, "limit")) i++;
    else effects.arg(i);
  }
  if (id === undefined) return;
  putId(call, id);
  effects.args(idAt + 1, argc);
}

/** How many arguments before `end` are left out: LIMIT has no place beside exact bounds, and older servers know no policies. */
function droppedArguments(call: Call, end: number): number {
  const { trim } = call;
  let n = 0;
  for (let i = 2; i < end; i++) {
    if (policyArgument(call, i) !== -1) n++;
    else if (trim.approximate && i !== trim.thresholdAt && call.is(i, "limit")) n += 2;
  }
  return n;
}

/** The bound that trims to what there is: the length, or the first identifier. */
function putThreshold(call: Call, store: Store, s: number): void {
  const { effects, trim } = call;
  const { streams, i32 } = store;
  if (trim.byLength) effects.number(streams.length(s));
  else if (streams.length(s) > 0) putIdAt(call, i32, s + S_FIRST);
  else effects.arg(trim.thresholdAt);
}

/** Records that the entry of `id` is pending as the words at `w` say, for the consumer in argument `group` + 1. */
export function recordPending(
  call: Call,
  store: Store,
  key: number,
  group: number,
  g: number,
  id: StreamId,
  w: number,
): void {
  const { effects } = call;
  const { i32, streams } = store;
  effects.begin(14);
  effects.text("XCLAIM");
  effects.arg(key);
  effects.arg(group);
  effects.arg(group + 1);
  effects.text("0");
  putId(call, id);
  effects.text("TIME");
  effects.number(streams.groups.time(w + P_TIME));
  effects.text("RETRYCOUNT");
  effects.int64(i32[w + P_COUNT], i32[w + P_COUNT + 1]);
  effects.text("FORCE");
  effects.text("JUSTID");
  effects.text("LASTID");
  putIdAt(call, i32, g + G_LAST);
}

/** Records that nobody owes an answer for the entry of `id` any more. */
export function recordAcknowledged(call: Call, key: number, group: number, id: StreamId): void {
  const { effects } = call;
  effects.begin(4);
  effects.text("XACK");
  effects.arg(key);
  effects.arg(group);
  putId(call, id);
}

/** Records how far the group has read. */
export function recordRead(call: Call, store: Store, key: number, group: number, g: number): void {
  const { effects } = call;
  const { i32 } = store;
  effects.begin(7);
  effects.text("XGROUP");
  effects.text("SETID");
  effects.arg(key);
  effects.arg(group);
  putIdAt(call, i32, g + G_LAST);
  effects.text("ENTRIESREAD");
  effects.int64(i32[g + G_READ], i32[g + G_READ + 1]);
}

/** Records that the group in argument `name` - 1 has the consumer in argument `name`. */
export function recordConsumer(call: Call, key: number, name: number): void {
  const { effects } = call;
  effects.begin(5);
  effects.text("XGROUP");
  effects.text("CREATECONSUMER");
  effects.arg(key);
  effects.arg(name - 1);
  effects.arg(name);
}

/** Records XADD of the entry of `id`, whose pairs are the arguments from `first` on. */
export function recordAdded(call: Call, first: number, id: StreamId): void {
  const { effects, argc } = call;
  effects.begin(3 + argc - first);
  effects.args(0, 2);
  putId(call, id);
  effects.args(first, argc);
}

/** Records that the entry of `id` in the stream at argument 1 is deleted. */
export function recordDeleted(call: Call, id: StreamId): void {
  const { effects } = call;
  effects.begin(3);
  effects.text("XDEL");
  effects.arg(1);
  putId(call, id);
}

/** Records that the entry of `id` is pending no more in group `g` of the stream at argument 1. */
export function recordForgotten(call: Call, store: Store, g: number, id: StreamId): void {
  const { effects } = call;
  const { groups } = store.streams;
  effects.begin(4);
  effects.text("XACK");
  effects.arg(1);
  groups.readGroupName(g);
  effects.bytes(store.u8, groups.nameAt, groups.nameLen);
  putId(call, id);
}
