/** DEBUG: what tests of servers and clients ask for. Refused unless enable-debug-command allows it (dispatcher.ts). */
import { parseDouble } from "../../../../base/doubles.ts";
import { ReplyError } from "../../../../base/reply_error.ts";
import type { Reply } from "../../../../codec/resp/reply.ts";
import { writeHelp } from "../../../../commands/help.ts";
import { blockThread } from "../../../../runtime/mod.ts";
import type { MainCommand, MainContext } from "../../main_command.ts";
import { rewriteConfig } from "../../system_host.ts";
import { debugSettings } from "./debug_settings.ts";
import { aofFlushSleep } from "./debug_flush_sleep.ts";
import { debugLoadaof, debugReload } from "./debug_reload.ts";

const WRONG_PROTOCOL = new ReplyError(
  "ERR Wrong protocol type name. Please use one of the following: " +
    "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
);
const NO_CONFIG_FILE = new ReplyError("ERR The server is running without a config file");
const NEEDS_RESP3 = new ReplyError("ERR RESP2 is not supported by this command");

const common = {
  flags: ["admin", "noscript", "loading", "stale"],
  group: "server",
  since: "1.0.0",
  complexity: "O(1)",
  docFlags: ["syscmd"],
} as const;

const sleep: MainCommand = {
  name: "sleep",
  ...common,
  // Unlike the others it takes its time, so its calls are timed each.
  complexity: "O(N) where N is the time",
  arity: 3,
  summary: "Stops the server for a time: no client is served.",
  syntax: "seconds:double",
  main({ server, args, reply }: MainContext): void {
    const seconds = parseDouble(args.buf, args.at[2], args.at[2] + args.len[2]);
    if (seconds > 0) blockThread(seconds * 1000);
    server.connections.timePassed();
    reply.ok();
  },
};

const pauseCron: MainCommand = {
  name: "pause-cron",
  ...common,
  arity: 3,
  summary: "Stops and resumes what is done by the clock: limits of clients, save points, figures.",
  syntax: "paused:integer",
  main({ server, args, reply }: MainContext): void {
    server.cron.paused = !args.is(2, "0");
    reply.ok();
  },
};

const configRewriteForceAll: MainCommand = {
  name: "config-rewrite-force-all",
  ...common,
  arity: 2,
  summary: "Writes the configuration into its file, with the directives that have their defaults.",
  syntax: "",
  main({ server, reply }: MainContext): void {
    if (server.configPath === undefined) throw NO_CONFIG_FILE;
    const failure = rewriteConfig(server.config, server.configPath, true);
    if (failure !== undefined) throw new ReplyError(`ERR CONFIG-REWRITE-FORCE-ALL failed: ${failure}`);
    reply.ok();
  },
};

const error: MainCommand = {
  name: "error",
  ...common,
  arity: 3,
  summary: "Replies an error of the caller's words.",
  syntax: "message",
  main({ args }: MainContext): void {
    throw new ReplyError(args.text(2));
  },
};

const logLine: MainCommand = {
  name: "log",
  ...common,
  arity: 3,
  summary: "Writes a line into the server's log.",
  syntax: "message",
  main({ server, args, reply }: MainContext): void {
    server.log.warning(`DEBUG LOG: ${args.text(2)}`);
    reply.ok();
  },
};

const protocol: MainCommand = {
  name: "protocol",
  ...common,
  arity: 3,
  summary: "Replies a value of a type of the protocol.",
  syntax: "type",
  main: ({ args, reply }: MainContext) => writeSample(reply, args.text(2).toLowerCase()),
};

function writeSample(reply: Reply, type: string): void {
  switch (type) {
    case "string":
      return reply.bulkText("Hello World");
    case "integer":
      return reply.int(12345);
    case "double":
      return reply.double(3.141);
    case "bignum":
      return reply.bigNumber("1234567999999999999999999999999999999");
    case "null":
      return reply.nil();
    case "array":
      reply.array(3);
      for (let i = 0; i < 3; i++) reply.int(i);
      return;
    case "set":
      reply.set(3);
      for (let i = 0; i < 3; i++) reply.int(i);
      return;
    case "map":
      reply.map(3);
      for (let i = 0; i < 3; i++) {
        reply.int(i);
        reply.bool(i === 1);
      }
      return;
    case "attrib":
      if (reply.resp3) {
        reply.attribute(1);
        reply.bulkText("key-popularity");
        reply.array(2);
        reply.bulkText("key:123");
        reply.int(90);
      }
      return reply.bulkText("Some real reply following the attribute");
    case "push":
      if (!reply.resp3) throw NEEDS_RESP3;
      reply.push(2);
      reply.bulkText("server-cpu-usage");
      reply.int(42);
      return reply.bulkText("Some real reply following the push reply");
    case "verbatim":
      return reply.verbatim("txt", "This is a verbatim\nstring");
    case "true":
      return reply.bool(true);
    case "false":
      return reply.bool(false);
    default:
      throw WRONG_PROTOCOL;
  }
}

const help: MainCommand = {
  name: "help",
  ...common,
  arity: 2,
  summary: "Lists the subcommands.",
  syntax: "",
  main: ({ reply }: MainContext) =>
    writeHelp(reply, "DEBUG", [
      "AOF-FLUSH-SLEEP <microseconds>",
      "    Let each write into the append-only file take <microseconds> longer.",
      "CONFIG-REWRITE-FORCE-ALL",
      "    Write all directives into the configuration file, those with their defaults too.",
      "ERROR <string>",
      "    Reply an error with <string> as its text.",
      "HTSTATS <db> [FULL]",
      "    Tell how the keys of <db> lie in its table.",
      "HTSTATS-KEY <key> [FULL]",
      "    Tell how the elements of a large set, hash or sorted set lie in its table.",
      "LISTPACK <key>",
      "    Print the entries of the listpack of <key> on standard output.",
      "LOADAOF",
      "    Write what the append-only file lacks and load it.",
      "LOG <message>",
      "    Write <message> into the server's log.",
      "OBJECT <key>",
      "    Describe how the value of <key> is kept.",
      "PANIC",
      "    End the process with a report.",
      "PAUSE-CRON <0|1>",
      "    Stop or resume what is done by the clock.",
      "POPULATE <count> [<prefix>] [<size>]",
      "    Make <count> string keys of that prefix.",
      "PROTOCOL <type>",
      "    Reply a value of <type>: string, integer, double, bignum, null, array, set,",
      "    map, attrib, push, verbatim, true, false.",
      "QUICKLIST <key> [<full>]",
      "    Print the nodes of the quicklist of <key> on standard output, with 1 also their elements.",
      "QUICKLIST-PACKED-THRESHOLD <size>",
      "    Elements of <size> have nodes of their own; 0: as list-max-listpack-size says.",
      "RELOAD [option ...]",
      "    Save the RDB file and load it again. Options: MERGE, NOFLUSH, NOSAVE.",
      "SET-ACTIVE-EXPIRE <0|1>",
      "    Turn the search for expired keys off and on.",
      "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
      "    Let RESTORE and loading ignore checksums.",
      "SLEEP <seconds>",
      "    Stop the server for <seconds>. Decimals allowed.",
      "STRINGMATCH-LEN <length> <pattern>",
      "    Match <pattern> against so many letters a.",
    ]),
};

export const debug: MainCommand = {
  name: "debug",
  closed: true,
  ...common,
  arity: -2,
  summary: "Commands for tests.",
  complexity: "Depends on subcommand.",
  syntax: "",
  subcommands: [
    aofFlushSleep,
    configRewriteForceAll,
    error,
    help,
    debugLoadaof,
    logLine,
    pauseCron,
    protocol,
    debugReload,
    sleep,
    ...debugSettings,
  ],
};
