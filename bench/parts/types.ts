/** redis-benchmark's commands on lists, sets, hashes, sorted sets and streams. */
import { Connection, request } from "../connection.ts";
import { chosen, scaled, type SideBySidePart, type Turn } from "../part.ts";
import { runLoad } from "../redis_benchmark.ts";
import { warmUp } from "./strings.ts";

interface TypeTest {
  name: string;
  /** As `Load.test`. */
  load: string | string[];
  /** Divides the number of requests: long replies take longer. */
  weight: number;
  /** Adds element i to the collection that the test takes from or reads; `size` of them, by default one a request. */
  element?: (i: number) => string;
  size?: number;
  /** As `Load.threads`. */
  threads?: number;
}

const KEYS = 1_000_000;

/** Requests that take about a second at each depth. */
const REQUESTS = new Map([[1, 60_000], [16, 400_000], [64, 800_000]]);

/**
 * A client's single thread is busy with reading long replies before a server is with giving them: hence the tests with two. With threads
 * redis-benchmark takes the time in steps of a quarter of a second, so those tests are long.
 */
const lrange = (count: number, threads?: number): TypeTest => ({
  name: threads === undefined ? `LRANGE_${count}` : `LRANGE_${count} (${threads} client threads)`,
  threads,
  load: ["LRANGE", "mylist", "0", String(count - 1)],
  weight: count / (threads === undefined ? 50 : 250),
  element: () => request("RPUSH", "mylist", "xxx"),
  size: 10_000,
});

const TESTS: TypeTest[] = [
  { name: "LPUSH", load: "lpush", weight: 1 },
  { name: "RPOP", load: "rpop", weight: 1, element: () => request("RPUSH", "mylist", "xxx") },
  lrange(100),
  lrange(300),
  lrange(600),
  lrange(100, 2),
  lrange(300, 2),
  { name: "SADD", load: "sadd", weight: 1 },
  { name: "HSET", load: "hset", weight: 1 },
  { name: "SPOP", load: "spop", weight: 1, element: (i) => request("SADD", "myset", `element:${padded(i)}`) },
  { name: "ZADD", load: "zadd", weight: 2 },
  { name: "ZPOPMIN", load: "zpopmin", weight: 2, element: (i) => request("ZADD", "myzset", i, `element:${padded(i)}`) },
  { name: "XADD", load: ["XADD", "mystream", "*", "field", "__rand_int__"], weight: 1 },
];

export const types: SideBySidePart = {
  name: "types",
  title: "Data types",
  note:
    "redis-benchmark -c 50 -r 1000000 -d 3, from an empty server that was warmed up by GET and SET and by the same load once " +
    "at each depth; the servers take turns. What is popped or read was put there first.",
  runsByDefault: true,
  rounds: 3,
  async prepare(server, settings) {
    await warmUp(server, settings);
    const connection = await Connection.connect(server.port);
    const turns: Turn[] = [];
    for (const { name: test, load, weight, element, size, threads } of TESTS) {
      if (!chosen(settings, test)) continue;
      for (const pipeline of settings.pipelines) {
        const requests = scaled(settings, (REQUESTS.get(pipeline) ?? 200_000) / weight, 500);
        const measure = async () => {
          await connection.command("FLUSHALL", "SYNC");
          if (element !== undefined) await connection.pipeline(size ?? requests, 1000, element);
          return await runLoad(server, { test: load, requests, pipeline, valueBytes: 3, keys: KEYS, threads });
        };
        let warm = false;
        const take = async () => {
          if (!warm) await measure();
          warm = true;
          return { part: "types", test, server: server.name, pipeline, values: await measure() };
        };
        turns.push({ test, take });
      }
    }
    return turns;
  },
};

function padded(index: number): string {
  return String(index).padStart(12, "0");
}
