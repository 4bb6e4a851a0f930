/**
 * Saving and loading as an operator sees them: SAVE, BGSAVE, save points, restarts with any number of shards, SHUTDOWN and its
 * options, DEBUG RELOAD, failing disks, files that can't be loaded, and what clients are told meanwhile.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Client, encodeRequest } from "../client.ts";
import { cleanup, type ServerProcess, startRedis, startRingshard, tempDir, test, waitFor } from "../harness.ts";
import { Log } from "../../src/base/log.ts";
import { Config } from "../../src/config/config.ts";
import { start } from "../../src/mod.ts";
import { Server } from "../../src/threads/main/server.ts";

/** What every server here gets; an own `--save` comes behind it. */
const ARGS = ["--save", "", "--enable-debug-command", "yes", "--rdb-version", "10"];

async function serve(dir: string, shards: number, ...more: string[]): Promise<[ServerProcess, Client]> {
  const server = await startRingshard([...ARGS, "--shards", String(shards), ...more], { dir });
  return [server, await Client.connect(server)];
}

async function info(client: Client, field: string): Promise<string> {
  const text = JSON.stringify(await client.call("INFO", "persistence"));
  return new RegExp(`\\\\n${field}:(.*?)\\\\r`).exec(text)?.[1] ?? "";
}

/** Some of every type, in two databases, with expiries. */
async function fill(client: Client): Promise<void> {
  const requests: string[][] = [];
  for (let i = 0; i < 300; i++) {
    requests.push(["SET", `string:${i}`, `value ${i}`.repeat(1 + i % 30)], ["RPUSH", `list:${i}`, "a", String(i), "c"]);
    requests.push(["HSET", `hash:${i}`, "f", String(i)], ["SADD", `set:${i}`, String(i), "x"]);
    requests.push(["ZADD", `zset:${i}`, String(i / 3), "m"], ["XADD", `stream:${i}`, "*", "f", String(i)]);
    requests.push(["SET", `volatile:${i}`, String(i), "EX", "10000"], ["SADD", "large", `member ${i} ${i * 7}`]);
  }
  requests.push(["SELECT", "5"], ["SET", "elsewhere", "1"], ["SELECT", "0"]);
  for (const reply of await client.pipeline(requests)) assert(reply.type !== "error", JSON.stringify(reply));
}

for (const [from, to] of [[0, 4], [4, 1], [1, 0]]) {
  test(`control: what SHUTDOWN SAVE wrote with ${from} shards is there with ${to}`, async () => {
    const dir = tempDir();
    const [, client] = await serve(dir, from);
    await fill(client);
    const digest = await client.show("DEBUG", "DIGEST");
    client.send("SHUTDOWN", "SAVE");
    await client.closed;
    await waitFor(() => existsSync(join(dir, "dump.rdb")), "the file");
    assertEquals(readdirSync(dir).filter((name) => name.startsWith("temp-")), []);

    const [server, again] = await serve(dir, to);
    assertEquals(await again.show("DEBUG", "DIGEST"), digest);
    assertEquals(await info(again, "rdb_last_load_keys_loaded"), "2102");
    assertEquals(await info(again, "rdb_changes_since_last_save"), "0");
    for (
      const line of [/Loading RDB produced by version 7/, /RDB age \d+ seconds/, /keys loaded: 2102, keys expired: 0\./]
    ) assert(line.test(server.log()), server.log());
    assertStringIncludes(server.log(), "DB loaded from disk: ");
    assertEquals(await again.show("DEBUG", "RELOAD"), "OK");
    assertEquals(await again.show("DEBUG", "DIGEST"), digest);
  });
}

for (const shards of [0, 4]) {
  test(`control: SAVE, BGSAVE and LASTSAVE, ${shards} shards; redis-server takes the file`, async () => {
    const dir = tempDir();
    const [server, client] = await serve(dir, shards);
    await fill(client);
    assertEquals(await info(client, "rdb_changes_since_last_save"), String(300 * 11 + 1));
    assertEquals(await client.show("SAVE"), "OK");
    assertEquals(await info(client, "rdb_changes_since_last_save"), "0");
    await client.call("SET", "new", "1");
    const replies = await client.pipeline([["BGSAVE"], ["BGSAVE"], ["SAVE"], ["BGSAVE", "NOW"]]);
    assertEquals(replies.map((reply) => "text" in reply ? reply.text : ""), [
      "Background saving started",
      "ERR Background save already in progress",
      "ERR Background save already in progress",
      "ERR syntax error",
    ]);
    await waitFor(async () => await info(client, "rdb_bgsave_in_progress") === "0", "the save's end");
    assertEquals(await info(client, "rdb_last_bgsave_status"), "ok");
    assertEquals(await info(client, "rdb_saves"), "2");
    assertEquals(await info(client, "rdb_changes_since_last_save"), "0");
    assertEquals(await client.show("LASTSAVE"), `(integer) ${await info(client, "rdb_last_save_time")}`);
    // What the counters are reset to must not look like changes, nor like a flush.
    await client.call("CONFIG", "RESETSTAT");
    assertEquals(await info(client, "rdb_changes_since_last_save"), "0");
    const digest = await client.show("DEBUG", "DIGEST");
    await server.stop("SIGKILL");
    const redis = await startRedis(["--dir", dir, "--enable-debug-command", "yes"]);
    if (redis === undefined) return;
    const reference = await Client.connect(redis);
    assertEquals(await reference.show("DEBUG", "DIGEST"), digest);
    await reference.call("SET", "of", "redis");
    await reference.call("SAVE");
    const theirs = await reference.show("DEBUG", "DIGEST");
    await redis.stop("SIGKILL");
    const [, ours] = await serve(dir, shards);
    assertEquals(await ours.show("DEBUG", "DIGEST"), theirs);
  });

  test(`control: SIGTERM saves where there are save points; SHUTDOWN NOSAVE does not, ${shards} shards`, async () => {
    const dir = tempDir();
    const [server, client] = await serve(dir, shards, "--save", "900 1");
    await client.call("SET", "k", "v");
    await server.stop("SIGTERM");
    assertStringIncludes(server.log(), "Saving the final RDB snapshot before exiting.");
    const [, second] = await serve(dir, shards, "--save", "900 1");
    assertEquals(await second.show("GET", "k"), '"v"');
    await second.call("SET", "k", "w");
    second.send("SHUTDOWN", "NOSAVE");
    await second.closed;
    const [, third] = await serve(dir, shards);
    assertEquals(await third.show("GET", "k"), '"v"');
    assertEquals(await third.show("SHUTDOWN", "ABORT"), "(error) ERR No shutdown in progress.");
  });
}

test("control: without FORCE no SHUTDOWN while the append-only file has not its first base", async () => {
  const dir = tempDir();
  const [server, client] = await serve(dir, 0);
  await fill(client);
  client.send("CONFIG", "SET", "appendonly", "yes");
  client.send("SHUTDOWN", "NOSAVE");
  assertEquals((await client.read()).type, "simple");
  const refusal = await client.read();
  assert(refusal.type === "error" && refusal.text === "ERR Errors trying to SHUTDOWN. Check logs.", refusal.type);
  await waitFor(() => server.log().includes("Writing initial AOF, can't exit"), "the log's line");
  await waitFor(async () => await info(client, "aof_rewrite_in_progress") === "0", "the base");
  client.send("SHUTDOWN", "NOSAVE");
  await client.closed;
  const [, again] = await serve(dir, 0, "--appendonly", "yes");
  assertEquals(await again.show("GET", "volatile:1"), '"1"');
});

for (const [shards, policy] of [[0, "everysec"], [0, "always"], [2, "everysec"]] as const) {
  test(`control: SHUTDOWN right behind a value larger than the journal's ring keeps it, ${shards} shards, ${policy}`, async () => {
    const dir = tempDir();
    const [, client] = await serve(dir, shards, "--appendonly", "yes", "--appendfsync", policy);
    const large = Buffer.alloc(20 << 20, "x");
    client.write(Buffer.concat([encodeRequest(["SET", "large", large]), encodeRequest(["SET", "last", "1"])]));
    client.send("SHUTDOWN", "NOSAVE");
    await client.closed;
    const [, again] = await serve(dir, 0, "--appendonly", "yes");
    assertEquals(await again.show("STRLEN", "large"), `(integer) ${large.length}`);
    assertEquals(await again.show("GET", "last"), '"1"');
  });
}

test("control: a save point saves when it is due, and FLUSHALL replaces the file at once", async () => {
  const dir = tempDir();
  let nowMs = 1_700_000_000_000;
  const server = await start({ dir, save: "60 2", clock: { nowMs: () => nowMs } });
  cleanup(() => server.close());
  const client = await Client.connect(server);
  await client.pipeline([["SET", "a", "1"], ["SET", "b", "1"]]);
  assertEquals(existsSync(join(dir, "dump.rdb")), false);
  nowMs += 61_000;
  await waitFor(() => existsSync(join(dir, "dump.rdb")), "the save");
  await waitFor(async () => await info(client, "rdb_changes_since_last_save") === "0", "no changes");
  await client.pipeline([["SET", "c", "1"], ["FLUSHALL"]]);
  assertEquals(await info(client, "rdb_changes_since_last_save"), "0");
  await waitFor(async () => await info(client, "rdb_saves") === "2", "the save of FLUSHALL");
  await client.call("SET", "d", "1");
  assertEquals(await info(client, "rdb_changes_since_last_save"), "1");
  await server.close();

  const again = await start({ dir, shards: 2 });
  cleanup(() => again.close());
  const other = await Client.connect(again);
  assertEquals(await other.show("DBSIZE"), "(integer) 0");
});

test("control: what is embedded keeps nothing unasked", async () => {
  const dir = tempDir();
  const kept = await start({ dir });
  cleanup(() => kept.close());
  const client = await Client.connect(kept);
  await client.pipeline([["SET", "a", "1"], ["SAVE"]]);
  assertEquals(readdirSync(dir), ["dump.rdb"]);
  await kept.close();
  const plain = await start();
  cleanup(() => plain.close());
  const other = await Client.connect(plain);
  assertEquals(await other.show("CONFIG", "GET", "save"), '1) "save"\n2) ""');
});

for (const shards of [0, 4]) {
  test(`control: a disk that fails refuses writes until a save succeeds, ${shards} shards`, async () => {
    const dir = tempDir();
    const [server, client] = await serve(dir, shards, "--save", "900 1");
    await client.call("SET", "k", "v");
    const temporary = join(dir, `temp-${server.child.pid}.rdb`);
    const failures: [string, () => void, () => void][] = [
      // A full disk, as Linux offers one.
      [
        "Write error while saving DB to the disk(write): No space left on device",
        () => symlinkSync("/dev/full", temporary),
        () => {},
      ],
      ["Failed opening the temp RDB file", () => mkdirSync(temporary), () => rmdirSync(temporary)],
      ["Error moving temp DB file", () => mkdirSync(join(dir, "dump.rdb")), () => rmdirSync(join(dir, "dump.rdb"))],
    ];
    for (const [line, breakDisk, mend] of failures) {
      breakDisk();
      assertEquals(await client.show("BGSAVE"), "Background saving started");
      await waitFor(async () => await info(client, "rdb_last_bgsave_status") === "err", "the failure");
      assertStringIncludes(server.log(), line);
      for (const request of [["SET", "k", "w"], ["PING"]]) {
        assertStringIncludes(
          await client.show(...request),
          "(error) MISCONF Redis is configured to save RDB snapshots",
        );
      }
      await client.pipeline([["MULTI"], ["GET", "k"]]);
      assertStringIncludes(await client.show("SET", "k", "w"), "MISCONF");
      assertStringIncludes(await client.show("EXEC"), "EXECABORT");
      assertEquals(await client.show("GET", "k"), '"v"');
      await client.call("CONFIG", "SET", "stop-writes-on-bgsave-error", "no");
      assertEquals(await client.show("PING"), "PONG");
      await client.call("CONFIG", "SET", "stop-writes-on-bgsave-error", "yes");
      if (!existsSync(temporary) && !existsSync(join(dir, "dump.rdb"))) breakDisk(); // the failed save cleaned up
      assertStringIncludes(await client.show("SHUTDOWN"), "ERR Errors trying to SHUTDOWN. Check logs.");
      mend();
      rmSync(temporary, { force: true });
      assertEquals(await client.show("SAVE"), "OK");
      assertEquals(await client.show("SET", "k", "v"), "OK");
      assertEquals(await info(client, "rdb_last_bgsave_status"), "ok");
      rmSync(join(dir, "dump.rdb"));
    }
  });
}

test("control: a file that can't be loaded ends the process with 1, in Redis's words", async () => {
  const refused = "Fatal error loading the DB, check server logs. Exiting.";
  const damaged = "Terminating server after rdb file reading failure.";
  const files: [string, string, string][] = [
    ["REDISXX11", "Can't handle RDB format version 0", refused],
    ["RUBBISH!!", "Wrong signature trying to load DB from file", refused],
    ["REDIS0099", "Can't handle RDB format version 99", refused],
    ["REDIS0011\xfe", "Short read or OOM loading DB. Unrecoverable error, aborting now.", damaged],
    [
      "REDIS0011\x0b\x01k\x02xx\xff\0\0\0\0\0\0\0\0",
      "Internal error in RDB reading offset 15 -> Intset integrity check failed.",
      damaged,
    ],
    ["REDIS0011\xff12345678", "RDB CRC error", damaged],
  ];
  for (const [bytes, line, end] of files) {
    const dir = tempDir();
    writeFileSync(join(dir, "dump.rdb"), bytes, "latin1");
    const failure = await startRingshard([...ARGS, "--shards", "2"], { dir }).then(() => "", String);
    assertStringIncludes(failure, line);
    assertStringIncludes(failure, end);
    assertStringIncludes(failure, "(1)");
  }
});

for (const shards of [0, 2]) {
  test(`control: while data is loaded clients are told so, ${shards} shards`, async () => {
    const dir = tempDir();
    const [first, client] = await serve(dir, shards);
    await fill(client);
    await client.call("SAVE");
    await first.stop("SIGKILL");

    const config = new Config({ current: () => dir, change: () => undefined });
    for (const [name, value] of [["bind", "127.0.0.1"], ["network", "portable"], ["shards", String(shards)]]) {
      config.load(name, [value], false);
    }
    const server = new Server(config, new Log(1, Date.now, () => {}));
    cleanup(() => server.close());
    await server.listen({ anyPort: true });
    const other = await Client.connect(server);
    const refused = "(error) LOADING Redis is loading the dataset in memory";
    // As in Redis, a client waits for what is loaded soon, and is refused once that has shown to be much.
    let answered = false;
    const asked = other.show("GET", "string:1").finally(() => answered = true);
    await waitFor(() => server.connections.netInput > 0, "the request to arrive");
    assertEquals(answered, false);
    server.persistence.loading.passedBytes = 3 << 20;
    assertEquals(await asked, refused);
    assertEquals(await other.show("PING"), refused);
    assertEquals(await info(other, "loading"), "1");
    assertEquals(await info(other, "loading_loaded_perc"), "0.00");
    assertEquals(await other.show("MULTI"), "OK");
    assertEquals(await other.show("GET", "string:1"), refused);
    server.persistence.loading.passedBytes = 0;
    assertEquals(await server.load(), true);
    assertStringIncludes(await other.show("EXEC"), "EXECABORT");
    assertEquals(await other.show("GET", "volatile:1"), '"1"');
    assertEquals(await info(other, "loading"), "0");
    assertEquals(await info(other, "loading_loaded_perc"), "");
  });
}

for (const shards of [0, 4]) {
  test(`control: DEBUG LOADAOF gives what was recorded, ${shards} shards`, async () => {
    const dir = tempDir();
    const [server, client] = await serve(dir, shards, "--appendonly", "yes");
    await fill(client);
    const digest = await client.show("DEBUG", "DIGEST");
    assertEquals(await client.show("DEBUG", "LOADAOF"), "OK");
    assertEquals(await client.show("DEBUG", "DIGEST"), digest);
    assertEquals(await info(client, "loading"), "0");
    await client.call("SET", "later", "1");
    await client.call("BGREWRITEAOF");
    await client.call("SET", "latest", "1");
    const after = await client.show("DEBUG", "DIGEST");
    assertEquals(await client.show("DEBUG", "LOADAOF"), "OK");
    assertEquals(await client.show("DEBUG", "DIGEST"), after);
    assertStringIncludes(server.log(), "Append Only File loaded by DEBUG LOADAOF");
    await server.stop("SIGTERM");
    const [, again] = await serve(dir, shards, "--appendonly", "yes");
    assertEquals(await again.show("DEBUG", "DIGEST"), after);
  });

  test(`control: DEBUG LOADAOF before there is a base loads what the folder has, ${shards} shards`, async () => {
    const dir = tempDir();
    const [server, client] = await serve(dir, shards);
    assertEquals(await client.show("DEBUG", "LOADAOF"), "(error) ERR There is no append only file");
    await client.call("SET", "old", "1");
    await client.call("CONFIG", "SET", "appendonly", "yes");
    await waitFor(async () => await info(client, "aof_pending_rewrite") === "0", "the first base");
    await client.call("CONFIG", "SET", "appendonly", "no");
    await client.call("SET", "new", "1");
    // A save that takes its time puts off the rewrite.
    await client.call("CONFIG", "SET", "rdb-key-save-delay", "100000000");
    await client.call("BGSAVE");
    await client.call("CONFIG", "SET", "appendonly", "yes");
    assertEquals(await info(client, "aof_rewrite_scheduled"), "1");
    assertEquals(await client.show("DEBUG", "LOADAOF"), "OK");
    assertEquals(await client.show("EXISTS", "new"), "(integer) 0");
    assertEquals(await client.show("GET", "old"), '"1"');
    await client.call("SET", "newer", "1");
    await client.call("CONFIG", "SET", "rdb-key-save-delay", "0");
    await waitFor(async () => await info(client, "aof_pending_rewrite") === "0", "the first base");
    assertEquals(await client.show("DEBUG", "LOADAOF"), "OK");
    assertEquals(await client.show("MGET", "old", "newer"), '1) "1"\n2) "1"');
    await server.stop("SIGTERM");
  });

  test(`control: a long DEBUG RELOAD or LOADAOF tells clients of it, ${shards} shards`, async () => {
    const dir = tempDir();
    const [server, client] = await serve(dir, shards, "--appendonly", "yes");
    const other = await Client.connect(server);
    await client.pipeline(Array.from({ length: 3000 }, (_, i) => ["SET", `key:${i}`, "x".repeat(100)]));
    await client.call("CONFIG", "SET", "rdbcompression", "no", "loading-process-events-interval-bytes", "1024");
    const digest = await client.show("DEBUG", "DIGEST");
    for (const how of ["RELOAD", "LOADAOF"]) {
      await other.call("CONFIG", "SET", "key-load-delay", "500");
      const done = client.call("DEBUG", how);
      await waitFor(async () => await info(other, "loading") === "1", "to be told");
      assertEquals(await other.show("GET", "key:1"), "(error) LOADING Redis is loading the dataset in memory");
      const total = Number(await info(other, "loading_total_bytes"));
      assert(total > 300_000, String(total));
      await waitFor(async () => Number(await info(other, "loading_loaded_bytes")) > total / 4, "progress");
      assert(Number(await info(other, "loading_loaded_perc")) > 20);
      assert(Number(await info(other, "loading_start_time")) > 1_700_000_000);
      assert(Number(await info(other, "loading_eta_seconds")) >= 0);
      await other.call("CONFIG", "SET", "key-load-delay", "0");
      assertEquals(await done, { type: "simple", text: "OK" });
      assertEquals(await info(other, "loading"), "0");
      assertEquals(await client.show("DEBUG", "DIGEST"), digest);
    }
  });

  test(`control: what is wrong with a payload of RESTORE is in the log, ${shards} shards`, async () => {
    const [server, client] = await serve(tempDir(), shards, "--loglevel", "verbose");
    await client.call("DEBUG", "SET-SKIP-CHECKSUM-VALIDATION", "1");
    // An intset (type 11) of two bytes.
    const payload = "\x0b\x02xx" + "\x0b\0" + "\0".repeat(8);
    assertEquals(await client.show("RESTORE", "k", "0", payload), "(error) ERR Bad data format");
    await waitFor(() => /RDB reading offset 0 -> Intset integrity check failed\./.test(server.log()), "the line");
  });
}

test("control: SHUTDOWN ABORT takes a signal back; a second SIGINT ends a save, and its file goes", async () => {
  const dir = tempDir();
  const [server, client] = await serve(dir, 0, "--save", "900 1");
  const temporary = () => readdirSync(dir).filter((name) => name.startsWith("temp-"));
  await client.call("SET", "k", "v");
  await client.call("DEBUG", "PAUSE-CRON", "1");
  process.kill(server.child.pid!, "SIGTERM");
  await waitFor(() => server.log().includes("Received SIGTERM scheduling shutdown..."), "the signal");
  assertEquals(await client.show("SHUTDOWN", "ABORT"), "OK");
  await client.call("DEBUG", "PAUSE-CRON", "0");
  assertEquals(await client.show("PING"), "PONG");
  await client.call("CONFIG", "SET", "rdb-key-save-delay", "100000000");
  process.kill(server.child.pid!, "SIGINT");
  await waitFor(() => temporary().length === 1, "the save");
  process.kill(server.child.pid!, "SIGINT");
  await client.closed;
  assertEquals(temporary(), []);
  assertEquals(existsSync(join(dir, "dump.rdb")), false);
});
