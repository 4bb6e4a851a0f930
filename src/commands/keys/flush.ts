/** FLUSHDB and FLUSHALL: empty one database or all. SYNC and ASYNC are one: a large keyspace is freed in steps. */
import { SYNTAX_ERROR } from "../../base/reply_error.ts";
import type { Call } from "../call.ts";
import type { ShardCommand } from "../command.ts";
import { recordForAll } from "./whole_keyspace.ts";

const facts = {
  arity: -1,
  flags: ["write"],
  categories: ["keyspace", "dangerous"],
  group: "server",
  since: "1.0.0",
  syntax: "[ASYNC | SYNC]",
  tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
  history: [["4.0.0", "ASYNC."], ["6.2.0", "SYNC."]],
  routing: "all",
  gather: "ok",
} as const;

export const flushDb: ShardCommand = {
  name: "flushdb",
  ...facts,
  summary: "Removes all keys of the database.",
  complexity: "O(1); memory is freed later, in bounded steps.",
  run(call: Call): void {
    checkMode(call);
    call.notifier?.flushing?.(call.db);
    for (let n = 0; n < call.reachCount; n++) {
      const store = call.reach(n);
      store.dirty += store.count(call.db);
      store.flush(call.db);
    }
    recordForAll(call);
    call.reply.ok();
  },
};

export const flushAll: ShardCommand = {
  name: "flushall",
  ...facts,
  summary: "Removes all keys of all databases.",
  complexity: "O(1)",
  run(call: Call): void {
    checkMode(call);
    call.notifier?.flushing?.(-1);
    for (let n = 0; n < call.reachCount; n++) {
      const store = call.reach(n);
      for (let db = 0; db < store.dbCount; db++) store.dirty += store.count(db);
      store.flushAll();
    }
    // Redis counts the command itself too.
    if (call.shard === 0) call.store.dirty++;
    if (call.shard === 0 || call.stores !== null) call.store.flushes++;
    recordForAll(call);
    call.reply.ok();
  },
};

function checkMode(call: Call): void {
  if (call.argc === 1) return;
  if (call.argc > 2 || (!call.is(1, "sync") && !call.is(1, "async"))) throw SYNTAX_ERROR;
}
