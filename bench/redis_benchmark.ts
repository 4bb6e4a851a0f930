/** Runs redis-benchmark against a server and measures the server's processor time beside it. */
import { cpuTime, threadTimes } from "./process_stat.ts";
import type { RunningServer } from "./servers.ts";

export interface Load {
  /** Either one of redis-benchmark's own tests, or a command of its arguments. */
  test: string | string[];
  requests: number;
  pipeline: number;
  valueBytes: number;
  /** Random keys are drawn from so many. */
  keys: number;
  /** redis-benchmark's threads, 1 by default. */
  threads?: number;
}

/** 50 connections is redis-benchmark's default and what published Redis figures use. */
const CONNECTIONS = 50;

/** Values as `results.ts` names them; rejects with the server's error text where it refuses the command. */
export async function runLoad(server: RunningServer, load: Load): Promise<Record<string, number>> {
  const before = cpuTime(server.pid);
  const threadsBefore = threadTimes(server.pid);
  const text = await redisBenchmark(server, load, ["--csv"]);
  const after = cpuTime(server.pid);
  const threads = threadTimes(server.pid);
  // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
  const row = text.trim().split("\n").at(-1)!.split('","');
  if (row.length !== 8 || !(Number(row[1]) > 0)) throw new Error(`redis-benchmark said: ${text}`);
  return {
    requestsPerSecond: Number(row[1]),
    p50Ms: Number(row[4]),
    p99Ms: Number(row[6]),
    userMicros: (after.userMicros - before.userMicros) / load.requests,
    systemMicros: (after.systemMicros - before.systemMicros) / load.requests,
    mainMicros: (threads.mainMicros - threadsBefore.mainMicros) / load.requests,
    workerMicros: (threads.workerMicros - threadsBefore.workerMicros) / load.requests,
  };
}

/** The far end of the latency distribution, which redis-benchmark shows only in its long output. */
export async function runTail(server: RunningServer, load: Load): Promise<Record<string, number>> {
  const text = await redisBenchmark(server, load, []);
  // "99.902% <= 1.207 milliseconds (cumulative count 99903)"
  const steps = [...text.matchAll(/([\d.]+)% <= ([\d.]+) milliseconds/g)].map((m) => [Number(m[1]), Number(m[2])]);
  const at = (percent: number) => steps.find((step) => step[0]! >= percent)?.[1] ?? NaN;
  return { p999Ms: at(99.9), maxMs: at(100), p99Ms: at(99), p50Ms: at(50) };
}

async function redisBenchmark(server: RunningServer, load: Load, more: string[]): Promise<string> {
  const args = ["-p", String(server.port), "-c", String(CONNECTIONS), "-n", String(load.requests), ...more];
  args.push("-P", String(load.pipeline), "-d", String(load.valueBytes), "-r", String(load.keys));
  if (load.threads !== undefined) args.push("--threads", String(load.threads));
  args.push(...(typeof load.test === "string" ? ["-t", load.test] : load.test));
  const output = await new Deno.Command("redis-benchmark", { args, stdin: "null" }).output();
  const text = new TextDecoder().decode(output.stdout);
  const error = /Error from server: (.*)/.exec(text + new TextDecoder().decode(output.stderr));
  if (error !== null) throw new Error(error[1]);
  if (!output.success) throw new Error(`redis-benchmark failed: ${text}`);
  return text;
}
