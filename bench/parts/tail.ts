/** The far end of latency with five million keys stored: garbage-collector pauses would show here. */
import { Connection, request } from "../connection.ts";
import { chosen, type Part, scaled } from "../part.ts";
import { runTail } from "../redis_benchmark.ts";
import { withServer } from "../servers.ts";
import { warmUp } from "./strings.ts";

const KEYS = 5_000_000;
const VALUE = "v".repeat(32);

/** About ten seconds without pipelining: several collections of a young heap. */
const REQUESTS = 500_000;

export const tail: Part = {
  name: "tail",
  title: "Tail latency with five million keys",
  note: "redis-benchmark -c 50 over 5M keys with values of 32 bytes, P=1 and 16.",
  runsByDefault: false,
  rounds: 1,
  run: (name, settings, report) =>
    withServer(name, settings.port, async (server) => {
      await warmUp(server, settings);
      const keys = scaled(settings, KEYS, 100_000);
      const connection = await Connection.connect(server.port);
      await connection.pipeline(keys, 1000, (i) => request("SET", `key:${String(i).padStart(12, "0")}`, VALUE));
      connection.close();
      for (const test of ["GET", "SET"]) {
        if (!chosen(settings, test)) continue;
        for (const pipeline of [1, 16]) {
          const requests = scaled(settings, pipeline === 1 ? REQUESTS : REQUESTS * 4);
          const load = { test: test.toLowerCase(), requests, pipeline, valueBytes: 32, keys };
          report({ part: "tail", test, server: name, pipeline, valueBytes: 32, values: await runTail(server, load) });
        }
      }
    }),
};
