/**
 * One cut through all shards: while clients write pairs in transactions, rename keys and move members from set to set across shards,
 * background saves are made; in each of their files every pair is equal, every renamed key there once, every member in one set.
 */
import { assert, assertEquals } from "@std/assert";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Client } from "../client.ts";
import { Random, seedFrom } from "../fuzz/random.ts";
import { startRingshard, tempDir, test, waitFor } from "../harness.ts";

const seed = seedFrom(process.env.RINGSHARD_SEED, 3);
const saves = Number(process.env.RINGSHARD_CUTS ?? 3);

const PAIRS = 2000;
const CLIENTS = 3;
const SETS = 3;
/** Enough that the sets are written in pieces, while members come and go. */
const MEMBERS = 6000;

/** Writes until told to stop. */
async function write(client: Client, random: Random, first: number, goesOn: () => boolean): Promise<void> {
  const names = Array.from({ length: PAIRS }, (_, i) => `token:${first + i}`);
  while (goesOn()) {
    const requests: string[][] = [];
    for (let n = 0; n < 10; n++) {
      const pair = String(random.between(0, PAIRS - 1));
      const value = "v".repeat(random.between(0, 40)) + random.between(0, 999);
      requests.push(["MULTI"], ["SET", `x:${pair}`, value], ["SET", `y:${pair}`, value], ["EXEC"]);
      const token = random.between(0, PAIRS - 1);
      const name = `token:${first + token}:${random.between(0, 99)}`;
      if (name !== names[token]) requests.push(["RENAME", names[token], name]);
      names[token] = name;
      const [from, to] = [random.between(0, SETS - 1), random.between(0, SETS - 1)];
      requests.push(["SMOVE", `set:${from}`, `set:${to}`, String(random.between(0, SETS * MEMBERS - 1))]);
    }
    for (const reply of await client.pipeline(requests)) assert(reply.type !== "error", JSON.stringify(reply));
  }
}

/** What a server that was started with a copy of the file holds. */
async function check(file: string): Promise<void> {
  const dir = tempDir();
  copyFileSync(file, join(dir, "dump.rdb"));
  const server = await startRingshard(["--shards", "0", "--save", ""], { dir });
  const client = await Client.connect(server);
  await waitFor(async () => (await client.call("DBSIZE")).type === "int", "the load's end");
  const texts = async (...request: string[]) => {
    const reply = await client.call(...request);
    assert("items" in reply, JSON.stringify(reply));
    return reply.items.map((item) => (item as { text: string }).text);
  };
  const numbers = Array.from({ length: PAIRS }, (_, i) => i);
  assertEquals(
    await texts("MGET", ...numbers.map((i) => `x:${i}`)),
    await texts("MGET", ...numbers.map((i) => `y:${i}`)),
  );
  const tokens = await texts("MGET", ...(await texts("KEYS", "token:*")));
  assertEquals(tokens.map(Number).sort((a, b) => a - b), Array.from({ length: CLIENTS * PAIRS }, (_, i) => i));
  const members: string[] = [];
  for (let n = 0; n < SETS; n++) members.push(...(await texts("SMEMBERS", `set:${n}`)));
  assertEquals(members.map(Number).sort((a, b) => a - b), Array.from({ length: SETS * MEMBERS }, (_, i) => i));
  client.close();
  await server.stop();
}

for (const shards of ["0", "3"]) {
  test(`cut: a background save is one moment of all shards, ${shards} shards`, async () => {
    const server = await startRingshard(["--shards", shards, "--save", ""]);
    const client = await Client.connect(server);
    const requests: string[][] = [];
    for (let i = 0; i < PAIRS; i++) requests.push(["MSET", `x:${i}`, "", `y:${i}`, ""]);
    for (let i = 0; i < CLIENTS * PAIRS; i++) requests.push(["SET", `token:${i}`, String(i)]);
    for (let i = 0; i < SETS * MEMBERS; i++) requests.push(["SADD", `set:${i % SETS}`, String(i)]);
    await client.pipeline(requests);
    let goesOn = true;
    const writers = Array.from({ length: CLIENTS }, async (_, k) => {
      await write(await Client.connect(server), new Random(seed + k), k * PAIRS, () => goesOn);
    });
    for (let n = 1; n <= saves; n++) {
      const reply = await client.call("BGSAVE");
      assert(reply.type === "simple", JSON.stringify(reply));
      await waitFor(
        async () => JSON.stringify(await client.call("INFO", "persistence")).includes(`rdb_saves:${n}\\r`),
        "the save's end",
      );
      await check(join(server.dir, "dump.rdb"));
    }
    goesOn = false;
    await Promise.all(writers);
    client.close();
  });
}
