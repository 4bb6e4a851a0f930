/** MEMORY: the subcommands about the server's memory; MEMORY USAGE runs in the key's shard (commands/keys/memory_usage.ts). */
import { writeHelp } from "../../../../commands/help.ts";
import { type MemoryFigures, memoryFigures } from "../../info/memory.ts";
import { humanBytes, ratio } from "../../info/units.ts";
import type { MainCommand, MainContext } from "../../main_command.ts";
import type { Server } from "../../server.ts";

const common = {
  flags: [],
  group: "server",
  since: "4.0.0",
  syntax: "",
} as const;
const special = ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"];

/** Below this much data ratios say nothing; Redis's bound. */
const DOCTOR_FROM_BYTES = 5 * 1024 * 1024;
// Where the doctor sees a problem; Redis's bounds.
const PEAK_RATIO = 1.5;
const FRAGMENTATION_RATIO = 1.4;
const FRAGMENTATION_BYTES = 10 * 1024 * 1024;
const BYTES_A_CLIENT = 200 * 1024;

const doctor: MainCommand = {
  name: "doctor",
  ...common,
  arity: 2,
  summary: "Reports problems with memory.",
  complexity: "O(1)",
  tips: special,
  main: ({ server, reply }: MainContext) => reply.verbatim("txt", diagnosis(server, memoryFigures(server))),
};

function diagnosis(server: Server, m: MemoryFigures): string {
  if (m.dataset < DOCTOR_FROM_BYTES) {
    return "There is too little data here to tell anything about its memory: come back when there is more.\n";
  }
  const findings: string[] = [];
  if (m.peak > m.used * PEAK_RATIO) {
    findings.push(
      `Peak memory: it was ${humanBytes(m.peak)} once and is ${
        humanBytes(m.used)
      } now. The difference may still belong to the ` +
        "process, and goes to the next data that needs it.",
    );
  }
  if (m.active - m.allocated > FRAGMENTATION_BYTES && ratio(m.active, m.allocated) > FRAGMENTATION_RATIO) {
    findings.push(
      `Fragmentation: ${humanBytes(m.active)} are in use for ${
        humanBytes(m.allocated)
      } of data, mostly because values of ` +
        "certain sizes were deleted. New values of these sizes fill the gaps.",
    );
  }
  const clients = server.connections.sessions.size;
  if (clients > 0 && m.clients / clients > BYTES_A_CLIENT) {
    findings.push(
      `Clients: their buffers hold ${
        humanBytes(Math.round(m.clients / clients))
      } each on average. Some may not read their replies, or send requests in pieces: see CLIENT LIST.`,
    );
  }
  for (const [i, store] of server.shards.stores.entries()) {
    if (store.arena.usedBytes < store.arena.capacity * 0.9) continue;
    findings.push(
      `Shard ${i}: its ${
        humanBytes(store.arena.capacity)
      } are nearly full. A shard can't grow: start with more shards.`,
    );
  }
  if (findings.length === 0) return "No problem found with this server's memory.\n";
  return `${findings.map((finding) => ` * ${finding}\n`).join("\n")}`;
}

const mallocStats: MainCommand = {
  name: "malloc-stats",
  ...common,
  arity: 2,
  summary: "Describes the arenas that hold the data.",
  complexity: "Depends on how much memory is allocated, could be slow",
  tips: special,
  main({ server, reply }: MainContext): void {
    let text = "";
    for (const [i, { arena }] of server.shards.stores.entries()) {
      text += `arena ${i}: capacity=${arena.capacity} allocated=${arena.usedBytes} active=${arena.activeBytes} ` +
        `touched=${arena.touchedBytes} free_chunks=${arena.freeChunkBytes}\n`;
    }
    reply.verbatim("txt", text);
  },
};

const purge: MainCommand = {
  name: "purge",
  ...common,
  arity: 2,
  summary: "Does nothing: arenas keep their pages for the next data.",
  complexity: "Depends on how much memory is allocated, could be slow",
  tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
  main: ({ reply }: MainContext) => reply.ok(),
};

const stats: MainCommand = {
  name: "stats",
  ...common,
  arity: 2,
  summary: "Tells how memory is used.",
  complexity: "O(1)",
  tips: special,
  main({ server, reply }: MainContext): void {
    const m = memoryFigures(server);
    const { stores } = server.shards;
    const place = reply.openArray();
    let pairs = 0;
    const int = (name: string, value: number) => {
      reply.bulkText(name);
      reply.int(value);
      pairs++;
    };
    const double = (name: string, value: number) => {
      reply.bulkText(name);
      reply.double(value);
      pairs++;
    };
    let keys = 0;
    for (let db = 0; db < stores[0].dbCount; db++) for (const store of stores) keys += store.count(db);
    int("peak.allocated", m.peak);
    int("total.allocated", m.used);
    int("startup.allocated", m.startup);
    int("clients.normal", m.clients);
    for (let db = 0; db < stores[0].dbCount; db++) {
      if (!stores.some((store) => store.count(db) > 0)) continue;
      reply.bulkText(`db.${db}`);
      reply.map(1);
      reply.bulkText("overhead.hashtable.main");
      reply.int(stores.reduce((sum, store) => sum + (store.count(db) > 0 ? store.tableBytes(db) : 0), 0));
      pairs++;
    }
    int("overhead.total", m.overhead);
    int("keys.count", keys);
    int("keys.bytes-per-key", keys === 0 ? 0 : Math.floor((m.used - m.startup) / keys));
    int("dataset.bytes", m.dataset);
    double("dataset.percentage", ratio(m.dataset, m.used - m.startup) * 100);
    double("peak.percentage", ratio(m.used, m.peak) * 100);
    int("allocator.allocated", m.allocated);
    int("allocator.active", m.active);
    int("allocator.resident", m.resident);
    double("allocator-fragmentation.ratio", ratio(m.active, m.allocated));
    int("allocator-fragmentation.bytes", m.active - m.allocated);
    double("allocator-rss.ratio", ratio(m.resident, m.active));
    int("allocator-rss.bytes", m.resident - m.active);
    double("rss-overhead.ratio", ratio(m.rss, m.resident));
    int("rss-overhead.bytes", m.rss - m.resident);
    double("fragmentation", ratio(m.rss, m.used));
    int("fragmentation.bytes", m.rss - m.used);
    reply.closeArray(place, pairs, "%");
  },
};

const help: MainCommand = {
  name: "help",
  ...common,
  flags: ["loading", "stale"],
  arity: 2,
  summary: "Lists the subcommands.",
  complexity: "O(1)",
  main: ({ reply }: MainContext) =>
    writeHelp(reply, "MEMORY", [
      "DOCTOR",
      "    Report problems with memory.",
      "MALLOC-STATS",
      "    Describe the arenas that hold the data.",
      "PURGE",
      "    Do nothing: arenas keep their pages for the next data.",
      "STATS",
      "    Tell how memory is used.",
      "USAGE <key> [SAMPLES <count>]",
      "    Estimate how many bytes a key takes with its value, of which <count>",
      "    elements are looked at (default: 5, 0 for all).",
    ]),
};

export const memory: MainCommand = {
  name: "memory",
  arity: -2,
  flags: [],
  group: "server",
  since: "4.0.0",
  summary: "Looks at memory.",
  complexity: "Depends on the subcommand.",
  syntax: "",
  subcommands: [doctor, help, mallocStats, purge, stats],
};
