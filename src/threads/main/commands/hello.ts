/** HELLO: chooses the protocol, and may authenticate and name the connection in the same step. */
import { equalsIgnoreCase } from "../../../base/bytes.ts";
import { ReplyError } from "../../../base/reply_error.ts";
import { REDIS_VERSION } from "../../../base/version.ts";
import type { Arguments } from "../../../commands/command.ts";
import type { MainCommand, MainContext } from "../main_command.ts";
import { Gate } from "../session.ts";
import { authenticate } from "./auth.ts";
import { checkClientName } from "./client_names.ts";

const BAD_VERSION = new ReplyError("ERR Protocol version is not an integer or out of range");
const NO_PROTOCOL = new ReplyError("NOPROTO unsupported protocol version");
const NOT_AUTHENTICATED = new ReplyError(
  "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> " +
    "option can be used to authenticate the client and select the RESP protocol version at the same time",
);

/** True when argument `i` is AUTH in its place: the user's name and password follow. */
function isAuth(args: Arguments, i: number): boolean {
  return i === 2 && equalsIgnoreCase(args.buf, args.at[i], args.len[i], "auth");
}

export const hello: MainCommand = {
  name: "hello",
  arity: -1,
  flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
  secret: (args, i) => i > 2 && (isAuth(args, i - 1) || isAuth(args, i - 2)),
  group: "connection",
  since: "6.0.0",
  summary: "Negotiates the protocol version and tells about server and connection.",
  complexity: "O(1)",
  syntax: "[protover [AUTH username password] [SETNAME clientname]]",
  history: [["6.2.0", "The protocol version became optional."]],
  main(context: MainContext): void {
    const { args, reply, session } = context;
    let version = session.resp3 ? 3 : 2;
    let user: string | undefined;
    let password = "";
    let name: string | undefined;
    if (args.argc > 1) {
      version = args.int(1, -Infinity, Infinity, BAD_VERSION);
      if (version < 2 || version > 3) throw NO_PROTOCOL;
      for (let i = 2; i < args.argc; i++) {
        const more = args.argc - 1 - i;
        if (args.is(i, "auth") && more >= 2) {
          user = args.text(i + 1);
          password = args.text(i + 2);
          i += 2;
        } else if (args.is(i, "setname") && more >= 1) {
          name = args.text(++i);
          checkClientName(name);
        } else throw new ReplyError(`ERR Syntax error in HELLO option '${args.text(i)}'`);
      }
    }
    if (user !== undefined) authenticate(context, user, password);
    if ((session.gate & Gate.AUTH) !== 0) throw NOT_AUTHENTICATED;
    if (name !== undefined) session.name = name;
    session.resp3 = reply.resp3 = version === 3;
    reply.map(7);
    reply.bulkText("server");
    reply.bulkText("redis");
    reply.bulkText("version");
    reply.bulkText(REDIS_VERSION);
    reply.bulkText("proto");
    reply.int(version);
    reply.bulkText("id");
    reply.int(session.id);
    reply.bulkText("mode");
    reply.bulkText("standalone");
    reply.bulkText("role");
    reply.bulkText("master");
    reply.bulkText("modules");
    reply.array(0);
  },
};
