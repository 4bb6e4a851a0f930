/** Throughput, latency and processor time of GET, SET, INCR and MSET over a million random keys. */
import { Connection, request } from "../connection.ts";
import { chosen, scaled, type Settings, type SideBySidePart, type Turn } from "../part.ts";
import { runLoad } from "../redis_benchmark.ts";
import type { RunningServer } from "../servers.ts";

const KEYS = 1_000_000;

/** Requests that take one to three seconds at each depth on a 2-core machine. */
const REQUESTS = new Map([[1, 150_000], [16, 800_000], [64, 1_600_000]]);

/** Requests before the first figure at each depth: a server that runs for days is compiled, so its compilers are let finish first. */
const WARM_UP_REQUESTS = new Map([[64, 400_000], [16, 400_000], [1, 100_000]]);

export const strings: SideBySidePart = {
  name: "strings",
  title: "Strings",
  note:
    "redis-benchmark -c 50 -r 1000000. Every server is warmed up first by 900,000 requests of each test, then filled with a million keys; the servers take turns. " +
    "CPU µs are the server's, all threads, for each request.",
  runsByDefault: true,
  rounds: 3,
  async prepare(server, settings) {
    // Variants are there to choose the number of shards by: fewer tests tell.
    const few = settings.quick || server.name.includes("-");
    const tests = few ? ["GET", "SET"] : ["GET", "SET", "INCR", "MSET"];
    await warmUp(server, settings, tests.toReversed());
    const turns: Turn[] = [];
    let filled = 0;
    for (const valueBytes of few ? [32] : [32, 1024]) {
      for (const test of tests) {
        if (!chosen(settings, test) || (test === "INCR" && valueBytes !== 32)) continue;
        for (const pipeline of settings.pipelines) {
          const shrink = (test === "MSET" ? 8 : 1) * (valueBytes > 32 ? 2 : 1);
          const requests = scaled(settings, (REQUESTS.get(pipeline) ?? 400_000) / shrink);
          const take = async () => {
            if (filled !== valueBytes) await fill(server, scaled(settings, KEYS), valueBytes);
            filled = valueBytes;
            const load = { test: test.toLowerCase(), requests, pipeline, valueBytes, keys: scaled(settings, KEYS) };
            const values = await runLoad(server, load);
            return { part: "strings", test, server: server.name, pipeline, valueBytes, values };
          };
          turns.push({ test, take });
        }
      }
    }
    return turns;
  },
};

/** Runs `tests` at every depth, over few keys; leaves the server empty. */
export async function warmUp(server: RunningServer, settings: Settings, tests = ["SET", "GET"]): Promise<void> {
  for (const test of tests) {
    for (const [pipeline, count] of WARM_UP_REQUESTS) {
      const requests = scaled(settings, test === "MSET" ? count / 8 : count);
      await runLoad(server, { test: test.toLowerCase(), requests, pipeline, valueBytes: 32, keys: 1000 });
    }
  }
  const connection = await Connection.connect(server.port);
  await connection.command("FLUSHALL", "SYNC");
  connection.close();
}

/** Sets every key that redis-benchmark's GET and SET draw from, with values of one size. */
export async function fill(server: RunningServer, keys: number, valueBytes: number): Promise<void> {
  const connection = await Connection.connect(server.port);
  await connection.command("FLUSHALL", "SYNC");
  const value = "x".repeat(valueBytes);
  const make = (i: number) => request("SET", `key:${String(i).padStart(12, "0")}`, value);
  await connection.pipeline(keys, 1000, make);
  connection.close();
}
