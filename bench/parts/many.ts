/** Ten million keys in one process of four shards: loaded, counted and served. */
import { Connection, request } from "../connection.ts";
import { type Part, scaled } from "../part.ts";
import { settledResidentBytes } from "../process_stat.ts";
import { runLoad } from "../redis_benchmark.ts";
import { REDIS, withServer } from "../servers.ts";

const KEYS = 10_000_000;
const VALUE = "v".repeat(32);

export const many: Part = {
  name: "many",
  title: "Ten million keys",
  note: "10M keys of 16 bytes with values of 32 bytes, loaded by one connection; Ringshard with four shards. " +
    "Then redis-benchmark -c 50 -P 16 over all keys.",
  runsByDefault: false,
  rounds: 1,
  run(name, settings, report) {
    const server = name === REDIS || name.includes("-") ? name : `${name}-4`;
    return withServer(server, settings.port, async (running) => {
      const keys = scaled(settings, KEYS, 100_000);
      const before = await settledResidentBytes(running.pid);
      const connection = await Connection.connect(running.port);
      const start = performance.now();
      await connection.pipeline(keys, 1000, (i) => request("SET", `key:${String(i).padStart(12, "0")}`, VALUE));
      const seconds = (performance.now() - start) / 1000;
      const size = await connection.command("DBSIZE");
      if (size !== `:${keys}`) throw new Error(`${server} holds ${size} keys, not ${keys}`);
      connection.close();
      const bytesEach = (await settledResidentBytes(running.pid) - before) / keys;
      report({ part: "many", test: `load ${keys} keys`, server, values: { seconds, bytesEach } });
      for (const test of ["GET", "SET"]) {
        const load = {
          test: test.toLowerCase(),
          requests: scaled(settings, 1_000_000),
          pipeline: 16,
          valueBytes: 32,
          keys,
        };
        report({ part: "many", test, server, pipeline: 16, valueBytes: 32, values: await runLoad(running, load) });
      }
    });
  },
};
