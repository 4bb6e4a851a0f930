/** The consistency checker against Ringshard in every setting and against the reference, and against servers that are wrong on purpose. */

import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { start } from "../../src/mod.ts";
import { Client } from "../client.ts";
import { seedFrom } from "../fuzz/random.ts";
import { cleanup, startRedis, test, waitFor } from "../harness.ts";
import { FAULTS } from "./faults.ts";
import { connect, type Link, type Operation } from "./history.ts";
import { linearizability } from "./linearizability.ts";
import { appends, bank, group, queues, relays, type Run, runAll } from "./workloads.ts";

const SEED = seedFrom(process.env.RINGSHARD_SEED, 4);

function runOf(port: number, more: Partial<Run> = {}): Run {
  return { seed: SEED, connect: () => connect(port), steps: 80, deaths: 0.02, prefix: "", ...more };
}

async function figure(client: Client, section: string, name: string): Promise<string | undefined> {
  const reply = await client.call("INFO", section);
  return "text" in reply ? new RegExp(`^${name}:(.*)\r?$`, "m").exec(reply.text)?.[1] : undefined;
}

for (const shards of [0, 1, 4]) {
  const setting = shards === 0 ? "inline" : `${shards} shards`;
  test(`consistency: many clients, some of which die, ${setting}`, async () => {
    const server = await start({ port: 0, shards });
    cleanup(() => server.close());
    assertEquals(await runAll(runOf(server.port)), []);
    const client = await Client.connect(server);
    await waitFor(
      async () => await figure(client, "clients", "connected_clients") === "1",
      "the dead clients to be gone",
    );
    assertEquals(await figure(client, "clients", "blocked_clients"), "0");
  }, { timeoutMs: 120_000 });
}

test("consistency: the reference", async () => {
  const reference = await startRedis();
  if (reference === undefined) return;
  assertEquals(await runAll(runOf(reference.port)), []);
}, { timeoutMs: 60_000 });

/** Which workloads a fault is to be noticed by. */
const NOTICED: Record<string, ((run: Run) => Promise<string[]>)[]> = {
  "stale reads": [group, bank],
  "lost appends": [appends, queues],
  "torn transactions": [bank, appends],
  "doubled appends": [appends, queues],
  "late writes": [group, appends],
  "late servings": [relays],
};

for (const [fault, workloads] of Object.entries(NOTICED)) {
  for (const workload of workloads) {
    test(`consistency: canary: ${fault} are noticed by ${workload.name}`, async () => {
      const server = await start({ port: 0, shards: 0 });
      cleanup(() => server.close());
      const wrong = FAULTS[fault]();
      const connectWrong = async (): Promise<Link> => wrong(await connect(server.port));
      const found = await workload(runOf(server.port, { connect: connectWrong, deaths: 0 }));
      assert(found.length > 0, "not noticed");
    });
  }
}

/** Operations by hand: client, start, end, command, reply. */
function operations(...rows: [number, number, number, string, string | null][]): Operation[] {
  return rows.map(([client, start, end, line, reply]) => ({
    client,
    start,
    end,
    commands: [line.split(" ")],
    transaction: false,
    watched: new Map(),
    reply,
  }));
}

test("linearizability: histories whose answer is known", () => {
  const write: [number, number, number, string, string | null] = [1, 1, 4, "SET x 1", "OK"];
  // While a write is under way a read may see either value, but not the new one and later the old one.
  assertEquals(linearizability(operations(write, [2, 2, 3, "GET x", null], [2, 5, 6, "GET x", "1"])), undefined);
  assertEquals(linearizability(operations(write, [2, 2, 3, "GET x", "1"], [3, 5, 6, "GET x", "1"])), undefined);
  assert(
    linearizability(operations([1, 1, 8, "SET x 1", "OK"], [2, 2, 3, "GET x", "1"], [3, 4, 5, "GET x", null])) !==
      undefined,
  );
  assert(linearizability(operations([1, 1, 2, "SET x 1", "OK"], [2, 3, 4, "GET x", null])) !== undefined);
  // A write without an answer may have happened late, or not at all, but not twice.
  const lost: [number, number, number, string, string | null] = [1, 1, Infinity, "INCRBY x 1", null];
  assertEquals(linearizability(operations(lost, [2, 2, 3, "GET x", null], [2, 4, 5, "GET x", "1"])), undefined);
  assertEquals(linearizability(operations(lost, [2, 2, 3, "GET x", null])), undefined);
  assert(linearizability(operations(lost, [2, 2, 3, "GET x", "2"])) !== undefined);
  assert(linearizability(operations(lost, [2, 2, 3, "GET x", "1"], [2, 4, 5, "GET x", null])) !== undefined);
  // What was sent in one go took effect in that order, though all was answered together.
  for (const [first, second] of [["OK", "1"], [null, "OK"]]) {
    const [a, b] = first === null
      ? operations([1, 1, 4, "GET x", first], [1, 2, 5, "SET x 1", second])
      : operations([1, 1, 4, "SET x 1", first], [1, 2, 5, "GET x", second]);
    assertEquals(linearizability([a, { ...b, behind: a }]), undefined);
    assertEquals(linearizability([{ ...a, behind: b }, b]) === undefined, false);
  }
});
