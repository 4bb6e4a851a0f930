/** MOVE: a key to another database. */
import { DB_OUT_OF_RANGE, ReplyError } from "../../base/reply_error.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { moveEntry } from "./transfer.ts";

export const SAME_OBJECT = new ReplyError("ERR source and destination objects are the same");

export const move: ShardCommand = {
  name: "move",
  arity: 3,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "access", "update")],
  group: "generic",
  since: "1.0.0",
  summary: "Moves a key to another database unless that has such a key.",
  complexity: "O(1)",
  syntax: "key db",
  run(call: Call): void {
    const toDb = call.int32(2);
    if (toDb < 0 || toDb >= call.store.dbCount) throw DB_OUT_OF_RANGE;
    if (toDb === call.db) throw SAME_OBJECT;
    const { buf, at, len, db } = call;
    const e = call.write(1);
    if (e === 0 || call.storeOf(1).find(toDb, buf, at[1], len[1]) !== 0) {
      call.reply.int(0);
      return;
    }
    moveEntry(call, e, 1, db, 1, toDb);
    call.changed(1);
    call.changed(1, 0, toDb);
    call.notify(NotifyClass.GENERIC, "move_from", 1);
    call.notify(NotifyClass.GENERIC, "move_to", 1, toDb);
    call.reply.int(1);
  },
};
