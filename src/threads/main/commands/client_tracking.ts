/** CLIENT TRACKING, CACHING, TRACKINGINFO and GETREDIR: client-side caching (threads/main/tracking/). */
import { ReplyError, SYNTAX_ERROR } from "../../../base/reply_error.ts";
import type { MainCommand, MainContext } from "../main_command.ts";
import type { ClientTracking, TrackingOptions } from "../tracking/client_tracking.ts";

const SECOND_REDIRECT = new ReplyError("ERR A client can only redirect to a single other client");
const NO_SUCH_CLIENT = new ReplyError("ERR The client ID you want redirect to does not exist");
const PREFIX_WITHOUT_BCAST = new ReplyError("ERR PREFIX option requires BCAST mode to be enabled");
const BCAST_SWITCHED = new ReplyError(
  "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
);
const OPT_WITH_BCAST = new ReplyError("ERR OPTIN and OPTOUT are not compatible with BCAST");
const BOTH_OPTS = new ReplyError("ERR You can't specify both OPTIN mode and OPTOUT mode");
const OPT_SWITCHED = new ReplyError(
  "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
);
const NOT_TRACKING = new ReplyError(
  "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
);
const NOT_OPTIN = new ReplyError("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
const NOT_OPTOUT = new ReplyError("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");

const common = {
  flags: ["noscript", "loading", "stale"],
  group: "connection",
  complexity: "O(1)",
} as const;

const tracking: MainCommand = {
  name: "tracking",
  ...common,
  arity: -3,
  since: "6.0.0",
  complexity: "O(1). Some options may introduce additional complexity.",
  summary: "Turns telling the connection of changes to the keys that it has read on or off.",
  syntax:
    "<ON | OFF> [REDIRECT client-id:integer] [PREFIX prefix:string [PREFIX prefix:string ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
  main(context: MainContext): void {
    const { args, reply, server, session } = context;
    const options = parseOptions(context);
    if (args.is(2, "on")) {
      checkOptions(options, session.tracking);
      // Broadcast mode without a prefix is about all keys.
      if (options.broadcast && options.prefixes.size === 0) options.prefixes.add("");
      server.tracking.on(session, options);
    } else if (args.is(2, "off")) server.tracking.off(session);
    else throw SYNTAX_ERROR;
    reply.ok();
  },
};

type Options = { -readonly [K in keyof TrackingOptions]: TrackingOptions[K] } & {
  /** In the order given. */
  given: string[];
  prefixes: Set<string>;
};

function parseOptions({ args, server }: MainContext): Options {
  const options: Options = {
    redirect: 0,
    broadcast: false,
    optIn: false,
    optOut: false,
    noLoop: false,
    given: [],
    prefixes: new Set(),
  };
  for (let i = 3; i < args.argc; i++) {
    const more = i + 1 < args.argc;
    if (args.is(i, "redirect") && more) {
      if (options.redirect !== 0) throw SECOND_REDIRECT;
      options.redirect = args.int(++i);
      if (!server.connections.sessions.has(options.redirect)) throw NO_SUCH_CLIENT;
    } else if (args.is(i, "bcast")) options.broadcast = true;
    else if (args.is(i, "optin")) options.optIn = true;
    else if (args.is(i, "optout")) options.optOut = true;
    else if (args.is(i, "noloop")) options.noLoop = true;
    else if (args.is(i, "prefix") && more) options.given.push(args.text(++i));
    else throw SYNTAX_ERROR;
  }
  options.prefixes = new Set(options.given);
  return options;
}

/** Throws when the options don't go together, or not with what the connection has set before. */
function checkOptions(options: Options, before: ClientTracking | undefined): void {
  if (!options.broadcast && options.given.length > 0) throw PREFIX_WITHOUT_BCAST;
  if (before !== undefined && before.broadcast !== options.broadcast) throw BCAST_SWITCHED;
  if (options.broadcast && (options.optIn || options.optOut)) throw OPT_WITH_BCAST;
  if (options.optIn && options.optOut) throw BOTH_OPTS;
  if ((options.optIn && before?.optOut) || (options.optOut && before?.optIn)) throw OPT_SWITCHED;
  checkOverlaps(options.given, [...before?.prefixes ?? []].sort());
}

function checkOverlaps(given: readonly string[], before: readonly string[]): void {
  for (const [i, prefix] of given.entries()) {
    for (const other of before) if (overlap(prefix, other)) throw overlapping(prefix, `an existing prefix '${other}'`);
    for (const other of given.slice(i + 1)) {
      if (overlap(prefix, other)) throw overlapping(prefix, `another provided prefix '${other}'`);
    }
  }
}

function overlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

function overlapping(prefix: string, other: string): ReplyError {
  return new ReplyError(
    `ERR Prefix '${prefix}' overlaps with ${other}. Prefixes for a single client must not overlap.`,
  );
}

const caching: MainCommand = {
  name: "caching",
  ...common,
  arity: 3,
  since: "6.0.0",
  summary: "Chooses whether the keys that the next command reads are tracked (OPTIN and OPTOUT).",
  syntax: "<YES | NO>",
  main({ args, reply, session }: MainContext): void {
    const { tracking } = session;
    if (tracking === undefined) throw NOT_TRACKING;
    if (args.is(2, "yes")) {
      if (!tracking.optIn) throw NOT_OPTIN;
    } else if (args.is(2, "no")) {
      if (!tracking.optOut) throw NOT_OPTOUT;
    } else throw SYNTAX_ERROR;
    tracking.caching = true;
    reply.ok();
  },
};

const trackingInfo: MainCommand = {
  name: "trackinginfo",
  ...common,
  arity: 2,
  since: "6.2.0",
  summary: "Tells what CLIENT TRACKING set for the connection.",
  syntax: "",
  main({ reply, session }: MainContext): void {
    const { tracking } = session;
    const flags = flagsOf(tracking);
    reply.map(3);
    reply.bulkText("flags");
    reply.set(flags.length);
    for (const flag of flags) reply.bulkText(flag);
    reply.bulkText("redirect");
    reply.int(tracking?.redirect ?? -1);
    reply.bulkText("prefixes");
    const prefixes = [...tracking?.prefixes ?? []].sort();
    reply.array(prefixes.length);
    for (const prefix of prefixes) reply.bulkText(prefix);
  },
};

function flagsOf(tracking: ClientTracking | undefined): string[] {
  if (tracking === undefined) return ["off"];
  const { broadcast, optIn, optOut, caching, noLoop, broken } = tracking;
  const flags = ["on"];
  if (broadcast) flags.push("bcast");
  if (optIn) flags.push("optin");
  if (optIn && caching) flags.push("caching-yes");
  if (optOut) flags.push("optout");
  if (optOut && caching) flags.push("caching-no");
  if (noLoop) flags.push("noloop");
  if (broken) flags.push("broken_redirect");
  return flags;
}

const getRedir: MainCommand = {
  name: "getredir",
  ...common,
  arity: 2,
  since: "6.0.0",
  summary: "Tells the connection to which invalidations of tracked keys are redirected.",
  syntax: "",
  main: ({ reply, session }: MainContext) => reply.int(session.tracking?.redirect ?? -1),
};

export const trackingCommands: readonly MainCommand[] = [tracking, caching, trackingInfo, getRedir];
