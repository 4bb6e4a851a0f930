import { assert, assertEquals } from "@std/assert";
import type { Store } from "../../src/store/store.ts";
import { EngineTester, engineTester, seededRandom } from "../engine.ts";
import { test } from "../harness.ts";

interface Field {
  value: string;
  /** When it expires; Infinity for never. */
  until: number;
}

function texts(t: EngineTester, ...args: string[]): string[] {
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

/** Notes fields that expire, as "field key" and then "emptied key" or "expired key". */
function noteExpiry(store: Store, log: string[]): void {
  const text = (buf: Uint8Array, at: number, len: number) => String.fromCharCode(...buf.slice(at, at + len));
  store.events = {
    created: () => {},
    expired: () => {},
    fieldExpired: (s, _db, buf, at, len) => {
      log.push(`${text(buf, at, len)} ${text(s.u8, s.keyAt, s.keyLen)}`);
    },
    fieldsExpired: (s, _db, emptied) => {
      log.push(`${emptied ? "emptied" : "expired"} ${text(s.u8, s.keyAt, s.keyLen)}`);
    },
  };
}

for (const entries of [0, 6, 128]) {
  test(`hashes: random commands against a model, listpacks of up to ${entries}`, () => {
    const t = engineTester();
    const { limits } = t.engine.settings;
    limits.hashMaxListpackEntries = entries;
    const random = seededRandom(5 + entries);
    const base = t.store.arena.usedBytes;
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)];
    const names = [...Array.from({ length: 10 }, (_, i) => "f" + i), "1", "-70000", "", "x".repeat(64), "y".repeat(70)];
    const values = ["", "1", "value", "12345678901", "v".repeat(60), "w".repeat(300), "-1"];
    const keys = ["a", "b", "c"];
    const model = new Map<string, Map<string, Field>>();
    const hash = (key: string) => model.get(key) ?? new Map<string, Field>();
    const live = (key: string) => new Map([...hash(key)].filter(([, f]) => f.until > t.now));
    const put = (key: string, now: Map<string, Field>) => now.size === 0 ? model.delete(key) : model.set(key, now);
    const some = () => [...new Set(Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(names)))];
    const counted = (fields: string[]) => ["FIELDS", String(fields.length), ...fields];
    for (let step = 0; step < 2500; step++) {
      const key = pick(keys);
      const now = live(key);
      const fields = some();
      switch (Math.floor(random() * 12)) {
        case 0:
        case 1: {
          const pairs = fields.map((f) => [f, pick(values)] as const);
          t.run("HSET", key, ...pairs.flat());
          for (const [f, value] of pairs) now.set(f, { value, until: Infinity });
          put(key, now);
          break;
        }
        case 2: {
          const field = fields[0];
          const had = now.get(field);
          if (had !== undefined && !/^-?[0-9]+$/.test(had.value)) break;
          const sum = Number(had?.value ?? 0) + 7;
          assertEquals(integer(t, "HINCRBY", key, field, "7"), sum);
          now.set(field, { value: String(sum), until: had?.until ?? Infinity });
          put(key, now);
          break;
        }
        case 3: {
          // Fields that expired may count when they are deleted: only what is left is compared.
          t.run("HDEL", key, ...fields);
          for (const f of fields) now.delete(f);
          put(key, now);
          break;
        }
        case 4:
        case 5:
        case 6: {
          const ms = pick([50, 1000, 3000, 100_000]);
          const condition = pick(["", "NX", "XX", "GT", "LT"]);
          const replies = texts(
            t,
            "HPEXPIRE",
            key,
            String(ms),
            ...(condition === "" ? [] : [condition]),
            ...counted(fields),
          );
          fields.forEach((f, i) => {
            const had = now.get(f);
            const until = t.now + ms;
            if (had === undefined) assertEquals(replies[i], "-2");
            else {
              const holds = condition === "" || (condition === "NX" && had.until === Infinity) ||
                (condition === "XX" && had.until !== Infinity) ||
                (condition === "GT" && had.until < until) || (condition === "LT" && had.until > until);
              assertEquals(replies[i], holds ? "1" : "0");
              if (holds) had.until = until;
            }
          });
          put(key, now);
          break;
        }
        case 7: {
          const replies = texts(t, "HPERSIST", key, ...counted(fields));
          fields.forEach((f, i) => {
            const had = now.get(f);
            assertEquals(replies[i], had === undefined ? "-2" : had.until === Infinity ? "-1" : "1");
            if (had !== undefined) had.until = Infinity;
          });
          break;
        }
        case 8: {
          const value = pick(values);
          t.run("HSETEX", key, ...pick([["EX", "2"], ["KEEPTTL"], []]), "FIELDS", "1", fields[0], value);
          const ttl = Number(texts(t, "HPTTL", key, "FIELDS", "1", fields[0])[0]);
          const had = now.get(fields[0]);
          assert(ttl === 2000 || ttl === -1 || (had !== undefined && had.until === t.now + ttl));
          now.set(fields[0], { value, until: ttl === -1 ? Infinity : t.now + ttl });
          put(key, now);
          break;
        }
        case 9: {
          const other = pick(keys);
          if (random() < 0.5) {
            integer(t, "COPY", key, other, "REPLACE");
            if (key !== other && hash(key).size > 0) {
              model.set(other, new Map([...hash(key)].map(([f, x]) => [f, { ...x }])));
            }
          } else if (hash(key).size > 0) {
            t.run("RENAME", key, other);
            const moved = hash(key);
            model.delete(key);
            model.set(other, moved);
          }
          break;
        }
        case 10:
          t.advance(pick([1, 40, 500]));
          break;
        default:
          while (t.store.hashes.expireSome(3)) { /* all that is due */ }
          for (const k of keys) put(k, live(k));
      }
      for (const k of keys) {
        const expected = [...live(k)].map(([f, x]) => `${f}=${x.value}`).sort();
        const pairs = texts(t, "HGETALL", k);
        const actual = pairs.flatMap((x, i) => i % 2 === 0 ? [`${x}=${pairs[i + 1]}`] : []).sort();
        assertEquals(actual, expected);
        const fields = [...live(k).keys()];
        if (fields.length > 0) {
          const until = [...live(k).values()].map((x) => String(x.until === Infinity ? -1 : x.until));
          assertEquals(texts(t, "HPEXPIRETIME", k, ...counted(fields)), until);
        }
        // A hash all of whose fields expired is found until they are removed; the model drops it.
        if (live(k).size === 0 && integer(t, "EXISTS", k) === 0) model.delete(k);
      }
    }
    for (const key of keys) t.run("DEL", key);
    while (t.store.garbage.step(100)) { /* all of it */ }
    assertEquals(t.store.deadlines.count(t.store.fieldDeadlines), 0);
    assertEquals(t.store.arena.usedBytes, base);
  });
}

test("hashes: encodings widen as in Redis 7.4", () => {
  const t = engineTester();
  t.run("HSET", "h", "f", "v");
  assertEquals(encoding(t, "h"), "listpack");
  t.run("HEXPIRE", "h", "100", "FIELDS", "1", "f");
  assertEquals(encoding(t, "h"), "listpackex");
  t.run("HSET", "h", "g", "x".repeat(65));
  assertEquals(encoding(t, "h"), "hashtable");
  assertEquals(texts(t, "HTTL", "h", "FIELDS", "2", "f", "g"), ["100", "-1"]);
  for (let i = 0; i < 128; i++) t.run("HSET", "n", "f" + i, "v");
  assertEquals(encoding(t, "n"), "listpack");
  t.run("HSET", "n", "f128", "v");
  assertEquals(encoding(t, "n"), "hashtable");
  t.run("HSET", "m", ...Array.from({ length: 258 }, (_, i) => "x" + i));
  assertEquals(encoding(t, "m"), "hashtable");
});

test("hashes: fields expire on access and by themselves, with their events", () => {
  for (const entries of [128, 0]) {
    const t = engineTester();
    t.engine.settings.limits.hashMaxListpackEntries = entries;
    const log: string[] = [];
    noteExpiry(t.store, log);
    t.run("HSET", "h", "a", "1", "b", "2", "c", "3");
    t.run("HPEXPIRE", "h", "100", "FIELDS", "2", "a", "b");
    t.advance(101);
    assertEquals(integer(t, "HLEN", "h"), 3);
    assertEquals(t.show("HGET h a"), "(nil)");
    assertEquals(integer(t, "HLEN", "h"), 2);
    assertEquals(log.splice(0), ["a h", "expired h"]);
    t.run("HPEXPIRE", "h", "100", "FIELDS", "1", "c");
    t.advance(101);
    assertEquals(integer(t, "EXISTS", "h"), 1);
    assertEquals(t.store.hashes.expireSome(100), false);
    assertEquals(log.splice(0), ["b h", "c h", "emptied h"]);
    assertEquals(integer(t, "EXISTS", "h"), 0);
    assertEquals(t.store.expiredFields, 3);
  }
});

test("hashes: active expiry finds what is due among many, in bounded steps", () => {
  const t = engineTester();
  for (let i = 0; i < 2000; i++) {
    t.run("HSET", "h" + i, "f", "v", "g", "w");
    t.run("HPEXPIRE", "h" + i, String(1000 + i), "FIELDS", "1", "f");
  }
  t.advance(1500);
  let steps = 1;
  while (t.store.hashes.expireSome(10)) steps++;
  assertEquals(t.store.expiredFields, 501);
  assert(steps >= 50, `${steps} steps`);
  t.run("FLUSHDB");
  t.advance(100_000);
  assertEquals(t.store.hashes.expireSome(10), false);
  assertEquals(t.store.expiredFields, 501);
});

test("hashes: fields that expire follow their key through SWAPDB, MOVE and FLUSHDB", () => {
  const t = engineTester();
  t.run("HSET", "h", "f", "v");
  t.run("HPEXPIRE", "h", "100", "FIELDS", "1", "f");
  t.run("SWAPDB", "0", "3");
  t.db = 3;
  assertEquals(texts(t, "HPTTL", "h", "FIELDS", "1", "f"), ["100"]);
  t.run("MOVE", "h", "4");
  t.advance(200);
  t.store.hashes.expireSome(10);
  t.db = 4;
  assertEquals(integer(t, "EXISTS", "h"), 0);
  const base = t.store.arena.usedBytes;
  for (let i = 0; i < 300; i++) {
    t.run("HSET", "h" + i, "f", "v");
    t.run("HPEXPIRE", "h" + i, "100", "FIELDS", "1", "f");
  }
  t.run("FLUSHDB");
  t.run("HSET", "h1", "f", "new");
  t.advance(200);
  t.store.hashes.expireSome(1000);
  assertEquals(t.show("HGET h1 f"), '"new"');
  t.run("DEL", "h1");
  while (t.store.garbage.step(10)) { /* all of it */ }
  assertEquals(t.store.arena.usedBytes, base);
});

test("hashes: events and what counts as a change", () => {
  const t = engineTester();
  t.run("HSET", "h", "a", "1", "b", "2");
  t.run("HINCRBY", "h", "a", "1");
  t.run("HINCRBYFLOAT", "h", "a", "1.5");
  t.run("HSETNX", "h", "a", "1");
  t.run("HEXPIRE", "h", "10", "FIELDS", "2", "a", "b");
  t.run("HPERSIST", "h", "FIELDS", "2", "a", "b");
  t.run("HEXPIRE", "h", "0", "FIELDS", "1", "a");
  t.run("HGETDEL", "h", "FIELDS", "1", "b");
  assertEquals(t.takeEvents(), [
    "hset h",
    "hincrby h",
    "hincrbyfloat h",
    "hexpire h",
    "hpersist h",
    "hdel h",
    "hdel h",
    "del h",
  ]);
  assertEquals(t.store.dirty, 2 + 1 + 1 + 2 + 1 + 1 + 1);
});

test("hashes: sums of 64-bit integers", () => {
  const t = engineTester();
  t.run("HSET", "h", "f", "9223372036854775806");
  assertEquals(t.show("HINCRBY h f 1"), "(integer) 9223372036854775807");
  assertEquals(t.show("HINCRBY h f 1"), "(error) ERR increment or decrement would overflow");
  t.run("HSET", "h", "f", "-9223372036854775807");
  assertEquals(t.show("HINCRBY h f -1"), "(integer) -9223372036854775808");
  assertEquals(t.show("HINCRBY h f -1"), "(error) ERR increment or decrement would overflow");
  assertEquals(t.show("HINCRBY h f 9223372036854775807"), "(integer) -1");
  t.run("HSET", "h", "f", "4294967295");
  assertEquals(t.show("HINCRBY h f 1"), "(integer) 4294967296");
  assertEquals(t.show("HINCRBY h f -4294967297"), "(integer) -1");
});
