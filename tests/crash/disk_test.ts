/**
 * Disks that are full, broken or read-only under a whole server: the log says so, writes are refused with MISCONF, nothing that was
 * answered is lost, and all is well again when the disk is.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "../client.ts";
import { cleanup, root, type ServerProcess, startRingshard, tempDir, test, waitFor } from "../harness.ts";
import { type Fault, FAULTS } from "./test_disk.ts";

const SERVER = join(root, "tests", "crash", "faulty_server.ts");
const MISCONF_AOF = "(error) MISCONF Errors writing to the AOF file: ";
const MISCONF_RDB = "(error) MISCONF Redis is configured to save RDB snapshots";

/** A server on a disk that can be broken and mended. */
class Patient {
  client!: Client;
  server!: ServerProcess;
  /** Values that a SET was answered for. */
  readonly answered = new Map<string, string>();
  private readonly faults = join(tempDir(), "faults.json");

  constructor(readonly dir: string, private readonly args: readonly string[]) {}

  async start(): Promise<void> {
    const env = { [FAULTS]: this.faults };
    this.server = await startRingshard([...this.args], { dir: this.dir, main: SERVER, env });
    this.client = await Client.connect(this.server);
  }

  breakDisk(...faults: Fault[]): void {
    writeFileSync(this.faults, JSON.stringify(faults));
  }

  mend(): void {
    rmSync(this.faults, { force: true });
  }

  /** Sets the next key; returns what the server said. */
  async set(bytes = 10): Promise<string> {
    const key = `key:${this.answered.size}`;
    const value = "v".repeat(bytes);
    const reply = await this.client.show("SET", key, value);
    if (reply === "OK") this.answered.set(key, value);
    return reply;
  }

  /** Sets until the server says `wanted`. */
  async setUntil(wanted: string, bytes?: number): Promise<void> {
    await waitFor(async () => (await this.set(bytes)).startsWith(wanted), `SET to answer ${wanted}`, 60_000);
  }

  async info(name: string): Promise<string> {
    const reply = await this.client.call("INFO", "persistence");
    return "text" in reply ? new RegExp(`^${name}:(.*)\r$`, "m").exec(reply.text)?.[1] ?? "" : "";
  }

  async infoIs(name: string, value: string): Promise<void> {
    await waitFor(async () => await this.info(name) === value, `${name} to be ${value}`, 60_000);
  }

  /** All that was answered is there. */
  async check(): Promise<void> {
    const names = [...this.answered.keys()];
    const replies = await this.client.pipeline(names.map((name) => ["GET", name]));
    for (const [i, name] of names.entries()) {
      const reply = replies[i];
      assert("text" in reply && reply.text === this.answered.get(name), `${name} is lost`);
    }
  }

  /** Lets everything reach the disk, kills the server and looks again. */
  async restart(): Promise<void> {
    assertEquals((await this.client.show("WAITAOF", "1", "0", "30000")).split("\n")[0], "1) (integer) 1");
    await this.crash();
  }

  async crash(): Promise<void> {
    await this.server.stop("SIGKILL");
    this.mend();
    await this.start();
    await this.check();
  }

  logged(line: string): Promise<void> {
    return waitFor(
      () => this.server.log().includes(line),
      `the log to say "${line}", not ${this.server.log()}`,
      60_000,
    );
  }
}

async function patient(...args: string[]): Promise<Patient> {
  const made = new Patient(tempDir(), ["--enable-debug-command", "yes", ...args]);
  await made.start();
  return made;
}

const INCR = "\\.incr\\.aof$";
const BASE = "^temp-rewriteaof";
const MANIFEST = "^temp-.*manifest$";
const FOLDER = "^appendonlydir$";
const AOF = ["--appendonly", "yes", "--save", ""];
const LONG = { timeoutMs: 240_000 };

for (const shards of [0, 2]) {
  const where = shards === 0 ? "inline" : `${shards} shards`;

  test(`disk: the append-only file can't be written, or not synced, everysec, ${where}`, async () => {
    const p = await patient(...AOF, "--shards", String(shards));
    const cases: [Fault, string, string][] = [
      [
        { operation: "write", path: INCR, code: "ENOSPC", share: 0.6 },
        "Error writing to the AOF file: No space left on device",
        "No space left on device",
      ],
      [
        { operation: "sync", path: INCR, code: "EIO" },
        "Fail to fsync the AOF file: Input/output error",
        "Input/output error",
      ],
    ];
    for (const [fault, line, reason] of cases) {
      await p.setUntil("OK");
      p.breakDisk(fault);
      await p.setUntil(MISCONF_AOF + reason);
      await p.logged(line);
      assertEquals(await p.info("aof_last_write_status"), "err");
      assertStringIncludes(await p.client.show("PING"), MISCONF_AOF);
      await p.check();
      p.mend();
      await p.setUntil("OK");
      assertEquals(await p.info("aof_last_write_status"), "ok");
      await p.restart();
    }
    // Neither write nor cutting back works: the tail that is torn is written over later.
    p.breakDisk({ operation: "write", path: INCR, code: "EIO", share: 0.5 }, {
      operation: "truncate",
      path: INCR,
      code: "EIO",
    });
    await p.setUntil(MISCONF_AOF);
    await p.logged("Could not remove short write from the append-only file.");
    p.mend();
    await p.setUntil("OK");
    await p.restart();
  }, LONG);

  test(`disk: under always a disk that refuses ends the server before it answers, ${where}`, async () => {
    const p = await patient(...AOF, "--appendfsync", "always", "--shards", String(shards));
    const cases: [Fault, string][] = [
      [
        { operation: "write", path: INCR, code: "ENOSPC", share: 0.5 },
        "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...",
      ],
      [
        { operation: "sync", path: INCR, code: "EIO" },
        "Can't persist AOF for fsync error when the AOF fsync policy is 'always': Input/output error. Exiting...",
      ],
      [
        { operation: "syncDir", path: FOLDER, code: "EIO" },
        "Can't persist AOF for fsync error when the AOF fsync policy is 'always': Input/output error. Exiting...",
      ],
    ];
    for (const [fault, line] of cases) {
      await p.setUntil("OK", 1000);
      p.breakDisk(fault);
      if (fault.operation === "syncDir") p.client.send("BGREWRITEAOF");
      else assertMatch(await p.set(1000).catch(String), /connection closed|ECONNRESET/);
      await p.client.closed;
      await p.logged(line);
      await p.crash();
    }
  }, LONG);

  test(`disk: a rewrite fails at any step, and the data is whole, ${where}`, async () => {
    const p = await patient(...AOF, "--shards", String(shards));
    const cases: Fault[] = [
      { operation: "open", path: INCR, code: "ENOSPC" },
      { operation: "open", path: BASE, code: "EACCES" },
      { operation: "write", path: BASE, code: "ENOSPC", share: 0.5 },
      { operation: "sync", path: BASE, code: "EIO" },
      { operation: "rename", path: BASE, code: "EIO" },
      { operation: "open", path: MANIFEST, code: "ENOSPC" },
      { operation: "write", path: MANIFEST, code: "ENOSPC", share: 0.5 },
      { operation: "sync", path: MANIFEST, code: "EIO" },
      { operation: "rename", path: MANIFEST, code: "EROFS" },
    ];
    for (const [i, fault] of cases.entries()) {
      await p.set();
      p.breakDisk(fault);
      assertEquals(await p.client.show("BGREWRITEAOF"), "Background append only file rewriting started");
      await p.infoIs("aof_last_bgrewrite_status", "err");
      await p.infoIs("aof_rewrite_in_progress", "0");
      assertEquals(await p.set(), "OK", `writing goes on after ${JSON.stringify(fault)}`);
      if (i % 3 === 0) await p.restart();
      p.mend();
      await p.set();
      assertEquals(await p.client.show("BGREWRITEAOF"), "Background append only file rewriting started");
      await p.infoIs("aof_last_bgrewrite_status", "ok");
      await p.infoIs("aof_rewrite_in_progress", "0");
      await p.set();
      if (i % 3 === 1) await p.restart();
    }
    await p.restart();
    assertEquals(readdirSync(join(p.dir, "appendonlydir")).length, 3, "base, increment, manifest");
  }, LONG);

  test(`disk: the folder can't be synced after a new manifest: writes wait until it can, ${where}`, async () => {
    const p = await patient(...AOF, "--shards", String(shards));
    await p.set();
    p.breakDisk({ operation: "syncDir", path: FOLDER, code: "EIO" });
    await p.client.call("BGREWRITEAOF");
    await p.setUntil(MISCONF_AOF + "Input/output error");
    await p.logged("Fail to fsync the AOF directory: Input/output error");
    assert(existsSync(join(p.dir, "appendonlydir", "appendonly.aof.1.incr.aof")), "the old files stay");
    p.mend();
    await p.setUntil("OK");
    await p.restart();
  }, LONG);

  test(`disk: switching the append-only file on fails at any step, ${where}`, async () => {
    const p = await patient(...AOF, "--shards", String(shards));
    const temporary = "^temp-.*aof\\.incr$";
    const cases: Fault[] = [
      { operation: "open", path: temporary, code: "ENOSPC" },
      { operation: "rename", path: temporary, code: "EIO" },
      { operation: "truncate", path: temporary, code: "EIO" },
      { operation: "sync", path: BASE, code: "EIO" },
      { operation: "rename", path: MANIFEST, code: "EIO" },
      { operation: "unlink", path: temporary, code: "EIO" },
    ];
    for (const fault of cases) {
      await p.set();
      p.breakDisk(fault);
      await p.client.call("CONFIG", "SET", "appendonly", "no");
      await p.set();
      await p.client.call("CONFIG", "SET", "appendonly", "yes");
      if (fault.path === temporary && fault.operation === "open") {
        await p.logged("Unable to turn on AOF: Can't open the append-only file: ");
        assertEquals(await p.info("aof_enabled"), "0");
        await p.client.call("CONFIG", "SET", "appendonly", "no");
      } else if (fault.operation === "unlink") await p.client.call("CONFIG", "SET", "appendonly", "no");
      else if (fault.operation !== "truncate") await p.infoIs("aof_last_bgrewrite_status", "err");
      assertEquals(await p.set(), "OK");
      p.mend();
      await p.client.call("CONFIG", "SET", "appendonly", "yes");
      await waitFor(
        async () => {
          // After some failures in a row the server itself waits for minutes.
          await p.client.call("BGREWRITEAOF");
          return await p.info("aof_pending_rewrite") === "0";
        },
        "the first base",
        60_000,
      );
      await p.infoIs("aof_rewrite_in_progress", "0");
      await p.set();
      await p.restart();
    }
  }, LONG);

  test(`disk: a rewrite without an append-only file fails in words, ${where}`, async () => {
    const p = await patient("--save", "", "--shards", String(shards));
    await p.set();
    p.breakDisk({ operation: "makeDir", path: FOLDER, code: "EROFS" });
    assertEquals(
      await p.client.show("BGREWRITEAOF"),
      "(error) ERR Can't execute an AOF background rewriting. Please check the server logs for more information.",
    );
    await p.logged("Can't open or create append-only dir appendonlydir: Read-only file system");
    assertEquals(await p.info("aof_last_bgrewrite_status"), "err");
    p.mend();
    assertEquals(await p.client.show("BGREWRITEAOF"), "Background append only file rewriting started");
    await p.infoIs("aof_last_bgrewrite_status", "ok");
  }, LONG);

  test(`disk: a save fails at any step, and the old file stays, ${where}`, async () => {
    const p = await patient("--save", "3600 1", "--shards", String(shards));
    await p.set();
    assertEquals(await p.client.show("SAVE"), "OK");
    const rdb = "^temp-\\d+\\.rdb$";
    const cases: [Fault, string][] = [
      [{ operation: "open", path: rdb, code: "EROFS" }, "Read-only file system"],
      [{ operation: "write", path: rdb, code: "ENOSPC", share: 0.5 }, "(write): No space left on device"],
      [{ operation: "sync", path: rdb, code: "EIO" }, "(fsync): Input/output error"],
      [{ operation: "rename", path: rdb, code: "EIO" }, "Error moving temp DB file"],
      [{ operation: "syncDir", path: ".", code: "EIO" }, "Failed to fsync directory while saving DB: Input/output"],
    ];
    for (const [fault, line] of cases) {
      p.breakDisk(fault);
      assertEquals(await p.client.show("BGSAVE"), "Background saving started");
      await p.infoIs("rdb_last_bgsave_status", "err");
      await p.logged(line);
      assertStringIncludes(await p.set(), MISCONF_RDB);
      assertEquals(readdirSync(p.dir).filter((name) => name.startsWith("temp-")), []);
      await p.crash();
      p.breakDisk(fault);
      assertEquals(await p.client.show("SAVE"), "(error) ERR");
      assertEquals(await p.set(), "OK", "SAVE's failure refuses nothing");
      p.mend();
      assertEquals(await p.client.show("SAVE"), "OK");
    }
    await p.crash();
  }, LONG);
}

test("disk: a start whose files can't be made ends with the reason", async () => {
  const cases: [Fault, RegExp][] = [
    [{ operation: "makeDir", path: FOLDER, code: "EROFS" }, /Can't open the append-only file: .*Read-only file system/],
    [{ operation: "write", path: BASE, code: "ENOSPC" }, /Can't open the append-only file: .*No space left on device/],
    [{ operation: "rename", path: MANIFEST, code: "EIO" }, /Can't open the append-only file: .*Input\/output error/],
    [{ operation: "syncDir", path: FOLDER, code: "EIO" }, /Can't open the append-only file: .*Input\/output error/],
  ];
  for (const [fault, line] of cases) {
    const p = new Patient(tempDir(), AOF);
    p.breakDisk(fault);
    const failure = await p.start().then(() => "", String);
    assertMatch(failure, line);
    assertStringIncludes(failure, "(1)");
    p.mend();
    await p.start();
    assertEquals(await p.set(), "OK");
    await p.restart();
  }
}, LONG);

/** A small file system of its own; undefined where nobody may mount one. */
function smallDisk(bytes: number): string | undefined {
  const dir = tempDir();
  if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "none", dir]).status !== 0) return undefined;
  cleanup(() => void spawnSync("umount", ["-l", dir]));
  return dir;
}

for (const shards of [0, 2]) {
  const where = shards === 0 ? "inline" : `${shards} shards`;

  test(`disk: a small file system fills up and is cleared, ${where}`, async () => {
    const dir = smallDisk(1 << 20);
    if (dir === undefined) return;
    const ballast = join(dir, "ballast");
    writeFileSync(ballast, "b".repeat(600_000));
    const p = new Patient(dir, [...AOF, "--rdbcompression", "no", "--shards", String(shards)]);
    await p.start();
    await p.setUntil(MISCONF_AOF + "No space left on device", 20_000);
    await p.check();
    assertEquals(await p.client.show("SAVE"), "(error) ERR");
    assertEquals(await p.client.show("BGREWRITEAOF"), "Background append only file rewriting started");
    await p.infoIs("aof_last_bgrewrite_status", "err");
    // What waits to be written may be more than the ballast.
    rmSync(ballast);
    assertEquals(spawnSync("mount", ["-o", "remount,size=64m", dir]).status, 0);
    await p.setUntil("OK", 20_000);
    await p.restart();
    assertEquals(await p.client.show("BGREWRITEAOF"), "Background append only file rewriting started");
    await p.infoIs("aof_last_bgrewrite_status", "ok");
    await p.restart();
  }, LONG);

  test(`disk: a small file system fills up under always, ${where}`, async () => {
    const dir = smallDisk(1 << 20);
    if (dir === undefined) return;
    const ballast = join(dir, "ballast");
    writeFileSync(ballast, "b".repeat(600_000));
    const p = new Patient(dir, [...AOF, "--appendfsync", "always", "--shards", String(shards)]);
    await p.start();
    let failure = "";
    while (failure === "") await p.set(20_000).catch((error) => failure = String(error));
    await p.logged("Error writing to the AOF file: No space left on device");
    await p.logged("Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...");
    assert(p.answered.size > 10);
    rmSync(ballast);
    await p.crash();
    await p.setUntil("OK", 20_000);
  }, LONG);
}

test("disk: a file system that has become read-only", async () => {
  const dir = smallDisk(4 << 20);
  if (dir === undefined) return;
  const p = new Patient(dir, ["--save", "3600 1"]);
  await p.start();
  await p.set();
  assertEquals(await p.client.show("SAVE"), "OK");
  assertEquals(spawnSync("mount", ["-o", "remount,ro", dir]).status, 0);
  await p.client.call("BGSAVE");
  await p.infoIs("rdb_last_bgsave_status", "err");
  await p.logged("for saving: Read-only file system");
  assertStringIncludes(await p.set(), MISCONF_RDB);
  assertStringIncludes(await p.client.show("BGREWRITEAOF"), "ERR Can't execute an AOF background rewriting.");
  assertEquals(spawnSync("mount", ["-o", "remount,rw", dir]).status, 0);
  assertEquals(await p.client.show("SAVE"), "OK");
  assertEquals(await p.set(), "OK");
  await p.client.call("SAVE");
  await p.crash();
}, LONG);
