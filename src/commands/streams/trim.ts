/** XTRIM: drops a stream's first entries. */
import { Type } from "../../store/entry.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { recordTrimmed } from "./record.ts";

export const xtrim: ShardCommand = {
  name: "xtrim",
  arity: -4,
  flags: ["write"],
  keys: [keyAt(1, "RW", "delete")],
  group: "stream",
  since: "5.0.0",
  summary: "Drops the first entries of a stream until its length or its first identifier is within a bound.",
  complexity: "O(N) with N entries dropped, at a small fraction of a command's cost each",
  syntax: "key <MAXLEN | MINID> [= | ~] threshold [LIMIT count] [KEEPREF | DELREF | ACKED]",
  tips: ["nondeterministic_output"],
  history: [["6.2.0", "Options `MINID` and `LIMIT`."], ["8.2.0", "Options `KEEPREF`, `DELREF` and `ACKED`."]],
  run(call: Call): void {
    const { trim } = call;
    trim.read(call, false);
    const e = call.writeTyped(1, Type.STREAM);
    if (e === 0) {
      call.reply.int(0);
      return;
    }
    const store = call.storeOf(1);
    const s = store.streams.open(e);
    const deleted = trim.apply(call, store, s);
    if (deleted > 0) {
      if (call.effects.on && !trim.oneByOne && (trim.approximate || trim.policyNamed)) {
        recordTrimmed(call, store, s, call.argc, undefined);
      }
      call.changed(1, deleted);
      call.notify(NotifyClass.STREAM, "xtrim", 1);
    }
    call.reply.int(deleted);
  },
};
