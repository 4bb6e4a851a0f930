/** SDIFF and SDIFFSTORE: what only the first of several sets has. */
import type { Call } from "../call.ts";
import { keyAt, keysFrom, type ShardCommand } from "../command.ts";
import {
  readSources,
  replyBuilt,
  ReplySink,
  storeBuilt,
  subtract,
  subtractByLookup,
  subtractsByLookup,
} from "./algebra.ts";

const COMPLEXITY = "O(N) with N members in all sets together";

export const sdiff: ShardCommand = {
  name: "sdiff",
  arity: -2,
  flags: ["readonly"],
  keys: [keysFrom(1, -1, 1, "RO", "access")],
  group: "set",
  since: "1.0.0",
  summary: "Returns the members of the first set that no other of several sets has.",
  complexity: COMPLEXITY,
  syntax: "key [key ...]",
  tips: ["nondeterministic_output_order"],
  run(call: Call): void {
    const sources = readSources(call, 1, call.argc - 1);
    if (!subtractsByLookup(sources)) {
      replyBuilt(call, (builder) => subtract(sources, builder));
      return;
    }
    const place = call.reply.openArray();
    const sink = new ReplySink(call.reply);
    subtractByLookup(sources, sink);
    call.reply.closeArray(place, sink.count, "~");
  },
};

export const sdiffstore: ShardCommand = {
  name: "sdiffstore",
  arity: -3,
  flags: ["write", "denyoom"],
  keys: [keyAt(1, "OW", "update"), keysFrom(2, -1, 1, "RO", "access")],
  group: "set",
  since: "1.0.0",
  summary: "Makes a key hold the members of the first set that no other of several sets has.",
  complexity: COMPLEXITY,
  syntax: "destination key [key ...]",
  run(call: Call): void {
    const sources = readSources(call, 2, call.argc - 2);
    storeBuilt(call, "sdiffstore", (builder) => {
      if (subtractsByLookup(sources)) subtractByLookup(sources, builder);
      else subtract(sources, builder);
    });
  },
};
