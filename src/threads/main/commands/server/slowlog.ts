/** SLOWLOG: calls that took long. */
import { ReplyError } from "../../../../base/reply_error.ts";
import { writeHelp } from "../../../../commands/help.ts";
import type { MainCommand, MainContext } from "../../main_command.ts";

const BAD_COUNT = new ReplyError("ERR count should be greater than or equal to -1");
const DEFAULT_COUNT = 10;

const common = {
  flags: ["admin", "loading", "stale"],
  group: "server",
  since: "2.2.12",
} as const;

const get: MainCommand = {
  name: "get",
  ...common,
  arity: -2,
  summary: "Tells the last calls that took long.",
  complexity: "O(N) where N is the number of entries returned",
  syntax: "[count]",
  tips: ["request_policy:all_nodes", "nondeterministic_output"],
  history: [["4.0.0", "Tells the client's address and name."]],
  main({ server, args, reply }: MainContext): void {
    let count = DEFAULT_COUNT;
    if (args.argc > 2) {
      count = args.int(2, -1, Infinity, BAD_COUNT);
      if (count === -1) count = Infinity;
    }
    const entries = server.slowLog.entries.slice(0, count);
    reply.array(entries.length);
    for (const { id, atMs, us, args: words, address, clientName } of entries) {
      reply.array(6);
      reply.int(id);
      reply.int(Math.floor(atMs / 1000));
      reply.int(us);
      reply.array(words.length);
      for (const word of words) reply.bulkText(word);
      reply.bulkText(address);
      reply.bulkText(clientName);
    }
  },
};

const len: MainCommand = {
  name: "len",
  ...common,
  arity: 2,
  summary: "Counts the entries.",
  complexity: "O(1)",
  syntax: "",
  tips: ["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
  main: ({ server, reply }: MainContext) => reply.int(server.slowLog.entries.length),
};

const reset: MainCommand = {
  name: "reset",
  ...common,
  arity: 2,
  summary: "Forgets the entries.",
  complexity: "O(N) where N is the number of entries in the slowlog",
  syntax: "",
  tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
  main({ server, reply }: MainContext): void {
    server.slowLog.reset();
    reply.ok();
  },
};

const help: MainCommand = {
  name: "help",
  flags: ["loading", "stale"],
  group: "server",
  since: "6.2.0",
  arity: 2,
  summary: "Lists the subcommands.",
  complexity: "O(1)",
  syntax: "",
  main: ({ reply }: MainContext) =>
    writeHelp(reply, "SLOWLOG", [
      "GET [<count>]",
      "    Tell the last <count> calls that took long (default: 10, -1 for all):",
      "    number, time, microseconds, arguments, client's address and name.",
      "LEN",
      "    Count the entries.",
      "RESET",
      "    Forget the entries.",
    ]),
};

export const slowlog: MainCommand = {
  name: "slowlog",
  arity: -2,
  flags: [],
  group: "server",
  since: "2.2.12",
  summary: "Commands about calls that took long.",
  complexity: "Depends on subcommand.",
  syntax: "",
  subcommands: [get, help, len, reset],
};
