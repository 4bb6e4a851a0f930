/** BGREWRITEAOF: replaces the append-only file by the shortest one that makes the same data. */
import type { MainCommand, MainContext } from "../../main_command.ts";

export const bgrewriteaof: MainCommand = {
  name: "bgrewriteaof",
  arity: 1,
  flags: ["admin", "noscript", "no_async_loading"],
  group: "server",
  since: "1.0.0",
  complexity: "O(1)",
  summary: "Writes the append-only file anew in the background.",
  syntax: "",
  main({ server, reply }: MainContext): void {
    const begun = server.persistence.appendOnly.rewrite();
    reply.simple(`Background append only file rewriting ${begun ? "started" : "scheduled"}`);
  },
};
