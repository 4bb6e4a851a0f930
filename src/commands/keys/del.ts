/** DEL and UNLINK: remove keys. One function: large values are freed in steps either way. */
import { type Call, NotifyClass } from "../call.ts";
import { keysFrom, type ShardCommand } from "../command.ts";

const facts = {
  arity: -2,
  keys: [keysFrom(1, -1, 1, "RM", "delete")],
  group: "generic",
  syntax: "key [key ...]",
  tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
  routing: "split",
  gather: "sum",
  run: remove,
} as const;

export const del: ShardCommand = {
  name: "del",
  ...facts,
  flags: ["write"],
  since: "1.0.0",
  summary: "Removes keys with their values.",
  complexity: "O(N) with N keys; large values are freed later, in bounded steps.",
};

export const unlink: ShardCommand = {
  name: "unlink",
  ...facts,
  flags: ["write", "fast"],
  since: "4.0.0",
  summary: "Removes keys; the memory of large values is freed later.",
  complexity: "O(N) with N keys; large values are freed later, in bounded steps.",
};

function remove(call: Call): void {
  const { argc, buf, at, len, db, keyRun } = call;
  let removed = 0;
  keyRun.start(1, argc, 1);
  for (let i = 1; i < argc; i++) {
    keyRun.at(i);
    if (!call.storeOf(i).delete(db, buf, at[i], len[i])) continue;
    removed++;
    call.changed(i);
    call.notify(NotifyClass.GENERIC, "del", i);
  }
  keyRun.stop();
  call.reply.int(removed);
}
