/**
 * Kills for as long as one likes: `deno run -A scripts/crashes.ts --kills 2000 --shards 0,2,4`. Servers under load are killed at random moments
 * and at named operations of their disk, and what is left is judged (tests/crash/). Ends with 1 when something is wrong, and names the seed.
 */
import { parseArgs } from "@std/cli";
import process from "node:process";
import { killAll, type Mode } from "../tests/crash/kills.ts";
import { endScope } from "../tests/harness.ts";

/** Kills with one seed. */
const KILLS = 40;

async function main(): Promise<number> {
  const options = parseArgs(process.argv.slice(2), {
    string: ["kills", "shards", "seed", "modes"],
    boolean: ["verbose"],
  });
  const shards = (options.shards ?? "0,2,4").split(",").map(Number);
  const modes = (options.modes ?? "append,switch,append,save").split(",") as Mode[];
  const wanted = Number(options.kills ?? 1000);
  let seed = Number(options.seed ?? Date.now() % 1_000_000);
  let kills = 0;
  let requests = 0;
  const at = new Map<string, number>();
  while (kills < wanted) {
    const note = options.verbose ? (line: string) => console.log(line) : undefined;
    const report = await killAll({ seed, kills: Math.min(KILLS, wanted - kills), shards, modes, note });
    await endScope();
    kills += report.kills;
    requests += report.requests;
    for (const [name, count] of report.at) at.set(name, (at.get(name) ?? 0) + count);
    if (report.wrong.length > 0) {
      console.log(`seed ${seed}:\n${report.wrong.join("\n")}`);
      return 1;
    }
    console.log(`seed ${seed}: ${kills} kills so far, ${requests} requests judged`);
    seed++;
  }
  console.log(`${kills} kills, ${requests} requests judged, nothing wrong`);
  for (const [name, count] of [...at].sort()) console.log(`  ${count} at ${name}`);
  return 0;
}

process.exit(await main());
