/** Client libraries in real sessions: ioredis, node-redis under RESP2 and RESP3, redis-py. Each runs inline and in 4 shards. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { Redis as IoRedis } from "ioredis";
import { createClient } from "redis";
import { cleanup } from "../harness.ts";
import { hasPython, runPython, testSession } from "./servers.ts";

const EVERY_BYTE = Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i));

async function ioredisSession(port: number): Promise<void> {
  const client = new IoRedis({ port, host: "127.0.0.1", connectionName: "io", lazyConnect: true });
  cleanup(() => client.disconnect());
  await client.connect();
  assertEquals(await client.ping(), "PONG");
  assertEquals(await client.set("k", "v", "EX", 100, "NX"), "OK");
  assertEquals(await client.set("k", "w", "EX", 100, "NX"), null);
  assertEquals(await client.get("k"), "v");
  const ttl = await client.ttl("k");
  assert(ttl > 0 && ttl <= 100);
  await client.set(EVERY_BYTE, EVERY_BYTE);
  assertEquals(await client.getBuffer(EVERY_BYTE), EVERY_BYTE);
  await client.mset({ a: "1", b: "2" });
  assertEquals(await client.mget("a", "none", "b"), ["1", null, "2"]);
  assertEquals(await client.incrby("n", 5), 5);
  assertEquals(await client.setbit("bits", 3, 1), 0);
  assertEquals(await client.bitcount("bits"), 1);
  assertEquals(await client.getrange("k", 0, -1), "v");
  await assertRejects(() => client.incr("k"), Error, "ERR value is not an integer or out of range");
  const pipeline = client.pipeline();
  for (let i = 0; i < 1000; i++) pipeline.set(`p:${i}`, i).get(`p:${i}`);
  const replies = (await pipeline.exec())!;
  assertEquals(replies.length, 2000);
  assertEquals(replies[1999], [null, "999"]);
  const found = new Set<string>();
  for await (const page of client.scanStream({ match: "p:*", count: 50 })) {
    for (const key of page as string[]) found.add(key);
  }
  assertEquals(found.size, 1000);
  assertEquals(await client.client("GETNAME"), "io");
  assert((await client.info("server")).includes("redis_version:"));
  assertEquals(await client.exists("a", "b", "none"), 2);
  assertEquals(await client.flushall(), "OK");
  assertEquals(await client.dbsize(), 0);
  assertEquals(await client.quit(), "OK");
}

async function nodeRedisSession(port: number, protocol: 2 | 3): Promise<void> {
  const client = createClient({ socket: { port, host: "127.0.0.1" }, RESP: protocol, name: "node" });
  const errors: unknown[] = [];
  client.on("error", (error: unknown) => errors.push(error));
  await client.connect();
  cleanup(() => client.isOpen ? client.destroy() : undefined);
  assertEquals(await client.ping(), "PONG");
  assertEquals(await client.set("k", "v", { expiration: { type: "EX", value: 100 } }), "OK");
  assertEquals(await client.set("k", "w", { condition: "NX" }), null);
  assertEquals(await client.get("k"), "v");
  assertEquals(await client.getEx("k", { type: "PERSIST" }), "v");
  assertEquals(await client.ttl("k"), -1);
  assertEquals(await client.mSet({ a: "1", b: "2" }), "OK");
  assertEquals(await client.mGet(["a", "none", "b"]), ["1", null, "2"]);
  assertEquals(await client.incrBy("n", 7), 7);
  assertEquals(await client.incrByFloat("f", 0.5), "0.5");
  assertEquals(await client.append("k", "!"), 2);
  assertEquals(await client.copy("k", "copy"), 1);
  assertEquals(await client.expire("copy", 50, "NX"), 1);
  assertEquals(await client.type("k"), "string");
  assertEquals(await client.lcs("k", "copy"), "v!");
  const many = await Promise.all(Array.from({ length: 1000 }, (_, i) => client.set(`p:${i}`, String(i))));
  assertEquals(new Set(many), new Set(["OK"]));
  const found = new Set<string>();
  for await (const page of client.scanIterator({ MATCH: "p:*", COUNT: 50 })) for (const key of page) found.add(key);
  assertEquals(found.size, 1000);
  await assertRejects(() => client.incr("k"), Error, "value is not an integer");
  assertEquals(await client.clientGetName(), "node");
  assertEquals((await client.configGet("maxmemory")).maxmemory, "0");
  assertEquals(await client.flushAll(), "OK");
  assertEquals(await client.dbSize(), 0);
  await client.close();
  assertEquals(errors, []);
}

testSession("ioredis", ioredisSession);
for (const protocol of [2, 3] as const) {
  testSession(`node-redis, RESP${protocol}`, (port) => nodeRedisSession(port, protocol));
}
if (hasPython) {
  testSession("redis-py", (port) => runPython("session.py", port));
  testSession("redis-py, transactions", (port) => runPython("transactions.py", port));
}
