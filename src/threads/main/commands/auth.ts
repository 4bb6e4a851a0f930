/** AUTH, and the check of a password that HELLO shares. */
import { ReplyError, SYNTAX_ERROR } from "../../../base/reply_error.ts";
import type { MainCommand, MainContext } from "../main_command.ts";
import { Gate } from "../session.ts";

const WRONG_PASSWORD = new ReplyError("WRONGPASS invalid username-password pair or user is disabled.");
const NO_PASSWORD = new ReplyError(
  "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
);

/** Authenticates the session as `user`; throws WRONGPASS. Without a password configured the default user takes any. */
export function authenticate(context: MainContext, user: string, password: string): void {
  const required = context.server.config.text("requirepass");
  if (user !== "default" || (required !== "" && !equalInConstantTime(password, required))) throw WRONG_PASSWORD;
  context.session.gate &= ~Gate.AUTH;
  context.session.user = user;
}

/** Compares without telling by its time how much was right. */
function equalInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= (i < a.length ? a.charCodeAt(i) : 0) ^ b.charCodeAt(i);
  return difference === 0;
}

export const auth: MainCommand = {
  name: "auth",
  arity: -2,
  flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
  secret: (_args, i) => i > 0,
  group: "connection",
  since: "1.0.0",
  summary: "Authenticates the connection.",
  complexity: "O(N) where N is the length of the password",
  syntax: "[username] password",
  history: [["6.0.0", "Added the username."]],
  main(context: MainContext): void {
    const { args, reply, server } = context;
    if (args.argc > 3) throw SYNTAX_ERROR;
    if (args.argc === 2 && server.config.text("requirepass") === "") throw NO_PASSWORD;
    authenticate(context, args.argc === 3 ? args.text(1) : "default", args.text(args.argc - 1));
    reply.ok();
  },
};
