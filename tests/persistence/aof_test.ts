/** The append-only file of a running server: what it holds is what was done, through restarts, rewrites, switches and kills. */
import { assert, assertEquals } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { latin1Text } from "../../src/base/bytes.ts";
import { type RunningServer, start } from "../../src/mod.ts";
import { systemFiles } from "../../src/runtime/mod.ts";
import { Client } from "../client.ts";
import { cleanup, startRingshard, tempDir, test, waitFor } from "../harness.ts";

interface Server {
  readonly running: RunningServer;
  readonly client: Client;
  readonly log: string[];
}

async function startAt(dir: string, shards: number, directives: Record<string, unknown> = {}): Promise<Server> {
  const log: string[] = [];
  const running = await start({
    port: 0,
    shards,
    dir,
    appendonly: "yes",
    "enable-debug-command": "yes",
    onLog: (line) => log.push(line),
    ...directives,
  });
  cleanup(() => running.close());
  return { running, client: await Client.connect(running), log };
}

async function text(client: Client, ...args: (string | number)[]): Promise<string> {
  const reply = await client.call(...args);
  assert("text" in reply, `${args.join(" ").slice(0, 80)} answers ${reply.type}`);
  return reply.text;
}

async function info(client: Client, name: string): Promise<string> {
  return new RegExp(`^${name}:(.*)\r$`, "m").exec(await text(client, "INFO", "persistence"))?.[1] ?? "";
}

/** The increments' text, in order. */
function increments(dir: string): string {
  const folder = `${dir}/appendonlydir`;
  const names = systemFiles.readDir(folder).filter((name) => name.endsWith(".incr.aof")).sort();
  return names.map((name) => systemFiles.readText(`${folder}/${name}`)).join("");
}

function resp(args: readonly string[]): string {
  return `*${args.length}\r\n` + args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("");
}

/** The increments hold these commands, once all is written. */
async function expectIncrements(dir: string, commands: readonly (readonly string[])[]): Promise<void> {
  const expected = commands.map(resp).join("");
  await waitFor(() => increments(dir).length >= expected.length, "the requests are written");
  const text = increments(dir);
  for (let i = 0, at = 0; i < commands.length; i++) {
    const command = resp(commands[i]);
    assertEquals(text.slice(at, at + command.length), command, `command ${i}, at byte ${at}`);
    at += command.length;
  }
  assertEquals(text.length, expected.length);
}

/** Everything in the folder, also of increments that are not in the manifest yet. */
function folderText(dir: string): string {
  const folder = `${dir}/appendonlydir`;
  const paths = systemFiles.readDir(folder).map((name) => `${folder}/${name}`);
  return paths.map((path) => existsSync(path) ? latin1Text(readFileSync(path)) : "").join("");
}

/** A bit of everything, over several databases and shards. */
async function change(client: Client, round: number): Promise<void> {
  const key = (name: string) => `${name}${round}`;
  for (let i = 0; i < 30; i++) await client.call("SET", key(`k${i}:`), `value ${i}`);
  await client.call("MSET", key("a"), "1", key("b"), "2", key("c"), "3", key("d"), "4");
  await client.call("DEL", key("k1:"), key("k2:"), key("k3:"), key("k4:"));
  await client.call("RENAME", key("a"), key("renamed"));
  await client.call("SADD", key("s"), "x", "y", "z");
  await client.call("SPOP", key("s"));
  await client.call("SINTERSTORE", key("inter"), key("s"), key("s"));
  await client.call("SET", key("brief"), "v", "EX", "1000");
  await client.call("RPUSH", key("l"), "1", "2", "3");
  await client.call("LMOVE", key("l"), key("m"), "LEFT", "RIGHT");
  await client.call("SELECT", "2");
  await client.call("HSET", key("h"), "f", "v", "g", "w");
  await client.call("MULTI");
  for (let i = 0; i < 6; i++) await client.call("INCR", key(`n${i}:`));
  await client.call("EXEC");
  await client.call("MULTI");
  await client.call("SET", key("with main's commands"), "1");
  await client.call("CLIENT", "SETNAME", "somebody");
  await client.call("SET", key("behind them"), "2");
  await client.call("EXEC");
  await client.call("SET", key("large"), "x".repeat(700_000));
  await client.call("SELECT", "0");
}

for (const shards of [0, 2]) {
  test(`lines that a client ends by other bytes than CRLF end by CRLF in the file, ${shards} shards`, async () => {
    const dir = tempDir();
    const { client } = await startAt(dir, shards);
    const long = "x".repeat(300);
    client.write(`*3\r?$3\r?SET??$3\r?key??$5\r?value??*12\r\n$5\r!RPUSH!!$1\r\nl\r\n${"$2\r!ab!!".repeat(10)}`);
    client.write(`*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$300\r#${long}##SET inline 'a word'\r\n`);
    for (let i = 0; i < 4; i++) await client.read();
    await expectIncrements(dir, [
      ["SELECT", "0"],
      ["SET", "key", "value"],
      ["RPUSH", "l", ...Array.from({ length: 10 }, () => "ab")],
      ["SET", "big", long],
      ["SET", "inline", "a word"],
    ]);
  });

  test(`a pipeline's effects are in the file in its order, whatever comes between its writes, ${shards} shards`, async () => {
    const dir = tempDir();
    const { client, running } = await startAt(dir, shards);
    const waiter = await Client.connect(running);
    waiter.write(resp(["BLPOP", "queue", "0"]));
    await waitFor(
      async () => /blocked_clients:1\r/.test(await text(client, "INFO", "clients")),
      "the other client waits",
    );
    const effects: string[][] = [["SELECT", "0"]];
    const requests: string[][] = [];
    const write = (...args: string[]) => {
      requests.push(args);
      effects.push(args);
    };
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < round; i++) write("SET", `key${i}`, "v".repeat(i * i));
      requests.push(["GET", "key0"], ["SET", "key0", "v", "XX", "NX"]);
      write("APPEND", "text", "more");
      write("SET", "large", "v".repeat(20_000));
      requests.push(["SET", "brief", "v", "EXAT", "9999999999"]);
      effects.push(["SET", "brief", "v", "PXAT", "9999999999000"]);
      write("SELECT", "3");
      write("SET", "there", `${round}`);
      write("INCR", "count");
      requests.push(["SELECT", "0"], ["MULTI"], ["SET", "a", "1"], ["SET", "b", "2"], ["EXEC"]);
      effects.push(["MULTI"], ["SELECT", "0"], ["SET", "a", "1"], ["SET", "b", "2"], ["EXEC"]);
      requests.push(["MULTI"], ["SET", "alone", "1"], ["EXEC"]);
      effects.push(["SET", "alone", "1"]);
    }
    write("RPUSH", "queue", "one", "two");
    effects.push(["LPOP", "queue"]);
    write("RPUSH", "queue", "three");
    client.write(requests.map(resp).join(""));
    for (let i = 0; i < requests.length; i++) await client.read();
    await expectIncrements(dir, effects);
  });
}

for (const shards of [0, 1, 4]) {
  const where = shards === 0 ? "inline" : `${shards} shards`;

  test(`what was done is there after a restart, with any number of shards, ${where}`, async () => {
    const dir = tempDir();
    const { running, client } = await startAt(dir, shards);
    await change(client, 1);
    const digest = await text(client, "DEBUG", "DIGEST");
    await running.close();
    for (const other of [0, 3]) {
      const again = await startAt(dir, other);
      assertEquals(await text(again.client, "DEBUG", "DIGEST"), digest);
      await again.running.close();
    }
  });

  test(`a rewrite cuts at one point: base and increment are the whole data, ${where}`, async () => {
    const dir = tempDir();
    for (const preamble of ["yes", "no"]) {
      const { running, client, log } = await startAt(dir, shards, { "aof-use-rdb-preamble": preamble });
      await change(client, 1);
      assertEquals(await text(client, "BGREWRITEAOF"), "Background append only file rewriting started");
      await change(client, 2);
      await waitFor(async () => await info(client, "aof_rewrite_in_progress") === "0", "the rewrite to end");
      assertEquals(await info(client, "aof_last_bgrewrite_status"), "ok", log.join(""));
      await change(client, 3);
      const digest = await text(client, "DEBUG", "DIGEST");
      await running.close();
      const again = await startAt(dir, shards);
      assertEquals(await text(again.client, "DEBUG", "DIGEST"), digest, again.log.join(""));
      await again.running.close();
    }
    const names = systemFiles.readDir(`${dir}/appendonlydir`).sort();
    assertEquals(names, ["appendonly.aof.3.base.aof", "appendonly.aof.3.incr.aof", "appendonly.aof.manifest"]);
  });

  test(`appendonly is switched on and off while clients write, ${where}`, async () => {
    const dir = tempDir();
    const { running, client } = await startAt(dir, shards, { appendonly: "no" });
    assertEquals(await info(client, "aof_enabled"), "0");
    await change(client, 1);
    await client.call("CONFIG", "SET", "appendonly", "yes");
    await change(client, 2);
    await waitFor(async () => await info(client, "aof_pending_rewrite") === "0", "the first base");
    await change(client, 3);
    await client.call("CONFIG", "SET", "appendonly", "no");
    const digest = await text(client, "DEBUG", "DIGEST");
    await client.call("SET", "not recorded", "1");
    const later = await text(client, "DEBUG", "DIGEST");
    await client.call("CONFIG", "SET", "appendonly", "yes");
    await client.call("CONFIG", "SET", "appendonly", "no");
    await running.close();
    // Normally there was no time for a base with that key as well.
    const renewed = systemFiles.readText(`${dir}/appendonlydir/appendonly.aof.manifest`).includes(".2.base.");
    const again = await startAt(dir, shards);
    assertEquals(await text(again.client, "DEBUG", "DIGEST"), renewed ? later : digest, again.log.join(""));
  });

  test(`under always many clients share a sync, and no reply comes before it, ${where}`, async () => {
    const dir = tempDir();
    const { running, client } = await startAt(dir, shards, { appendfsync: "always" });
    const clients = await Promise.all(Array.from({ length: 8 }, () => Client.connect(running)));
    await Promise.all(clients.map(async (each, n) => {
      for (let i = 0; i < 30; i++) {
        await each.call("SET", `${n}:${i}`, "acknowledged");
        assert(increments(dir).includes(`${n}:${i}\r\n`), "a reply came before its record was written");
      }
    }));
    assertEquals(await text(client, "GET", "7:29"), "acknowledged");
    await client.call("CONFIG", "SET", "appendfsync", "everysec");
    assertEquals(await text(client, "SET", "a", "1"), "OK");
  });
}

test("the files change hands between main and the persistence thread while clients write, with rewrites and switches", async () => {
  const dir = tempDir();
  const { running, client, log } = await startAt(dir, 0);
  const clients = await Promise.all(Array.from({ length: 4 }, () => Client.connect(running)));
  let round = 0;
  let over = false;
  const writing = Promise.all(clients.map(async (each) => {
    while (!over) await change(each, round++);
  }));
  writing.catch(() => {}); // if the test has failed, that is what it should tell of
  let durable = 0;
  for (let i = 0; i < 24; i++) {
    const policy = i % 2 === 0 ? "always" : i % 4 === 1 ? "everysec" : "no";
    assertEquals(await text(client, "CONFIG", "SET", "appendfsync", policy), "OK");
    if (i % 8 === 3) await client.call("BGREWRITEAOF");
    if (i === 12) await client.call("CONFIG", "SET", "appendonly", "no");
    if (i === 14) await client.call("CONFIG", "SET", "appendonly", "yes");
    assertEquals(await text(client, "SET", `probe:${i}!`, "acknowledged"), "OK");
    if (policy === "always" && (i < 12 || i > 14)) {
      assert(folderText(dir).includes(`probe:${i}!`), `the reply to ${i} came before its record was written`);
      durable++;
    }
    await new Promise((resolve) => setTimeout(resolve, (i * 7) % 25));
  }
  assert(durable >= 10);
  over = true;
  await writing;
  const digest = await text(client, "DEBUG", "DIGEST");
  await waitFor(async () => await info(client, "aof_pending_rewrite") === "0", "the base");
  assertEquals(await info(client, "aof_last_write_status"), "ok", log.join(""));
  await running.close();
  const again = await startAt(dir, 2);
  assertEquals(await text(again.client, "DEBUG", "DIGEST"), digest, again.log.join(""));
});

for (const [from, to] of [["everysec", "always"], ["always", "everysec"]]) {
  test(`a server that ends while its files change hands keeps what it was told, ${from} to ${to}`, async () => {
    const dir = tempDir();
    const { running, client } = await startAt(dir, 0, { appendfsync: from });
    for (const reply of await client.pipeline([["SET", "a", "1"], ["CONFIG", "SET", "appendfsync", to]])) {
      assertEquals(reply.type, "simple");
    }
    await running.close();
    const again = await startAt(dir, 0);
    assertEquals(await text(again.client, "GET", "a"), "1");
  });
}

test("transactions and split commands are there whole, or not at all, wherever the file is cut", async () => {
  const dir = tempDir();
  const { running, client } = await startAt(dir, 4);
  await client.call("MSET", "a", "1", "b", "1", "c", "1", "d", "1");
  for (const command of ["MULTI", "SET a 2", "SET b 2", "SET c 2", "SET d 2", "EXEC"]) {
    await client.call(...command.split(" "));
  }
  await client.call("MSET", "a", "3", "b", "3", "c", "3", "d", "3");
  await running.close();
  const path = `${dir}/appendonlydir/appendonly.aof.1.incr.aof`;
  const whole = systemFiles.readText(path);
  const seen = new Set<string>();
  for (let cut = whole.length; cut > 0; cut -= 1 + Math.floor(whole.length / 25)) {
    const file = systemFiles.open(path, "write");
    const bytes = new TextEncoder().encode(whole.slice(0, cut));
    file.write(bytes, 0, bytes.length, 0);
    file.close();
    const again = await startAt(dir, 0);
    const values = await again.client.call("MGET", "a", "b", "c", "d");
    assert(values.type === "array");
    const texts = new Set(values.items.map((item) => "text" in item ? item.text : "none"));
    assertEquals(texts.size, 1, `cut at ${cut}: ${[...texts]}`);
    seen.add([...texts][0]);
    await again.client.call("SET", "behind the cut", "1");
    await again.running.close();
    const once = await startAt(dir, 0);
    assertEquals(await text(once.client, "GET", "behind the cut"), "1", `cut at ${cut}`);
    await once.running.close();
  }
  assertEquals([...seen].sort(), ["1", "2", "3", "none"], whole);
}, { timeoutMs: 120_000 });

test("expired keys are deleted in the file, and don't come back with a restart", async () => {
  const dir = tempDir();
  const { running, client } = await startAt(dir, 0);
  await client.call("SET", "gone", "v", "PX", "1");
  await client.call("SET", "counter", "5", "PX", "1");
  for (const key of ["gone", "counter"]) {
    await waitFor(async () => await text(client, "GET", key).catch(() => "") === "", "the key to expire");
  }
  await client.call("INCR", "counter");
  await running.close();
  assert(
    /DEL\r\n\$4\r\ngone/i.test(increments(dir)) || /UNLINK\r\n\$4\r\ngone/i.test(increments(dir)),
    increments(dir),
  );
  const again = await startAt(dir, 0);
  assertEquals(await text(again.client, "GET", "counter"), "1");
});

test("a growing file is rewritten by itself", async () => {
  const dir = tempDir();
  const { client } = await startAt(dir, 0, {
    "auto-aof-rewrite-min-size": "20kb",
    "auto-aof-rewrite-percentage": "100",
  });
  for (let i = 0; i < 100; i++) await client.call("SET", "k", "x".repeat(1000));
  await waitFor(async () => Number(await info(client, "aof_rewrites")) > 0, "the rewrite");
  await waitFor(async () => await info(client, "aof_rewrite_in_progress") === "0", "its end");
  // The 100 commands alone have more than 100,000 bytes.
  assert(Number(await info(client, "aof_current_size")) < 100_000);
});

test("aof-timestamp-enabled says the time of what follows, and the file loads", async () => {
  const dir = tempDir();
  const { running, client } = await startAt(dir, 0, { "aof-timestamp-enabled": "yes" });
  await client.call("SET", "a", "1");
  await running.close();
  assert(/^#TS:\d{10}\r\n\*2\r\n/.test(increments(dir)), increments(dir));
  const again = await startAt(dir, 0);
  assertEquals(await text(again.client, "GET", "a"), "1");
});

for (const shards of [0, 4]) {
  test(`kill -9 under always loses nothing acknowledged, ${shards} shards`, async () => {
    const dir = tempDir();
    const args = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--shards", String(shards)];
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < 3; round++) {
      const server = await startRingshard(args, { dir });
      const checker = await Client.connect(server);
      await waitFor(async () => (await checker.call("DBSIZE")).type === "int", "the data to be loaded");
      for (const [key, value] of acknowledged) {
        const there = await text(checker, "GET", key);
        assert(Number(there) >= value, `${key} is ${there}, ${value} was acknowledged`);
      }
      const writers = await Promise.all(Array.from({ length: 10 }, () => Client.connect(server)));
      let alive = true;
      const writing = writers.map(async (writer, n) => {
        for (let i = 0; alive; i++) {
          const key = `${n}:${i % 20}`;
          const reply = await writer.call("INCR", key).catch(() => undefined);
          if (reply === undefined) return;
          assert(reply.type === "int");
          acknowledged.set(key, Number(reply.text));
        }
      });
      const until = acknowledged.size + 60 + round * 50;
      await waitFor(() => acknowledged.size >= Math.min(until, 200), "writes");
      if (round === 1) await checker.call("BGREWRITEAOF");
      await server.stop("SIGKILL");
      alive = false;
      await Promise.all(writing);
    }
    assertEquals(acknowledged.size > 0, true);
    const folder = `${dir}/appendonlydir`;
    assert(
      latin1Text(new TextEncoder().encode(systemFiles.readText(`${folder}/appendonly.aof.manifest`))).includes(
        "type b",
      ),
    );
  }, { timeoutMs: 120_000 });
}

for (const shards of [0, 4]) {
  test(`kill -9 leaves a prefix of what was done, whatever the policy, ${shards} shards`, async () => {
    const dir = tempDir();
    const args = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--shards", String(shards)];
    const server = await startRingshard(args, { dir });
    const writer = await Client.connect(server);
    const replies: Promise<unknown>[] = [];
    let sent = 0;
    let answered = 0;
    while (answered < 3000) {
      // One connection's requests run in their order: keys of all shards, one by one and four at a time.
      for (let i = 0; i < 100; i++, sent++) {
        const set = sent % 5 === 0
          ? ["MSET", `k${sent}`, "1", `a${sent}`, "1", `b${sent}`, "1", `c${sent}`, "1"]
          : ["SET", `k${sent}`, "1"];
        replies.push(writer.call(...set).then(() => answered++, () => {}));
      }
      await Promise.race([...replies.slice(-50)]);
    }
    await server.stop("SIGKILL");
    await Promise.all(replies);
    const again = await startRingshard(args, { dir });
    const reader = await Client.connect(again);
    await waitFor(async () => (await reader.call("DBSIZE")).type === "int", "the data to be loaded");
    const there = async (key: string) => (await reader.call("EXISTS", key) as { text: string }).text === "1";
    let count = 0;
    while (await there(`k${count}`)) count++;
    let others = 0;
    for (let i = 0; i < sent; i += 5) {
      const parts = await Promise.all([there(`k${i}`), there(`a${i}`), there(`b${i}`), there(`c${i}`)]);
      assertEquals(new Set(parts).size, 1, `MSET number ${i} is there by half`);
      if (parts[0]) others += 3;
    }
    const size = await text(reader, "DBSIZE");
    assertEquals(Number(size), count + others, "there is something behind a gap");
    assert(count > 0);
  }, { timeoutMs: 60_000 });
}
