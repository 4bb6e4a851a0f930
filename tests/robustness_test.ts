/**
 * What clients do to a server, and what must not happen then: die in mid-request, never read, send far too much, fill the memory.
 * Every case runs inline and over 2 shards.
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import process from "node:process";
import { start } from "../src/mod.ts";
import { type Argument, Client, encodeRequest } from "./client.ts";
import { Random } from "./fuzz/random.ts";
import { cleanup, type ServerProcess, startRingshard, test, waitFor } from "./harness.ts";
import type { Reply } from "./reply.ts";

const OK: Reply = { type: "simple", text: "OK" };
const PONG: Reply = { type: "simple", text: "PONG" };
const NIL: Reply = { type: "null", wire: "$-1" };
const bulk = (value: string): Reply => ({ type: "bulk", text: value });
const int = (n: number): Reply => ({ type: "int", text: String(n) });

async function serve(shards: number, directives: Record<string, unknown> = {}): Promise<{ port: number }> {
  const server = await start({ port: 0, shards, ...directives });
  cleanup(() => server.close());
  return { port: server.port };
}

function text(reply: Reply): string {
  assert("text" in reply, JSON.stringify(reply));
  return reply.text;
}

async function sessions(client: Client): Promise<number> {
  return text(await client.call("CLIENT", "LIST")).trimEnd().split("\n").length;
}

async function figure(client: Client, section: string, name: string): Promise<number> {
  const line = new RegExp(`^${name}:(\\d+)`, "m").exec(text(await client.call("INFO", section)));
  assert(line !== null, name);
  return Number(line[1]);
}

/** Resident memory of a child, in bytes; 0 where the system does not say it in a file. */
function residentBytes(server: ServerProcess): number {
  if (process.platform !== "linux") return 0;
  const status = readFileSync(`/proc/${server.child.pid}/status`, "latin1");
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)![1]) * 1024;
}

/** A text that is different everywhere, so that no piece in a wrong place looks right. */
function longText(length: number, seed: number): string {
  const random = new Random(seed);
  const parts: string[] = [];
  for (let size = 0; size < length; size += 8) parts.push(String(random.between(10_000_000, 99_999_999)));
  return parts.join("").slice(0, length);
}

/** Where a binary text differs from bytes; -1 when it doesn't. */
function firstDifference(binary: string, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) if (binary.charCodeAt(i) !== bytes[i]) return i;
  return binary.length === bytes.length ? -1 : bytes.length;
}

for (const shards of [0, 2]) {
  const setting = shards === 0 ? "inline" : `${shards} shards`;

  test(`robustness: clients that die in mid-request, ${setting}`, async () => {
    const server = await serve(shards);
    const watcher = await Client.connect(server);
    assertEquals(await watcher.call("SET", "kept", "value"), OK);
    assertEquals(await watcher.call("SET", "large", "x".repeat(300_000)), OK);
    const request = encodeRequest(["SET", "kept", "y".repeat(100_000)]);
    for (let i = 0; i < 60; i++) {
      const client = await Client.connect(server);
      // Replies that nobody reads make the kernel answer with a reset instead of an orderly end.
      client.pause(true);
      for (let k = 0; k < 4; k++) client.send("GET", "large");
      client.send("MULTI");
      client.write(request.subarray(0, Math.floor((request.length * i) / 60)));
      if (i % 2 === 0) await watcher.call("PING");
      client.close();
    }
    await waitFor(async () => await sessions(watcher) === 1, "the dead clients' sessions to go");
    assertEquals(await watcher.call("GET", "kept"), bulk("value"));
    assertEquals(await figure(watcher, "clients", "connected_clients"), 1);
  });

  test(`robustness: clients that never read, ${setting}`, async () => {
    const server = await startRingshard(["--shards", String(shards)]);
    const other = await Client.connect(server);
    await other.call("SET", "large", "x".repeat(100_000));
    const clients = 200;
    const flood = Buffer.concat(Array.from({ length: 3000 }, () => encodeRequest(["GET", "large"])));
    const before = residentBytes(server);
    const connected = await Promise.all(Array.from({ length: clients }, () => Client.connect(server)));
    for (const client of connected) {
      client.pause(true);
      client.write(flood);
    }
    // 60 GB are asked for. What a client may cost: 256 KiB unsent and its last replies, and its requests (90 KB).
    for (let i = 0; i < 200; i++) assertEquals(await other.call("SET", `k:${i}`, i), OK);
    const silent = async () =>
      text(await other.call("CLIENT", "LIST")).split("\n").filter((line) => / omem=[1-9]/.test(line));
    await waitFor(async () => (await silent()).length === clients, "every client's replies to wait", 30_000);
    assertEquals(await other.call("GET", "k:7"), bulk("7"));
    const grown = residentBytes(server) - before;
    assert(grown < clients * 1_000_000, `${grown} bytes for ${clients} clients`);
    for (const client of connected) client.close();
    await waitFor(async () => await sessions(other) === 1, "their sessions to go");
    await server.stop();
  }, { timeoutMs: 60_000 });

  test(`robustness: values larger than a ring's message, ${setting}`, async () => {
    const client = await Client.connect(await serve(shards));
    const [a, b, c] = ["key:1", "key:2", "key:3"];
    const [one, two, three] = [1, 2, 3].map((seed) => longText(3_000_000 + seed, seed));
    assertEquals(await client.call("SET", a, one), OK);
    assertEquals(await client.call("GET", a), bulk(one));
    assertEquals(await client.call("APPEND", a, two), int(one.length + two.length));
    assertEquals(await client.call("COPY", a, b), int(1));
    assertEquals(await client.call("RENAME", b, c), OK);
    assertEquals(await client.call("MGET", a, b, c), { type: "array", items: [bulk(one + two), NIL, bulk(one + two)] });
    assertEquals(await client.call("MSET", a, three, b, two, c, one), OK);
    assertEquals(await client.call("MGET", c, b, a), { type: "array", items: [bulk(one), bulk(two), bulk(three)] });
    assertEquals(await client.call("MSETNX", a, one, "new", two), int(0));
    assertEquals(await client.call("GETSET", a, two), bulk(three));
    const replies = await client.pipeline([["SET", a, one], ["SET", b, three], ["GET", a], ["GET", b], ["STRLEN", c]]);
    assertEquals(replies, [OK, OK, bulk(one), bulk(three), int(one.length)]);
  });

  test(`robustness: a value of 64 MB, ${setting}`, async () => {
    const client = await Client.connect(await serve(shards));
    const value = new Uint8Array(64 << 20);
    for (let i = 0; i < value.length; i += 1000) value[i] = i >> 10;
    client.write(`*3\r\n$3\r\nSET\r\n$4\r\nhuge\r\n$${value.length}\r\n`);
    client.write(value);
    client.write("\r\n");
    assertEquals(await client.read(), OK);
    assertEquals(await client.call("STRLEN", "huge"), int(value.length));
    for (const from of [0, 1 << 20, (64 << 20) - 5000]) {
      const piece = text(await client.call("GETRANGE", "huge", from, from + 4999));
      assertEquals(firstDifference(piece, value.subarray(from, from + 5000)), -1);
    }
    assertEquals(firstDifference(text(await client.call("GET", "huge")), value), -1);
  }, { timeoutMs: 60_000 });

  test(`robustness: a pipeline of 100,000 commands in one write, ${setting}`, async () => {
    const client = await Client.connect(await serve(shards));
    client.write("*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*2\r\n$4\r\nINCR\r\n$3\r\nm:1\r\n".repeat(50_000));
    for (let i = 1; i <= 50_000; i++) {
      const [n, m] = [await client.read(), await client.read()];
      if (text(n) !== String(i) || text(m) !== String(i)) assertEquals([n, m], [int(i), int(i)]);
    }
    assertEquals(client.unread(), { replies: 0, bytes: 0 });
  });

  test(`robustness: a client that fills the rings, ${setting}`, async () => {
    const server = await serve(shards);
    const [flooding, other] = [await Client.connect(server), await Client.connect(server)];
    const value = new Uint8Array(1_000_000).fill(120);
    const requests = Buffer.concat([0, 1, 2, 3].map((i) => encodeRequest(["SET", `k:${i}`, value])));
    let flooded = false;
    const done = (async () => {
      for (let i = 0; i < 15; i++) flooding.write(requests);
      for (let i = 0; i < 60; i++) assertEquals(await flooding.read(), OK);
      flooded = true;
    })();
    let rounds = 0;
    do {
      assertEquals(await other.call("PING"), PONG);
      assertEquals(await other.call("SET", "small", rounds), OK);
      assertEquals(await other.call("GET", "small"), bulk(String(rounds++)));
    } while (!flooded);
    await done;
    assertEquals(await other.call("STRLEN", "k:3"), int(1_000_000));
  }, { timeoutMs: 60_000 });

  test(`robustness: keys and values of any bytes, ${setting}`, async () => {
    const client = await Client.connect(await serve(shards));
    const everyByte = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("");
    const odd = [
      "",
      "\0",
      "\0\0",
      "a\0b",
      "\r\n",
      "\xff\xfe",
      "\xc3",
      "\xed\xa0\x80",
      everyByte,
      "$5\r\nabcde\r\n",
      " ",
    ];
    for (const key of odd) {
      for (const value of odd) {
        assertEquals(await client.call("SET", key, value), OK);
        assertEquals(await client.call("GETSET", key, key), bulk(value));
      }
    }
    assertEquals(await client.call("DBSIZE"), int(odd.length));
    assertEquals(await client.call("MGET", ...odd), { type: "array", items: odd.map(bulk) });
    const keys = await client.call("KEYS", "*");
    assertEquals("items" in keys ? keys.items.map(text).sort() : [], [...odd].sort());
    for (const key of odd) assertEquals(await client.call("HSET", `hash:${key}`, key, key), int(1));
    for (const key of odd) assertEquals(await client.call("HGET", `hash:${key}`, key), bulk(key));
  });

  test(`robustness: numbers beyond their range, ${setting}`, async () => {
    const server = await serve(shards);
    const client = await Client.connect(server);
    await client.pipeline([
      ["SET", "max", "9223372036854775807"],
      ["SET", "min", "-9223372036854775808"],
      ["RPUSH", "l", "a"],
    ]);
    const tooLong = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    const noInteger = "ERR value is not an integer or out of range";
    const cases: [Argument[], string][] = [
      [["INCR", "max"], "ERR increment or decrement would overflow"],
      [["DECR", "min"], "ERR increment or decrement would overflow"],
      [["INCRBY", "max", "9223372036854775808"], noInteger],
      [["DECRBY", "min", "-9223372036854775808"], "ERR decrement would overflow"],
      [["INCRBYFLOAT", "max", "inf"], "ERR increment would produce NaN or Infinity"],
      [["SETRANGE", "max", "536870912", "x"], tooLong],
      [["SETRANGE", "max", "9223372036854775807", "x"], tooLong],
      [["SETBIT", "max", "4294967296", "1"], "ERR bit offset is not an integer or out of range"],
      [["EXPIRE", "max", "9223372036854775807"], "ERR invalid expire time in 'expire' command"],
      [["PEXPIREAT", "max", "99999999999999999999"], noInteger],
      [["SET", "max", "1", "EX", "9223372036854775807"], "ERR invalid expire time in 'set' command"],
      [["LPOP", "l", "9223372036854775808"], "ERR value is out of range, must be positive"],
      [["SCAN", "99999999999999999999"], "ERR invalid cursor"],
      [["SELECT", "9223372036854775807"], "ERR value is out of range, value must between -2147483648 and 2147483647"],
      [["HINCRBY", "h", "f", "99999999999999999999"], noInteger],
      [["LRANGE", "l", "0", "1e3"], noInteger],
    ];
    for (const [command, error] of cases) {
      assertEquals([command, await client.call(...command)], [command, { type: "error", text: error }]);
    }
    const whole = ["-9223372036854775808", "9223372036854775807"];
    assertEquals(await client.call("GET", "max"), bulk("9223372036854775807"));
    assertEquals(await client.call("GETRANGE", "max", ...whole), bulk("9223372036854775807"));
    assertEquals(await client.show("LRANGE", "l", ...whole), '1) "a"');
    const onTheWire: [string, string][] = [
      ["*99999999999999999999\r\n", "ERR Protocol error: invalid multibulk length"],
      ["*2147483648\r\n", "ERR Protocol error: invalid multibulk length"],
      ["*1\r\n$99999999999999999999\r\n", "ERR Protocol error: invalid bulk length"],
      ["*1\r\n$536870913\r\n", "ERR Protocol error: invalid bulk length"],
      ["*1\r\n$-1\r\n", "ERR Protocol error: invalid bulk length"],
    ];
    for (const [bytes, error] of onTheWire) {
      const bad = await Client.connect(server);
      bad.write(bytes);
      assertEquals([bytes, await bad.read()], [bytes, { type: "error", text: error }]);
      await bad.closed;
    }
  });

  test(`robustness: maxmemory without eviction loses nothing, ${setting}`, async () => {
    const client = await Client.connect(await serve(shards));
    assertEquals(await client.call("SET", "first", "1"), OK);
    const used = await figure(client, "memory", "used_memory");
    assertEquals(await client.call("CONFIG", "SET", "maxmemory", used + 8_000_000), OK);
    const stored: string[] = [];
    const value = "v".repeat(1000);
    let refusal: Reply | undefined;
    for (let batch = 0; refusal === undefined && batch < 100; batch++) {
      const keys = Array.from({ length: 200 }, (_, i) => `k:${batch}:${i}`);
      const replies = await client.pipeline(keys.map((key) => ["SET", key, value + key]));
      keys.forEach((key, i) => replies[i].type === "error" ? refusal ??= replies[i] : stored.push(key));
    }
    assertEquals(refusal, { type: "error", text: "OOM command not allowed when used memory > 'maxmemory'." });
    assert(stored.length > 2000, String(stored.length));
    for (const line of ["RPUSH l a", "MSET a 1 b 2", `COPY ${stored[0]} c`, "INCR first"]) {
      assertMatch(await client.show(...line.split(" ")), /^\(error\) OOM command not allowed/);
    }
    for (let i = 0; i < stored.length; i += 500) {
      const keys = stored.slice(i, i + 500);
      assertEquals(await client.call("MGET", ...keys), { type: "array", items: keys.map((key) => bulk(value + key)) });
    }
    assertEquals(await client.call("DBSIZE"), int(stored.length + 1));
    const gone = stored.splice(0, stored.length / 2);
    assertEquals(await client.call("DEL", ...gone), int(gone.length));
    await waitFor(async () => (await client.call("SET", "again", "1")).type === "simple", "room");
    assertEquals(await client.call("RPUSH", "l", "a"), int(1));
    assertEquals(await client.call("EXISTS", ...stored), int(stored.length));
  });

  test(`robustness: buffers beyond their limits end the client, ${setting}`, async () => {
    const server = await serve(shards, { "client-output-buffer-limit": ["normal", "1mb", "0", "0"] });
    const watcher = await Client.connect(server);
    assertEquals(await watcher.call("CONFIG", "SET", "client-query-buffer-limit", "1mb"), OK);
    const asking = await Client.connect(server);
    asking.write(`*2\r\n$3\r\nGET\r\n$${4 << 20}\r\n`);
    asking.write("x".repeat(2 << 20));
    await asking.closed;
    assertEquals(await figure(watcher, "stats", "client_query_buffer_limit_disconnections"), 1);
    // A request that is complete when it is too much is not run either.
    const complete = await Client.connect(server);
    complete.send("SET", "large", "x".repeat(1 << 20));
    await complete.closed;
    assertEquals(await figure(watcher, "stats", "client_query_buffer_limit_disconnections"), 2);
    assertEquals(await watcher.call("CONFIG", "SET", "client-query-buffer-limit", "1gb"), OK);
    assertEquals(await watcher.call("SET", "large", "x".repeat(900_000)), OK);
    const silent = await Client.connect(server);
    silent.pause(true);
    // Within one transaction the replies come at once, however little of them is taken.
    silent.send("MULTI");
    for (let i = 0; i < 20; i++) silent.send("GET", "large");
    silent.send("EXEC");
    const ended = () => figure(watcher, "stats", "client_output_buffer_limit_disconnections");
    await waitFor(async () => await ended() === 1, "the silent client's end");
    silent.pause(false);
    await silent.closed;
    await waitFor(async () => await sessions(watcher) === 1, "its session to go");
    assertEquals(await watcher.call("STRLEN", "large"), int(900_000));
  });

  test(`robustness: replies longer than the hard limit end the client, unsent, ${setting}`, async () => {
    const server = await serve(shards, { "client-output-buffer-limit": ["normal", "100000", "0", "0"] });
    const watcher = await Client.connect(server);
    assertEquals(await watcher.call("SET", "long", "x".repeat(120_000)), OK);
    assertEquals(await watcher.call("SET", "piece", "x".repeat(30_000)), OK);
    const requests = [["GET", "long"], ["MGET", "piece", "piece", "piece", "piece"]];
    let ended = 0;
    for (const request of requests) {
      const client = await Client.connect(server);
      const reply = client.call(...request);
      await assertRejects(() => reply);
      await client.closed;
      assertEquals(await figure(watcher, "stats", "client_output_buffer_limit_disconnections"), ++ended);
    }
    // Together too long, one by one not.
    for (let i = 0; i < 10; i++) assertEquals((await watcher.call("GET", "piece")).type, "bulk");
    if (shards > 0) return;
    const pipelining = await Client.connect(server);
    const replies = ["1", "2", "3", "4"].map((n) => pipelining.call("MGET", "piece", n));
    for (const { status } of await Promise.allSettled(replies)) assertEquals(status, "rejected");
    await pipelining.closed;
    // The others are served as before, under other limits too.
    assertEquals(await watcher.call("CONFIG", "SET", "client-output-buffer-limit", "normal 0 0 0"), OK);
    assertEquals((await watcher.call("MGET", "long", "long")).type, "array");
  });

  test(`robustness: 200 clients that come and go, ${setting}`, async () => {
    const server = await serve(shards);
    const watcher = await Client.connect(server);
    const random = new Random(26 + shards);
    const open: Client[] = [];
    let sent = 0;
    for (let i = 0; i < 200; i++) {
      const client = await Client.connect(server);
      open.push(client);
      for (let k = random.between(0, 20); k > 0; k--, sent++) client.send("INCR", "n");
      if (random.chance(0.5)) client.write(encodeRequest(["SET", "k", "value"]).subarray(0, random.between(0, 20)));
      if (random.chance(0.3)) client.send("MULTI");
      while (open.length > 0 && random.chance(0.6)) {
        const [leaving] = open.splice(random.between(0, open.length - 1), 1);
        if (random.chance(0.5)) leaving.close();
        else leaving.finish();
      }
    }
    for (const client of open) client.finish();
    await waitFor(async () => await sessions(watcher) === 1, "all sessions to go");
    assertEquals(await figure(watcher, "clients", "connected_clients"), 1);
    assertEquals(await figure(watcher, "stats", "total_connections_received"), 201);
    const ran = Number(text(await watcher.call("GET", "n")));
    assert(ran > 0 && ran <= sent, `${ran} of ${sent}`);
  });

  test(`robustness: a bug in a thread ends the process with a report, ${setting}`, async () => {
    const server = await startRingshard(["--shards", String(shards), "--enable-debug-command", "yes"]);
    const client = await Client.connect(server);
    assertEquals(await client.call("SET", "k", "v"), OK);
    const ended = new Promise<number | null>((resolve) => server.child.once("exit", resolve));
    client.send("DEBUG", "PANIC");
    assertEquals(await ended, 1);
    await client.closed;
    assertMatch(server.log(), /RINGSHARD BUG REPORT/);
    assertMatch(server.log(), /DEBUG PANIC/);
  });

  test(`robustness: SIGTERM ends the process in order, ${setting}`, async () => {
    const server = await startRingshard(["--shards", String(shards)]);
    const client = await Client.connect(server);
    for (let i = 0; i < 1000; i++) client.send("INCR", "n");
    await server.stop();
    await client.closed;
    assertMatch(server.log(), /Received SIGTERM scheduling shutdown[^]*bye bye/);
  });
}

test("robustness: a second SIGTERM does not wait for a busy shard", async () => {
  const server = await startRingshard(["--shards", "2", "--enable-debug-command", "yes"]);
  const client = await Client.connect(server);
  assertEquals(await client.call("PING"), PONG);
  // More work than the time of this test allows, which the first signal waits for.
  client.send("DEBUG", "POPULATE", "50000000");
  assertEquals(await (await Client.connect(server)).call("PING"), PONG);
  process.kill(server.child.pid!, "SIGTERM");
  await waitFor(() => server.log().includes("User requested shutdown"), "the first signal");
  assertEquals(server.log().includes("bye bye"), false);
  await server.stop("SIGTERM");
  assertMatch(server.log(), /You insist\.\.\. exiting now\./);
});
