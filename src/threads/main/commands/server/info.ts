/** INFO: the server's state as text. The sections are in threads/main/info/. */
import { infoText } from "../../info/sections.ts";
import type { MainCommand, MainContext } from "../../main_command.ts";

export const info: MainCommand = {
  name: "info",
  arity: -1,
  flags: ["loading", "stale"],
  categories: ["dangerous"],
  group: "server",
  since: "1.0.0",
  summary: "Tells the server's state and figures.",
  complexity: "O(1)",
  syntax: "[section [section ...]]",
  tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
  history: [["7.0.0", "Several sections in one call."]],
  main({ server, args, reply }: MainContext): void {
    const wanted: string[] = [];
    for (let i = 1; i < args.argc; i++) wanted.push(args.text(i).toLowerCase());
    reply.verbatim("txt", infoText(server, wanted));
  },
};
