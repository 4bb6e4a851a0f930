/** QUIT and RESET: the end of a connection, and its return to the state of a new one. */
import type { MainCommand, MainContext } from "../main_command.ts";
import { Gate } from "../session.ts";

export const quit: MainCommand = {
  name: "quit",
  arity: -1,
  flags: ["allow_busy", "noscript", "loading", "stale", "fast", "no_auth"],
  group: "connection",
  since: "1.0.0",
  summary: "Closes the connection once its replies are sent.",
  complexity: "O(1)",
  syntax: "",
  deprecated: { since: "7.2.0", replacedBy: "just closing the connection" },
  main({ reply, session, server }: MainContext): void {
    reply.ok();
    server.connections.closeAfterReply(session);
  },
};

export const reset: MainCommand = {
  name: "reset",
  arity: 1,
  flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
  group: "connection",
  since: "6.2.0",
  summary: "Takes the connection back to the state of a new one.",
  complexity: "O(1)",
  syntax: "",
  main({ reply, session, server }: MainContext): void {
    server.transactions.discard(session);
    server.tracking.off(session);
    server.pubsub.leave(session);
    server.monitors.remove(session);
    session.db = 0;
    session.name = "";
    session.resp3 = reply.resp3 = false;
    session.user = "default";
    // A CLIENT REPLY SKIP before it still drops its reply.
    session.gate &= ~(Gate.REPLY_OFF | Gate.NO_TOUCH);
    session.noEvict = false;
    if (server.config.text("requirepass") !== "") session.gate |= Gate.AUTH;
    reply.simple("RESET");
  },
};
