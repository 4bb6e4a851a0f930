/** CLIENT KILL, in its old form (an address) and its new one (filters). */
import { ReplyError, SYNTAX_ERROR } from "../../../base/reply_error.ts";
import type { MainCommand, MainContext } from "../main_command.ts";
import type { Session } from "../session.ts";
import { parseClientType } from "./client_types.ts";

const BAD_ID = new ReplyError("ERR client-id should be greater than 0");
const BAD_AGE = new ReplyError("ERR maxage is not an integer or out of range");
const AGE_NOT_POSITIVE = new ReplyError("ERR maxage should be greater than 0");
const NO_SUCH_CLIENT = new ReplyError("ERR No such client");

type Filter = (session: Session) => boolean;

export const clientKill: MainCommand = {
  name: "kill",
  arity: -3,
  flags: ["admin", "noscript", "loading", "stale"],
  group: "connection",
  since: "2.4.0",
  summary: "Closes connections.",
  complexity: "O(N) where N is the number of connections",
  syntax:
    "<address:string | [ID client-id] [TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] [USER username] [ADDR address:string] [LADDR address:string] [SKIPME yes/no:string] [MAXAGE maxage:integer]>",
  history: [
    ["2.8.12", "Added the form with filters."],
    ["3.2.0", "Added TYPE's master."],
    ["5.0.0", "Replaced slave by replica."],
    ["6.2.0", "Added LADDR."],
    ["7.4.0", "Added MAXAGE."],
  ],
  main(context: MainContext): void {
    const { args, reply, server, session } = context;
    const sessions = [...server.connections.sessions.values()];
    if (args.argc === 3) {
      const address = args.text(2);
      const found = sessions.find((each) => each.socket.remoteAddress === address);
      if (found === undefined) throw NO_SUCH_CLIENT;
      reply.ok();
      kill(context, found);
      return;
    }
    const { filters, skipMe } = parseFilters(context);
    let killed = 0;
    let self = false;
    for (const each of sessions) {
      if ((skipMe && each === session) || each.closing || !filters.every((accepts) => accepts(each))) continue;
      killed++;
      if (each === session) self = true;
      else kill(context, each);
    }
    reply.int(killed);
    if (self) kill(context, session);
  },
};

function parseFilters({ args, server }: MainContext): { filters: Filter[]; skipMe: boolean } {
  const filters: Filter[] = [];
  let skipMe = true;
  for (let i = 2; i < args.argc; i += 2) {
    if (i + 1 === args.argc) throw SYNTAX_ERROR;
    const value = args.text(i + 1);
    if (args.is(i, "id")) {
      const id = args.int(i + 1, 1, Infinity, BAD_ID);
      filters.push((session) => session.id === id);
    } else if (args.is(i, "maxage")) {
      const seconds = args.int(i + 1, -Infinity, Infinity, BAD_AGE);
      if (seconds <= 0) throw AGE_NOT_POSITIVE;
      filters.push((session) => (server.nowMs() - session.createdMs) / 1000 >= seconds);
    } else if (args.is(i, "type")) {
      const type = parseClientType(value);
      filters.push((session) => session.type === type);
    } else if (args.is(i, "addr")) filters.push((session) => session.socket.remoteAddress === value);
    else if (args.is(i, "laddr")) filters.push((session) => session.socket.localAddress === value);
    else if (args.is(i, "user")) {
      if (value !== "default") throw new ReplyError(`ERR No such user '${value}'`);
      filters.push((session) => session.user === value);
    } else if (args.is(i, "skipme")) {
      if (args.is(i + 1, "yes")) skipMe = true;
      else if (args.is(i + 1, "no")) skipMe = false;
      else throw SYNTAX_ERROR;
    } else throw SYNTAX_ERROR;
  }
  return { filters, skipMe };
}

/** Closes another connection at once, the caller's own behind this reply. */
function kill({ server, session }: MainContext, victim: Session): void {
  if (victim === session) server.connections.closeAfterReply(victim);
  else server.connections.close(victim);
}
