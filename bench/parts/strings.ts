/** Throughput, latency and processor time of GET, SET, INCR and MSET over a million random keys. */
import { Connection, request } from "../connection.ts";
import { chosen, type Part, reportRefusal, scaled, type Settings } from "../part.ts";
import { runLoad } from "../redis_benchmark.ts";
import type { RunningServer } from "../servers.ts";
import { withServer } from "../servers.ts";

const KEYS = 1_000_000;

/** Requests that take about a second at each depth on a 2-core machine. */
const REQUESTS = new Map([[1, 50_000], [16, 400_000], [64, 800_000]]);

/** Requests before the first figure, so that both compilers of a JavaScript runtime have seen every path. */
const WARM_UP_REQUESTS = 200_000;

export const strings: Part = {
  name: "strings",
  title: "Strings",
  note:
    "redis-benchmark -c 50 -r 1000000. Every server is warmed up first by 200,000 requests of GET and SET, then filled with a million keys. " +
    "CPU µs are the server's, all threads, for each request.",
  runsByDefault: true,
  rounds: 3,
  run: (name, settings, report) =>
    withServer(name, settings.port, async (server) => {
      await warmUp(server, settings);
      const variant = name.includes("-");
      for (const valueBytes of settings.quick || variant ? [32] : [32, 1024]) {
        await fill(server, scaled(settings, KEYS), valueBytes);
        for (const test of variant || settings.quick ? ["GET", "SET"] : ["GET", "SET", "INCR", "MSET"]) {
          if (!chosen(settings, test) || (test === "INCR" && valueBytes !== 32)) continue;
          for (const pipeline of settings.pipelines) {
            const shrink = (test === "MSET" ? 8 : 1) * (valueBytes > 32 ? 2 : 1);
            const requests = scaled(settings, (REQUESTS.get(pipeline) ?? 400_000) / shrink);
            try {
              const load = { test: test.toLowerCase(), requests, pipeline, valueBytes, keys: scaled(settings, KEYS) };
              report({
                part: "strings",
                test,
                server: name,
                pipeline,
                valueBytes,
                values: await runLoad(server, load),
              });
            } catch (error) {
              reportRefusal(name, test, error);
            }
          }
        }
      }
    }),
};

/** Half at depth 16 and half at depth 64; leaves the server empty. */
export async function warmUp(server: RunningServer, settings: Settings): Promise<void> {
  for (const pipeline of [16, 64]) {
    const requests = scaled(settings, WARM_UP_REQUESTS / 4);
    for (const test of ["set", "get"]) await runLoad(server, { test, requests, pipeline, valueBytes: 32, keys: 1000 });
  }
  const connection = await Connection.connect(server.port);
  await connection.command("FLUSHALL", "SYNC");
  connection.close();
}

/** Sets every key that redis-benchmark's GET and SET draw from, with values of one size. */
async function fill(server: RunningServer, keys: number, valueBytes: number): Promise<void> {
  const connection = await Connection.connect(server.port);
  await connection.command("FLUSHALL", "SYNC");
  const value = "x".repeat(valueBytes);
  const make = (i: number) => request("SET", `key:${String(i).padStart(12, "0")}`, value);
  await connection.pipeline(keys, 1000, make);
  connection.close();
}
