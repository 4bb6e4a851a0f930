/**
 * Servers of four shards that come, work and go: connections, pipelines, holds, requests larger than a ring's message, close.
 *
 * A wake-up that got lost costs the next tick of a clock (100 ms on main, 1 s in a shard) and not a hang; the counts of steps that wait
 * for one another are such that a regular loss can't stay within a test's time.
 */

import { assertEquals } from "@std/assert";
import { start } from "../../src/mod.ts";
import { Client } from "../client.ts";
import { startRingshard, test } from "../harness.ts";

const KEYS = Array.from({ length: 16 }, (_, i) => `key:${i}`);
/** Larger than a ring's message (512 KiB), so that it goes in chunks. */
const LARGE = "x".repeat(700_000);

/** One client's work, every step waiting for the one before. `name` keeps clients apart. */
async function work(client: Client, name: string, steps: number): Promise<void> {
  const keys = KEYS.map((key) => `${name}:${key}`);
  for (let i = 0; i < steps; i++) {
    const [a, b] = [keys[i % 16], keys[(i * 7 + 3) % 16]];
    assertEquals(await client.show("SET", a, i), "OK");
    assertEquals(await client.show("MSET", b, i, a, i), "OK");
    assertEquals(await client.show("COPY", a, `${name}:copy`, "REPLACE"), "(integer) 1");
    assertEquals(await client.show("RENAME", `${name}:copy`, b), "OK");
    assertEquals(await client.show("GET", b), `"${i}"`);
  }
}

/** A pipeline of sets, holds and gets in one write; each reply in its place. */
async function pipelined(client: Client, name: string, count: number): Promise<void> {
  const commands: (string | number)[][] = [];
  for (let i = 0; i < count; i++) {
    commands.push(["SET", `${name}:${i}`, i], ["RENAME", `${name}:${i}`, `${name}:to:${i}`], [
      "GET",
      `${name}:to:${i}`,
    ]);
  }
  const replies = await client.pipeline(commands);
  for (let i = 0; i < count; i++) {
    assertEquals(replies[3 * i + 1], { type: "simple", text: "OK" });
    assertEquals(replies[3 * i + 2], { type: "bulk", text: String(i) });
  }
}

/** Large values through several rings at once, renamed and copied between shards. */
async function large(client: Client, name: string): Promise<void> {
  for (let i = 0; i < 3; i++) {
    assertEquals(await client.show("MSET", `${name}:a`, LARGE, `${name}:b`, LARGE, `${name}:c`, LARGE), "OK");
    assertEquals(await client.show("RENAME", `${name}:a`, `${name}:d`), "OK");
    assertEquals(await client.show("STRLEN", `${name}:d`), "(integer) 700000");
  }
}

async function round(port: number, clients: number, steps: number): Promise<void> {
  const connected = await Promise.all(Array.from({ length: clients }, () => Client.connect({ port })));
  await Promise.all(connected.map((client, i) => work(client, `c${i}`, steps)));
  await Promise.all(connected.map((client, i) => pipelined(client, `p${i}`, 200)));
  await Promise.all(connected.map((client, i) => large(client, `l${i}`)));
  for (const client of connected) client.close();
}

test("rounds: four embedded servers of 4 shards, one after the other", async () => {
  for (let i = 0; i < 4; i++) {
    const server = await start({ port: 0, shards: 4 });
    await round(server.port, 4, 40);
    await server.close();
  }
}, { timeoutMs: 60_000 });

test("rounds: a server that is closed while its shards work", async () => {
  for (let i = 0; i < 3; i++) {
    const server = await start({ port: 0, shards: 4 });
    const client = await Client.connect({ port: server.port });
    assertEquals(await client.show("SET", "a", i), "OK");
    for (let k = 0; k < 2000; k++) client.send("RENAME", k % 2 === 0 ? "a" : "b", k % 2 === 0 ? "b" : "a");
    client.send("SET", "l", LARGE);
    assertEquals(await client.read(), { type: "simple", text: "OK" });
    await server.close();
    await client.closed;
  }
}, { timeoutMs: 60_000 });

test("rounds: a server process of 4 shards", async () => {
  const server = await startRingshard(["--shards", "4"]);
  for (let i = 0; i < 3; i++) await round(server.port, 6, 60);
  await server.stop();
}, { timeoutMs: 60_000 });
