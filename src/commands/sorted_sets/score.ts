/** ZCARD, ZSCORE, ZMSCORE: how many members, and what their scores are. */
import { Type } from "../../store/entry.ts";
import type { Call } from "../call.ts";
import { keyAt, READ_KEY, type ShardCommand } from "../command.ts";

export const zcard: ShardCommand = {
  name: "zcard",
  arity: 2,
  flags: ["readonly", "fast"],
  keys: [keyAt(1, "RO")],
  group: "sorted-set",
  since: "1.2.0",
  summary: "Returns the number of members of a sorted set.",
  complexity: "O(1)",
  syntax: "key",
  run(call: Call): void {
    const e = call.readTyped(1, Type.ZSET);
    call.reply.int(e === 0 ? 0 : call.storeOf(1).zsets.count(e));
  },
};

export const zscore: ShardCommand = {
  name: "zscore",
  arity: 3,
  flags: ["readonly", "fast"],
  keys: READ_KEY,
  group: "sorted-set",
  since: "1.2.0",
  summary: "Returns the score of a member of a sorted set.",
  complexity: "O(1)",
  syntax: "key member",
  run(call: Call): void {
    replyScore(call, call.readTyped(1, Type.ZSET), 2);
  },
};

export const zmscore: ShardCommand = {
  name: "zmscore",
  arity: -3,
  flags: ["readonly", "fast"],
  keys: READ_KEY,
  group: "sorted-set",
  since: "6.2.0",
  summary: "Returns the scores of several members of a sorted set.",
  complexity: "O(N), N the number of members asked for",
  syntax: "key member ...",
  run(call: Call): void {
    const e = call.readTyped(1, Type.ZSET);
    call.reply.array(call.argc - 2);
    for (let i = 2; i < call.argc; i++) replyScore(call, e, i);
  },
};

/** Replies the score of the member in argument `i` of the zset that argument 1 names. */
function replyScore(call: Call, e: number, i: number): void {
  const zsets = call.storeOf(1).zsets;
  if (e === 0 || !zsets.find(e, call.buf, call.at[i], call.len[i])) call.reply.nil();
  else call.reply.double(zsets.score);
}
