/**
 * The consistency checker for as long as one likes: `deno run -A scripts/consistency.ts --minutes 30 --shards 4`. Rounds of all workloads
 * (tests/consistency/workloads.ts) against a server process, with clients that die at random; in the end nobody may be left waiting and
 * no memory be kept. Ends with 1 when something is wrong, and names the seed that shows it.
 */

import { parseArgs } from "@std/cli";
import { readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "../tests/client.ts";
import { connect } from "../tests/consistency/history.ts";
import { runAll } from "../tests/consistency/workloads.ts";
import { endScope, inScope, type ServerProcess, startRingshard, waitFor } from "../tests/harness.ts";

/** Rounds before memory is measured first: until then compiled code still comes in, and the young generations of all threads grow. */
const WARM_ROUNDS = 200;
/** Rounds between two lines about memory. */
const TELL_EVERY = 200;
/** Growth that counts as none: what a garbage collector keeps by its mood. */
const GROWTH_BYTES = 64 << 20;
/** How long a server may stand idle before its memory is read: garbage of a busy server waits for its collectors. */
const SETTLE_MS = 60_000;
/** Time between two looks at a server that stands idle. */
const LOOK_MS = 5_000;

/** Resident memory of a process, in bytes. */
function resident(server: ServerProcess): number {
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${server.child.pid}/status`, "latin1"))![1]) * 1024;
}

/** The least a process has resident while it stands idle, in bytes: what a leak shows in, and garbage that nobody collected yet does not. */
async function settled(server: ServerProcess): Promise<number> {
  let least = resident(server);
  const untilMs = Date.now() + SETTLE_MS;
  while (Date.now() < untilMs) {
    await sleep(LOOK_MS);
    least = Math.min(least, resident(server));
  }
  return least;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1048576).toFixed(0)} MB`;
}

async function figures(client: Client): Promise<Map<string, number>> {
  const reply = await client.call("INFO", "everything");
  const lines = "text" in reply ? reply.text.split("\r\n") : [];
  return new Map(lines.map((line) => line.split(":")).map(([name, value]) => [name, Number(value)]));
}

async function main(): Promise<number> {
  const options = parseArgs(process.argv.slice(2), { string: ["minutes", "shards", "seed"] });
  const untilMs = Date.now() + Number(options.minutes ?? 1) * 60_000;
  const server = await startRingshard(["--shards", options.shards ?? "4"]);
  const watcher = await Client.connect(server);
  const firstSeed = Number(options.seed ?? Date.now() % 1_000_000);
  const wrong: string[] = [];
  let rounds = 0;
  let warm = 0;
  do {
    const seed = firstSeed + rounds * 10;
    const round = { seed, connect: () => connect(server.port), steps: 100, deaths: 0.05, prefix: `${rounds}:` };
    const found = await inScope(() => runAll(round)).catch((error: Error) => [error.message]);
    for (const text of found) wrong.push(`round ${rounds}, seed ${seed}: ${text}`);
    await watcher.call("FLUSHALL");
    if (++rounds === WARM_ROUNDS) warm = await settled(server);
    if (rounds % TELL_EVERY === 0) console.log(`${rounds} rounds, resident ${megabytes(resident(server))}`);
  } while (wrong.length === 0 && Date.now() < untilMs);
  await waitFor(async () => (await figures(watcher)).get("connected_clients") === 1, "the dead clients to be gone");
  const end = await figures(watcher);
  const busy = resident(server);
  const idle = warm === 0 ? busy : await settled(server);
  const grown = warm === 0 ? 0 : idle - warm;
  console.log(
    `${rounds} rounds, ${end.get("total_connections_received")} connections, ${
      end.get("total_commands_processed")
    } commands; ` +
      `resident ${megabytes(busy)}, ` +
      (warm === 0
        ? "too few rounds to compare"
        : `idle ${megabytes(idle)}, ${megabytes(warm)} after ${WARM_ROUNDS} rounds`),
  );
  for (const name of ["blocked_clients", "total_blocking_keys", "watching_clients", "pubsub_clients"]) {
    if ((end.get(name) ?? 0) !== 0) wrong.push(`${name} is ${end.get(name)}`);
  }
  if (grown > GROWTH_BYTES) wrong.push(`${grown} bytes were kept`);
  for (const text of wrong) console.error(text);
  await server.stop();
  return wrong.length === 0 ? 0 : 1;
}

const code = await main();
await endScope();
process.exit(code);
