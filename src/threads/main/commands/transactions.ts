/** MULTI, EXEC, DISCARD, WATCH, UNWATCH. */
import { ReplyError } from "../../../base/reply_error.ts";
import { keysFrom } from "../../../commands/command.ts";
import type { MainCommand, MainContext } from "../main_command.ts";

const NESTED = new ReplyError("ERR MULTI calls can not be nested");
const NO_DISCARD = new ReplyError("ERR DISCARD without MULTI");
const WATCH_INSIDE = new ReplyError("ERR WATCH inside MULTI is not allowed");

const common = { group: "transactions", syntax: "" } as const;

const multi: MainCommand = {
  ...common,
  name: "multi",
  arity: 1,
  flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
  since: "1.2.0",
  summary: "Begins a transaction: commands are queued from now on.",
  complexity: "O(1)",
  main({ reply, session, server }: MainContext): void {
    if (session.queue !== undefined) throw NESTED;
    server.transactions.begin(session);
    reply.ok();
  },
};

const exec: MainCommand = {
  ...common,
  name: "exec",
  arity: 1,
  flags: ["noscript", "loading", "stale", "skip_slowlog"],
  since: "1.2.0",
  summary: "Runs the queued commands as one.",
  complexity: "Depends on commands in the transaction",
  main: ({ session, server }: MainContext) => server.transactions.exec(session),
};

const discard: MainCommand = {
  ...common,
  name: "discard",
  arity: 1,
  flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
  since: "2.0.0",
  summary: "Forgets the queued commands and the watched keys.",
  complexity: "O(N), when N is the number of queued commands",
  main({ reply, session, server }: MainContext): void {
    if (session.queue === undefined) throw NO_DISCARD;
    server.transactions.discard(session);
    reply.ok();
  },
};

const watch: MainCommand = {
  ...common,
  name: "watch",
  arity: -2,
  flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
  keys: [keysFrom(1, -1, 1, "RO")],
  since: "2.2.0",
  summary: "Lets EXEC run only if none of the keys changes until then.",
  complexity: "O(1) for every key.",
  syntax: "key [key ...]",
  main({ args, session, server }: MainContext): void {
    if (session.queue !== undefined) throw WATCH_INSIDE;
    const keys: Uint8Array[] = [];
    for (let i = 1; i < args.argc; i++) keys.push(args.buf.slice(args.at[i], args.at[i] + args.len[i]));
    server.transactions.watch(session, keys);
  },
};

const unwatch: MainCommand = {
  ...common,
  name: "unwatch",
  arity: 1,
  flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
  since: "2.2.0",
  summary: "Forgets the watched keys.",
  complexity: "O(1)",
  main({ reply, session, server }: MainContext): void {
    server.transactions.unwatch(session);
    reply.ok();
  },
};

export const transactionCommands: readonly MainCommand[] = [discard, exec, multi, unwatch, watch];
