/** COMMAND: what commands there are, as the table says. The writers of the replies are in commands/docs.ts. */
import { writeCommands, writeCount, writeDocs, writeInfos, writeKeys, writeList } from "../../../../commands/docs.ts";
import { writeHelp } from "../../../../commands/help.ts";
import type { MainCommand, MainContext } from "../../main_command.ts";

const common = {
  flags: ["loading", "stale"],
  categories: ["connection"],
  group: "server",
} as const;

const count: MainCommand = {
  name: "count",
  ...common,
  arity: 2,
  since: "2.8.13",
  summary: "Counts the commands.",
  complexity: "O(1)",
  syntax: "",
  main: ({ server, reply }: MainContext) => writeCount(server.facts, reply),
};

const docs: MainCommand = {
  name: "docs",
  ...common,
  arity: -2,
  since: "7.0.0",
  summary: "Describes commands for people.",
  complexity: "O(N) where N is the number of commands to look up",
  syntax: "[command-name [command-name ...]]",
  tips: ["nondeterministic_output_order"],
  main: ({ server, args, reply }: MainContext) => writeDocs(server.facts, args, reply),
};

const getKeys: MainCommand = {
  name: "getkeys",
  ...common,
  arity: -3,
  since: "2.8.13",
  summary: "Extracts the keys of a whole command.",
  complexity: "O(N) where N is the number of arguments to the command",
  syntax: "command [arg [arg ...]]",
  main: ({ server, args, reply }: MainContext) => writeKeys(server.facts, args, reply, false),
};

const getKeysAndFlags: MainCommand = {
  name: "getkeysandflags",
  ...common,
  arity: -3,
  since: "7.0.0",
  summary: "Extracts the keys of a whole command, and what is done with each.",
  complexity: "O(N) where N is the number of arguments to the command",
  syntax: "command [arg [arg ...]]",
  main: ({ server, args, reply }: MainContext) => writeKeys(server.facts, args, reply, true),
};

const info: MainCommand = {
  name: "info",
  ...common,
  arity: -2,
  since: "2.8.13",
  summary: "Describes commands for clients: arity, flags, keys.",
  complexity: "O(N) where N is the number of commands to look up",
  syntax: "[command-name [command-name ...]]",
  tips: ["nondeterministic_output_order"],
  history: [["7.0.0", "The command's name is optional."]],
  main: ({ server, args, reply }: MainContext) => writeInfos(server.facts, args, reply),
};

const list: MainCommand = {
  name: "list",
  ...common,
  arity: -2,
  since: "7.0.0",
  summary: "Lists the names of commands.",
  complexity: "O(N) where N is the total number of commands",
  syntax: "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern:pattern>]",
  tips: ["nondeterministic_output_order"],
  main: ({ server, args, reply }: MainContext) => writeList(server.facts, args, reply),
};

const help: MainCommand = {
  name: "help",
  ...common,
  arity: 2,
  since: "5.0.0",
  summary: "Lists the subcommands.",
  complexity: "O(1)",
  syntax: "",
  main: ({ reply }: MainContext) =>
    writeHelp(reply, "COMMAND", [
      "(no subcommand)",
      "    Describe every command for clients.",
      "COUNT",
      "    Count the commands.",
      "LIST [FILTERBY (MODULE|ACLCAT|PATTERN) <value>]",
      "    List the names of commands.",
      "INFO [<command-name> ...]",
      "    Describe these commands for clients, or all.",
      "DOCS [<command-name> ...]",
      "    Describe these commands for people, or all.",
      "GETKEYS <full-command>",
      "    Extract the keys of a whole command.",
      "GETKEYSANDFLAGS <full-command>",
      "    Extract them with what is done with each.",
    ]),
};

export const command: MainCommand = {
  name: "command",
  ...common,
  arity: -1,
  since: "2.8.13",
  summary: "Describes every command.",
  complexity: "O(N) where N is the total number of commands",
  syntax: "",
  tips: ["nondeterministic_output_order"],
  main: ({ server, reply }: MainContext) => writeCommands(server.facts, reply),
  subcommands: [count, docs, getKeys, getKeysAndFlags, help, info, list],
};
