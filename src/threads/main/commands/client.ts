/** CLIENT: what a connection can ask and set about itself and, as an administrator, about others. */
import { ReplyError, SYNTAX_ERROR, wrongArity } from "../../../base/reply_error.ts";
import { writeHelp } from "../../../commands/help.ts";
import { clientLine } from "../client_line.ts";
import type { MainCommand, MainContext } from "../main_command.ts";
import { Gate, type Session } from "../session.ts";
import { trackingCommands } from "./client_tracking.ts";
import { clientKill } from "./client_kill.ts";
import { CLIENT_HELP } from "./client_help.ts";
import { checkClientName, isPlain } from "./client_names.ts";
import { parseClientType } from "./client_types.ts";

const BAD_ID = new ReplyError("ERR Invalid client ID");
const BAD_TIMEOUT = new ReplyError("ERR timeout is not an integer or out of range");
const NEGATIVE_TIMEOUT = new ReplyError("ERR timeout is negative");
const BAD_REASON = new ReplyError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
const BAD_PAUSE_MODE = new ReplyError("ERR CLIENT PAUSE mode must be WRITE or ALL");

const common = {
  flags: ["noscript", "loading", "stale"],
  group: "connection",
  complexity: "O(1)",
} as const;
const administrative = { ...common, flags: ["admin", "noscript", "loading", "stale"] } as const;

const id: MainCommand = {
  name: "id",
  ...common,
  arity: 2,
  since: "5.0.0",
  summary: "Tells the connection's number.",
  syntax: "",
  main: ({ reply, session }: MainContext) => reply.int(session.id),
};

const getName: MainCommand = {
  name: "getname",
  ...common,
  arity: 2,
  since: "2.6.9",
  summary: "Tells the connection's name.",
  syntax: "",
  main({ reply, session }: MainContext): void {
    if (session.name === "") reply.nil();
    else reply.bulkText(session.name);
  },
};

const setName: MainCommand = {
  name: "setname",
  ...common,
  arity: 3,
  since: "2.6.9",
  summary: "Gives the connection a name.",
  syntax: "connection-name",
  main({ args, reply, session }: MainContext): void {
    const name = args.text(2);
    checkClientName(name);
    session.name = name;
    reply.ok();
  },
};

const setInfo: MainCommand = {
  name: "setinfo",
  ...common,
  arity: 4,
  since: "7.2.0",
  summary: "Tells the server the client library's name or version.",
  syntax: "<LIB-NAME libname | LIB-VER libver>",
  main({ args, reply, session }: MainContext): void {
    const attribute = args.text(2);
    const value = args.text(3);
    if (!isPlain(value)) {
      throw new ReplyError(`ERR ${attribute.toLowerCase()} cannot contain spaces, newlines or special characters.`);
    }
    if (args.is(2, "lib-name")) session.libName = value;
    else if (args.is(2, "lib-ver")) session.libVersion = value;
    else throw new ReplyError(`ERR Unrecognized option '${attribute}'`);
    reply.ok();
  },
};

const info: MainCommand = {
  name: "info",
  ...common,
  arity: 2,
  since: "6.2.0",
  summary: "Describes the connection in a line.",
  syntax: "",
  tips: ["nondeterministic_output"],
  main({ reply, session, server }: MainContext): void {
    reply.verbatim("txt", clientLine(session, server.nowMs()) + "\n");
  },
};

const list: MainCommand = {
  name: "list",
  ...administrative,
  arity: -2,
  since: "2.4.0",
  complexity: "O(N) where N is the number of connections",
  summary: "Describes connections, a line each.",
  syntax: "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]",
  tips: ["nondeterministic_output"],
  history: [["5.0.0", "Added TYPE."], ["6.2.0", "Added ID."]],
  main({ args, reply, server }: MainContext): void {
    const sessions = server.connections.sessions;
    let chosen: Iterable<Session> = sessions.values();
    if (args.argc === 4 && args.is(2, "type")) {
      const type = parseClientType(args.text(3));
      chosen = [...sessions.values()].filter((session) => session.type === type);
    } else if (args.argc > 3 && args.is(2, "id")) {
      const found: Session[] = [];
      for (let i = 3; i < args.argc; i++) {
        const session = sessions.get(args.int(i, -Infinity, Infinity, BAD_ID));
        if (session !== undefined) found.push(session);
      }
      chosen = found;
    } else if (args.argc !== 2) throw SYNTAX_ERROR;
    const now = server.nowMs();
    let text = "";
    for (const session of chosen) text += clientLine(session, now) + "\n";
    reply.verbatim("txt", text);
  },
};

const noEvict: MainCommand = {
  name: "no-evict",
  ...administrative,
  arity: 3,
  since: "7.0.0",
  summary: "Exempts the connection from client eviction.",
  syntax: "<ON | OFF>",
  main({ args, reply, server, session }: MainContext): void {
    session.noEvict = onOff(args.is(2, "on"), args.is(2, "off"));
    if (!session.noEvict) server.clientMemory.enforce();
    reply.ok();
  },
};

const noTouch: MainCommand = {
  name: "no-touch",
  ...common,
  arity: 3,
  since: "7.2.0",
  summary: "Chooses whether the connection's reads count as accesses of keys.",
  syntax: "<ON | OFF>",
  main({ args, reply, session }: MainContext): void {
    if (onOff(args.is(2, "on"), args.is(2, "off"))) session.gate |= Gate.NO_TOUCH;
    else session.gate &= ~Gate.NO_TOUCH;
    reply.ok();
  },
};

/** `name` as the client wrote it. */
function pauseArity(name: string): ReplyError {
  return new ReplyError(`ERR unknown subcommand or wrong number of arguments for '${name}'. Try CLIENT HELP.`);
}

function onOff(on: boolean, off: boolean): boolean {
  if (!on && !off) throw SYNTAX_ERROR;
  return on;
}

const reply: MainCommand = {
  name: "reply",
  ...common,
  arity: 3,
  since: "3.2.0",
  summary: "Chooses which replies the connection gets.",
  syntax: "<ON | OFF | SKIP>",
  main({ args, reply, session }: MainContext): void {
    if (args.is(2, "on")) {
      session.gate &= ~(Gate.REPLY_OFF | Gate.REPLY_SKIP);
      reply.ok();
    } else if (args.is(2, "off")) session.gate |= Gate.REPLY_OFF;
    else if (args.is(2, "skip")) {
      if ((session.gate & Gate.REPLY_OFF) === 0) session.gate |= Gate.REPLY_SKIP;
    } else throw SYNTAX_ERROR;
  },
};

const pause: MainCommand = {
  name: "pause",
  ...administrative,
  arity: -3,
  since: "2.9.50",
  summary: "Lets commands wait for a time: all, or those that write.",
  syntax: "timeout:integer [WRITE | ALL]",
  history: [["6.2.0", "Added WRITE and ALL."]],
  main({ args, reply, server }: MainContext): void {
    let writesOnly = false;
    if (args.argc === 4) {
      writesOnly = args.is(3, "write");
      if (!writesOnly && !args.is(3, "all")) throw BAD_PAUSE_MODE;
    } else if (args.argc > 4) throw pauseArity(args.text(1));
    const ms = args.int(2, -Infinity, Infinity, BAD_TIMEOUT);
    if (ms < 0) throw NEGATIVE_TIMEOUT;
    server.dispatcher.pause.begin(server.nowMs() + ms, writesOnly);
    reply.ok();
  },
};

const unpause: MainCommand = {
  name: "unpause",
  ...administrative,
  arity: 2,
  since: "6.2.0",
  complexity: "O(N) where N is the number of connections that wait",
  summary: "Ends CLIENT PAUSE.",
  syntax: "",
  main({ reply, server }: MainContext): void {
    server.dispatcher.pause.end();
    reply.ok();
  },
};

const unblock: MainCommand = {
  name: "unblock",
  ...administrative,
  arity: -3,
  since: "5.0.0",
  complexity: "O(log N) where N is the number of connections",
  summary: "Ends another connection's wait in a blocking command.",
  syntax: "client-id:integer [TIMEOUT | ERROR]",
  main({ args, reply, server }: MainContext): void {
    if (args.argc > 4) throw wrongArity("client|unblock");
    let withError = false;
    if (args.argc === 4) {
      withError = args.is(3, "error");
      if (!withError && !args.is(3, "timeout")) throw BAD_REASON;
    }
    const target = server.connections.sessions.get(args.int(2));
    const { acknowledgements, blocking } = server;
    const unblocked = target !== undefined &&
      (blocking.unblock(target, withError) || acknowledgements.unblock(target, withError));
    reply.int(unblocked ? 1 : 0);
  },
};

const help: MainCommand = {
  name: "help",
  ...common,
  flags: ["loading", "stale"],
  arity: 2,
  since: "5.0.0",
  summary: "Lists the subcommands.",
  syntax: "",
  main: ({ reply }: MainContext) => writeHelp(reply, "CLIENT", CLIENT_HELP),
};

export const client: MainCommand = {
  name: "client",
  arity: -2,
  flags: [],
  group: "connection",
  since: "2.4.0",
  summary: "Commands about connections.",
  complexity: "Depends on subcommand.",
  syntax: "",
  subcommands: [
    id,
    getName,
    setName,
    setInfo,
    info,
    list,
    clientKill,
    noEvict,
    noTouch,
    reply,
    pause,
    unpause,
    unblock,
    ...trackingCommands,
    help,
  ],
};
