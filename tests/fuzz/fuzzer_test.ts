/** The fuzzer tested with itself: two reference servers agree on every family, and a real difference is found and shrunk. */

import { assert, assertEquals } from "@std/assert";
import { startRedis, test } from "../harness.ts";
import { fuzz } from "./differential.ts";
import * as families from "./families/mod.ts";
import { fuzzProtocol } from "./protocol.ts";
import { Random, seedFrom } from "./random.ts";
import process from "node:process";

const seed = seedFrom(process.env.RINGSHARD_SEED, 7);
const commands = Number(process.env.RINGSHARD_FUZZ_COMMANDS ?? 4000);

test("random: a seed repeats, and spreads", () => {
  const [a, b] = [new Random(5), new Random(5)];
  const seen = new Set<number>();
  for (let i = 0; i < 1000; i++) {
    const n = a.between(3, 12);
    assertEquals(n, b.between(3, 12));
    seen.add(n);
  }
  assertEquals(seen.size, 10);
});

/** Strings of at most 1 MB, and no endless replies: the machine's memory is not what is tested. */
const BOUNDED = ["--proto-max-bulk-len", "1mb", "--client-output-buffer-limit", "normal 64mb 0 0"];

for (const protocol of [2, 3] as const) {
  test(`fuzzer: a server agrees with itself in all families, RESP${protocol}`, async () => {
    const [one, two] = [await startRedis(BOUNDED), await startRedis(BOUNDED)];
    if (one === undefined || two === undefined) return;
    const report = await fuzz({
      seed,
      commands,
      families: Object.values(families),
      reference: one,
      ringshard: two,
      protocol,
    });
    if (report !== undefined) throw new Error(report);
  }, { timeoutMs: 300_000 });
}

test("fuzzer: finds and shrinks a difference", async () => {
  const [one, two] = [await startRedis(BOUNDED), await startRedis([...BOUNDED, "--set-max-intset-entries", "2"])];
  if (one === undefined || two === undefined) return;
  const report = await fuzz({
    seed,
    commands: 20_000,
    families: [families.sets, families.keys],
    reference: one,
    ringshard: two,
    protocol: 2,
  });
  assert(report !== undefined && /object encoding/i.test(report), report);
  assert(report.split("\n").length < 15, report);
}, { timeoutMs: 60_000 });

test("protocol fuzzer: a server agrees with itself", async () => {
  const [one, two] = [await startRedis(BOUNDED), await startRedis(BOUNDED)];
  if (one === undefined || two === undefined) return;
  const report = await fuzzProtocol({ random: new Random(seed), cases: 300, reference: one, ringshard: two });
  if (report !== undefined) throw new Error(report);
}, { timeoutMs: 60_000 });
