/** XRANGE, XREVRANGE and XLEN: entries by identifier, and how many there are. */
import { SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import type { Call } from "../call.ts";
import { keyAt, READ_KEY, type ShardCommand } from "../command.ts";
import { replyRange } from "./entry_reply.ts";

export const xrange: ShardCommand = {
  name: "xrange",
  arity: -4,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "stream",
  since: "5.0.0",
  summary: "Returns the entries of a stream in an interval of identifiers.",
  complexity: "O(log(N)+M), N the length of the stream and M the number of entries returned",
  syntax: "key start:string end:string [COUNT count]",
  history: [["6.2.0", "A bound can leave its own identifier out."]],
  run(call: Call): void {
    range(call, false);
  },
};

export const xrevrange: ShardCommand = {
  name: "xrevrange",
  arity: -4,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "stream",
  since: "5.0.0",
  summary: "Returns the entries of a stream in an interval of identifiers, the last first.",
  complexity: "O(log(N)+M), N the length of the stream and M the number of entries returned",
  syntax: "key end:string start:string [COUNT count]",
  history: [["6.2.0", "A bound can leave its own identifier out."]],
  run(call: Call): void {
    range(call, true);
  },
};

function range(call: Call, reverse: boolean): void {
  const { argc, streams } = call;
  const { start, end } = streams;
  streams.readStart(call, reverse ? 3 : 2, start);
  streams.readEnd(call, reverse ? 2 : 3, end);
  let count = -1;
  for (let i = 4; i < argc; i += 2) {
    if (i + 1 === argc || !call.is(i, "count")) throw SYNTAX_ERROR;
    count = Math.max(0, call.int(i + 1));
  }
  const e = call.readTyped(1, Type.STREAM);
  if (e === 0) call.reply.array(0);
  else if (count === 0) call.reply.nilArray();
  else {
    const store = call.storeOf(1);
    replyRange(call, store, store.streams.open(e), start, end, count, reverse);
  }
}

export const xlen: ShardCommand = {
  name: "xlen",
  arity: 2,
  flags: ["readonly", "fast"],
  keys: [keyAt(1, "RO")],
  group: "stream",
  since: "5.0.0",
  summary: "Tells how many entries a stream has.",
  complexity: "O(1)",
  syntax: "key",
  run(call: Call): void {
    const e = call.readTyped(1, Type.STREAM);
    const { streams } = call.storeOf(1);
    call.reply.int(e === 0 ? 0 : streams.length(streams.open(e)));
  },
};
