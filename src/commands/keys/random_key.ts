/** RANDOMKEY: the name of any key. */
import type { Call } from "../call.ts";
import type { ShardCommand } from "../command.ts";
import type { Store } from "../../store/store.ts";

export const randomKey: ShardCommand = {
  name: "randomkey",
  arity: 1,
  flags: ["readonly"],
  group: "generic",
  since: "1.0.0",
  summary: "Names a key of the database chosen at random.",
  complexity: "O(1)",
  syntax: "",
  tips: ["request_policy:all_shards", "nondeterministic_output"],
  routing: "all",
  gather: "any",
  run(call: Call): void {
    const { db } = call;
    for (;;) {
      const store = chooseStore(call);
      const e = store.randomEntry(db);
      if (e === 0) {
        call.reply.nil();
        return;
      }
      if (store.isExpired(e)) {
        store.expireEntry(db, e);
        continue;
      }
      store.open(e);
      call.reply.bulk(store.u8, store.keyAt, store.keyLen);
      return;
    }
  },
};

/** One of the stores within reach, each as likely as it has keys. */
function chooseStore(call: Call): Store {
  let total = 0;
  for (let n = 0; n < call.reachCount; n++) total += call.reach(n).count(call.db);
  let ticket = call.reachCount === 1 ? 0 : Math.floor(call.store.random() * total);
  for (let n = 0; n < call.reachCount; n++) {
    ticket -= call.reach(n).count(call.db);
    if (ticket < 0) return call.reach(n);
  }
  return call.store;
}
