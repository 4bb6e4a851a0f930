/** ROLE: what the server is in replication. */
import type { MainCommand, MainContext } from "../../main_command.ts";

export const role: MainCommand = {
  name: "role",
  arity: 1,
  flags: ["noscript", "loading", "stale", "fast"],
  categories: ["admin", "dangerous"],
  group: "server",
  since: "2.8.12",
  summary: "Tells the server's role in replication.",
  complexity: "O(1)",
  syntax: "",
  main({ reply }: MainContext): void {
    reply.array(3);
    reply.bulkText("master");
    reply.int(0);
    reply.array(0);
  },
};
