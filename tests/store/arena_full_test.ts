/** A full arena: writes are refused with -OOM and change nothing, reads and deletions go on, and what is deleted makes room again. */

import { assert, assertEquals } from "@std/assert";
import { type EngineTester, engineTester } from "../engine.ts";
import { Random } from "../fuzz/random.ts";
import { test } from "../harness.ts";

const ARENA_BYTES = 6 * 1024 * 1024;

/** Everything that the keys hold, by key. */
function contents(t: EngineTester): Map<string, string> {
  const found = new Map<string, string>();
  const keys = t.run("KEYS", "*");
  assert(keys.type === "array");
  for (const item of keys.items) {
    assert(item.type === "bulk");
    const dumped = t.run("DEBUG", "DIGEST-VALUE", item.text);
    found.set(item.text, JSON.stringify(dumped));
  }
  return found;
}

type Write = (random: Random) => (string | number)[];

const long = (random: Random) => "x".repeat(random.between(0, 9000));
const name = (random: Random, kind: string) => `${kind}:${random.between(0, 40)}`;

/** Commands that need memory, each of another kind. */
const WRITES: Record<string, Write> = {
  SET: (random) => ["SET", name(random, "string"), long(random)],
  APPEND: (random) => ["APPEND", name(random, "string"), long(random)],
  SETRANGE: (random) => ["SETRANGE", name(random, "string"), random.between(0, 20_000), "x"],
  MSET: (random) => ["MSET", name(random, "string"), long(random), name(random, "string"), long(random)],
  RPUSH: (random) => ["RPUSH", name(random, "list"), long(random), long(random)],
  SADD: (random) => ["SADD", name(random, "set"), random.bytes(20), random.between(0, 1e9)],
  HSET: (random) => ["HSET", name(random, "hash"), random.bytes(20), long(random), random.bytes(9), "v"],
  ZADD: (random) => ["ZADD", name(random, "zset"), random.between(0, 1e6), random.bytes(70)],
  XADD: (random) => ["XADD", name(random, "stream"), "*", "f", long(random)],
  PFADD: (random) => ["PFADD", name(random, "log"), random.bytes(8), random.bytes(8)],
  COPY: (random) => ["COPY", name(random, random.pick(["string", "list", "hash"])), name(random, "copy"), "REPLACE"],
};

test("a full arena refuses writes whole, loses nothing, and has room again", () => {
  const t = engineTester({ arenaBytes: ARENA_BYTES });
  const random = new Random(7);
  const kinds = Object.keys(WRITES);
  const refused = new Set<string>();
  for (let round = 0; round < 4; round++) {
    let refusals = 0;
    let before: Map<string, string> | undefined;
    for (let i = 0; refusals < 150; i++) {
      assert(i < 50_000, "the arena never fills");
      t.advance(1);
      const command = WRITES[random.pick(kinds)](random);
      if (refusals > 0) before ??= contents(t);
      const reply = t.run(...command);
      if (reply.type !== "error") {
        before = undefined;
        continue;
      }
      assertEquals(reply.text.slice(0, 4), "OOM ", reply.text);
      refused.add(String(command[0]));
      if (before !== undefined) assertEquals(contents(t), before, `${command[0]} was refused`);
      refusals++;
    }
    const keys = [...contents(t).keys()];
    const gone = keys.filter(() => random.chance(0.5));
    assertEquals(t.run("DEL", ...gone), { type: "int", text: String(gone.length) });
    while (t.store.garbage.step(1000));
    assertEquals(t.run("SET", "room", "x".repeat(100_000)), { type: "simple", text: "OK" });
    t.run("DEL", "room");
  }
  assert(refused.size >= 8, `only ${[...refused]} were refused`);
  t.run("FLUSHALL");
  while (t.store.garbage.step(1000));
  assertEquals(t.run("SET", "room", "x".repeat(3_000_000)), { type: "simple", text: "OK" });
});
