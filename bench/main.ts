/**
 * Compares Ringshard with the installed redis-server: the same load on one server after the other, in interleaved
 * rounds; prints tables and writes them to bench/results/.
 *
 *     deno task bench                                            everything (about a quarter of an hour)
 *     deno task bench --quick                                    GET, SET and memory (under two minutes)
 *     deno task bench --part strings --only set,get --pipeline 1,64 --servers bun,redis
 *
 * Servers are redis, deno, bun (default shards), deno-0, bun-2... (so many shards). `--part` is a list of parts,
 * `--rounds` and `--scale` (0.01 = a hundredth of the load) shrink a run, `--port` moves the servers, `--no-write` leaves
 * no files behind.
 */
import { parseArgs } from "@std/cli";
import { fileURLToPath } from "node:url";
import { type Report, reportRefusal, type Settings, type SideBySidePart, type Turn } from "./part.ts";
import { PARTS } from "./parts/mod.ts";
import { type Measurement, mergeRounds, type Results } from "./results.ts";
import { findBun, killServersOnExit, outputOf, REDIS, type RunningServer, startServer } from "./servers.ts";
import { resultTables } from "./table.ts";

const DEFAULT_SERVERS = ["redis", "deno", "bun"];

/** Also measured in the part that the default number of shards is chosen by. */
const SHARD_VARIANTS = ["deno-0", "deno-1", "deno-2", "bun-0", "bun-1", "bun-2"];

const USAGE = `deno task bench [--quick] [--part NAME,...] [--only TEST,...] [--pipeline N,...] [--servers NAME,...]
                [--rounds N] [--scale X] [--port N] [--no-write]

parts:   ${PARTS.map((part) => part.name).join(", ")}
servers: redis, deno, bun; deno-0, bun-2... with so many shards`;

await main();

async function main(): Promise<void> {
  const flags = parseArgs(Deno.args, {
    boolean: ["help", "quick", "no-write"],
    string: ["part", "only", "pipeline", "servers", "rounds", "scale", "port"],
  });
  if (flags.help) {
    console.log(USAGE);
    return;
  }
  const quick = flags.quick === true;
  const names = list(flags.part);
  const parts = PARTS.filter((part) =>
    names.length > 0
      ? names.includes(part.name)
      : quick
      ? ["strings", "memory"].includes(part.name)
      : part.runsByDefault
  );
  const unknown = names.find((name) => !PARTS.some((part) => part.name === name));
  if (unknown !== undefined) {
    console.error(`no part ${unknown}: there are ${PARTS.map((part) => part.name).join(", ")}`);
    Deno.exit(1);
  }
  const settings: Settings = {
    servers: list(flags.servers),
    only: list(flags.only).map((name) => name.toLowerCase()),
    pipelines: flags.pipeline === undefined ? [1, 16, 64] : list(flags.pipeline).map(Number),
    scale: Number(flags.scale ?? (quick ? 0.5 : 1)),
    quick,
    port: Number(flags.port ?? 25100),
  };
  killServersOnExit();
  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    commit: await outputOf("git", "describe", "--always", "--dirty").catch(() => "unknown"),
    machine: await describeMachine(),
    versions: await describeVersions(),
    arguments: Deno.args,
    rounds: Number(flags.rounds ?? (quick ? 1 : 3)),
    measurements: [],
  };
  for (const part of parts) {
    const measured: Measurement[] = [];
    const rounds = Math.min(results.rounds, part.rounds);
    const report = (m: Measurement) => {
      measured.push(m);
      const depth = m.pipeline === undefined ? "" : ` P=${m.pipeline}`;
      progress(`${part.name} ${m.server}: ${m.test}${depth}`);
    };
    if ("prepare" in part) {
      for (const group of groupsOf(part.name, settings)) await runSideBySide(part, group, rounds, settings, report);
    } else {
      for (let round = 1; round <= rounds; round++) {
        for (const server of settings.servers.length > 0 ? settings.servers : DEFAULT_SERVERS) {
          await part.run(server, settings, report)
            .catch((error) => console.error(`\n${server}: ${part.name}: ${error}`));
        }
      }
    }
    const merged = mergeRounds(measured);
    results.measurements.push(...merged);
    progress("");
    // Part by part: a run that is broken off has told what it measured.
    console.log(resultTables({ ...results, measurements: merged }));
  }
  const tables = resultTables(results);
  if (flags["no-write"] !== true) write(results, tables, names.length === 0 ? "" : `-${names.join("-")}`);
}

/** Servers that run side by side: those that are compared, then the variants. */
function groupsOf(part: string, settings: Settings): string[][] {
  if (settings.servers.length > 0) return [settings.servers];
  return part === "strings" && !settings.quick ? [DEFAULT_SERVERS, SHARD_VARIANTS] : [DEFAULT_SERVERS];
}

async function runSideBySide(
  part: SideBySidePart,
  names: string[],
  rounds: number,
  settings: Settings,
  report: Report,
): Promise<void> {
  const servers: RunningServer[] = [];
  try {
    const turns: Turn[][] = [];
    for (const [i, name] of names.entries()) {
      const server = await startServer(name, settings.port + i);
      servers.push(server);
      turns.push(await part.prepare(server, settings));
    }
    for (const [t, { test }] of turns[0]!.entries()) {
      for (let round = 1; round <= rounds; round++) {
        for (const [i, name] of names.entries()) {
          await turns[i]![t]!.take().then(report, (error) => reportRefusal(name, test, error));
        }
      }
    }
  } finally {
    for (const server of servers) await server.stop();
  }
}

/** `suffix` tells runs of some parts from whole ones. */
function write(results: Results, tables: string, suffix: string): void {
  const folder = fileURLToPath(new URL("./results/", import.meta.url));
  Deno.mkdirSync(folder, { recursive: true });
  const base = `${folder}${results.date}-${results.commit}${suffix}`;
  Deno.writeTextFileSync(`${base}.json`, JSON.stringify(results, undefined, 2) + "\n");
  Deno.writeTextFileSync(`${base}.md`, `# Benchmark\n\n${tables}`);
  console.log(`written: ${base}.md and .json`);
}

async function describeMachine(): Promise<Results["machine"]> {
  const cpus = Deno.readTextFileSync("/proc/cpuinfo");
  return {
    cpu: /model name\s*:\s*(.*)/.exec(cpus)?.[1] ?? "unknown processor",
    cores: navigator.hardwareConcurrency,
    memoryGb: Math.round(Deno.systemMemoryInfo().total / 2 ** 30),
    kernel: await outputOf("uname", "-r"),
  };
}

async function describeVersions(): Promise<Record<string, string>> {
  return {
    [REDIS]: /v=(\S+)/.exec(await outputOf("redis-server", "--version"))?.[1] ?? "unknown",
    deno: Deno.version.deno,
    bun: await outputOf(await findBun(), "--version"),
  };
}

/** One line, overwritten, on a terminal; nothing in a pipe. */
function progress(text: string): void {
  if (!Deno.stderr.isTerminal()) return;
  Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${text}`));
}

function list(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(",").map((word) => word.trim()).filter((word) => word !== "");
}
