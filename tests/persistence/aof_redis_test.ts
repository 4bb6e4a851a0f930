/** Directories of append-only files move between redis-server and Ringshard, both ways, and files that are wrong are refused in its words. */
import { assert, assertEquals } from "@std/assert";
import { start } from "../../src/mod.ts";
import { systemFiles } from "../../src/runtime/mod.ts";
import { Client } from "../client.ts";
import { cleanup, hasRedis, startRedis, startRingshard, tempDir, test, waitFor } from "../harness.ts";

const COMMANDS = [
  "SET a 1",
  "SET expires v EX 10000",
  "INCRBYFLOAT float 1.5",
  "MSET k1 v1 k2 v2 k3 v3 k4 v4 k5 v5",
  "DEL k4 k5",
  "RPUSH list a b c d",
  "LMOVE list list2 LEFT RIGHT",
  "SADD set 1 2 3 x y",
  "SPOP set 2",
  "ZADD zset 1 a 2.5 b -inf c",
  "HSET hash f v g w",
  "XADD stream * f v",
  "XADD stream MAXLEN ~ 10 * f w",
  "XGROUP CREATE stream group 0",
  "XREADGROUP GROUP group me COUNT 1 STREAMS stream >",
  "PFADD hll a b c",
  "SETBIT bits 100 1",
  "GEOADD geo 13.361389 38.115556 Palermo",
  "MULTI",
  "SET inside 1",
  "INCR inside",
  "RENAME k1 renamed",
  "EXEC",
];

async function fill(client: Client, ...databases: string[]): Promise<void> {
  for (const db of databases) {
    await client.call("SELECT", db);
    for (const command of COMMANDS) {
      const reply = await client.call(...command.split(" "));
      assert(reply.type !== "error", `${command}: ${JSON.stringify(reply)}`);
    }
  }
}

async function digest(client: Client): Promise<string> {
  const reply = await client.call("DEBUG", "DIGEST");
  assert("text" in reply);
  return reply.text;
}

async function startHere(dir: string, shards: number) {
  const server = await start({
    port: 0,
    shards,
    dir,
    appendonly: "yes",
    "rdb-version": "10",
    "enable-debug-command": "yes",
  });
  cleanup(() => server.close());
  return { server, client: await Client.connect(server) };
}

async function rewrite(client: Client): Promise<void> {
  await client.call("BGREWRITEAOF");
  await waitFor(async () => {
    const reply = await client.call("INFO", "persistence");
    return "text" in reply && reply.text.includes("aof_rewrite_in_progress:0\r\n");
  }, "the rewrite to end");
}

const REDIS = ["--appendonly", "yes", "--enable-debug-command", "yes"];

if (hasRedis()) {
  for (const shards of [0, 4]) {
    test(`a directory goes to redis-server and comes back, ${shards} shards`, async () => {
      const dir = tempDir();
      const here = await startHere(dir, shards);
      await fill(here.client, "0", "9");
      const before = await digest(here.client);
      await here.server.close();

      const there = await startRedis([...REDIS, "--dir", dir]);
      const client = await Client.connect(there!);
      assertEquals(await digest(client), before);
      await client.call("SET", "written by redis-server", "1");
      await rewrite(client);
      await fill(client, "3", "15");
      const changed = await digest(client);
      assertEquals(await there!.stop("SIGTERM"), 0);

      const again = await startHere(dir, shards);
      assertEquals(await digest(again.client), changed);
      await rewrite(again.client);
      await again.client.call("SET", "behind the rewrite", "1");
      const last = await digest(again.client);
      await again.server.close();

      const back = await startRedis([...REDIS, "--dir", dir]);
      assertEquals(await digest(await Client.connect(back!)), last);
    }, { timeoutMs: 60_000 });
  }
}

test("files that can't be used are refused in Redis's words, and the process ends with 1", async () => {
  const dir = tempDir();
  const here = await startHere(dir, 0);
  for (let i = 0; i < 3; i++) await here.client.call("SET", `k${i}`, "v");
  await here.server.close();
  const folder = `${dir}/appendonlydir`;
  const path = `${folder}/appendonly.aof.1.incr.aof`;
  const manifestPath = `${folder}/appendonly.aof.manifest`;
  const whole = systemFiles.readText(path);
  const manifest = systemFiles.readText(manifestPath);
  const put = (at: string, text: string) => systemFiles.writeTextAtomic(at, text);
  const cases: [name: string, spoil: () => void, args: string[], line: string][] = [
    [
      "garbage",
      () => put(path, whole + "garbage\r\n"),
      [],
      "Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup",
    ],
    [
      "an unknown command",
      () => put(path, whole + "*1\r\n$3\r\nFOO\r\n"),
      [],
      "Unknown command 'FOO' reading the append only file appendonly.aof.1.incr.aof",
    ],
    [
      "a cut, not allowed",
      () => put(path, whole.slice(0, -3)),
      ["--aof-load-truncated", "no"],
      "Unexpected end of file reading the append only file appendonly.aof.1.incr.aof. You can: 1)",
    ],
    [
      "a cut file that is not the last",
      () => {
        put(path, whole.slice(0, -3));
        put(`${folder}/appendonly.aof.2.incr.aof`, "");
        put(manifestPath, manifest + "file appendonly.aof.2.incr.aof seq 2 type i\n");
      },
      [],
      "Fatal error: the truncated file is not the last file",
    ],
    [
      "a file that is missing",
      () => put(manifestPath, manifest + "file nowhere seq 3 type i\n"),
      [],
      "Unable to obtain the AOF file nowhere length. stat: No such file or directory",
    ],
    ["a bad manifest", () => put(manifestPath, "nonsense\n"), [], "Invalid AOF manifest file format"],
  ];
  for (const [name, spoil, args, line] of cases) {
    put(path, whole);
    put(manifestPath, manifest);
    spoil();
    const error = await startRingshard(["--appendonly", "yes", "--save", "", "--shards", "0", ...args], { dir })
      .then(() => undefined, (error: Error) => error.message);
    assert(error !== undefined && error.includes("did not start (1)"), `${name}: ${error ?? "it started"}`);
    assert(error.includes(line), `${name}: ${error}`);
  }
}, { timeoutMs: 60_000 });
