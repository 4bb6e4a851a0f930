/** SREM: takes members out of a set. */
import { Type } from "../../store/entry.ts";
import { setCount, setRemove } from "../../store/types/set.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";

export const srem: ShardCommand = {
  name: "srem",
  arity: -3,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "delete")],
  group: "set",
  since: "1.0.0",
  summary: "Takes members out of a set; the key goes with the last one.",
  complexity: "O(N) with N members given",
  syntax: "key member [member ...]",
  history: [["2.4.0", "Takes several members."]],
  run(call: Call): void {
    const { buf, at, len, db } = call;
    let e = call.writeTyped(1, Type.SET);
    if (e === 0) {
      call.reply.int(0);
      return;
    }
    const store = call.storeOf(1);
    let removed = 0;
    let emptied = false;
    for (let i = 2; i < call.argc && !emptied; i++) {
      const next = setRemove(store, db, e, buf, at[i], len[i]);
      if (next === 0) continue;
      e = next;
      removed++;
      emptied = setCount(store, e) === 0;
    }
    if (emptied) store.deleteEntry(db, e);
    if (removed > 0) {
      call.changed(1, removed);
      call.notify(NotifyClass.SET, "srem", 1);
      if (emptied) call.notify(NotifyClass.GENERIC, "del", 1);
    }
    call.reply.int(removed);
  },
};
