/** XACK: entries that a consumer is done with. */
import { Type } from "../../store/entry.ts";
import { ID_WORDS } from "../../structures/stream_id.ts";
import type { Call } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { readIds } from "./delete.ts";
import { countChange, groupArgument } from "./groups.ts";

export const xack: ShardCommand = {
  name: "xack",
  arity: -4,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "update")],
  group: "stream",
  since: "5.0.0",
  summary: "Takes entries off what is pending in a consumer group, and tells how many were.",
  complexity: "O(log(N)) for each entry, N the number of pending entries",
  syntax: "key group id [id ...]",
  run(call: Call): void {
    const { argc } = call;
    const e = call.readTyped(1, Type.STREAM);
    const store = call.storeOf(1);
    const { streams } = store;
    const g = e === 0 ? 0 : groupArgument(call, store, streams.open(e), 2);
    if (g === 0) {
      call.reply.int(0);
      return;
    }
    const { list, id } = readIds(call, 3, argc);
    let acknowledged = 0;
    for (let k = 0; k < argc - 3; k++) {
      id.load(list, k * ID_WORDS);
      if (streams.groups.acknowledge(g, id)) acknowledged++;
    }
    countChange(call, 1, acknowledged);
    call.reply.int(acknowledged);
  },
};
