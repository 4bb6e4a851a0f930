/** SISMEMBER, SMISMEMBER, SCARD: questions about a set. */
import { Type } from "../../store/entry.ts";
import { setCount, setHas } from "../../store/types/set.ts";
import type { Call } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";

export const sismember: ShardCommand = {
  name: "sismember",
  arity: 3,
  flags: ["readonly", "fast"],
  keys: [keyAt(1, "RO")],
  group: "set",
  since: "1.0.0",
  summary: "Tells whether a set has a member.",
  complexity: "O(1)",
  syntax: "key member",
  run(call: Call): void {
    const e = call.readTyped(1, Type.SET);
    call.reply.int(e !== 0 && setHas(call.storeOf(1), e, call.buf, call.at[2], call.len[2]) ? 1 : 0);
  },
};

export const smismember: ShardCommand = {
  name: "smismember",
  arity: -3,
  flags: ["readonly", "fast"],
  keys: [keyAt(1, "RO", "access")],
  group: "set",
  since: "6.2.0",
  summary: "Tells for each of several members whether a set has it.",
  complexity: "O(N) with N members given",
  syntax: "key member [member ...]",
  run(call: Call): void {
    const e = call.readTyped(1, Type.SET);
    const store = call.storeOf(1);
    call.reply.array(call.argc - 2);
    for (let i = 2; i < call.argc; i++) {
      call.reply.int(e !== 0 && setHas(store, e, call.buf, call.at[i], call.len[i]) ? 1 : 0);
    }
  },
};

export const scard: ShardCommand = {
  name: "scard",
  arity: 2,
  flags: ["readonly", "fast"],
  keys: [keyAt(1, "RO")],
  group: "set",
  since: "1.0.0",
  summary: "Returns the number of members of a set.",
  complexity: "O(1)",
  syntax: "key",
  run(call: Call): void {
    const e = call.readTyped(1, Type.SET);
    call.reply.int(e === 0 ? 0 : setCount(call.storeOf(1), e));
  },
};
