/** ECHO: answers its argument. */
import type { MainCommand, MainContext } from "../main_command.ts";

export const echo: MainCommand = {
  name: "echo",
  arity: 2,
  flags: ["fast", "loading", "stale"],
  group: "connection",
  since: "1.0.0",
  summary: "Answers the message given.",
  complexity: "O(1)",
  syntax: "message",
  main({ args, reply }: MainContext): void {
    reply.bulk(args.buf, args.at[1], args.len[1]);
  },
};
