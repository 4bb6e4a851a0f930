/** DUMP: a value as bytes that RESTORE takes, here or on a Redis server. */
import type { Call } from "../call.ts";
import { READ_KEY, type ShardCommand } from "../command.ts";

export const dump: ShardCommand = {
  name: "dump",
  arity: 2,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "generic",
  since: "2.6.0",
  summary: "Serializes a key's value.",
  complexity: "O(N) with N bytes.",
  syntax: "key",
  tips: ["nondeterministic_output"],
  run(call: Call): void {
    const e = call.read(1);
    if (e === 0) {
      call.reply.nil();
      return;
    }
    const { payload } = call;
    payload.dump(call.storeOf(1), e);
    call.reply.bulk(payload.out.buf, 0, payload.out.pos);
    payload.out.clear();
  },
};
