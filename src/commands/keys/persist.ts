/** PERSIST: takes a key's expiry away. */
import { NO_EXPIRY } from "../../store/store.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";

export const persist: ShardCommand = {
  name: "persist",
  arity: 2,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "update")],
  group: "generic",
  since: "2.2.0",
  summary: "Takes a key's expiry away, so that it stays.",
  complexity: "O(1)",
  syntax: "key",
  run(call: Call): void {
    const e = call.write(1);
    const store = call.storeOf(1);
    if (e === 0 || store.expiry(e) === NO_EXPIRY) {
      call.reply.int(0);
      return;
    }
    store.setExpiry(call.db, e, NO_EXPIRY);
    call.changed(1);
    call.notify(NotifyClass.GENERIC, "persist", 1);
    call.reply.int(1);
  },
};
