/** SADD: puts members into a set. */
import { Type } from "../../store/entry.ts";
import { NO_EXPIRY } from "../../store/store.ts";
import { createSet, setAdd, setCount, setExpect } from "../../store/types/set.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";

/** Bytes that a member takes at most beside its own, in a table that grows. */
const MEMBER_OVERHEAD = 32;

export const sadd: ShardCommand = {
  name: "sadd",
  arity: -3,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "insert")],
  group: "set",
  since: "1.0.0",
  summary: "Puts members into a set, which is made if it does not exist.",
  complexity: "O(N) with N members given",
  syntax: "key member [member ...]",
  history: [["2.4.0", "Takes several members."]],
  run(call: Call): void {
    const { buf, at, len, db, argc, limits } = call;
    let e = call.writeTyped(1, Type.SET);
    call.needRoom(1, at[argc - 1] + len[argc - 1] - at[2] + argc * MEMBER_OVERHEAD);
    const store = call.storeOf(1);
    const members = argc - 2;
    if (e === 0) e = createSet(store, db, buf, at[1], len[1], buf, at[2], len[2], members, limits, NO_EXPIRY);
    else if (members > 1) e = setExpect(store, db, e, members, limits);
    let added = 0;
    try {
      for (let i = 2; i < argc; i++) {
        const next = setAdd(store, db, e, buf, at[i], len[i], limits);
        if (next === 0) continue;
        e = next;
        added++;
      }
    } catch (error) {
      // Room there was, but not in one piece: what was made for the first member must not stay empty.
      if (setCount(store, e) === 0) store.deleteEntry(db, e);
      else if (added > 0) call.changed(1, added);
      throw error;
    }
    if (added > 0) {
      call.changed(1, added);
      call.notify(NotifyClass.SET, "sadd", 1);
    }
    call.reply.int(added);
  },
};
