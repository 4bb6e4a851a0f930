/** PFCOUNT: how many distinct elements one HyperLogLog, or several together, have counted. */
import { Encoding, Type } from "../../store/entry.ts";
import { cachedEstimate, cacheEstimate, isStale } from "../../structures/hyperloglog.ts";
import type { Call } from "../call.ts";
import { keysFrom, type ShardCommand } from "../command.ts";
import { mergeKey } from "./pfmerge.ts";
import { CORRUPT, openChecked } from "./value.ts";

export const pfcount: ShardCommand = {
  name: "pfcount",
  arity: -2,
  flags: ["readonly", "may_replicate"],
  keys: [{
    ...keysFrom(1, -1, 1, "RW", "access"),
    notes: "RW because it may change the internal representation of the key, and propagate to replicas",
  }],
  routing: "keys",
  group: "hyperloglog",
  since: "2.8.9",
  summary: "Estimates how many distinct elements HyperLogLogs have counted, several taken together.",
  complexity:
    "O(1) for one key whose estimate is still valid; else O(N) where N is the number of keys, with a large constant.",
  syntax: "key [key ...]",
  run(call: Call): void {
    if (call.argc > 2) {
      call.registers.clear();
      for (let i = 1; i < call.argc; i++) mergeKey(call, i);
      call.reply.int(call.registers.estimate());
      return;
    }
    const e = call.readTyped(1, Type.STRING);
    if (e === 0) {
      call.reply.int(0);
      return;
    }
    const store = call.storeOf(1);
    openChecked(store, e);
    const { u8, valueAt } = store;
    if (isStale(u8, valueAt)) {
      const value = call.registers.estimateOf(u8, valueAt, store.valueLen);
      if (value < 0) throw CORRUPT;
      store.setEncoding(e, Encoding.RAW);
      cacheEstimate(u8, valueAt, value);
      call.changed(1);
    }
    const cached = cachedEstimate(u8, valueAt);
    // Only foreign bytes can say as much.
    if (cached > Number.MAX_SAFE_INTEGER) call.reply.bigInt(BigInt(cached));
    else call.reply.int(cached);
  },
};
