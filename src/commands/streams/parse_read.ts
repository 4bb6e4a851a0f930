/**
 * The arguments of XREAD and XREADGROUP. They are read anew each time a request that waits may be served, so what depends on the moment
 * of asking ($, +) is turned into identifiers here. Any thread.
 */
import { ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { S_LAST } from "../../store/types/stream.ts";
import { ID_WORDS } from "../../structures/stream_id.ts";
import type { Call } from "../call.ts";
import { deadline } from "../wait.ts";
import { cText, groupArgument } from "./groups.ts";
import { NO_TIMEOUT } from "./read_arguments.ts";

const GROUP_IN_XREAD = new ReplyError(
  "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
);
const NOACK_IN_XREAD = new ReplyError(
  "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
);
const MISSING_GROUP = new ReplyError("ERR Missing GROUP option for XREADGROUP");
const NEW_IN_XREAD = new ReplyError(
  "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
);
const UNBALANCED_READ = new ReplyError(
  "ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.",
);
const UNBALANCED_GROUP = new ReplyError(
  "ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified.",
);
const TIMEOUT_FORM = new ReplyError("ERR timeout is not an integer or out of range");
const LAST_IN_GROUP = meaningless("$");
const END_IN_GROUP = meaningless("+");

function meaningless(id: string): ReplyError {
  return new ReplyError(
    `ERR The ${id} ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by ` +
      `specifying a proper ID, or use the > ID to get new messages. The ${id} ID would just return an empty result set.`,
  );
}

const [DOLLAR, PLUS, GREATER] = [36, 43, 62];

/**
 * Reads the arguments into call.reading and the identifiers into call.streams.list, where the greatest one stands for ">". Throws
 * ReplyError, also for keys of another type and groups that don't exist.
 */
export function parseRead(call: Call, isGroup: boolean): void {
  const { argc, reading } = call;
  reading.timeoutMs = NO_TIMEOUT;
  reading.count = 0;
  reading.noAck = false;
  reading.group = 0;
  reading.first = 0;
  for (let i = 1; i < argc && reading.first === 0; i++) {
    const more = argc - i - 1;
    if (more > 0 && call.is(i, "block")) reading.timeoutMs = timeoutArgument(call, ++i);
    else if (more > 0 && call.is(i, "count")) reading.count = Math.max(0, call.int(++i));
    else if (more > 0 && call.is(i, "streams")) {
      if (more % 2 !== 0) throw isGroup ? UNBALANCED_GROUP : UNBALANCED_READ;
      reading.first = i + 1;
      reading.streams = more / 2;
    } else if (more > 1 && call.is(i, "group")) {
      if (!isGroup) throw GROUP_IN_XREAD;
      reading.group = i + 1;
      i += 2;
    } else if (call.is(i, "noack")) {
      if (!isGroup) throw NOACK_IN_XREAD;
      reading.noAck = true;
    } else throw SYNTAX_ERROR;
  }
  if (reading.first === 0) throw SYNTAX_ERROR;
  if (isGroup && reading.group === 0) throw MISSING_GROUP;
  call.streams.reserve(reading.streams);
  for (let k = 0; k < reading.streams; k++) if (reaches(call, k)) readPosition(call, k);
}

/** False for a stream that is another shard's business. */
export function reaches(call: Call, k: number): boolean {
  return !call.partial || call.owns(call.reading.first + k);
}

function timeoutArgument(call: Call, i: number): number {
  const ms = call.int(i, -Infinity, Infinity, TIMEOUT_FORM);
  deadline(ms, call.nowMs);
  return ms;
}

/** Looks up stream `k` and reads its identifier. */
function readPosition(call: Call, k: number): void {
  const { reading, streams: args } = call;
  const key = reading.first + k;
  const i = key + reading.streams;
  const isGroup = reading.group !== 0;
  const { id } = args;
  const e = call.readTyped(key, Type.STREAM);
  const store = call.storeOf(key);
  const s = e === 0 ? 0 : store.streams.open(e);
  if (isGroup && (e === 0 || groupArgument(call, store, s, reading.group) === 0)) {
    throw new ReplyError(
      `NOGROUP No such key '${cText(call, key)}' or consumer group '${
        cText(call, reading.group)
      }' in XREADGROUP with ` +
        "GROUP option",
    );
  }
  const sign = call.len[i] === 1 ? call.buf[call.at[i]] : 0;
  if (sign === DOLLAR) {
    if (isGroup) throw LAST_IN_GROUP;
    if (e === 0) id.setMin();
    else id.load(store.i32, s + S_LAST);
  } else if (sign === PLUS) {
    if (isGroup) throw END_IN_GROUP;
    if (e !== 0 && store.streams.lastEntry(s, id)) id.decrement();
    else id.setMin();
  } else if (sign === GREATER) {
    if (!isGroup) throw NEW_IN_XREAD;
    id.setMax();
  } else args.read(call, i, id);
  id.store(args.list, k * ID_WORDS);
}
