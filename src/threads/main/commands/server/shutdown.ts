/** SHUTDOWN: ends the server (threads/main/persistence/shutdown.ts). */
import { ReplyError, SYNTAX_ERROR } from "../../../../base/reply_error.ts";
import type { MainCommand, MainContext } from "../../main_command.ts";

const NOTHING_TO_ABORT = new ReplyError("ERR No shutdown in progress.");

export const shutdown: MainCommand = {
  name: "shutdown",
  arity: -1,
  flags: ["admin", "noscript", "loading", "stale", "no_multi", "allow_busy"],
  group: "server",
  since: "1.0.0",
  summary: "Ends the server.",
  complexity: "O(N) when saving, where N is the number of keys in all databases, otherwise O(1)",
  syntax: "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
  history: [["7.0.0", "NOW, FORCE and ABORT."]],
  main({ server, args, reply, session }: MainContext): void {
    let abort = false;
    let save = false;
    let noSave = false;
    let force = false;
    for (let i = 1; i < args.argc; i++) {
      if (args.is(i, "nosave")) noSave = true;
      else if (args.is(i, "save")) save = true;
      else if (args.is(i, "force")) force = true;
      else if (args.is(i, "abort")) abort = true;
      else if (!args.is(i, "now")) throw SYNTAX_ERROR;
    }
    if ((abort && args.argc > 2) || (save && noSave)) throw SYNTAX_ERROR;
    const { shutdown } = server.persistence;
    if (abort) {
      if (!shutdown.abort()) throw NOTHING_TO_ABORT;
      reply.ok();
      return;
    }
    // What the client asked for before, in the same pipeline, is part of what is kept; it learns of success by the connection's end.
    const { dispatcher } = server;
    dispatcher.replyLater(session, dispatcher.settled(session).then(() => shutdown.request({ save, noSave, force })));
  },
};
