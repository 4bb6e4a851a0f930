/** TIME: the server's clock. */
import type { MainCommand, MainContext } from "../../main_command.ts";

export const time: MainCommand = {
  name: "time",
  arity: 1,
  flags: ["loading", "stale", "fast"],
  group: "server",
  since: "2.6.0",
  summary: "Tells the server's time.",
  complexity: "O(1)",
  syntax: "",
  tips: ["nondeterministic_output"],
  main({ server, reply }: MainContext): void {
    const us = server.nowUs();
    const seconds = Math.floor(us / 1e6);
    reply.array(2);
    reply.bulkInt(seconds);
    reply.bulkInt(Math.floor(us - seconds * 1e6));
  },
};
