import { assert, assertEquals } from "@std/assert";
import { EngineTester, engineTester, seededRandom } from "../engine.ts";
import { test } from "../harness.ts";

function members(t: EngineTester, key: string): string[] {
  return elements(t, "SMEMBERS", key).sort();
}

/** Elements of a flat collection. */
function elements(t: EngineTester, ...args: string[]): string[] {
  const reply = t.run(...args) as unknown as { items: { text: string }[] };
  return reply.items.map((item) => item.text);
}

/** An integer reply. */
function integer(t: EngineTester, ...args: string[]): number {
  return Number((t.run(...args) as unknown as { text: string }).text);
}

function encoding(t: EngineTester, key: string): string {
  return (t.run("OBJECT", "ENCODING", key) as unknown as { text: string }).text;
}

const POOLS = {
  integers: Array.from({ length: 40 }, (_, i) => String((i - 20) * 37)),
  wide: ["9223372036854775807", "-9223372036854775808", "4294967296", "-1", "70000", "0", "32768"],
  texts: Array.from({ length: 30 }, (_, i) => "m" + i),
  long: ["x".repeat(64), "y".repeat(65), "z".repeat(300), ""],
};

for (const stores of [1, 3]) {
  test(`sets: random commands against a model, ${stores} stores`, () => {
    const t = engineTester({ stores });
    const { limits } = t.engine.settings;
    limits.setMaxIntsetEntries = 12;
    limits.setMaxListpackEntries = 8;
    const random = seededRandom(11);
    const base = t.stores.map((store) => store.arena.usedBytes);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)];
    const member = () => {
      const roll = random();
      return pick(roll < 0.5 ? POOLS.integers : roll < 0.6 ? POOLS.wide : roll < 0.95 ? POOLS.texts : POOLS.long);
    };
    const keys = ["a", "b", "c", "d"];
    const model = new Map<string, Set<string>>();
    const set = (key: string) => model.get(key) ?? new Set<string>();
    const put = (key: string, value: Set<string>) => value.size === 0 ? model.delete(key) : model.set(key, value);
    const some = () => Array.from({ length: 1 + Math.floor(random() * 4) }, member);
    const number = (...args: string[]) => integer(t, ...args);
    for (let step = 0; step < 6000; step++) {
      const key = pick(keys);
      const other = pick(keys);
      const third = pick(keys);
      switch (Math.floor(random() * 9)) {
        case 0:
        case 1: {
          const added = some();
          const now = new Set([...set(key), ...added]);
          assertEquals(number("SADD", key, ...added), now.size - set(key).size);
          put(key, now);
          break;
        }
        case 2: {
          const removed = some();
          const now = new Set([...set(key)].filter((m) => !removed.includes(m)));
          assertEquals(number("SREM", key, ...removed), set(key).size - now.size);
          put(key, now);
          break;
        }
        case 3: {
          const n = Math.floor(random() * 4);
          const popped = elements(t, "SPOP", key, String(n));
          const now = new Set(set(key));
          for (const m of popped) assert(now.delete(m), `popped ${m}`);
          assertEquals(popped.length, Math.min(n, set(key).size));
          put(key, now);
          break;
        }
        case 4: {
          const m = member();
          const had = set(key).has(m);
          assertEquals(number("SMOVE", key, other, m), had ? 1 : 0);
          if (had) {
            put(key, new Set([...set(key)].filter((x) => x !== m)));
            put(other, new Set([...set(other), m]));
          }
          break;
        }
        case 5: {
          const now = new Set([...set(other)].filter((m) => set(third).has(m)));
          assertEquals(elements(t, "SINTER", other, third).sort(), [...now].sort());
          assertEquals(number("SINTERCARD", "2", other, third), now.size);
          assertEquals(number("SINTERSTORE", key, other, third), now.size);
          put(key, now);
          break;
        }
        case 6: {
          const now = new Set([...set(other), ...set(third)]);
          assertEquals(elements(t, "SUNION", other, third).sort(), [...now].sort());
          const many = [other, third, other, third, other, third, other, third];
          assertEquals(elements(t, "SUNION", ...many).sort(), [...now].sort());
          assertEquals(number("SUNIONSTORE", key, other, third), now.size);
          put(key, now);
          break;
        }
        case 7: {
          const now = new Set([...set(other)].filter((m) => !set(third).has(m)));
          assertEquals(elements(t, "SDIFF", other, third).sort(), [...now].sort());
          assertEquals(number("SDIFFSTORE", key, other, third), now.size);
          put(key, now);
          break;
        }
        default: {
          const m = member();
          assertEquals(number("SISMEMBER", key, m), set(key).has(m) ? 1 : 0);
          const n = Math.floor(random() * 6);
          const drawn = elements(t, "SRANDMEMBER", key, String(n));
          assertEquals(new Set(drawn).size, Math.min(n, set(key).size));
          for (const x of drawn) assert(set(key).has(x));
        }
      }
      assertEquals(members(t, key), [...set(key)].sort());
      assertEquals(number("SCARD", key), set(key).size);
    }
    for (const key of keys) t.run("DEL", key);
    t.stores.forEach((store, i) => {
      while (store.garbage.step(100)) { /* all of it */ }
      assertEquals(store.arena.usedBytes, base[i]);
    });
  });
}

test("sets: encodings widen as in Redis 7.4", () => {
  const t = engineTester();
  t.run("SADD", "s", "1", "2", "3");
  assertEquals(encoding(t, "s"), "intset");
  t.run("SADD", "s", "a");
  assertEquals(encoding(t, "s"), "listpack");
  t.run("SADD", "s", "x".repeat(65));
  assertEquals(encoding(t, "s"), "hashtable");
  t.run("SADD", "ints", ...Array.from({ length: 512 }, (_, i) => String(i)));
  assertEquals(encoding(t, "ints"), "intset");
  t.run("SADD", "ints", "512");
  assertEquals(encoding(t, "ints"), "hashtable");
  t.run("SADD", "texts", ...Array.from({ length: 128 }, (_, i) => "m" + i));
  assertEquals(encoding(t, "texts"), "listpack");
  t.run("SADD", "texts", "one more");
  assertEquals(encoding(t, "texts"), "hashtable");
  t.run("SADD", "mixed", ...Array.from({ length: 200 }, (_, i) => String(i)));
  t.run("SADD", "mixed", "text");
  assertEquals(encoding(t, "mixed"), "hashtable");
  // A result of integers is an intset again, and a small one of texts a listpack, whatever it comes from.
  t.run("SADD", "ints2", "1", "2");
  t.run("SINTERSTORE", "d", "ints", "ints2");
  assertEquals(encoding(t, "d"), "intset");
  t.run("SADD", "texts2", ...Array.from({ length: 140 }, (_, i) => "m" + i));
  t.run("SINTERSTORE", "d", "texts", "texts2");
  assertEquals(encoding(t, "d"), "listpack");
  t.run("SADD", "texts", "m128");
  t.run("SINTERSTORE", "d", "texts", "texts2");
  assertEquals(encoding(t, "d"), "hashtable");
  t.run("SUNIONSTORE", "d", "ints2", "nothing");
  assertEquals(encoding(t, "d"), "intset");
});

test("sets: a scan meets every member that stays, whatever else comes and goes", () => {
  const t = engineTester();
  const random = seededRandom(3);
  const stays = Array.from({ length: 1500 }, (_, i) => "stays" + i);
  t.run("SADD", "s", ...stays);
  const met = new Set<string>();
  let cursor = "0";
  do {
    const reply = t.run("SSCAN", "s", cursor, "COUNT", "50") as unknown as {
      items: [{ text: string }, { items: { text: string }[] }];
    };
    cursor = reply.items[0].text;
    for (const item of reply.items[1].items) met.add(item.text);
    for (let k = 0; k < 100; k++) t.run("SADD", "s", "comes" + Math.floor(random() * 5000));
    for (let k = 0; k < 100; k++) t.run("SREM", "s", "comes" + Math.floor(random() * 5000));
  } while (cursor !== "0");
  for (const member of stays) assert(met.has(member), member);
});

test("sets: events and what counts as a change", () => {
  const t = engineTester();
  t.run("SADD", "s", "1", "2", "2");
  t.run("SADD", "s", "1");
  t.run("SREM", "s", "9");
  t.run("SMOVE", "s", "d", "1");
  t.run("SPOP", "s", "5");
  t.run("SUNIONSTORE", "u", "d");
  t.run("SINTERSTORE", "u", "d", "nothing");
  assertEquals(t.takeEvents(), [
    "sadd s",
    "srem s",
    "new d",
    "sadd d",
    "spop s",
    "del s",
    "sunionstore u",
    "keymiss nothing",
    "del u",
  ]);
  assertEquals(t.store.dirty, 2 + 2 + 1 + 1 + 1);
});

test("sets: a large one is freed in steps", () => {
  const t = engineTester();
  const before = t.store.arena.usedBytes;
  t.run("SADD", "s", ...Array.from({ length: 50_000 }, (_, i) => "member" + i));
  const full = t.store.arena.usedBytes;
  t.run("DEL", "s");
  assertEquals(t.store.garbage.pending, 1);
  assert(t.store.arena.usedBytes > full / 2);
  let steps = 1;
  while (t.store.garbage.step(500)) steps++;
  assert(steps > 20, `${steps} steps`);
  assertEquals(t.store.garbage.pending, 0);
  assertEquals(t.store.garbage.freed, 1);
  assertEquals(t.store.arena.usedBytes, before);
});

test("sets: where memory ends, a command fails whole", () => {
  const t = engineTester({ arenaBytes: 1 << 20 });
  t.engine.settings.limits.reserveBytes = 0;
  t.run("SADD", "a", ...Array.from({ length: 400 }, (_, i) => "member" + i));
  let added = 0;
  for (let k = 0; k < 30_000; k++) {
    const before = integer(t, "SCARD", "b");
    const reply = t.run("SADD", "b", "filler" + "x".repeat(200) + k) as unknown as { type: string; text?: string };
    if (reply.type !== "error") {
      added++;
      continue;
    }
    assert(reply.text?.startsWith("OOM"));
    assertEquals(members(t, "b").length, before);
    assertEquals(integer(t, "SCARD", "b"), before);
    break;
  }
  assert(added > 100);
  const a = members(t, "a");
  const union = t.run("SUNIONSTORE", "c", "a", "b") as unknown as { type: string };
  assertEquals(union.type, "error");
  assertEquals(members(t, "a"), a);
  assertEquals(members(t, "c"), []);
  // What was built is given back.
  t.run("DEL", "b");
  while (t.store.garbage.step(100)) { /* all of it */ }
  assertEquals(integer(t, "SUNIONSTORE", "c", "a"), 400);
});
