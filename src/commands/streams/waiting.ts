/** What XREAD and XREADGROUP with BLOCK need for waiting: when they would reply, and from where they read on. Any thread. */
import { ReplyError } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { G_LAST } from "../../store/types/stream_groups.ts";
import { ID_WORDS } from "../../structures/stream_id.ts";
import type { Call } from "../call.ts";
import { equalsIgnoreCase } from "../../base/bytes.ts";
import type { Arguments } from "../command.ts";
import { groupArgument } from "./groups.ts";
import { parseRead } from "./parse_read.ts";

const [DOLLAR, PLUS] = [36, 43];

/** True for a request with BLOCK; one that does not wait must not hold up those behind it. */
export function mayWait(request: Arguments): boolean {
  for (let i = 1; i < request.argc; i++) {
    if (isArgument(request, i, "block")) return true;
    if (isArgument(request, i, "streams")) return false;
  }
  return false;
}

/** What $ and + stood for stays the same for one who waits: that is what is asked for when the request runs again. */
export function keepPositions(call: Call): void {
  const { reading, wait, buf, at, len } = call;
  const { id, list } = call.streams;
  for (let k = 0; k < reading.streams; k++) {
    const i = reading.first + reading.streams + k;
    const sign = len[i] === 1 ? buf[at[i]] : 0;
    if (sign !== DOLLAR && sign !== PLUS) continue;
    id.load(list, k * ID_WORDS);
    wait.texts.set(i, call.streams.text.slice(0, call.streams.format(id)));
  }
}

/** An entry behind the one that the reader knows has come to the stream in argument `i`. */
export function streamReplies(call: Call, i: number): boolean {
  const e = call.peek(i);
  const { store } = call;
  if (e === 0 || store.type(e) !== Type.STREAM) return false;
  if (!parses(call, false)) return true;
  const { start, end, list } = call.streams;
  start.load(list, (i - call.reading.first) * ID_WORDS);
  return store.streams.lastEntry(store.streams.open(e), end) && end.compare(start) > 0;
}

/** An entry that the group was not given has come to the stream in argument `i`, or stream or group are gone. */
export function groupReplies(call: Call, i: number): boolean {
  const e = call.peek(i);
  const { store } = call;
  if (e === 0 || store.type(e) !== Type.STREAM || !parses(call, true)) return true;
  const s = store.streams.open(e);
  const { end } = call.streams;
  return store.streams.lastEntry(s, end) &&
    end.compareAt(store.i32, groupArgument(call, store, s, call.reading.group) + G_LAST) > 0;
}

/** Parses the request, which counts for nothing; false when it is to be refused now: another of its keys has changed its type. */
function parses(call: Call, isGroup: boolean): boolean {
  const { hits, misses, notifyMask } = call;
  call.notifyMask = 0;
  try {
    parseRead(call, isGroup);
    return true;
  } catch (error) {
    if (error instanceof ReplyError) return false;
    throw error;
  } finally {
    call.hits = hits;
    call.misses = misses;
    call.notifyMask = notifyMask;
  }
}

function isArgument(request: Arguments, i: number, lower: string): boolean {
  return equalsIgnoreCase(request.buf, request.at[i], request.len[i], lower);
}
