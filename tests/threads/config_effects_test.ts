/** What directives do, at the start and at CONFIG SET, inline and with shard threads. */
import { assert, assertEquals } from "@std/assert";
import { type RunningServer, start } from "../../src/mod.ts";
import { Client } from "../client.ts";
import { cleanup, freePort, test, waitFor } from "../harness.ts";

async function startAt(shards: number, directives: Record<string, unknown> = {}): Promise<[RunningServer, Client]> {
  const server = await start({ port: 0, shards, ...directives });
  cleanup(() => server.close());
  return [server, await connect(server)];
}

async function connect(to: { port: number }): Promise<Client> {
  const client = await Client.connect(to);
  cleanup(() => client.close());
  return client;
}

async function text(client: Client, ...args: string[]): Promise<string> {
  const reply = await client.call(...args);
  return "text" in reply ? reply.text : "value" in reply ? String(reply.value) : reply.type;
}

async function statistic(client: Client, section: string, name: string): Promise<number> {
  return Number(new RegExp(`^${name}:(\\d+)`, "m").exec(await text(client, "INFO", section))?.[1]);
}

for (const shards of [0, 2]) {
  const where = shards === 0 ? "inline" : `${shards} shards`;

  test(`encodings follow their limits, ${where}`, async () => {
    const [, client] = await startAt(shards, { "set-max-intset-entries": 2 });
    await client.call("SADD", "s", "1", "2", "3");
    assertEquals(await text(client, "OBJECT", "ENCODING", "s"), "listpack");
    await client.call("CONFIG", "SET", "set-max-listpack-entries", "3", "hash-max-listpack-value", "2");
    await client.call("SADD", "s", "4");
    assertEquals(await text(client, "OBJECT", "ENCODING", "s"), "hashtable");
    await client.call("HSET", "h", "f", "long");
    assertEquals(await text(client, "OBJECT", "ENCODING", "h"), "hashtable");
    await client.call("CONFIG", "SET", "proto-max-bulk-len", "1mb");
    assert((await text(client, "SETRANGE", "x", "1048576", "y")).includes("exceeds maximum allowed size"));
  });

  test(`an LFU policy counts accesses, ${where}`, async () => {
    const [, client] = await startAt(shards);
    await client.call("SET", "k", "v");
    assert((await text(client, "OBJECT", "FREQ", "k")).startsWith("ERR An LFU maxmemory policy is not selected"));
    await client.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu", "lfu-log-factor", "0");
    await client.call("SET", "k", "v");
    for (let i = 0; i < 20; i++) await client.call("GET", "k");
    assertEquals(await text(client, "OBJECT", "FREQ", "k"), "25");
  });

  test(`maxmemory without eviction refuses what needs memory, ${where}`, async () => {
    const [, client] = await startAt(shards);
    await client.call("SET", "k", "x".repeat(200_000));
    await client.call("CONFIG", "SET", "maxmemory", "100kb");
    assert((await text(client, "SET", "other", "v")).startsWith("OOM command not allowed"));
    assert((await text(client, "MSET", "a", "1", "b", "2", "c", "3")).startsWith("OOM command not allowed"));
    assertEquals(await text(client, "EXISTS", "a", "b", "c"), "0");
    assertEquals(await text(client, "STRLEN", "k"), "200000");
    assert((await text(client, "INFO", "commandstats")).includes("cmdstat_mset:calls=0,"));
    assertEquals(await text(client, "DEL", "k"), "1");
    await waitFor(async () => await text(client, "SET", "other", "v") === "OK", "room again");
  });

  for (const policy of ["allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-ttl"]) {
    test(`maxmemory-policy ${policy} makes room, ${where}`, async () => {
      const [, client] = await startAt(shards, { maxmemory: "1mb", "maxmemory-policy": policy });
      const requests = Array.from({ length: 200 }, (_, i) => ["SET", `k${i}`, "x".repeat(20_000), "EX", `${1000 + i}`]);
      for (const request of requests) assertEquals(await text(client, ...request), "OK");
      // What the client's requests took just now is counted a little later.
      const uncounted = await statistic(client, "memory", "mem_not_counted_for_evict");
      const used = await statistic(client, "memory", "used_memory") - uncounted;
      assert(used <= 1_100_000, `${used} bytes used`);
      const left = Number(await text(client, "DBSIZE"));
      assert(left > 20 && left < 60, `${left} keys left`);
      await waitFor(
        async () => await statistic(client, "stats", "evicted_keys") === 200 - left,
        "the count of keys evicted",
      );
      // The last keys live longest, and the first ones were evicted first.
      if (policy === "volatile-ttl" && shards === 0) {
        const first = Array.from({ length: 20 }, (_, i) => `k${i}`);
        assertEquals(await text(client, "EXISTS", ...first), "0");
        assertEquals(await text(client, "EXISTS", "k198", "k199"), "2");
      }
    });
  }

  test(`what clients take counts against maxmemory, ${where}`, async () => {
    const [server, client] = await startAt(shards, { maxmemory: "8mb", "maxmemory-policy": "allkeys-random" });
    for (let i = 0; i < 40; i++) assertEquals(await text(client, "SET", `k${i}`, "x".repeat(100_000)), "OK");
    assertEquals(await statistic(client, "stats", "evicted_keys"), 0);
    const other = await Client.connect(server);
    await other.call("MULTI");
    for (let i = 0; i < 6; i++) await other.call("SET", `q${i}`, "y".repeat(1_000_000));
    await waitFor(async () => {
      const uncounted = await statistic(client, "memory", "mem_not_counted_for_evict");
      return await statistic(client, "memory", "used_memory") - uncounted <= 8 << 20;
    }, "keys to go for the queue");
    const left = Number(await text(client, "DBSIZE"));
    assert(left > 5 && left < 25, `${left} keys left`);
    await other.call("DISCARD");
    await waitFor(async () => await statistic(client, "memory", "used_memory") < 4 << 20, "the queue to be forgotten");
    for (let i = 0; i < 20; i++) assertEquals(await text(client, "SET", `more${i}`, "x".repeat(100_000)), "OK");
    assertEquals(await text(client, "DBSIZE"), `${left + 20}`);
  });

  test(`a volatile policy spares keys without expiry, ${where}`, async () => {
    const [, client] = await startAt(shards, { "maxmemory-policy": "volatile-lru" });
    for (let i = 0; i < 20; i++) await client.call("SET", `k${i}`, "x".repeat(20_000));
    await client.call("CONFIG", "SET", "maxmemory", "300kb");
    await waitFor(async () => (await text(client, "SET", "other", "v")).startsWith("OOM"), "nothing to be evicted");
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    assertEquals(await text(client, "EXISTS", ...keys), "20");
  });

  test(`DEBUG SET-ACTIVE-EXPIRE keeps expired keys, ${where}`, async () => {
    const [, client] = await startAt(shards, { "enable-debug-command": "local" });
    assertEquals(await text(client, "DEBUG", "SET-ACTIVE-EXPIRE", "0"), "OK");
    await client.call("SET", "k", "v", "PX", "1");
    await new Promise((resolve) => setTimeout(resolve, 300));
    assertEquals(await text(client, "DBSIZE"), "1");
    await client.call("DEBUG", "SET-ACTIVE-EXPIRE", "1");
    await waitFor(async () => await text(client, "DBSIZE") === "0", "the key to go");
  });
}

test("DEBUG PAUSE-CRON stops what is done by the clock", async () => {
  const [, client] = await startAt(0, { "enable-debug-command": "local" });
  const rate = async () => /instantaneous_ops_per_sec:(\d+)/.exec(await text(client, "INFO", "stats"))![1];
  assertEquals(await text(client, "DEBUG", "PAUSE-CRON", "1"), "OK");
  for (let i = 0; i < 2000; i++) await client.call("PING");
  await new Promise((resolve) => setTimeout(resolve, 250));
  assertEquals(await rate(), "0");
  assertEquals(await text(client, "DEBUG", "PAUSE-CRON", "0"), "OK");
  await waitFor(async () => await rate() !== "0", "the cron to go on");
});

test("DEBUG is refused unless allowed", async () => {
  const [, client] = await startAt(0);
  assert((await text(client, "DEBUG", "SLEEP", "0")).startsWith("ERR DEBUG command not allowed."));
  assert((await text(client, "DEBUG", "NO-SUCH-SUBCOMMAND")).startsWith("ERR DEBUG command not allowed."));
  assert((await text(client, "DEBUG", "OBJECT", "k")).startsWith("ERR DEBUG command not allowed."));
});

test("requirepass and maxclients hold for the clients that come", async () => {
  const [server, client] = await startAt(0);
  await client.call("CONFIG", "SET", "requirepass", "secret");
  assertEquals(await text(client, "PING"), "PONG");
  const second = await connect(server);
  assert((await text(second, "PING")).startsWith("NOAUTH"));
  assertEquals(await text(second, "AUTH", "secret"), "OK");
  await client.call("CONFIG", "SET", "maxclients", "2");
  const third = await connect(server);
  assertEquals((await third.read().catch(() => ({ type: "closed" }))).type, "error");
});

test("CONFIG SET port moves the listener; connections stay", async () => {
  const [server, client] = await startAt(0);
  const before = server.port;
  const port = await freePort();
  assertEquals(await text(client, "CONFIG", "SET", "port", String(port)), "OK");
  assertEquals(server.port, port);
  assertEquals(await text(client, "PING"), "PONG");
  assertEquals(await text(await connect({ port }), "PING"), "PONG");
  const refused = await Client.connect({ port: before }).then(() => "connected", () => "refused");
  assertEquals(refused, "refused");
});

test("CONFIG SET bind that fails leaves everything as it was", async () => {
  const [server, client] = await startAt(0);
  // 192.0.2.0/24 is for documentation: no machine has it.
  const reply = await text(client, "CONFIG", "SET", "maxclients", "77", "bind", "192.0.2.1");
  assertEquals(
    reply,
    "ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to specified addresses.",
  );
  assertEquals(await text(await connect(server), "PING"), "PONG");
  const found = await client.call("CONFIG", "GET", "maxclients");
  assert("items" in found && "text" in found.items[1]);
  assertEquals(found.items[1].text, "10000");
});
