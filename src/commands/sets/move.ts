/** SMOVE: a member goes from one set to another. */
import { WRONG_TYPE } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { NO_EXPIRY } from "../../store/store.ts";
import { createSet, setAdd, setCount, setHas, setRemove } from "../../store/types/set.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";

/** Bytes of a new set with its key, at most, beside key and member. */
const SET_OVERHEAD = 128;

export const smove: ShardCommand = {
  name: "smove",
  arity: 4,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "access", "delete"), keyAt(2, "RW", "insert")],
  group: "set",
  since: "1.0.0",
  summary: "Moves a member from one set to another.",
  complexity: "O(1)",
  syntax: "source destination member",
  run(call: Call): void {
    const { buf, at, len, db, reply } = call;
    const from = call.storeOf(1);
    const to = call.storeOf(2);
    let source = call.write(1);
    let target = call.write(2);
    if (source === 0) {
      reply.int(0);
      return;
    }
    if (from.type(source) !== Type.SET || (target !== 0 && to.type(target) !== Type.SET)) throw WRONG_TYPE;
    const has = setHas(from, source, buf, at[3], len[3]);
    if (!has || call.same(1, 2)) {
      reply.int(has ? 1 : 0);
      return;
    }
    call.needRoom(2, len[2] + len[3] + SET_OVERHEAD);
    // The target takes the member first: that can fail, leaving the source can not.
    const made = target === 0;
    const { tellsNew } = to;
    // Told below, in Redis's order.
    to.tellsNew = false;
    let added: number;
    try {
      if (made) target = createSet(to, db, buf, at[2], len[2], buf, at[3], len[3], 1, call.limits, NO_EXPIRY);
      added = setAdd(to, db, target, buf, at[3], len[3], call.limits);
    } catch (error) {
      if (target !== 0 && made) to.deleteEntry(db, target);
      throw error;
    } finally {
      to.tellsNew = tellsNew;
    }
    source = setRemove(from, db, source, buf, at[3], len[3]);
    const emptied = setCount(from, source) === 0;
    if (emptied) from.deleteEntry(db, source);
    call.changed(1);
    if (added !== 0) call.changed(2);
    call.notify(NotifyClass.SET, "srem", 1);
    if (emptied) call.notify(NotifyClass.GENERIC, "del", 1);
    if (made) call.notify(NotifyClass.NEW, "new", 2);
    if (added !== 0) call.notify(NotifyClass.SET, "sadd", 2);
    reply.int(1);
  },
};
