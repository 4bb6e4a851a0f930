/** What the commands on consumer groups share: finding the group, and telling of changes. */
import { ReplyError } from "../../base/reply_error.ts";
import type { Store } from "../../store/store.ts";
import { S_GROUPS } from "../../store/types/stream.ts";
import { type Call, NotifyClass } from "../call.ts";
import { recordConsumer } from "./record.ts";

/**
 * Counts `n` changes of the key in argument `i` that are no modification to those who watch it: what happens in consumer groups leaves
 * the entries alone, and Redis breaks no transaction for it.
 */
export function countChange(call: Call, i: number, n: number): void {
  call.storeOf(i).dirty += n;
  call.changes += n;
}

/** The group named by argument `i` of the stream at `s`, or 0. */
export function groupArgument(call: Call, store: Store, s: number, i: number): number {
  return store.streams.groups.findGroup(s + S_GROUPS, call.buf, call.at[i], call.len[i]);
}

/** NOGROUP for the key and the group in arguments `key` and `group`. */
export function noGroup(call: Call, key: number, group: number): ReplyError {
  return new ReplyError(`NOGROUP No such key '${cText(call, key)}' or consumer group '${cText(call, group)}'`);
}

/** Argument `i` up to its first zero byte, where C's text ends. */
export function cText(call: Call, i: number): string {
  const text = call.text(i);
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

/** The consumer named by argument `name` of group `g`, made if need be; the stream's key is argument `key`. Throws ArenaFull. */
export function consumerArgument(call: Call, store: Store, g: number, name: number, key: number): number {
  const { groups } = store.streams;
  const { buf, at, len } = call;
  const found = groups.findConsumer(g, buf, at[name], len[name]);
  return found !== 0 ? found : makeConsumer(call, store, g, name, key);
}

/** Makes the consumer named by argument `name` of group `g`, which has none of that name, and tells of it. Throws ArenaFull. */
export function makeConsumer(call: Call, store: Store, g: number, name: number, key: number): number {
  const c = store.streams.groups.createConsumer(g, call.buf, call.at[name], call.len[name], call.nowMs);
  countChange(call, key, 1);
  if (call.effects.on) recordConsumer(call, key, name);
  call.notify(NotifyClass.STREAM, "xgroup-createconsumer", key);
  return c;
}
