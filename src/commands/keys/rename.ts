/** RENAME and RENAMENX: another name for a key, its expiry kept. */
import { NO_SUCH_KEY } from "../../base/reply_error.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { moveEntry } from "./transfer.ts";

const facts = { arity: 3, group: "generic", since: "1.0.0", complexity: "O(1)", syntax: "key newkey" } as const;

export const rename: ShardCommand = {
  name: "rename",
  ...facts,
  flags: ["write"],
  keys: [keyAt(1, "RW", "access", "delete"), keyAt(2, "OW", "update")],
  summary: "Gives a key another name; a key that had that name goes.",
  run(call: Call): void {
    const e = call.write(1);
    if (e === 0) throw NO_SUCH_KEY;
    if (!call.same(1, 2)) transfer(call, e);
    call.reply.ok();
  },
};

export const renameNx: ShardCommand = {
  name: "renamenx",
  ...facts,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "access", "delete"), keyAt(2, "OW", "insert")],
  summary: "Gives a key another name unless a key has it.",
  history: [["3.2.0", "The same name twice is no error."]],
  run(call: Call): void {
    const e = call.write(1);
    if (e === 0) throw NO_SUCH_KEY;
    if (call.same(1, 2) || call.write(2) !== 0) {
      call.reply.int(0);
      return;
    }
    transfer(call, e);
    call.reply.int(1);
  },
};

function transfer(call: Call, e: number): void {
  moveEntry(call, e, 1, call.db, 2, call.db);
  call.changed(1);
  call.changed(2, 0);
  call.notify(NotifyClass.GENERIC, "rename_from", 1);
  call.notify(NotifyClass.GENERIC, "rename_to", 2);
}
