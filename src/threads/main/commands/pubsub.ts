/** PUBLISH and SUBSCRIBE with their kin: messages to whoever listens to a channel (threads/main/pubsub.ts). */
import { globMatch } from "../../../base/glob.ts";
import { ReplyError } from "../../../base/reply_error.ts";
import { keysFrom, type KeySpec } from "../../../commands/command.ts";
import { writeHelp } from "../../../commands/help.ts";
import type { Call } from "../../../commands/call.ts";
import type { Reply } from "../../../codec/resp/reply.ts";
import type { MainCommand, MainContext } from "../main_command.ts";
import type { Topic, TopicKind, Topics } from "../pubsub.ts";

const NO_SHARD_CHANNELS = new ReplyError("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");
/** Shard channels are routed by slot as keys are, but are none. */
const SHARD_CHANNEL: readonly KeySpec[] = [keysFrom(1, 0, 1, "not_key")];
const SHARD_CHANNELS: readonly KeySpec[] = [keysFrom(1, -1, 1, "not_key")];

const common = { group: "pubsub", flags: ["pubsub", "noscript", "loading", "stale"] } as const;

/** What SUBSCRIBE and UNSUBSCRIBE of one kind count: shard channels by themselves, channels and patterns together. */
function count({ session }: MainContext, kind: TopicKind): number {
  const { subscriptions } = session;
  if (subscriptions === undefined) return 0;
  if (kind === "shardChannels") return subscriptions.shardChannels.size;
  return subscriptions.channels.size + subscriptions.patterns.size;
}

function subscribeTo(context: MainContext, kind: TopicKind): void {
  const { args, reply, server, session } = context;
  for (let i = 1; i < args.argc; i++) {
    server.pubsub.subscribe(session, kind, args.buf, args.at[i], args.len[i]);
    reply.push(3);
    reply.bulkText(context.command);
    reply.bulk(args.buf, args.at[i], args.len[i]);
    reply.int(count(context, kind));
  }
  server.pushes.stayBehind(session);
}

function unsubscribeFrom(context: MainContext, kind: TopicKind): void {
  const { args, reply, server: { pubsub }, session } = context;
  const listened = session.subscriptions?.[kind];
  if (args.argc > 1) {
    for (let i = 1; i < args.argc; i++) {
      const topic = pubsub[kind].find(args.buf, args.at[i], args.len[i]);
      if (topic !== undefined && session.subscriptions?.[kind].has(topic) === true) {
        pubsub.unsubscribe(session, kind, topic);
      }
      reply.push(3);
      reply.bulkText(context.command);
      reply.bulk(args.buf, args.at[i], args.len[i]);
      reply.int(count(context, kind));
    }
    return;
  }
  if (listened === undefined || listened.size === 0) {
    reply.push(3);
    reply.bulkText(context.command);
    reply.nil();
    reply.int(count(context, kind));
    return;
  }
  for (const topic of listened) {
    pubsub.unsubscribe(session, kind, topic);
    reply.push(3);
    reply.bulkText(context.command);
    reply.bulk(topic.name, 0, topic.name.length);
    reply.int(count(context, kind));
  }
}

const subscribe: MainCommand = {
  ...common,
  name: "subscribe",
  arity: -2,
  since: "2.0.0",
  summary: "Listens to channels.",
  complexity: "O(N) where N is the number of channels to subscribe to.",
  syntax: "channel:string [channel:string ...]",
  confirms: true,
  main: (context) => subscribeTo(context, "channels"),
};

const psubscribe: MainCommand = {
  ...common,
  name: "psubscribe",
  arity: -2,
  since: "2.0.0",
  summary: "Listens to all channels whose names match patterns.",
  complexity: "O(N) where N is the number of patterns to subscribe to.",
  syntax: "pattern [pattern ...]",
  confirms: true,
  main: (context) => subscribeTo(context, "patterns"),
};

const ssubscribe: MainCommand = {
  ...common,
  name: "ssubscribe",
  arity: -2,
  keys: SHARD_CHANNELS,
  since: "7.0.0",
  summary: "Listens to shard channels.",
  complexity: "O(N) where N is the number of shard channels to subscribe to.",
  syntax: "shardchannel:string [shardchannel:string ...]",
  confirms: true,
  main(context: MainContext): void {
    if (context.queued) throw NO_SHARD_CHANNELS;
    subscribeTo(context, "shardChannels");
  },
};

const unsubscribe: MainCommand = {
  ...common,
  name: "unsubscribe",
  arity: -1,
  since: "2.0.0",
  summary: "Listens no longer to channels, to all without arguments.",
  complexity: "O(N) where N is the number of channels to unsubscribe.",
  syntax: "[channel:string [channel:string ...]]",
  confirms: true,
  main: (context) => unsubscribeFrom(context, "channels"),
};

const punsubscribe: MainCommand = {
  ...common,
  name: "punsubscribe",
  arity: -1,
  since: "2.0.0",
  summary: "Listens no longer to patterns, to all without arguments.",
  complexity: "O(N) where N is the number of patterns to unsubscribe.",
  syntax: "[pattern [pattern ...]]",
  confirms: true,
  main: (context) => unsubscribeFrom(context, "patterns"),
};

const sunsubscribe: MainCommand = {
  ...common,
  name: "sunsubscribe",
  arity: -1,
  keys: SHARD_CHANNELS,
  since: "7.0.0",
  summary: "Listens no longer to shard channels, to all without arguments.",
  complexity: "O(N) where N is the number of shard channels to unsubscribe.",
  syntax: "[shardchannel:string [shardchannel:string ...]]",
  confirms: true,
  main: (context) => unsubscribeFrom(context, "shardChannels"),
};

const publishes = {
  group: "pubsub",
  flags: ["pubsub", "loading", "stale", "fast", "may_replicate"],
  arity: 3,
} as const;

const publish: MainCommand = {
  ...publishes,
  name: "publish",
  since: "2.0.0",
  summary: "Sends a message to a channel.",
  complexity:
    "O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total number of " +
    "subscribed patterns (by any client).",
  syntax: "channel:string message:string",
  main(context: MainContext): void {
    const { args, reply, server } = context;
    if (server.notifications.mayOvertake(context)) {
      server.notifications.publishLater(context);
      return;
    }
    reply.int(server.pubsub.publish(args.buf, args.at[1], args.len[1], args.buf, args.at[2], args.len[2]));
  },
};

const spublish: MainCommand = {
  ...publishes,
  name: "spublish",
  keys: SHARD_CHANNEL,
  since: "7.0.0",
  summary: "Sends a message to a shard channel.",
  complexity: "O(N) where N is the number of clients subscribed to the receiving shard channel.",
  syntax: "shardchannel:string message:string",
  main: ({ args, reply, server }: MainContext) =>
    reply.int(server.pubsub.publishToShard(args.buf, args.at[1], args.len[1], args.buf, args.at[2], args.len[2])),
};

// ---- PUBSUB -----------------------------------------------------------------------------------------------------------

const looks = { group: "pubsub", flags: ["pubsub", "loading", "stale"] } as const;

function tooMany(args: Call): ReplyError {
  return new ReplyError(
    `ERR unknown subcommand or wrong number of arguments for '${args.text(1)}'. Try PUBSUB HELP.`,
  );
}

/** The topics whose names match argument 2, all without it. */
function writeNames(topics: Topics, args: Call, reply: Reply): void {
  const found: Topic[] = [];
  const { buf } = args;
  for (const topic of topics.all()) {
    const { name } = topic;
    if (args.argc === 2 || globMatch(buf, args.at[2], args.at[2] + args.len[2], name, 0, name.length, false)) {
      found.push(topic);
    }
  }
  reply.array(found.length);
  for (const { name } of found) reply.bulk(name, 0, name.length);
}

function writeCounts(topics: Topics, args: Call, reply: Reply): void {
  reply.array((args.argc - 2) * 2);
  for (let i = 2; i < args.argc; i++) {
    reply.bulk(args.buf, args.at[i], args.len[i]);
    reply.int(topics.find(args.buf, args.at[i], args.len[i])?.sessions.size ?? 0);
  }
}

const pubsub: MainCommand = {
  name: "pubsub",
  arity: -2,
  flags: [],
  group: "pubsub",
  since: "2.8.0",
  summary: "Tells who listens to what.",
  complexity: "Depends on subcommand.",
  syntax: "",
  subcommands: [
    {
      ...looks,
      name: "channels",
      arity: -2,
      since: "2.8.0",
      summary: "Tells the channels that someone listens to.",
      complexity:
        "O(N) where N is the number of active channels, and assuming constant time pattern matching (relatively " +
        "short channels and patterns)",
      syntax: "[pattern]",
      main({ args, reply, server }: MainContext): void {
        if (args.argc > 3) throw tooMany(args);
        writeNames(server.pubsub.channels, args, reply);
      },
    },
    {
      name: "help",
      flags: ["loading", "stale"],
      group: "pubsub",
      arity: 2,
      since: "6.2.0",
      summary: "Tells about the subcommands.",
      complexity: "O(1)",
      syntax: "",
      main: ({ reply }: MainContext) =>
        writeHelp(reply, "PUBSUB", [
          "CHANNELS [<pattern>]",
          "    List the channels that someone listens to.",
          "NUMPAT",
          "    Count the patterns that someone listens to.",
          "NUMSUB [<channel> ...]",
          "    Count the listeners of channels, those by pattern left out.",
          "SHARDCHANNELS [<pattern>]",
          "    List the shard channels that someone listens to.",
          "SHARDNUMSUB [<shardchannel> ...]",
          "    Count the listeners of shard channels.",
        ]),
    },
    {
      ...looks,
      name: "numpat",
      arity: 2,
      since: "2.8.0",
      summary: "Counts the patterns that someone listens to.",
      complexity: "O(1)",
      syntax: "",
      main: ({ reply, server }: MainContext) => reply.int(server.pubsub.patterns.size),
    },
    {
      ...looks,
      name: "numsub",
      arity: -2,
      since: "2.8.0",
      summary: "Counts the listeners of channels.",
      complexity: "O(N) for the NUMSUB subcommand, where N is the number of requested channels",
      syntax: "[channel:string [channel:string ...]]",
      main: ({ args, reply, server }: MainContext) => writeCounts(server.pubsub.channels, args, reply),
    },
    {
      ...looks,
      name: "shardchannels",
      arity: -2,
      since: "7.0.0",
      summary: "Tells the shard channels that someone listens to.",
      complexity: "O(N) where N is the number of active shard channels, and assuming constant time pattern matching " +
        "(relatively short shard channels).",
      syntax: "[pattern]",
      main({ args, reply, server }: MainContext): void {
        if (args.argc > 3) throw tooMany(args);
        writeNames(server.pubsub.shardChannels, args, reply);
      },
    },
    {
      ...looks,
      name: "shardnumsub",
      arity: -2,
      since: "7.0.0",
      summary: "Counts the listeners of shard channels.",
      complexity: "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels",
      syntax: "[shardchannel:string [shardchannel:string ...]]",
      main: ({ args, reply, server }: MainContext) => writeCounts(server.pubsub.shardChannels, args, reply),
    },
  ],
};

export const pubsubCommands: readonly MainCommand[] = [
  psubscribe,
  publish,
  pubsub,
  punsubscribe,
  spublish,
  ssubscribe,
  subscribe,
  sunsubscribe,
  unsubscribe,
];
