/** CONFIG: the configuration while the server runs. What a change does is in config_effects.ts. */
import { ReplyError, SYNTAX_ERROR } from "../../../../base/reply_error.ts";
import { writeHelp } from "../../../../commands/help.ts";
import type { MainCommand, MainContext } from "../../main_command.ts";
import { rewriteConfig } from "../../system_host.ts";

const NO_FILE = new ReplyError("ERR The server is running without a config file");

const common = {
  flags: ["admin", "noscript", "loading", "stale"],
  group: "server",
} as const;

const get: MainCommand = {
  name: "get",
  ...common,
  arity: -3,
  since: "2.0.0",
  summary: "Tells the values of directives.",
  complexity: "O(N) where N is the number of directives",
  syntax: "parameter [parameter ...]",
  history: [["7.0.0", "Several patterns in one call."]],
  main({ server, args, reply }: MainContext): void {
    const patterns: string[] = [];
    for (let i = 2; i < args.argc; i++) patterns.push(args.text(i));
    const pairs = server.config.get(patterns);
    reply.map(pairs.length);
    for (const [name, value] of pairs) {
      reply.bulkText(name);
      reply.bulkText(value);
    }
  },
};

const set: MainCommand = {
  name: "set",
  ...common,
  arity: -4,
  since: "2.0.0",
  summary: "Sets directives, all of them or none.",
  complexity: "O(N) where N is the number of directives to set",
  syntax: "parameter value [parameter value ...]",
  tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
  history: [["7.0.0", "Several directives in one call."]],
  main(context: MainContext): void {
    const { server, args, reply, session } = context;
    if (args.argc % 2 !== 0) throw SYNTAX_ERROR;
    const pairs: [string, string][] = [];
    for (let i = 2; i < args.argc; i += 2) pairs.push([args.text(i), args.text(i + 1)]);
    const outcome = server.effects.set(pairs, session);
    if (typeof outcome === "string") throw new ReplyError(outcome);
    if (outcome === undefined) reply.ok();
    else server.dispatcher.replyLater(session, outcome);
  },
};

const resetStat: MainCommand = {
  name: "resetstat",
  ...common,
  arity: 2,
  since: "2.0.0",
  summary: "Starts INFO's counters anew.",
  complexity: "O(1)",
  syntax: "",
  main({ server, reply }: MainContext): void {
    server.resetFigures();
    reply.ok();
  },
};

const rewrite: MainCommand = {
  name: "rewrite",
  ...common,
  arity: 2,
  since: "2.8.0",
  summary: "Writes the configuration into its file.",
  complexity: "O(1)",
  syntax: "",
  main({ server, reply }: MainContext): void {
    if (server.configPath === undefined) throw NO_FILE;
    const failure = rewriteConfig(server.config, server.configPath);
    if (failure !== undefined) {
      server.log.warning(`CONFIG REWRITE failed: ${failure}`);
      throw new ReplyError(`ERR Rewriting config file: ${failure}`);
    }
    server.log.notice("CONFIG REWRITE executed with success.");
    reply.ok();
  },
};

const help: MainCommand = {
  name: "help",
  flags: ["loading", "stale"],
  group: "server",
  arity: 2,
  since: "5.0.0",
  summary: "Lists the subcommands.",
  complexity: "O(1)",
  syntax: "",
  main: ({ reply }: MainContext) =>
    writeHelp(reply, "CONFIG", [
      "GET <pattern> [<pattern> ...]",
      "    Tell the values of the directives that match.",
      "SET <directive> <value> [<directive> <value> ...]",
      "    Set directives: all of them or none.",
      "RESETSTAT",
      "    Start INFO's counters anew.",
      "REWRITE",
      "    Write the configuration into its file.",
    ]),
};

export const config: MainCommand = {
  name: "config",
  arity: -2,
  flags: [],
  group: "server",
  since: "2.0.0",
  summary: "Commands about the configuration.",
  complexity: "Depends on subcommand.",
  syntax: "",
  subcommands: [get, set, resetStat, rewrite, help],
};
