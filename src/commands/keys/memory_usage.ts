/** MEMORY USAGE: bytes of the arena that a key takes. The container's other subcommands run on the main thread. */
import { SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { valueTypeOf } from "../../store/value_type.ts";
import type { Call } from "../call.ts";
import { keyAt, type ShardCommand, type ShardContainer } from "../command.ts";

const DEFAULT_SAMPLES = 5;

const usage: ShardCommand = {
  name: "usage",
  arity: -3,
  flags: ["readonly"],
  keys: [keyAt(2, "RO")],
  group: "server",
  since: "4.0.0",
  summary: "Estimates how many bytes a key takes with its value and its share of the table.",
  complexity: "O(N) with N samples.",
  syntax: "key [SAMPLES count]",
  run(call: Call): void {
    let samples = DEFAULT_SAMPLES;
    for (let i = 3; i < call.argc; i++) {
      if (!call.is(i, "samples") || i + 1 === call.argc) throw SYNTAX_ERROR;
      samples = call.int(++i);
      if (samples < 0) throw SYNTAX_ERROR;
    }
    const e = call.peek(2);
    if (e === 0) {
      call.reply.nil();
      return;
    }
    const store = call.storeOf(2);
    const type = store.type(e);
    const outside = type === Type.STRING ? 0 : valueTypeOf(type).bytes(store, e, samples);
    const tableShare = Math.round(store.tableBytes(call.db) / store.count(call.db));
    call.reply.int(store.arena.usable(e) + tableShare + outside);
  },
};

export const memory: ShardContainer = {
  name: "memory",
  arity: -2,
  flags: [],
  group: "server",
  since: "4.0.0",
  summary: "Looks at memory.",
  complexity: "Depends on the subcommand.",
  syntax: "",
  subcommands: [usage],
};
