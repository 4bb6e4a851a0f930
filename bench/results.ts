/** What a benchmark run measured, and how rounds become medians. */

/** One figure or several of one test on one server. `values` are named with their units: see `VALUE_TITLES`. */
export interface Measurement {
  part: string;
  test: string;
  server: string;
  /** Requests sent at a time by a connection, where the test has several settings. */
  pipeline?: number;
  valueBytes?: number;
  values: Record<string, number>;
}

export interface Results {
  date: string;
  commit: string;
  machine: { cpu: string; cores: number; memoryGb: number; kernel: string };
  versions: Record<string, string>;
  /** What was asked for on the command line. */
  arguments: string[];
  rounds: number;
  measurements: Measurement[];
}

/** Titles of values; with `higherIsBetter` the ratio to Redis is theirs, otherwise smaller is better. */
export const VALUE_TITLES: Record<string, { title: string; higherIsBetter: boolean }> = {
  requestsPerSecond: { title: "requests/s", higherIsBetter: true },
  p50Ms: { title: "p50 ms", higherIsBetter: false },
  p99Ms: { title: "p99 ms", higherIsBetter: false },
  p999Ms: { title: "p99.9 ms", higherIsBetter: false },
  maxMs: { title: "max ms", higherIsBetter: false },
  userMicros: { title: "user µs", higherIsBetter: false },
  systemMicros: { title: "system µs", higherIsBetter: false },
  mainMicros: { title: "main thread's µs", higherIsBetter: false },
  workerMicros: { title: "all shards' µs", higherIsBetter: false },
  microsEach: { title: "µs a request", higherIsBetter: false },
  bytesEach: { title: "bytes each", higherIsBetter: false },
  seconds: { title: "seconds", higherIsBetter: false },
  times: { title: "times", higherIsBetter: false },
};

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function geometricMean(values: number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Value at a share (0.999) of sorted samples. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** What two measurements of the same thing share, whatever the server. */
export function testKey(m: Measurement): string {
  return `${m.part}|${m.test}|${m.pipeline ?? ""}|${m.valueBytes ?? ""}`;
}

/** Rounds of the same test on the same server become one measurement of medians, in the order of first appearance. */
export function mergeRounds(rounds: Measurement[]): Measurement[] {
  const groups = new Map<string, Measurement[]>();
  for (const m of rounds) {
    const key = `${testKey(m)}|${m.server}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [m]);
    else group.push(m);
  }
  return [...groups.values()].map((group) => {
    const values: Record<string, number> = {};
    for (const name of Object.keys(group[0]!.values)) values[name] = median(group.map((m) => m.values[name]!));
    return { ...group[0]!, values };
  });
}
