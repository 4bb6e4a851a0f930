/**
 * Geo at the ends of its ranges, against the reference: at longitudes next to ±180 areas wrap round the world, at the last latitudes they reach
 * beyond it. Members at equal distances may come in any order.
 */

import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { start } from "../../src/mod.ts";
import { type Argument, Client } from "../client.ts";
import { cleanup, startRedis, test } from "../harness.ts";
import { format, type Reply } from "../reply.ts";
import { Random, seedFrom } from "./random.ts";

const ROUNDS = 1500;
const LATITUDE_END = 85.05112878;

function nearEnd(random: Random, end: number): number {
  return random.pick([-1, 1]) * (end - random.pick([0, 1e-9, 1e-7, 1e-5, 0.001, 0.01, 0.1, 1, 3]));
}

function longitude(random: Random): string {
  return (random.chance(0.7) ? nearEnd(random, 180) : random.between(-180, 180)).toFixed(random.between(0, 12));
}

function latitude(random: Random): string {
  return (random.chance(0.3) ? nearEnd(random, LATITUDE_END) : random.between(-850, 850) / 10).toFixed(
    random.between(0, 8),
  );
}

function requests(random: Random): Argument[][] {
  const place = () => `p${random.between(0, 30)}`;
  const unit = random.pick(["m", "km", "mi", "ft"]);
  const radius = random.pick([0, 0.001, 1, 10, 100, 500, 2000, 9000, 20_000, 30_000]);
  const at = [longitude(random), latitude(random)];
  return [
    ...(random.chance(0.01) ? [["DEL", "g"]] : []),
    ["GEOADD", "g", longitude(random), latitude(random), place()],
    ["GEOADD", "g", ...at, place()],
    ["GEORADIUSBYMEMBER", "g", place(), radius, unit, "ASC"],
    ["GEORADIUS", "g", ...at, radius, unit, "ASC", "WITHDIST"],
    ["GEORADIUS", "g", longitude(random), latitude(random), radius, unit, "DESC", "WITHCOORD"],
    ["GEOSEARCH", "g", "FROMMEMBER", place(), "BYBOX", radius, random.pick([1, 100, 5000]), unit],
    ["GEOSEARCH", "g", "FROMLONLAT", ...at, "BYBOX", radius, random.pick([1, 100, 50_000]), unit, "WITHDIST"],
  ];
}

/** A reply's items in an order of their own. */
function sorted(reply: Reply): string[] {
  return reply.type === "array" ? reply.items.map((item) => format(item)).sort() : [format(reply)];
}

test("geo at the ends of its ranges is the reference's", async () => {
  const reference = await startRedis();
  if (reference === undefined) return;
  const server = await start({ port: 0, shards: 0 });
  cleanup(() => server.close());
  const [theirs, ours] = [await Client.connect(reference), await Client.connect(server)];
  const random = new Random(seedFrom(process.env.RINGSHARD_SEED, 180));
  let found = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const asked = requests(random);
    const [expected, actual] = await Promise.all([theirs.pipeline(asked), ours.pipeline(asked)]);
    asked.forEach((request, i) => {
      assertEquals([round, request, sorted(actual[i])], [round, request, sorted(expected[i])]);
      if (expected[i].type === "array" && expected[i].items.length > 1) found++;
    });
  }
  assert(found > ROUNDS / 2, `${found} replies of several members`);
}, { timeoutMs: 60_000 });
