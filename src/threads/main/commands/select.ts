/** SELECT: the database that the connection's next commands mean. */
import { DB_OUT_OF_RANGE } from "../../../base/reply_error.ts";
import type { MainCommand, MainContext } from "../main_command.ts";

export const select: MainCommand = {
  name: "select",
  arity: 2,
  flags: ["loading", "stale", "fast"],
  group: "connection",
  since: "1.0.0",
  summary: "Chooses the connection's database.",
  complexity: "O(1)",
  syntax: "index",
  main({ args, reply, session, server }: MainContext): void {
    const db = args.int32(1);
    if (db < 0 || db >= server.config.int("databases")) throw DB_OUT_OF_RANGE;
    session.db = db;
    reply.ok();
  },
};
