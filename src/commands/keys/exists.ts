/** EXISTS and TOUCH: how many of the keys there are, each as often as it is named. */
import type { Call } from "../call.ts";
import { keysFrom, type ShardCommand } from "../command.ts";

const facts = {
  arity: -2,
  flags: ["readonly", "fast"],
  keys: [keysFrom(1, -1, 1, "RO")],
  group: "generic",
  complexity: "O(N) with N keys.",
  syntax: "key [key ...]",
  tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
  routing: "split",
  gather: "sum",
} as const;

export const exists: ShardCommand = {
  name: "exists",
  ...facts,
  since: "1.0.0",
  summary: "Counts which of the keys exist.",
  history: [["3.0.3", "Takes several keys."]],
  run(call: Call): void {
    const { argc, keyRun } = call;
    let found = 0;
    keyRun.start(1, argc, 1);
    for (let i = 1; i < argc; i++) {
      keyRun.at(i);
      if (call.inspect(i) !== 0) found++;
    }
    keyRun.stop();
    call.reply.int(found);
  },
};

export const touch: ShardCommand = {
  name: "touch",
  ...facts,
  since: "3.2.1",
  summary: "Counts which of the keys exist, and takes it for an access to them.",
  run(call: Call): void {
    const { argc, keyRun } = call;
    let found = 0;
    keyRun.start(1, argc, 1);
    for (let i = 1; i < argc; i++) {
      keyRun.at(i);
      if (call.read(i) !== 0) found++;
    }
    keyRun.stop();
    call.reply.int(found);
  },
};
