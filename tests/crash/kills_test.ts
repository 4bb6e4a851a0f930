/** Servers killed under load, at random and at named points of their disk's work (kills.ts). Over both runtimes: more than 200 kills. */
import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { seedFrom } from "../fuzz/random.ts";
import { test } from "../harness.ts";
import { killAll, type Mode } from "./kills.ts";

const seed = seedFrom(process.env.RINGSHARD_SEED, 1);
/** Kills of each test. */
const kills = Number(process.env.RINGSHARD_KILLS ?? 26);

const runs: [name: string, modes: Mode[], shards: number[]][] = [
  ["an append-only file, inline", ["append"], [0]],
  ["an append-only file, over shards", ["append"], [2, 4]],
  ["an append-only file switched off and on, any number of shards", ["switch"], [0, 2]],
  ["saves, any number of shards", ["save"], [0, 2]],
];

for (const [i, [name, modes, shards]] of runs.entries()) {
  test(`crash: kill -9 under load, ${name}`, async () => {
    const report = await killAll({ seed: seed + i, kills, shards, modes });
    assertEquals(report.wrong, []);
    assertEquals(report.kills, kills);
    assert(report.requests > kills, "clients have written");
    const points = [...report.at.keys()].filter((name) => name !== "load" && name !== "start");
    assert(points.length >= Math.floor(kills / 13), `too few points were reached: ${points}`);
  }, { timeoutMs: 30_000 + kills * 15_000 });
}
