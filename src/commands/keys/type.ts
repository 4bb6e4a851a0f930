/** TYPE: the name of a value's type. */
import { TYPE_NAMES } from "../../store/entry.ts";
import type { Call } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";

export const type: ShardCommand = {
  name: "type",
  arity: 2,
  flags: ["readonly", "fast"],
  keys: [keyAt(1, "RO")],
  group: "generic",
  since: "1.0.0",
  summary: "Tells the type of a key's value, or none.",
  complexity: "O(1)",
  syntax: "key",
  run(call: Call): void {
    const e = call.inspect(1);
    call.reply.simple(e === 0 ? "none" : TYPE_NAMES[call.storeOf(1).type(e)]);
  },
};
