/** COPY: a second key with the same value and expiry. */
import { DB_OUT_OF_RANGE, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { SAME_OBJECT } from "./move.ts";
import { copyEntry } from "./transfer.ts";

export const copy: ShardCommand = {
  name: "copy",
  arity: -3,
  flags: ["write", "denyoom"],
  keys: [keyAt(1, "RO", "access"), keyAt(2, "OW", "update")],
  group: "generic",
  since: "6.2.0",
  summary: "Copies a key's value and expiry to another key.",
  complexity: "O(N) with N elements, O(1) for strings.",
  syntax: "source destination [DB destination-db] [REPLACE]",
  run(call: Call): void {
    let replace = false;
    let toDb = call.db;
    for (let i = 3; i < call.argc; i++) {
      if (call.is(i, "replace")) replace = true;
      else if (call.is(i, "db") && i + 1 < call.argc) {
        toDb = call.int32(++i);
        if (toDb < 0 || toDb >= call.store.dbCount) throw DB_OUT_OF_RANGE;
      } else throw SYNTAX_ERROR;
    }
    if (toDb === call.db && call.same(1, 2)) throw SAME_OBJECT;
    const e = call.read(1);
    const { buf, at, len } = call;
    if (e === 0 || (call.storeOf(2).find(toDb, buf, at[2], len[2]) !== 0 && !replace)) {
      call.reply.int(0);
      return;
    }
    copyEntry(call, call.storeOf(1), e, 2, toDb);
    call.changed(2, 1, toDb);
    call.notify(NotifyClass.GENERIC, "copy_to", 2, toDb);
    call.reply.int(1);
  },
};
