/** What an engine tells its journal: which request, which databases, what stands together, and what happened by itself. */
import { assertEquals } from "@std/assert";
import { latin1Text } from "../src/base/bytes.ts";
import { EVICTION_POLICIES, type EvictionPolicy } from "../src/store/eviction.ts";
import { BACKGROUND, type Journal } from "../src/threads/shard/journal.ts";
import { test } from "./harness.ts";
import { type JournalRecord, World } from "./journal.ts";

function lines(records: readonly JournalRecord[]): string[] {
  return records.map(({ request, commands }) =>
    `${request}: ${commands.map(({ db, args }) => `${db} ${args.join(" ")}`).join(", ")}`
  );
}

test("journal: the bytes are those of an append-only file", () => {
  const world = new World();
  const told: string[] = [];
  const journal: Journal = {
    append: (request, db, endDb, commands, buf, from, to) => {
      told.push(`${request} ${db} ${endDb} ${commands} ${JSON.stringify(latin1Text(buf, from, to))}`);
    },
  };
  world.engines[0].journal = journal;
  world.run(["SET", "k", "v"]);
  world.db = 3;
  world.run(["set", "k", "", "EX", "1"]);
  world.run(["GET", "k"]);
  assertEquals(told, [
    '1 0 0 1 "*3\\r\\n$3\\r\\nSET\\r\\n$1\\r\\nk\\r\\n$1\\r\\nv\\r\\n"',
    `2 3 3 1 "*5\\r\\n$3\\r\\nSET\\r\\n$1\\r\\nk\\r\\n$0\\r\\n\\r\\n$4\\r\\nPXAT\\r\\n$13\\r\\n${
      world.nowMs + 1000
    }\\r\\n"`,
  ]);
});

test("journal: long arguments and many of them arrive whole", () => {
  const world = new World();
  const args = ["RPUSH", "l", "x".repeat(70_000), ...Array.from({ length: 5000 }, (_, i) => "e".repeat(i % 300))];
  world.run(args);
  assertEquals(world.journal.take().map(({ commands }) => commands), [[{ db: 0, args }]]);
});

test("journal: a transaction is one record, with its commands' databases", () => {
  const world = new World({ shards: 4 });
  world.run(["SET", "old", "v", "PX", "5"]);
  world.journal.take();
  world.advance(10);
  world.transaction([["SET", "a", "1"], ["GET", "a"], ["SET", "a", "2", "NX"], ["INCR", "old"], [
    "COPY",
    "a",
    "b",
    "DB",
    "2",
  ]]);
  assertEquals(lines(world.journal.take()), ["2: 0 SET a 1, 0 DEL old, 0 INCR old, 0 COPY a b DB 2"]);
  world.transaction([["GET", "a"]]);
  assertEquals(lines(world.journal.take()), []);
});

test("journal: keys that expired in another database bring SELECT with them", () => {
  const world = new World();
  world.db = 2;
  world.run(["SET", "k", "v", "PX", "5"]);
  world.db = 0;
  world.run(["SET", "k", "w"]);
  world.journal.take();
  world.advance(10);
  world.run(["MOVE", "k", "2"]);
  // The record ends in database 0 again: MemoryJournal compares what it was told with the SELECTs.
  const records = world.journal.take();
  assertEquals(lines(records), ["3: 2 DEL k, 0 MOVE k 2"]);
  assertEquals(records[0].endDb, 0);
});

test("journal: each shard records its part of a split command, one shard what concerns all", () => {
  const world = new World({ shards: 4 });
  world.run(["MSET", "a", "1", "b", "2", "c", "3"]);
  const records = world.journal.take();
  assertEquals(records.every(({ request }) => request === 1), true);
  const parts = records.flatMap(({ commands }) => commands.map(({ args }) => args.join(" ")));
  assertEquals(parts.length > 1, true);
  assertEquals(parts.flatMap((part) => part.slice("MSET ".length).match(/\w \d/g)).sort(), ["a 1", "b 2", "c 3"]);
  world.run(["FLUSHALL"]);
  assertEquals(lines(world.journal.take()), ["2: 0 FLUSHALL"]);
  world.run(["RENAME", "none", "other"]);
  assertEquals(lines(world.journal.take()), []);
});

test("journal: background work belongs to no request", () => {
  const world = new World();
  world.engines[0].limits.lazyExpire = 1;
  world.run(["SET", "k", "v", "PX", "5"]);
  world.run(["HSET", "h", "f", "1", "g", "2"]);
  world.run(["HPEXPIRE", "h", "5", "FIELDS", "1", "f"]);
  world.journal.take();
  world.advance(10);
  world.step();
  assertEquals(lines(world.journal.take()), [`${BACKGROUND}: 0 HDEL h f, 0 UNLINK k`]);
});

test("journal: what is evicted before a request comes before it, by itself", () => {
  const world = new World();
  const [engine] = world.engines;
  for (let i = 0; i < 50; i++) world.run(["SET", `key:${i}`, "x".repeat(1000)]);
  world.journal.take();
  engine.settings.maxMemory = engine.store.arena.usedBytes - 3000;
  engine.settings.policy = EVICTION_POLICIES.indexOf("allkeys-random") as EvictionPolicy;
  engine.configure();
  world.run(["SET", "new", "v"]);
  const [evicted, request] = world.journal.take();
  assertEquals(evicted.request, BACKGROUND);
  assertEquals(evicted.commands.every(({ args }) => args[0] === "DEL" && args[1].startsWith("key:")), true);
  assertEquals(lines([request]), ["51: 0 SET new v"]);
});

test("journal: an engine without one records nothing", () => {
  const world = new World({ journaled: false });
  world.run(["SET", "k", "v", "EX", "10"]);
  const { effects } = world.engines[0].call;
  assertEquals([effects.on, effects.commands, effects.to], [false, 0, 0]);
});

test("journal: what PFADD raised in a foreign value before it met a corrupt place is told, though it answers an error", () => {
  const world = new World();
  const copy = new World({ journaled: false });
  // A sparse value whose runs end in the middle of the registers.
  world.run(["SET", "k", `HYLL\x01${"\0".repeat(11)}\x5f\xff`]);
  const elements = Array.from({ length: 40 }, (_, i) => `element ${i}`);
  const reply = world.run(["PFADD", "k", ...elements]);
  assertEquals("text" in reply && reply.text.startsWith("INVALIDOBJ"), true);
  copy.replay(world.journal.take());
  assertEquals(copy.digest(), world.digest());
  const raised = copy.run(["GET", "k"]);
  assertEquals("text" in raised && raised.text.length > 18, true);
});
