/**
 * Ringshard against the reference server: random commands, then damaged protocol, in every setting. The seeds are fixed
 * so that a run repeats; RINGSHARD_SEED tries another (a number, or "random"), RINGSHARD_FUZZ_COMMANDS another length.
 */

import { assertEquals } from "@std/assert";
import process from "node:process";
import { start } from "../../src/mod.ts";
import { Client } from "../client.ts";
import { cleanup, hasRedis, startRedis, test } from "../harness.ts";
import { fuzz } from "./differential.ts";
import {
  bitmaps,
  geo,
  hashes,
  hyperloglogs,
  keys,
  lists,
  sets,
  sortedSets,
  sorting,
  streams,
  strings,
  transactions,
} from "./families/mod.ts";
import { fuzzProtocol } from "./protocol.ts";
import { Random, seedFrom } from "./random.ts";

/** The families that are compared, in runs of their own; a family joins when its commands are all there. */
const RUNS = [
  {
    name: "all types",
    families: [strings, bitmaps, keys, lists, hashes, sets, sortedSets, hyperloglogs, geo],
    share: 0.6,
  },
  { name: "streams", families: [keys, streams], share: 0.1 },
  // Without sorted sets: as a side effect Redis's SORT gives a small one its large encoding.
  { name: "SORT", families: [strings, lists, hashes, sets, sorting], share: 0.1 },
  // Without commands that 7.0 refuses and 7.4 takes: refused when queued, they break the transaction.
  { name: "transactions", families: [strings, keys, lists, hashes, sets, transactions], share: 0.2 },
];

/** 260,000 requests over the four settings, so 520,000 on both runtimes. */
const COMMANDS = Number(process.env.RINGSHARD_FUZZ_COMMANDS ?? 65_000);

const PROTOCOL_CASES = 1000;

/**
 * Bounds on both servers: strings of at most 1 MB, since random offsets would fill the machine with half-gigabyte values, and an
 * endless reply ends its connection, not the machine's memory.
 */
const BOUNDED = ["--proto-max-bulk-len", "1mb", "--client-output-buffer-limit", "normal 64mb 0 0"];
const BOUNDS = { "proto-max-bulk-len": "1mb", "client-output-buffer-limit": ["normal", "64mb", "0", "0"] };

for (const shards of [0, 4]) {
  const setting = shards === 0 ? "inline" : `${shards} shards`;

  for (
    const [protocol, { name, families, share }] of ([2, 3] as const).flatMap((p) => RUNS.map((r) => [p, r] as const))
  ) {
    test(`differential fuzz: ${name}, ${setting}, RESP${protocol}`, async () => {
      const reference = await startRedis(BOUNDED);
      if (reference === undefined) return;
      const server = await start({ port: 0, shards, ...BOUNDS });
      cleanup(() => server.close());
      const seed = seedFrom(process.env.RINGSHARD_SEED, 1000 + shards * 10 + protocol);
      const report = await fuzz({
        seed,
        commands: COMMANDS * share,
        families,
        reference,
        ringshard: server,
        protocol,
      });
      if (report !== undefined) throw new Error(report);
    }, { timeoutMs: 240_000 });
  }

  test(`protocol fuzz: ${setting}`, async () => {
    const reference = await startRedis(BOUNDED);
    if (reference === undefined) return;
    const server = await start({ port: 0, shards, ...BOUNDS });
    cleanup(() => server.close());
    const random = new Random(seedFrom(process.env.RINGSHARD_SEED, 2000 + shards));
    const report = await fuzzProtocol({ random, cases: PROTOCOL_CASES, reference, ringshard: server });
    if (report !== undefined) throw new Error(report);
    const client = await Client.connect(server);
    assertEquals(await client.show("PING"), "PONG");
  }, { timeoutMs: 120_000 });
}

if (!hasRedis()) console.error("redis-server is not installed: nothing is compared with it");
