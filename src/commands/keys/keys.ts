/** KEYS: all names that match a pattern. */
import { globMatch } from "../../base/glob.ts";
import type { Store } from "../../store/store.ts";
import type { Call } from "../call.ts";
import type { ShardCommand } from "../command.ts";

const STAR = 0x2a;

export const keys: ShardCommand = {
  name: "keys",
  arity: 2,
  flags: ["readonly"],
  categories: ["dangerous"],
  group: "generic",
  since: "1.0.0",
  summary: "Lists all keys whose names match a pattern.",
  complexity: "O(N) with N keys in the database.",
  syntax: "pattern",
  tips: ["request_policy:all_shards", "nondeterministic_output_order"],
  routing: "all",
  gather: "concat",
  run(call: Call): void {
    const place = call.reply.openArray();
    let listed = 0;
    for (let n = 0; n < call.reachCount; n++) listed += list(call, call.reach(n));
    call.reply.closeArray(place, listed);
  },
};

function list(call: Call, store: Store): number {
  const { buf, reply, db } = call;
  const from = call.at[1];
  const to = from + call.len[1];
  const all = to === from + 1 && buf[from] === STAR;
  const { u8, table } = store;
  let listed = 0;
  let cursor = 0;
  do {
    cursor = store.scan(db, cursor);
    for (let i = 0; i < table.foundCount; i++) {
      const e = table.found[i];
      if (store.isExpired(e)) continue;
      store.open(e);
      const end = store.keyAt + store.keyLen;
      if (!all && !globMatch(buf, from, to, u8, store.keyAt, end, false)) continue;
      reply.bulk(u8, store.keyAt, store.keyLen);
      listed++;
    }
  } while (cursor !== 0);
  return listed;
}
