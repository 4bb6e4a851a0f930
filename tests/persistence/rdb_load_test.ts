/**
 * RDB files: what was written loads as it was, by one shard or several, here and in redis-server, and what that writes loads here;
 * damaged files end in a clear error or in a load, never in anything else.
 */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import process from "node:process";
import { encodeText } from "../../src/base/bytes.ts";
import { KeyHash } from "../../src/base/hash.ts";
import { keySlot } from "../../src/codec/crc16.ts";
import { readAux } from "../../src/codec/rdb/aux_fields.ts";
import { RdbFileError } from "../../src/codec/rdb/file_reader.ts";
import { RdbType } from "../../src/codec/rdb/format.ts";
import { RdbWriter } from "../../src/codec/rdb/writer.ts";
import { hex } from "../../src/codec/sha1.ts";
import { Limits } from "../../src/commands/limits.ts";
import { Arena } from "../../src/memory/arena.ts";
import { Digest } from "../../src/store/dump/digest.ts";
import { DEFAULT_FORM, type EntryForm } from "../../src/store/dump/entry_writer.ts";
import { type LoadRules, RdbLoader } from "../../src/store/rdb_loader.ts";
import { Snapshot, SnapshotStep } from "../../src/store/snapshot.ts";
import { Store } from "../../src/store/store.ts";
import { Client } from "../client.ts";
import { type EngineTester, engineTester, seededRandom } from "../engine.ts";
import * as families from "../fuzz/families/mod.ts";
import { Grammar } from "../fuzz/grammar.ts";
import { Random, seedFrom } from "../fuzz/random.ts";
import { startRedis, tempDir, test } from "../harness.ts";
import { ReplyParser } from "../reply.ts";
import { Collector, contentsOf, rdbFile, type Run, source, withChecksum } from "./snapshots.ts";

const seed = seedFrom(process.env.RINGSHARD_SEED, 41);
/** Both runtimes together: 100,000. */
const flips = Number(process.env.RINGSHARD_RDB_FLIPS ?? 50_000);

const RULES: LoadRules = { checksum: true, keepExpired: true, replace: false, sanitize: false, dbCount: 16 };

function emptyStore(bytes = 1 << 28): Store {
  const store = new Store(Arena.create(bytes), new KeyHash(1, 2), seededRandom(1));
  store.setNow(1_700_000_000_000);
  return store;
}

/** Loads a file; gives the loader. Throws RdbFileError. */
function load(store: Store, file: Uint8Array, rules: Partial<LoadRules> = {}): RdbLoader {
  const loader = new RdbLoader(store, new Limits(), source(file), file.length, { ...RULES, ...rules });
  let ticks = 0;
  while (!loader.step(2, () => ++ticks)) assert(ticks < 1e7, "a load ends");
  return loader;
}

/** A file of everything the tester's store holds. */
function save(t: EngineTester, form: EntryForm): Uint8Array {
  return rdbFile(runsOf(t, form), form.version);
}

function runsOf(t: EngineTester, form: EntryForm): readonly Run[] {
  const snapshot = new Snapshot(t.store);
  const sink = new Collector();
  snapshot.begin(sink, form);
  while (snapshot.step(100, () => 0) !== SnapshotStep.DONE);
  return sink.runs;
}

/** A tester with keys of all kinds: what random commands made, and some large values unless `small`. */
function filled(random: Random, commands: number, small: boolean, without = /^$/, nowMs = 0): EngineTester {
  const t = engineTester({ seed });
  t.advance(Math.max(0, nowMs - t.now));
  const all = Object.values(families).filter((family) => family !== families.transactions);
  const grammar = new Grammar(all, (command) => !/^(SELECT|FLUSH.*)$/.test(command) && !without.test(command));
  for (let n = 0; n < commands; n++) {
    t.db = random.between(0, 2);
    try {
      t.raw(...grammar.next(random).map((argument) => Buffer.from(argument, "latin1")));
    } catch (error) {
      if (!String(error).includes("no command")) throw error; // a container's unknown subcommand
    }
  }
  t.db = 0;
  if (small) return t;
  const members = Array.from({ length: 3000 }, (_, i) => `member ${i}`);
  t.raw("SADD", "large set", ...members);
  t.raw("SADD", "integers", ...members.map((_, i) => i * 7));
  t.raw("RPUSH", "large list", ...members, "x".repeat(100_000));
  t.raw("ZADD", "large zset", ...members.flatMap((member, i) => [i / 3, member]));
  t.raw("HSET", "large hash", ...members.flatMap((member, i) => [member, i]));
  t.raw("SET", "large string", "s".repeat(2_000_000));
  t.raw("SET", "random string", random.bytes(300_000));
  for (let i = 1; i < 2000; i++) t.raw("XADD", "large stream", `${i}-1`, "field", i);
  t.raw("SET", "late", "x", "PXAT", "9007199254740993");
  return t;
}

const digestOf = (stores: readonly Store[]) => hex(new Digest().ofKeyspace(stores));

test("rdb: a file loads as it was, in every version, by any number of shards", () => {
  const random = new Random(seed);
  for (const version of [9, 10, 11, 12]) {
    const t = filled(random, 3000, false);
    for (const store of t.stores) store.expiryEnabled = false;
    const form = { ...DEFAULT_FORM, version, compress: version !== 11 };
    const file = save(t, form);
    for (const shards of [1, 3]) {
      const stores = Array.from({ length: shards }, () => emptyStore());
      let loaded = 0;
      stores.forEach((store, shard) => {
        const owns = (buf: Uint8Array, from: number, len: number) => (keySlot(buf, from, len) * shards) >> 14 === shard;
        const loader = load(store, file, { owns });
        assertEquals([loader.position, loader.version], [file.length, version]);
        loaded += loader.loaded;
      });
      const cut = contentsOf(t.stores, form);
      assertEquals(loaded, cut.size);
      assertEquals(digestOf(stores), digestOf(t.stores), `version ${version}, ${shards} shards`);
    }
  }
});

test("rdb: access clocks are kept as far as the file says", () => {
  for (const access of ["idle", "frequency"] as const) {
    const t = engineTester();
    t.store.clock.lfu = access === "frequency";
    t.raw("SET", "k", "v");
    t.advance(500_000);
    for (let n = 0; n < 30; n++) t.raw("SET", "used", "v");
    const store = emptyStore();
    store.clock.lfu = access === "frequency";
    store.setNow(t.now);
    load(store, save(t, { ...DEFAULT_FORM, access }));
    const clockOf = (of: Store, key: string) => {
      const name = encodeText(key);
      const word0 = of.i32[of.peek(0, name, 0, name.length) >> 2];
      return access === "idle" ? of.clock.idleSeconds(word0) : of.clock.frequency(word0);
    };
    for (const key of ["k", "used"]) assertEquals(clockOf(store, key), clockOf(t.store, key), `${access} ${key}`);
  }
});

test("rdb: expired keys are left out unless they are to be kept; keys that are there are an error unless replaced", () => {
  const t = engineTester();
  t.raw("SET", "soon", "v", "PX", 100);
  t.raw("SET", "later", "v", "PX", 100_000);
  t.raw("SET", "k", "new");
  const file = save(t, DEFAULT_FORM);
  const after = emptyStore();
  after.setNow(t.now + 1000);
  const loader = load(after, file, { keepExpired: false });
  assertEquals([loader.loaded, loader.expired, after.count(0)], [2, 1, 2]);
  const again = assertThrows(() => load(after, file, { keepExpired: false }), RdbFileError);
  assertStringIncludes(again.message, "RDB has duplicated key");
  assertEquals(load(after, file, { keepExpired: false, replace: true }).loaded, 2);
});

/** A file of some bytes between header and EOF. */
function fileOf(version: string, ...parts: (string | number | number[])[]): Uint8Array {
  const out = new RdbWriter();
  for (const part of [`REDIS${version}`, ...parts, 0xff, [0, 0, 0, 0, 0, 0, 0, 0]]) {
    if (typeof part === "number") out.byte(part);
    else if (typeof part === "string") out.raw(encodeText(part), 0, part.length);
    else for (const b of part) out.byte(b);
  }
  return out.buf.slice(0, out.pos);
}

function shortRead(offset: number): string {
  return "Short read or OOM loading DB. Unrecoverable error, aborting now.\n" +
    `Internal error in RDB reading offset ${offset} -> Unexpected EOF reading RDB file`;
}

test("rdb: what can't be loaded is said in Redis's words", () => {
  const message = (file: Uint8Array) => assertThrows(() => load(emptyStore(), file), RdbFileError).message;
  assertEquals(message(encodeText("RADIS0011xxxxxxxxx")), "Wrong signature trying to load DB from file");
  assertEquals(message(fileOf("0013")), "Can't handle RDB format version 13");
  assertEquals(message(fileOf("0000")), "Can't handle RDB format version 0");
  assertEquals(message(encodeText("REDIS0")), shortRead(0));
  assertEquals(
    message(fileOf("0011", 254, 16)),
    "FATAL: Data file was created with a Redis server configured to handle more than 16 databases. Exiting",
  );
  assertEquals(
    message(fileOf("0011", 30, 1, "k")),
    "Internal error in RDB reading offset 10 -> Unknown RDB encoding type 30",
  );
  assertEquals(message(fileOf("0011", 246, 1, "x")), "Pre-release function format not supported.");
  assertEquals(
    message(fileOf("0011", 245, 1, "x")),
    "The RDB file contains functions, which this server does not have",
  );
  // "ReJSON-RL" version 3, as its module writes it.
  const json = [0x81, 0x46, 0x94, 0x8e, 0x48, 0xdf, 0x8b, 0x44, 0xb];
  const named = (text: string) => /no matching module (type )?'([A-Za-z0-9_-]{9})'$/.test(text);
  assert(named(message(fileOf("0011", RdbType.MODULE_2, 1, "k", json))));
  assert(named(message(fileOf("0011", 247, json))));
  const bad = fileOf("0011", 254, 0, 0, 1, "k", 1, "v");
  bad[bad.length - 3] ^= 1;
  assertStringIncludes(message(bad), "Wrong RDB checksum expected: (");
  assertStringIncludes(message(bad), `offset ${bad.length} -> RDB CRC error`);
  assertEquals(load(emptyStore(), bad, { checksum: false }).loaded, 1);
});

test("rdb: parts of other servers' files are kept or passed over", () => {
  const file = withChecksum(
    fileOf(
      "0012",
      250,
      3,
      "one",
      3,
      "two",
      254,
      1,
      251,
      1,
      0,
      244,
      1,
      1,
      0,
      253,
      [0xff, 0xff, 0xff, 0x7f],
      0,
      1,
      "k",
      1,
      "v",
    ),
  );
  const store = emptyStore();
  load(store, file);
  assertEquals(readAux(source(file), file.length), [["one", "two"]]);
  assertEquals(store.count(1), 1);
  const e = store.randomEntry(1);
  assertEquals(store.expiry(e), 0x7fffffff * 1000);
  // Version 4 had no checksum; empty collections were written by mistake.
  const old = fileOf("0004", 254, 0, RdbType.SET, 1, "s", 0, 0, 1, "k", 1, "v");
  const before = load(emptyStore(), old.slice(0, -8));
  assertEquals([before.loaded, before.empty], [1, 1]);
  assertEquals(before.told.length, 1);
  assertStringIncludes(before.told[0], "rdbLoadObject skipping empty key: ");
});

test("rdb: forms of values before Redis 7 are read and passed over", () => {
  const ziplist = (...texts: string[]) => {
    const entries = texts.flatMap((
      text,
      i,
    ) => [i === 0 ? 0 : texts[i - 1].length + 2, text.length, ...encodeText(text)]);
    const size = 10 + entries.length + 1;
    const last = size - 1 - texts[texts.length - 1].length - 2;
    return [size, size, 0, 0, 0, last, 0, 0, 0, texts.length, 0, ...entries, 0xff];
  };
  const zipmap = [8, 1, 1, ...encodeText("f"), 1, 1, ...encodeText("v"), 0, 0xff];
  const file = fileOf(
    "0003",
    [254, 0],
    [RdbType.HASH_ZIPMAP, 1, 97, ...zipmap],
    [RdbType.LIST_ZIPLIST, 1, 98, ...ziplist("one", "two")],
    [RdbType.ZSET_ZIPLIST, 1, 99, ...ziplist("m", "2.5")],
    [RdbType.HASH_ZIPLIST, 1, 100, ...ziplist("f", "v")],
    [RdbType.LIST_QUICKLIST, 1, 101, 2, ...ziplist("a"), ...ziplist("b")],
    [RdbType.ZSET, 1, 102, 2, 1, 109, 3, ...encodeText("1.5"), 1, 110, 254],
    [RdbType.SET_INTSET, 1, 103, 10, 2, 0, 0, 0, 1, 0, 0, 0, 7, 0],
    [RdbType.LIST, 1, 104, 1, 1, 120],
    [253, 0xff, 0xff, 0xff, 0x7f, RdbType.STRING, 1, 105, 0xc0, 5],
  ).slice(0, -8);
  const t = engineTester();
  assertEquals([load(t.store, file).loaded, load(emptyStore(), file, { owns: () => false }).position], [
    9,
    file.length,
  ]);
  const shown: [string, string][] = [
    ["HGETALL a", '1) "f"\n2) "v"'],
    ["LRANGE b 0 -1", '1) "one"\n2) "two"'],
    ["ZRANGE c 0 -1 WITHSCORES", '1) "m"\n2) "2.5"'],
    ["HGETALL d", '1) "f"\n2) "v"'],
    ["LRANGE e 0 -1", '1) "a"\n2) "b"'],
    ["ZRANGE f 0 -1 WITHSCORES", '1) "m"\n2) "1.5"\n3) "n"\n4) "inf"'],
    ["SMEMBERS g", '1) "7"'],
    ["LRANGE h 0 -1", '1) "x"'],
    ["GET i", '"5"'],
  ];
  for (const [line, reply] of shown) assertEquals(t.show(line), reply, line);
});

test("rdb: a file cut off anywhere is a short one", () => {
  const t = filled(new Random(seed + 1), 400, true);
  const file = save(t, DEFAULT_FORM);
  const store = emptyStore();
  for (let end = 0; end < file.length; end++) {
    const error = assertThrows(() => load(store, file.subarray(0, end)), RdbFileError);
    assertEquals(error.message, shortRead(error.offset), `at ${end}`);
    assert(error.offset <= end);
    store.flushAll();
  }
});

test("rdb: damaged files end in an error or in a load", () => {
  const random = new Random(seed + 2);
  // Many small files rather than a few large ones: a flip then costs microseconds, and meets every type as often.
  const files = Array.from({ length: 24 }, (_, n) => {
    const version = [9, 10, 12][n % 3];
    return save(filled(new Random(seed + n), 50, true), { ...DEFAULT_FORM, version, compress: n % 2 === 0 });
  });
  const store = emptyStore(1 << 26);
  let loads = 0;
  let errors = 0;
  for (let n = 0; n < flips; n++) {
    const original = random.pick(files);
    const file = original.slice();
    for (let k = random.pick([1, 1, 1, 2, 5]); k > 0; k--) {
      file[random.between(9, file.length - 9)] ^= 1 << random.between(0, 7);
    }
    const name = `seed ${seed + 2}, damage ${n}`;
    try {
      const rules = { checksum: random.chance(0.1), sanitize: random.chance(0.3), keepExpired: random.chance(0.5) };
      const loader = load(store, file, rules);
      // Flips may undo each other; and a flip that makes an end of eight zero bytes says that there is no checksum.
      const same = Buffer.compare(file, original) === 0 || loader.position < file.length;
      assert(!rules.checksum || same, `${name}: what a checksum tells from the original must not load`);
      loads++;
      // What was loaded can be walked, written and freed.
      if (n % 10 === 0) contentsOf([store], DEFAULT_FORM);
    } catch (error) {
      assert(error instanceof RdbFileError, `${name}: ${(error as Error).stack}`);
      assert(error.offset >= 0 && error.offset <= file.length, `${name}: offset ${error.offset}`);
      errors++;
    }
    if (n % 3 === 0) { for (let db = 0; db < store.dbCount; db++) store.flush(db); }
    else store.flushAll();
    while (store.garbage.step(1000));
  }
  assert(loads > 0 && errors > 0);
}, { timeoutMs: 600_000 });

/** Commands that redis-server 7.0 has no value types or rules for. */
const NEWER = /^(H.*EXPIRE.*|H.*PERSIST.*|HSETEX|HGETEX)$/;

test("rdb: redis-server loads our file, and we load its", async () => {
  const dir = tempDir();
  const t = filled(new Random(seed + 3), 6000, false, NEWER, Date.now());
  for (const store of t.stores) store.expiryEnabled = false;
  writeFileSync(joinPath(dir, "dump.rdb"), save(t, { ...DEFAULT_FORM, version: 10 }));
  const redis = await startRedis(["--enable-debug-command", "yes", "--dir", dir]);
  if (redis === undefined) return;
  const client = await Client.connect(redis);
  const text = async (...args: string[]) => (await client.call(...args) as { text: string }).text;
  const ours = digestOf(t.stores);
  assertEquals(await text("DEBUG", "DIGEST"), ours);
  const checked = spawnSync("redis-check-rdb", [joinPath(dir, "dump.rdb")]);
  assertStringIncludes(String(checked.stdout), "RDB looks OK");
  await client.call("CONFIG", "SET", "set-max-intset-entries", "4");
  await client.call("DEBUG", "RELOAD");
  assertEquals(await text("SAVE"), "OK");
  const store = emptyStore();
  store.expiryEnabled = false;
  const bytes = new Uint8Array(readFileSync(joinPath(dir, "dump.rdb")));
  load(store, bytes);
  assertEquals(new Map(readAux(source(bytes), bytes.length)).get("redis-bits"), "64");
  assertEquals(digestOf([store]), ours);

  await client.call("FLUSHALL");
  for (const { db, bytes } of runsOf(t, { ...DEFAULT_FORM, commands: true })) {
    await client.call("SELECT", String(db));
    const parser = new ReplyParser();
    parser.push(bytes);
    const requests: string[][] = [];
    for (let command = parser.next(); command !== undefined; command = parser.next()) {
      assert(command.type === "array");
      requests.push(command.items.map((item) => (item as { text: string }).text));
    }
    for (const reply of await client.pipeline(requests)) assert(reply.type !== "error", JSON.stringify(reply));
  }
  assertEquals(await text("DEBUG", "DIGEST"), ours);
  client.close();
});
