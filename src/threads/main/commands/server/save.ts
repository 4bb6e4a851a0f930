/** SAVE, BGSAVE and LASTSAVE: the RDB file. Both save while clients are served; they differ in when the client is answered. */
import { ReplyError, SYNTAX_ERROR } from "../../../../base/reply_error.ts";
import type { MainCommand, MainContext } from "../../main_command.ts";

const IN_PROGRESS = new ReplyError("ERR Background save already in progress");
const OTHER_IN_PROGRESS = new ReplyError(
  "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a " +
    "BGSAVE whenever possible.",
);
/** The disk refused; the log has the reason. Redis's whole text. */
const FAILED = new ReplyError("ERR");

const common = { group: "server", since: "1.0.0", complexity: "O(N) where N is the number of keys" } as const;

export const save: MainCommand = {
  name: "save",
  ...common,
  arity: 1,
  flags: ["admin", "noscript", "no_async_loading", "no_multi"],
  summary: "Writes all databases into the RDB file and answers when it is on the disk.",
  syntax: "",
  main({ server, session }: MainContext): void {
    const { saves, snapshots } = server.persistence;
    if (snapshots.purpose === "save") throw IN_PROGRESS;
    // Redis would save beside a rewrite of the append-only file; here one snapshot at a time goes through the shards.
    const saved = new Promise<ReplyError | undefined>((resolve) => {
      saves.whenFree(() => saves.begin(false, (ok) => resolve(ok ? undefined : FAILED)));
    });
    server.dispatcher.replyLater(session, saved);
  },
};

export const bgsave: MainCommand = {
  name: "bgsave",
  ...common,
  arity: -1,
  flags: ["admin", "noscript", "no_async_loading"],
  complexity: "O(1)",
  summary: "Writes all databases into the RDB file in the background.",
  syntax: "[SCHEDULE]",
  history: [["3.2.2", "SCHEDULE."]],
  main({ server, args, reply }: MainContext): void {
    const schedule = args.argc === 2 && args.is(1, "schedule");
    if (args.argc > 1 && !schedule) throw SYNTAX_ERROR;
    const { saves, snapshots } = server.persistence;
    if (saves.inProgress) throw IN_PROGRESS;
    if (snapshots.purpose === undefined) {
      saves.begin(true);
      reply.simple("Background saving started");
    } else if (schedule) {
      saves.scheduled = true;
      reply.simple("Background saving scheduled");
    } else throw snapshots.purpose === "save" ? IN_PROGRESS : OTHER_IN_PROGRESS;
  },
};

export const lastsave: MainCommand = {
  name: "lastsave",
  ...common,
  arity: 1,
  flags: ["loading", "stale", "fast"],
  categories: ["admin", "dangerous"],
  complexity: "O(1)",
  summary: "Tells when the RDB file was last saved, as Unix time in seconds.",
  syntax: "",
  tips: ["nondeterministic_output"],
  main({ server, reply }: MainContext): void {
    reply.int(server.persistence.saves.lastSaveS);
  },
};
