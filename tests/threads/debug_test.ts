/** DEBUG's subcommands that look into values and tables, or set what no directive does; inline and over shards. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { start } from "../../src/mod.ts";
import { Client } from "../client.ts";
import { engineTester } from "../engine.ts";
import { format } from "../reply.ts";
import { cleanup, test, waitFor } from "../harness.ts";

/** Connections to a new server. */
async function connected(shards: number, n: number): Promise<Client[]> {
  const server = await start({ port: 0, shards, "enable-debug-command": "yes" });
  cleanup(() => server.close());
  return await Promise.all(Array.from({ length: n }, () => Client.connect(server)));
}

async function text(client: Client, ...args: string[]): Promise<string> {
  const reply = await client.call(...args);
  assert("text" in reply);
  return reply.text;
}

/** The number behind `name` in what HTSTATS tells. */
function figure(stats: string, name: string): number {
  return Number(new RegExp(` ${name}: (\\d+)`).exec(stats)![1]);
}

/** How many home buckets there are by the distribution of their items, and how many items. */
function distribution(stats: string): [buckets: number, items: number] {
  let buckets = 0;
  let items = 0;
  for (const [, length, n] of stats.matchAll(/^ {3}(\d+): (\d+) \(/gm)) {
    buckets += Number(n);
    items += Number(length) * Number(n);
  }
  return [buckets, items];
}

for (const shards of [0, 2]) {
  const where = shards === 0 ? "inline" : `${shards} shards`;

  test(`DEBUG HTSTATS counts what lies in the tables, ${where}`, async () => {
    const [client] = await connected(shards, 1);
    assertMatch(await client.show("DEBUG", "HTSTATS", "0"), /No stats available for empty dictionaries/);
    await client.call("DEBUG", "POPULATE", "5000");
    await client.call("EXPIRE", "key:1", "100");
    const stats = await text(client, "DEBUG", "HTSTATS", "0");
    assertEquals(figure(stats, "number of elements"), 5000);
    assertEquals(figure(stats, "marked in the dictionary"), 1);
    assertEquals(distribution(stats), [figure(stats, "table size"), 5000]);
    assert(figure(stats, "slots") >= 5000);
    assertEquals(await client.show("DEBUG", "HTSTATS", "16"), "(error) ERR Out of range database");

    for (let i = 0; i < 200; i++) await client.call("SADD", "set", `member:${i}`);
    await client.call("ZADD", "zset", ...Array.from({ length: 300 }, (_, i) => [String(i), `m${i}`]).flat());
    await client.call("HSET", "hash", ...Array.from({ length: 600 }, (_, i) => [`f${i}`, "v"]).flat());
    for (const [key, n] of [["set", 200], ["zset", 300], ["hash", 600]] as const) {
      const shape = await text(client, "DEBUG", "HTSTATS-KEY", key);
      assertEquals(distribution(shape), [figure(shape, "table size"), n], key);
    }
    assertEquals(
      await client.show("DEBUG", "HTSTATS-KEY", "key:1"),
      "(error) ERR The value stored at the specified key is not represented using an hash table",
    );
    assertEquals(await client.show("DEBUG", "HTSTATS-KEY", "none"), "(error) ERR no such key");
  });

  test(`DEBUG QUICKLIST-PACKED-THRESHOLD gives elements nodes of their own, ${where}`, async () => {
    const [client] = await connected(shards, 1);
    await client.call("CONFIG", "SET", "list-max-listpack-size", "16");
    const elements = Array.from({ length: 17 }, () => "longer");
    await client.call("RPUSH", "before", ...elements);
    assertMatch(await client.show("DEBUG", "OBJECT", "before"), / ql_nodes:2 ql_avg_node:8\.50 ql_listpack_max:16 /);
    assertEquals(await client.show("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "6b"), "OK");
    await client.call("RPUSH", "after", ...elements);
    assertMatch(await client.show("DEBUG", "OBJECT", "after"), / ql_nodes:17 ql_avg_node:1\.00 /);
    await client.call("LSET", "after", "3", "short");
    await client.call("LINSERT", "after", "AFTER", "short", "brief");
    assertMatch(await client.show("DEBUG", "OBJECT", "after"), / ql_nodes:17 ql_avg_node:1\.06 /);
    assertEquals(await client.show("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "0"), "OK");
    await client.call("RPUSH", "again", ...elements);
    assertMatch(await client.show("DEBUG", "OBJECT", "again"), / ql_nodes:2 /);
    const refused = "(error) ERR argument must be a memory value bigger than 1 and smaller than 4gb";
    for (const bad of ["x", "4gb"]) {
      assertEquals(await client.show("DEBUG", "QUICKLIST-PACKED-THRESHOLD", bad), refused);
    }
  });

  test(`DEBUG SET-SKIP-CHECKSUM-VALIDATION lets wrong checksums pass, ${where}`, async () => {
    const [client] = await connected(shards, 1);
    await client.call("SET", "k", "v");
    const wrong = Buffer.from(await text(client, "DUMP", "k"), "latin1");
    wrong[wrong.length - 1] ^= 1;
    const refused = "(error) ERR DUMP payload version or checksum are wrong";
    assertEquals(await client.show("RESTORE", "l", "0", wrong), refused);
    await client.call("DEBUG", "SET-SKIP-CHECKSUM-VALIDATION", "1");
    assertEquals(await client.show("RESTORE", "l", "0", wrong), "OK");
    await client.call("DEBUG", "SET-SKIP-CHECKSUM-VALIDATION", "0");
    assertEquals(await client.show("RESTORE", "m", "0", wrong), refused);
    assertEquals(await client.show("GET", "l"), '"v"');
  });

  test(`what follows DEBUG SLEEP sees the time after it, ${where}`, async () => {
    const [client] = await connected(shards, 1);
    const [, , got] = await client.pipeline([["SET", "k", "v", "PX", "20"], ["DEBUG", "SLEEP", "0.05"], ["GET", "k"]]);
    assertEquals(got.type, "null");
  });
}

test("who waits for a key that expired within a transaction goes on waiting", async () => {
  const [client, waiting] = await connected(0, 2);
  waiting.send("BLPOP", "l", "0");
  await waitFor(async () => (await text(client, "INFO", "clients")).includes("blocked_clients:1"), "a client to wait");
  await client.pipeline([["MULTI"], ["RPUSH", "l", "a"], ["PEXPIRE", "l", "20"], ["DEBUG", "SLEEP", "0.05"], ["EXEC"]]);
  await client.call("RPUSH", "l", "b");
  assertEquals(format(await waiting.read()), '1) "l"\n2) "b"');
});

test("DEBUG LISTPACK and QUICKLIST print what a value consists of", () => {
  const t = engineTester();
  let printed = "";
  t.engine.call.print = (text) => printed += text;
  t.run("RPUSH", "small", "a", "12", "x".repeat(50));
  assertEquals(t.show("DEBUG LISTPACK small"), "Listpack structure printed on stdout");
  assertEquals(
    printed,
    "{total bytes 64} {num entries 3}\n" +
      '{index: 0, offset: 6, bytes: 3, string: "a"}\n' +
      '{index: 1, offset: 9, bytes: 2, integer: "12"}\n' +
      `{index: 2, offset: 11, bytes: 52, string: "${"x".repeat(40)}"...}\n{end}\n`,
  );
  t.run("HSET", "hash", "f", "v");
  t.run("HPEXPIRE", "hash", "1000", "FIELDS", "1", "f");
  printed = "";
  t.run("DEBUG", "LISTPACK", "hash");
  assertMatch(printed, /^\{total bytes \d+\} \{num entries 3\}\n/);

  t.run("RPUSH", "long", "e", "y".repeat(9000), "z");
  printed = "";
  assertEquals(t.show("DEBUG QUICKLIST long"), "Quicklist structure printed on stdout");
  const nodes = [
    "{quicklist node(0), container: PACKED, size: 10, count: 1}\n",
    "{quicklist node(1), container: PLAIN, size: 9000, count: 1}\n",
    "{quicklist node(2), container: PACKED, size: 10, count: 1}\n",
  ];
  assertEquals(printed, `{count: 3}\n{len: 3}\n${nodes.join("")}`);
  printed = "";
  t.run("DEBUG", "QUICKLIST", "long", "1");
  assertMatch(
    printed,
    /node\(0\).*\n.*\n\{index: 0, offset: 6, bytes: 3, string: "e"\}\n\{end\}\n\{quicklist node\(1\)/,
  );

  assertEquals(t.show("DEBUG LISTPACK long"), "(error) ERR Not a listpack encoded object.");
  assertEquals(t.show("DEBUG QUICKLIST small"), "(error) ERR Not a quicklist encoded object.");
  assertEquals(t.show("DEBUG LISTPACK none"), "(error) ERR no such key");
});
