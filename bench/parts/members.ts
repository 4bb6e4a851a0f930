/** Resident memory for each member of a collection of a million, and for each of 200,000 small hashes. */
import { Connection, request } from "../connection.ts";
import { member, spread } from "../numbers.ts";
import { chosen, type Part, reportRefusal, scaled } from "../part.ts";
import { settledResidentBytes } from "../process_stat.ts";
import { withServer } from "../servers.ts";
import { fill } from "./heavy.ts";
import { warmUp } from "./strings.ts";

interface Collection {
  name: string;
  count: number;
  /** Command that adds elements to a key, and element i's arguments. */
  head: string[];
  element: (i: number) => (string | number)[];
}

/** Members of 13 bytes, values of 8. */
export const COLLECTIONS: Collection[] = [
  { name: "zset", count: 1_000_000, head: ["ZADD", "{k}big"], element: (i) => [spread(i, 1e9), member(i)] },
  { name: "hash", count: 1_000_000, head: ["HSET", "{k}big"], element: (i) => [member(i), 10_000_000 + i] },
  { name: "set", count: 1_000_000, head: ["SADD", "{k}big"], element: (i) => [member(i)] },
  { name: "list", count: 1_000_000, head: ["RPUSH", "{k}big"], element: (i) => [member(i)] },
];

const SMALL_HASHES = 200_000;

/**
 * Loads before the measured one, and how much smaller they are: together twice as much, until the young generation of the heap has its
 * size; what they leave resident, at most a two-hundredth, is not counted.
 */
const WARM_UP_LOADS = 400;
const WARM_UP_SHARE = 200;

export const members: Part = {
  name: "members",
  title: "Memory for each member",
  note:
    "Growth of resident memory over the empty server, warmed up by loads of a two-hundredth, for each member of a collection of a million " +
    "(members of 13 bytes, hash values of 8), for each entry of a stream, and for each of 200,000 hashes of five fields.",
  runsByDefault: true,
  rounds: 1,
  async run(name, settings, report) {
    const measure = (test: string, count: number, load: (connection: Connection, count: number) => Promise<void>) =>
      withServer(name, settings.port, async (server) => {
        await warmUp(server, settings);
        const connection = await Connection.connect(server.port);
        // The same load, much smaller: what its code takes once compiled is not the members'.
        for (let i = 0; i < WARM_UP_LOADS; i++) {
          await load(connection, Math.floor(count / WARM_UP_SHARE));
          await connection.command("FLUSHALL", "SYNC");
        }
        const before = await settledResidentBytes(server.pid);
        await load(connection, count);
        connection.close();
        const bytesEach = (await settledResidentBytes(server.pid) - before) / count;
        report({ part: "members", test, server: name, values: { bytesEach } });
      }).catch((error) => reportRefusal(name, test, error));
    for (const { name: test, count, head, element } of COLLECTIONS) {
      const size = scaled(settings, count, 100_000);
      if (chosen(settings, test)) await measure(test, size, (c, n) => fill(c, head, n, element));
    }
    const entries = scaled(settings, 1_000_000, 100_000);
    if (chosen(settings, "stream")) {
      await measure(
        "stream",
        entries,
        (c, n) => c.pipeline(n, 1000, (i) => request("XADD", "x", `${i + 1}-1`, "field", member(i))),
      );
    }
    const hashes = scaled(settings, SMALL_HASHES, 50_000);
    if (chosen(settings, "small hash")) {
      await measure("small hash", hashes, (c, n) => c.pipeline(n, 500, smallHash));
    }
  },
};

/** Five fields of 2 bytes with values of 8. */
function smallHash(index: number): string {
  const fields: (string | number)[] = [];
  for (let j = 1; j <= 5; j++) fields.push(`f${j}`, 10_000_000 + spread(index + j, 1_000_000));
  return request("HSET", `hash:${String(index).padStart(6, "0")}`, ...fields);
}
