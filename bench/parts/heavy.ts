/** Commands that work on one big collection, sent by one connection. */
import { batchOf, Connection, request } from "../connection.ts";
import { member, spread } from "../numbers.ts";
import { chosen, type Part, reportRefusal, scaled, type Settings } from "../part.ts";
import { median } from "../results.ts";
import { withServer } from "../servers.ts";

interface HeavyTest {
  name: string;
  /** Requests in a pass, and how many of them are sent at a time. */
  requests: number;
  batch: number;
  /** Request number i; numbers go on from pass to pass. */
  make: (i: number) => string;
}

/** Tests on the same collections, which `fill` makes in an empty server. */
interface HeavyGroup {
  fill: (connection: Connection) => Promise<void>;
  tests: HeavyTest[];
}

/** The median of so many passes, after one that only warms up. */
const PASSES = 3;

/** Members added by one request while filling. */
const FILL_MEMBERS = 100;

export const heavy: Part = {
  name: "heavy",
  title: "Heavy commands on one key",
  note:
    "One connection; requests are prepared before the clock starts; the median of three passes after one that warms up. " +
    "µs are for one request.",
  runsByDefault: true,
  rounds: 1,
  run: (name, settings, report) =>
    withServer(name, settings.port, async (server) => {
      const connection = await Connection.connect(server.port);
      for (const group of groups(settings)) {
        const tests = group.tests.filter((test) => chosen(settings, test.name));
        if (tests.length === 0) continue;
        await connection.command("FLUSHALL", "SYNC");
        try {
          await group.fill(connection);
        } catch (error) {
          reportRefusal(name, tests.map((test) => test.name).join(", "), error);
          continue;
        }
        for (const test of tests) {
          try {
            const passes: number[] = [];
            for (let pass = 0; pass <= PASSES; pass++) passes.push(await timePass(connection, test, pass));
            report({
              part: "heavy",
              test: test.name,
              server: name,
              values: { microsEach: median(passes.slice(1)) / test.requests },
            });
          } catch (error) {
            reportRefusal(name, test.name, error);
          }
        }
      }
      connection.close();
    }),
};

/** Microseconds of one pass over `test.requests` requests. */
async function timePass(connection: Connection, test: HeavyTest, pass: number): Promise<number> {
  const first = pass * test.requests, last = first + test.requests;
  const batches: { bytes: Uint8Array; count: number }[] = [];
  for (let i = first; i < last; i += test.batch) {
    const end = Math.min(last, i + test.batch);
    batches.push({ bytes: batchOf(i, end, test.make), count: end - i });
  }
  const start = performance.now();
  for (const { bytes, count } of batches) await connection.exchange(bytes, count);
  return (performance.now() - start) * 1000;
}

function groups(settings: Settings): HeavyGroup[] {
  const million = scaled(settings, 1_000_000), tenth = scaled(settings, 100_000);
  const fields = scaled(settings, 10_000), half = million >> 1;
  const longitude = (i: number) => (spread(i, 20_000_000) / 1e6 - 10).toFixed(6);
  const latitude = (i: number) => (spread(i + 7, 20_000_000) / 1e6 + 40).toFixed(6);
  const entry = (i: number) => Math.floor(i / 3) + 1;
  return [
    {
      fill: (c) => fill(c, ["ZADD", "z"], million, (i) => [spread(i, 1e9), member(i)]),
      tests: [
        {
          name: `ZADD into ${million}`,
          requests: scaled(settings, 50_000),
          batch: 64,
          make: (i) => request("ZADD", "z", spread(i + 3, 1e9), member(spread(i, million))),
        },
        {
          name: `ZRANK in ${million}`,
          requests: scaled(settings, 50_000),
          batch: 64,
          make: (i) => request("ZRANK", "z", member(spread(i, million))),
        },
        {
          name: `ZRANGE BYSCORE in ${million}`,
          requests: scaled(settings, 50_000),
          batch: 64,
          make: (i) => request("ZRANGE", "z", spread(i, 1e9), "+inf", "BYSCORE", "LIMIT", 0, 10),
        },
      ],
    },
    {
      fill: (c) => fill(c, ["HSET", "h"], fields, (i) => [`field:${i}`, `value:${i}`]),
      tests: [{
        name: `HGETALL of ${fields}`,
        requests: scaled(settings, 100, 10),
        batch: 4,
        make: () => request("HGETALL", "h"),
      }],
    },
    {
      fill: async (c) => {
        await fill(c, ["SADD", "{s}1"], million, (i) => [member(i)]);
        await fill(c, ["SADD", "{s}2"], million, (i) => [member(i + half)]);
      },
      tests: [
        { name: `SINTER of 2 x ${million}`, requests: 1, batch: 1, make: () => request("SINTER", "{s}1", "{s}2") },
        {
          name: `SUNIONSTORE of 2 x ${million}`,
          requests: 1,
          batch: 1,
          make: () => request("SUNIONSTORE", "{s}3", "{s}1", "{s}2"),
        },
      ],
    },
    {
      fill: async (c) => {
        await fill(c, ["ZADD", "{z}1"], tenth, (i) => [spread(i, 1e6), member(i)]);
        await fill(c, ["ZADD", "{z}2"], tenth, (i) => [spread(i + 5, 1e6), member(i + (tenth >> 1))]);
      },
      tests: [{
        name: `ZUNIONSTORE of 2 x ${tenth}`,
        requests: 2,
        batch: 1,
        make: () => request("ZUNIONSTORE", "{z}3", 2, "{z}1", "{z}2"),
      }],
    },
    {
      fill: (c) => fill(c, ["RPUSH", "l"], million, (i) => [member(i)]),
      tests: [
        {
          name: `LINDEX in ${million}`,
          requests: scaled(settings, 10_000),
          batch: 64,
          make: (i) => request("LINDEX", "l", spread(i, million)),
        },
        {
          name: `LINSERT in the middle of ${million}`,
          requests: scaled(settings, 50, 10),
          batch: 5,
          make: (i) => request("LINSERT", "l", "BEFORE", member(half), `new:${i}`),
        },
      ],
    },
    {
      fill: async (c) => void await c.command("XGROUP", "CREATE", "x", "g", "$", "MKSTREAM"),
      tests: [{
        name: "XADD + XREADGROUP + XACK",
        requests: scaled(settings, 60_000) - scaled(settings, 60_000) % 3,
        batch: 63,
        make: (i) =>
          i % 3 === 0
            ? request("XADD", "x", `${entry(i)}-1`, "field", "value")
            : i % 3 === 1
            ? request("XREADGROUP", "GROUP", "g", "c", "COUNT", 1, "STREAMS", "x", ">")
            : request("XACK", "x", "g", `${entry(i)}-1`),
      }],
    },
    {
      fill: (c) => fill(c, ["RPUSH", "n"], tenth, (i) => [spread(i, 1e9)]),
      tests: [{ name: `SORT of ${tenth}`, requests: 2, batch: 1, make: () => request("SORT", "n") }],
    },
    {
      fill: async (c) => {
        await fill(c, ["PFADD", "{p}1"], tenth, (i) => [member(i)]);
        await fill(c, ["PFADD", "{p}2"], tenth, (i) => [member(i + half)]);
      },
      tests: [{
        // The count of one key is kept with it; that of two must be computed every time.
        name: "PFCOUNT of 2 keys",
        requests: scaled(settings, 2000, 100),
        batch: 16,
        make: () => request("PFCOUNT", "{p}1", "{p}2"),
      }],
    },
    {
      fill: (c) => fill(c, ["GEOADD", "g"], tenth, (i) => [longitude(i), latitude(i), member(i)]),
      tests: [{
        name: `GEOSEARCH of ${tenth}`,
        requests: scaled(settings, 1000, 100),
        batch: 16,
        make: (i) =>
          request("GEOSEARCH", "g", "FROMLONLAT", longitude(i + 9), latitude(i + 9), "BYRADIUS", 50, "km", "ASC"),
      }],
    },
  ];
}

/** Adds `count` elements to the collection that `head` names, many by one request. */
export async function fill(
  connection: Connection,
  head: string[],
  count: number,
  element: (i: number) => (string | number)[],
): Promise<void> {
  await connection.pipeline(Math.ceil(count / FILL_MEMBERS), 20, (i) => {
    const args: (string | number)[] = [];
    for (let j = i * FILL_MEMBERS; j < Math.min(count, (i + 1) * FILL_MEMBERS); j++) args.push(...element(j));
    return request(...head, ...args);
  });
}
