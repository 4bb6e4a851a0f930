/** GET: the string a key holds. */
import { Type } from "../../store/entry.ts";
import type { Call } from "../call.ts";
import { READ_KEY, type ShardCommand } from "../command.ts";

export const get: ShardCommand = {
  name: "get",
  arity: 2,
  flags: ["readonly", "fast"],
  keys: READ_KEY,
  group: "string",
  since: "1.0.0",
  summary: "Returns the string that a key holds.",
  complexity: "O(1)",
  syntax: "key",
  run(call: Call): void {
    const e = call.readTyped(1, Type.STRING);
    if (e === 0) {
      call.reply.nil();
      return;
    }
    const store = call.storeOf(1);
    store.open(e);
    call.reply.bulk(store.u8, store.valueAt, store.valueLen);
  },
};
