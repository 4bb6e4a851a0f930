/** SINTER, SINTERSTORE, SINTERCARD: what all of several sets have. */
import { ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import type { Call } from "../call.ts";
import { keyAt, keysCounted, keysFrom, type ShardCommand } from "../command.ts";
import { CountSink, intersect, readSources, ReplySink, storeBuilt } from "./algebra.ts";

const COMPLEXITY = "O(N*M) at worst, with N members in the smallest of M sets";
const NUMKEYS_TOO_SMALL = new ReplyError("ERR numkeys should be greater than 0");
const NUMKEYS_TOO_LARGE = new ReplyError("ERR Number of keys can't be greater than number of args");
const LIMIT_NEGATIVE = new ReplyError("ERR LIMIT can't be negative");

export const sinter: ShardCommand = {
  name: "sinter",
  arity: -2,
  flags: ["readonly"],
  keys: [keysFrom(1, -1, 1, "RO", "access")],
  group: "set",
  since: "1.0.0",
  summary: "Returns the members that all of several sets have.",
  complexity: COMPLEXITY,
  syntax: "key [key ...]",
  tips: ["nondeterministic_output_order"],
  run(call: Call): void {
    const sources = readSources(call, 1, call.argc - 1);
    const place = call.reply.openArray();
    const sink = new ReplySink(call.reply);
    intersect(sources, sink);
    call.reply.closeArray(place, sink.count, "~");
  },
};

export const sinterstore: ShardCommand = {
  name: "sinterstore",
  arity: -3,
  flags: ["write", "denyoom"],
  keys: [keyAt(1, "RW", "update"), keysFrom(2, -1, 1, "RO", "access")],
  group: "set",
  since: "1.0.0",
  summary: "Makes a key hold the members that all of several sets have.",
  complexity: COMPLEXITY,
  syntax: "destination key [key ...]",
  run(call: Call): void {
    const sources = readSources(call, 2, call.argc - 2);
    storeBuilt(call, "sinterstore", (builder) => intersect(sources, builder));
  },
};

export const sintercard: ShardCommand = {
  name: "sintercard",
  arity: -3,
  flags: ["readonly", "movablekeys"],
  keys: [keysCounted(1, "RO", "access")],
  group: "set",
  since: "7.0.0",
  summary: "Counts the members that all of several sets have, up to a limit.",
  complexity: COMPLEXITY,
  syntax: "numkeys key [key ...] [LIMIT limit]",
  run(call: Call): void {
    const n = call.int(1, 1, Infinity, NUMKEYS_TOO_SMALL);
    if (n > call.argc - 2) throw NUMKEYS_TOO_LARGE;
    let limit = 0;
    for (let i = 2 + n; i < call.argc; i += 2) {
      if (i + 1 === call.argc || !call.is(i, "limit")) throw SYNTAX_ERROR;
      limit = call.int(i + 1, 0, Infinity, LIMIT_NEGATIVE);
    }
    const sources = readSources(call, 2, n);
    const sink = new CountSink(limit === 0 ? Infinity : limit);
    intersect(sources, sink);
    call.reply.int(sink.count);
  },
};
