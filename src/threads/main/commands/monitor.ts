/** MONITOR: shows a connection every command that the server runs (threads/main/monitors.ts). */
import { ReplyError } from "../../../base/reply_error.ts";
import type { MainCommand, MainContext } from "../main_command.ts";
import { Gate } from "../session.ts";

const NOT_QUEUED = new ReplyError("ERR MONITOR isn't allowed for DENY BLOCKING client");

export const monitor: MainCommand = {
  name: "monitor",
  arity: 1,
  flags: ["admin", "noscript", "loading", "stale"],
  group: "server",
  since: "1.0.0",
  summary: "Shows every command that the server runs.",
  complexity: "",
  syntax: "",
  main({ queued, reply, server, session }: MainContext): void {
    if (queued) throw NOT_QUEUED;
    // As in Redis, one that monitors already gets no answer.
    if ((session.gate & Gate.MONITORS) !== 0) return;
    server.monitors.add(session);
    reply.ok();
  },
};
