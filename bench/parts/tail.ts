/** The far end of latency with five million keys stored: garbage-collector pauses would show here. */
import { chosen, type Part, scaled } from "../part.ts";
import { runTail } from "../redis_benchmark.ts";
import { withServer } from "../servers.ts";
import { fill, warmUp } from "./strings.ts";

const KEYS = 5_000_000;
const VALUE_BYTES = 32;

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
      await fill(server, keys, VALUE_BYTES);
      for (const test of ["GET", "SET"]) {
        if (!chosen(settings, test)) continue;
        for (const pipeline of [1, 16]) {
          const requests = scaled(settings, pipeline === 1 ? REQUESTS : REQUESTS * 4);
          const load = { test: test.toLowerCase(), requests, pipeline, valueBytes: VALUE_BYTES, keys };
          report({
            part: "tail",
            test,
            server: name,
            pipeline,
            valueBytes: VALUE_BYTES,
            values: await runTail(server, load),
          });
        }
      }
    }),
};
