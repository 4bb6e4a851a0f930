/** INFO tells the truth: each figure follows what was done, inline and with shard threads. */
import { assert, assertEquals } from "@std/assert";
import { start } from "../../src/mod.ts";
import { Client } from "../client.ts";
import { cleanup, test, waitFor } from "../harness.ts";

async function startAt(shards: number, directives: Record<string, unknown> = {}): Promise<Client> {
  const server = await start({ port: 0, shards, ...directives });
  cleanup(() => server.close());
  const client = await Client.connect(server);
  cleanup(() => client.close());
  return client;
}

async function text(client: Client, ...args: string[]): Promise<string> {
  const reply = await client.call(...args);
  assert("text" in reply, `${args.join(" ")} answers ${reply.type}`);
  return reply.text;
}

/** INFO's fields by name. */
async function info(client: Client, ...sections: string[]): Promise<Map<string, string>> {
  const lines = (await text(client, "INFO", ...sections)).split("\r\n").filter((line) => line.includes(":"));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}

/** A field as a number; a shard's figures arrive a moment after its replies. */
async function figure(client: Client, section: string, name: string): Promise<number> {
  return Number((await info(client, section)).get(name));
}

for (const shards of [0, 2]) {
  const where = shards === 0 ? "inline" : `${shards} shards`;

  test(`INFO counts what was freed in steps, before and after FLUSHALL, ${where}`, async () => {
    const client = await startAt(shards);
    const freed = () => figure(client, "memory", "lazyfreed_objects");
    const members = Array.from({ length: 2000 }, (_, i) => `member ${i}`);
    await client.call("SADD", "large", ...members);
    await client.call("UNLINK", "large");
    await waitFor(async () => await freed() === 1, "the set's end");
    await client.call("SADD", "large", ...members);
    await client.call("FLUSHALL");
    await client.call("SADD", "large", ...members);
    await client.call("UNLINK", "large");
    await waitFor(async () => await freed() === 2, "the second set's end");
    await client.call("CONFIG", "RESETSTAT");
    assertEquals(await freed(), 0);
    await client.call("FLUSHALL");
    assertEquals(await freed(), 0);
  });

  test(`INFO counts a transaction's commands as calls of their own, ${where}`, async () => {
    const client = await startAt(shards);
    await client.call("SET", "k", "v");
    await client.call("CONFIG", "RESETSTAT");
    for (const watches of [false, true]) {
      if (watches) await client.call("WATCH", "k");
      await client.call("MULTI");
      await client.call("GET", "k");
      await client.call("LPUSH", "k", "x");
      await client.call("INCR", "k");
      await client.call("EXEC");
    }
    const stats = await info(client, "errorstats", "commandstats");
    assertEquals(stats.get("errorstat_WRONGTYPE"), "count=2");
    assertEquals(stats.get("errorstat_ERR"), "count=2");
    assert(/^calls=2,usec=\d+,.*failed_calls=0$/.test(stats.get("cmdstat_get")!));
    assert(/^calls=2,usec=[1-9].*failed_calls=2$/.test(stats.get("cmdstat_lpush")!));
    assert(/^calls=2,usec=\d+,.*failed_calls=2$/.test(stats.get("cmdstat_incr")!));
    assert(/failed_calls=0$/.test(stats.get("cmdstat_exec")!));
  });

  test(`INFO counts what was done, ${where}`, async () => {
    const client = await startAt(shards, { "enable-debug-command": "yes" });
    await client.call("CONFIG", "RESETSTAT");
    for (let i = 0; i < 50; i++) await client.call("SET", `k${i}`, "v");
    for (let i = 0; i < 60; i++) await client.call("GET", `k${i}`);
    await client.call("LPUSH", "k1", "x");
    await client.call("NOPE");
    await client.call("DEBUG", "SLEEP", "0");
    await client.call("DEBUG", "OBJECT", "k1");
    await client.call("SET", "short", "v", "PX", "1");
    await waitFor(async () => await figure(client, "stats", "expired_keys") === 1, "the key to expire");
    const stats = await info(client, "stats");
    assertEquals(stats.get("keyspace_hits"), "50");
    assertEquals(stats.get("keyspace_misses"), "10");
    assertEquals(stats.get("total_error_replies"), "2");
    assert(Number(stats.get("total_commands_processed")) >= 114);
    assert(Number(stats.get("total_net_input_bytes")) > 50 * 30);
    const commands = await info(client, "commandstats");
    assert(commands.get("cmdstat_set")!.startsWith("calls=51,"));
    assert(commands.get("cmdstat_get")!.startsWith("calls=60,"));
    assert(/usec=[1-9]/.test(commands.get("cmdstat_set")!), commands.get("cmdstat_set"));
    assert(commands.get("cmdstat_lpush")!.endsWith("rejected_calls=0,failed_calls=1"));
    // DEBUG is one command, wherever its subcommands run.
    assert(commands.get("cmdstat_debug")!.startsWith("calls=2,"), commands.get("cmdstat_debug"));
    assertEquals([...commands.keys()].filter((name) => name.includes("debug|")), []);
    const errors = await info(client, "errorstats");
    assertEquals([...errors], [["errorstat_ERR", "count=1"], ["errorstat_WRONGTYPE", "count=1"]]);
    const latencies = await info(client, "latencystats");
    assert(/^p50=\d+\.\d{3},p99=\d+\.\d{3},p99\.9=\d+\.\d{3}$/.test(latencies.get("latency_percentiles_usec_get")!));
  });

  test(`INFO keyspace follows keys, expiries and fields' expiries, ${where}`, async () => {
    const client = await startAt(shards);
    assertEquals((await info(client, "keyspace")).size, 0);
    for (let i = 0; i < 20; i++) await client.call("SET", `k${i}`, "v");
    for (let i = 0; i < 5; i++) await client.call("EXPIRE", `k${i}`, "1000");
    await client.call("HSET", "h", "f", "v");
    await client.call("HEXPIRE", "h", "1000", "FIELDS", "1", "f");
    const db0 = /^keys=21,expires=5,avg_ttl=(\d+),subexpiry=1$/;
    await waitFor(async () => {
      const found = db0.exec((await info(client, "keyspace")).get("db0")!);
      return found !== null && Number(found[1]) > 990_000 && Number(found[1]) <= 1_000_000;
    }, "the mean time to live");
    await client.call("SELECT", "3");
    await client.call("SET", "a", "b");
    assertEquals((await info(client, "keyspace")).get("db3"), "keys=1,expires=0,avg_ttl=0,subexpiry=0");
  });

  test(`INFO memory grows and shrinks with the data, ${where}`, async () => {
    const client = await startAt(shards);
    const before = await figure(client, "memory", "used_memory");
    for (let i = 0; i < 20; i++) await client.call("SET", `k${i}`, "x".repeat(100_000));
    const full = await info(client, "memory");
    const grown = Number(full.get("used_memory")) - before;
    assert(grown > 2_000_000 && grown < 3_000_000, `grew by ${grown}`);
    assert(Number(full.get("used_memory_dataset")) > 2_000_000);
    assert(Number(full.get("used_memory_rss")) > 10_000_000);
    await client.call("FLUSHALL");
    await waitFor(
      async () => await figure(client, "memory", "used_memory") < before + 10_000,
      "memory to be free again",
    );
    assert(await figure(client, "memory", "used_memory_peak") >= Number(full.get("used_memory")));
  });

  test(`CONFIG RESETSTAT starts the counters anew, ${where}`, async () => {
    const client = await startAt(shards);
    for (let i = 0; i < 10; i++) await client.call("GET", "none");
    await waitFor(async () => await figure(client, "stats", "keyspace_misses") === 10, "the misses to be told");
    await client.call("CONFIG", "RESETSTAT");
    const stats = await info(client, "stats");
    assertEquals(stats.get("keyspace_misses"), "0");
    const commands = await info(client, "commandstats");
    assertEquals(commands.has("cmdstat_get"), false);
    await client.call("GET", "none");
    await waitFor(async () => await figure(client, "stats", "keyspace_misses") === 1, "the next miss");
  });
}

test("INFO's sections: as asked for, once each, in Redis's order", async () => {
  const client = await startAt(0);
  const titles = async (...sections: string[]) =>
    [...(await text(client, "INFO", ...sections)).matchAll(/^# (\w+)/gm)].map((found) => found[1]).join(" ");
  const usual = "Server Clients Memory Persistence Stats Replication CPU Errorstats Cluster Keyspace";
  assertEquals(await titles(), usual);
  assertEquals(await titles("default"), usual);
  assertEquals(await titles("keyspace", "SERVER", "keyspace", "nope"), "Server Keyspace");
  assertEquals(
    await titles("all"),
    "Server Clients Memory Persistence Stats Replication CPU Commandstats Errorstats Latencystats Cluster Keyspace Shards",
  );
  assertEquals(await text(client, "INFO", "nope"), "");
});
