/** SWAPDB: exchanges two databases. */
import { DB_OUT_OF_RANGE, ReplyError } from "../../base/reply_error.ts";
import type { Call } from "../call.ts";
import type { ShardCommand } from "../command.ts";
import { recordForAll } from "./whole_keyspace.ts";

const INVALID_FIRST = new ReplyError("ERR invalid first DB index");
const INVALID_SECOND = new ReplyError("ERR invalid second DB index");
const INT_MAX = 2147483647;

export const swapDb: ShardCommand = {
  name: "swapdb",
  arity: 3,
  flags: ["write", "fast"],
  categories: ["keyspace", "dangerous"],
  group: "server",
  since: "4.0.0",
  summary: "Exchanges two databases, for all clients at once.",
  complexity: "O(N) with N clients that watch or block on keys.",
  syntax: "index1 index2",
  routing: "all",
  gather: "ok",
  run(call: Call): void {
    const a = call.int(1, -INT_MAX - 1, INT_MAX, INVALID_FIRST);
    const b = call.int(2, -INT_MAX - 1, INT_MAX, INVALID_SECOND);
    const dbCount = call.store.dbCount;
    if (a < 0 || b < 0 || a >= dbCount || b >= dbCount) throw DB_OUT_OF_RANGE;
    if (a !== b) {
      call.notifier?.swapping?.(a, b);
      for (let n = 0; n < call.reachCount; n++) call.reach(n).swap(a, b);
    }
    if (call.shard === 0) call.store.dirty++;
    recordForAll(call);
    call.reply.ok();
  },
};
