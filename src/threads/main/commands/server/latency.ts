/** LATENCY: the moments at which commands took long, and how long commands take. */
import { ReplyError } from "../../../../base/reply_error.ts";
import { writeHelp } from "../../../../commands/help.ts";
import { findByName } from "../../../../commands/docs.ts";
import type { LatencySum } from "../../../latency_histogram.ts";
import type { CommandEntry } from "../../command_entry.ts";
import type { LatencyEvent } from "../../latency_monitor.ts";
import type { MainCommand, MainContext } from "../../main_command.ts";
import type { Server } from "../../server.ts";

const common = {
  flags: ["admin", "noscript", "loading", "stale"],
  group: "server",
  since: "2.8.13",
} as const;
const special = ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"];

/** Rows of LATENCY GRAPH. */
const GRAPH_ROWS = 6;
const GRAPH_COLUMNS = 80;

const latest: MainCommand = {
  name: "latest",
  ...common,
  arity: 2,
  summary: "Tells each event's last sample and its longest.",
  complexity: "O(1)",
  syntax: "",
  tips: special,
  main({ server, reply }: MainContext): void {
    reply.array(server.latency.events.size);
    for (const [name, { samples, max }] of server.latency.events) {
      const last = samples[samples.length - 1];
      reply.array(4);
      reply.bulkText(name);
      reply.int(last.second);
      reply.int(last.ms);
      reply.int(max);
    }
  },
};

const history: MainCommand = {
  name: "history",
  ...common,
  arity: 3,
  summary: "Tells an event's samples.",
  complexity: "O(1)",
  syntax: "event:string",
  tips: special,
  main({ server, args, reply }: MainContext): void {
    const samples = server.latency.events.get(args.text(2))?.samples ?? [];
    reply.array(samples.length);
    for (const { second, ms } of samples) {
      reply.array(2);
      reply.int(second);
      reply.int(ms);
    }
  },
};

const reset: MainCommand = {
  name: "reset",
  ...common,
  arity: -2,
  summary: "Forgets the samples of events, or of all.",
  complexity: "O(1)",
  syntax: "[event:string [event:string ...]]",
  tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
  main({ server, args, reply }: MainContext): void {
    const names: string[] = [];
    for (let i = 2; i < args.argc; i++) names.push(args.text(i));
    reply.int(server.latency.reset(names));
  },
};

const graph: MainCommand = {
  name: "graph",
  ...common,
  arity: 3,
  summary: "Draws an event's samples.",
  complexity: "O(1)",
  syntax: "event:string",
  tips: special,
  main({ server, args, reply }: MainContext): void {
    const name = args.text(2);
    const event = server.latency.events.get(name);
    if (event === undefined) throw new ReplyError(`ERR No samples available for event '${name}'`);
    reply.verbatim("txt", drawing(name, event));
  },
};

/** One column a sample, as high as it took long against the longest shown. */
function drawing(name: string, { samples, max }: LatencyEvent): string {
  const shown = samples.slice(-GRAPH_COLUMNS);
  const high = Math.max(...shown.map(({ ms }) => ms));
  const low = Math.min(...shown.map(({ ms }) => ms));
  let text = `${name} - high ${high} ms, low ${low} ms (all time high ${max} ms)\n${"-".repeat(GRAPH_COLUMNS)}\n`;
  for (let row = GRAPH_ROWS; row > 0; row--) {
    const line = shown.map(({ ms }) => (ms * GRAPH_ROWS) / high > row - 1 ? "#" : " ").join("");
    text += line.trimEnd() + "\n";
  }
  return text;
}

const doctor: MainCommand = {
  name: "doctor",
  ...common,
  arity: 2,
  summary: "Reports what the samples tell.",
  complexity: "O(1)",
  syntax: "",
  tips: special,
  main: ({ server, reply }: MainContext) => reply.verbatim("txt", diagnosis(server)),
};

function diagnosis({ latency, config, slowLog }: Server): string {
  if (config.int("latency-monitor-threshold") === 0) {
    return "The latency monitor is off: CONFIG SET latency-monitor-threshold <milliseconds> turns it on.\n";
  }
  if (latency.events.size === 0) return "No command has taken longer than latency-monitor-threshold.\n";
  let text = "";
  for (const [name, { samples, max }] of latency.events) {
    const mean = samples.reduce((sum, { ms }) => sum + ms, 0) / samples.length;
    text += `${name}: in ${samples.length} seconds some took long, ${
      mean.toFixed(0)
    } ms on average, ${max} ms at most.\n`;
  }
  if (slowLog.entries.length > 0) text += "SLOWLOG GET tells which calls these were.\n";
  if (latency.events.has("fast-command")) {
    text += "Fast commands don't take long by themselves: something else held the machine's processors.\n";
  }
  return text;
}

const histogram: MainCommand = {
  name: "histogram",
  ...common,
  since: "7.0.0",
  arity: -2,
  summary: "Tells how many calls of commands took at most how long.",
  complexity: "O(N) where N is the number of commands",
  syntax: "[command:string [command:string ...]]",
  tips: special,
  main({ server, args, reply }: MainContext): void {
    const found: [CommandEntry, LatencySum][] = [];
    for (const entry of asked(server, args)) {
      const latencies = server.figures.latencies(entry);
      if (latencies !== undefined) found.push([entry, latencies]);
    }
    reply.map(found.length);
    for (const [entry, latencies] of found) {
      reply.bulkText(entry.fullName);
      reply.map(2);
      reply.bulkText("calls");
      reply.int(latencies.total);
      reply.bulkText("histogram_usec");
      writeBuckets(reply, latencies);
    }
  },
};

/** The commands named, containers for their subcommands; all without names. */
function asked(server: Server, args: MainContext["args"]): CommandEntry[] {
  const all = server.commands.commands;
  let chosen: readonly CommandEntry[] = all;
  if (args.argc > 2) {
    const named: CommandEntry[] = [];
    for (let i = 2; i < args.argc; i++) {
      const facts = findByName(server.facts, args, i);
      if (facts === undefined) continue;
      const name = server.facts.fullName(facts);
      const entry = all.flatMap((each) => each.told).find((each) => each.fullName === name);
      if (entry !== undefined) named.push(entry);
    }
    chosen = named;
  }
  return chosen.flatMap((entry) => entry.told);
}

/** Bounds double; each with the calls up to it, left out while none is added. Redis's bounds, rounded as it rounds them. */
function writeBuckets(reply: MainContext["reply"], latencies: LatencySum): void {
  const place = reply.openArray();
  let pairs = 0;
  let before = 0;
  for (let scale = 1; before < latencies.total; scale *= 2) {
    const us = (1032 * scale - 1) / 1000;
    const count = scale > 1e9 ? latencies.total : latencies.within(us);
    if (count === before) continue;
    reply.int(Math.floor(us));
    reply.int(count);
    before = count;
    pairs++;
  }
  reply.closeArray(place, pairs, "%");
}

const help: MainCommand = {
  name: "help",
  ...common,
  flags: ["loading", "stale"],
  arity: 2,
  summary: "Lists the subcommands.",
  complexity: "O(1)",
  syntax: "",
  main: ({ reply }: MainContext) =>
    writeHelp(reply, "LATENCY", [
      "DOCTOR",
      "    Report what the samples tell.",
      "GRAPH <event>",
      "    Draw the samples of <event>.",
      "HISTOGRAM [<command> ...]",
      "    Tell how many calls took at most how long, of these commands or of all.",
      "HISTORY <event>",
      "    Tell the samples of <event>: second and milliseconds.",
      "LATEST",
      "    Tell each event's last sample and its longest.",
      "RESET [<event> ...]",
      "    Forget the samples of these events, or of all.",
    ]),
};

export const latency: MainCommand = {
  name: "latency",
  arity: -2,
  flags: [],
  group: "server",
  since: "2.8.13",
  summary: "Commands about latency.",
  complexity: "Depends on subcommand.",
  syntax: "",
  subcommands: [doctor, graph, help, histogram, history, latest, reset],
};
