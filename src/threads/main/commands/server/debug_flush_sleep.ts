/** DEBUG AOF-FLUSH-SLEEP: slowness on purpose, for tests of what must bear it. */
import type { MainCommand, MainContext } from "../../main_command.ts";

const common = {
  flags: ["admin", "noscript", "loading", "stale"],
  group: "server",
  since: "7.0.0",
  complexity: "O(1)",
  docFlags: ["syscmd"],
  arity: 3,
} as const;

export const aofFlushSleep: MainCommand = {
  name: "aof-flush-sleep",
  ...common,
  summary: "Makes each write into the append-only file take longer.",
  syntax: "microseconds:integer",
  main({ server, args, reply }: MainContext): void {
    server.persistence.appendOnly.flushSleepUs = args.int(2);
    reply.ok();
  },
};
