/** DBSIZE: how many keys the database has, expired ones that nobody met yet among them. */
import type { Call } from "../call.ts";
import type { ShardCommand } from "../command.ts";

export const dbsize: ShardCommand = {
  name: "dbsize",
  arity: 1,
  flags: ["readonly", "fast"],
  categories: ["keyspace"],
  group: "server",
  since: "1.0.0",
  summary: "Counts the keys of the database.",
  complexity: "O(1)",
  syntax: "",
  tips: ["request_policy:all_shards", "response_policy:agg_sum"],
  routing: "all",
  gather: "sum",
  run(call: Call): void {
    let count = 0;
    for (let n = 0; n < call.reachCount; n++) count += call.reach(n).count(call.db);
    call.reply.int(count);
  },
};
