/**
 * Turns a results file into Markdown tables.
 *
 *     deno run --allow-read bench/table.ts bench/results/<file>.json            all tables
 *     deno run --allow-read bench/table.ts bench/results/<file>.json --summary  the short one of the README
 */
import { geometricMean, type Measurement, type Results, testKey, VALUE_TITLES } from "./results.ts";
import { PARTS } from "./parts/mod.ts";
import { REDIS } from "./servers.ts";

/** Every part's table, each with the ratio of every server to Redis in parentheses: above 1 is better than Redis. */
export function resultTables(results: Results): string {
  const lines: string[] = [machineLine(results), ""];
  for (const part of PARTS) {
    const own = results.measurements.filter((m) => m.part === part.name);
    if (own.length === 0) continue;
    lines.push(`## ${part.title}`, "", part.note, "");
    // A table for each value: rows are tests, columns are servers.
    for (const name of new Set(own.flatMap((m) => Object.keys(m.values)))) {
      lines.push(...valueTable(own.filter((m) => name in m.values), name), "");
    }
    const means = geometricMeans(own);
    if (means !== "") lines.push(means, "");
  }
  return lines.join("\n");
}

/** The README's table: GET and SET of 32 bytes, memory for each key; one column a server. */
export function summaryTable(results: Results): string {
  const shown = results.measurements.filter((m) =>
    (m.part === "strings" && m.valueBytes === 32 && (m.test === "GET" || m.test === "SET")) || m.part === "memory"
  );
  const servers = [REDIS, "deno", "bun"].filter((name) => shown.some((m) => m.server === name));
  const lines = [
    `| | ${servers.map((name) => serverTitle(name, results)).join(" | ")} |`,
    `|---|${"---|".repeat(servers.length)}`,
  ];
  for (const group of byTest(shown)) {
    const first = group[0]!;
    const name = first.part === "memory" ? "bytesEach" : "requestsPerSecond";
    const label = first.part === "memory"
      ? `bytes a ${first.test} (16 B key, 32 B value)`
      : `${first.test} P=${first.pipeline}, requests/s`;
    lines.push(`| ${label} | ${servers.map((server) => cell(group, server, name)).join(" | ")} |`);
  }
  return [...lines, "", machineLine(results)].join("\n");
}

function machineLine(results: Results): string {
  const { machine, versions } = results;
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
  const rounds = results.rounds === 1 ? "one round" : `medians of ${results.rounds} interleaved rounds`;
  return `${results.date}, commit ${results.commit}: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ` +
    `Linux ${machine.kernel}; ${software}; ${rounds}. In parentheses: how many times better than Redis.`;
}

function serverTitle(name: string, results: Results): string {
  if (name === REDIS) return `Redis ${results.versions.redis}`;
  const [runtime, shards] = name.split("-");
  const title = runtime === "bun" ? "Ringshard, Bun" : "Ringshard, Deno";
  return shards === undefined ? title : `${title}, shards ${shards}`;
}

function valueTable(measurements: Measurement[], name: string): string[] {
  const servers = [...new Set(measurements.map((m) => m.server))];
  const lines = [
    `| ${VALUE_TITLES[name]!.title} | ${servers.join(" | ")} |`,
    `|---|${"---:|".repeat(servers.length)}`,
  ];
  for (const group of byTest(measurements)) {
    const { test, pipeline, valueBytes } = group[0]!;
    const depth = pipeline === undefined ? "" : ` P=${pipeline}`;
    const size = valueBytes === undefined ? "" : `, ${valueBytes} B`;
    lines.push(`| ${test}${depth}${size} | ${servers.map((server) => cell(group, server, name)).join(" | ")} |`);
  }
  return lines;
}

function byTest(measurements: Measurement[]): Measurement[][] {
  const groups = new Map<string, Measurement[]>();
  for (const m of measurements) {
    const group = groups.get(testKey(m));
    if (group === undefined) groups.set(testKey(m), [m]);
    else group.push(m);
  }
  return [...groups.values()];
}

function cell(group: Measurement[], server: string, name: string): string {
  const own = group.find((m) => m.server === server)?.values[name];
  if (own === undefined) return "";
  const ratio = server === REDIS ? undefined : ratioToRedis(group, server, name);
  return ratio === undefined ? figure(own) : `${figure(own)} (${ratio.toFixed(2)})`;
}

/** How many times better than Redis; undefined where Redis was not measured or a figure is 0. */
function ratioToRedis(group: Measurement[], server: string, name: string): number | undefined {
  const own = group.find((m) => m.server === server)?.values[name];
  const redis = group.find((m) => m.server === REDIS)?.values[name];
  if (own === undefined || redis === undefined || !(own > 0) || !(redis > 0)) return undefined;
  return VALUE_TITLES[name]!.higherIsBetter ? own / redis : redis / own;
}

/** One line for the part's main value: each server's geometric mean of ratios over all tests. */
function geometricMeans(measurements: Measurement[]): string {
  const ratios = new Map<string, number[]>();
  for (const group of byTest(measurements)) {
    for (const m of group) {
      const ratio = m.server === REDIS ? undefined : ratioToRedis(group, m.server, Object.keys(m.values)[0]!);
      if (ratio !== undefined) ratios.set(m.server, [...(ratios.get(m.server) ?? []), ratio]);
    }
  }
  const means = [...ratios].map(([server, all]) => `${server} ${geometricMean(all).toFixed(2)} (${all.length} tests)`);
  return means.length === 0 ? "" : `Geometric mean of the ratios: ${means.join(", ")}.`;
}

function figure(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString("en");
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toPrecision(2);
}

if (import.meta.main) {
  const [path, option] = Deno.args;
  if (path === undefined) throw new Error("usage: bench/table.ts <results.json> [--summary]");
  const results = JSON.parse(Deno.readTextFileSync(path)) as Results;
  console.log(option === "--summary" ? summaryTable(results) : resultTables(results));
}
