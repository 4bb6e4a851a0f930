/** What transcripts do not show of lists: where encodings change, keyspace events, lists in several stores, memory. */
import { assert, assertEquals } from "@std/assert";
import { Encoding, ENCODING_NAMES } from "../../src/store/entry.ts";
import { valueTypeOf } from "../../src/store/value_type.ts";
import { type EngineTester, engineTester, seededRandom } from "../engine.ts";
import { test } from "../harness.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function entryOf(t: EngineTester, key: string): number {
  const b = bytes(key);
  return t.store.peek(0, b, 0, b.length);
}

function encoding(t: EngineTester, key: string): string {
  return ENCODING_NAMES[t.store.encoding(entryOf(t, key))];
}

test("lists: a list becomes a quicklist beyond 8 KiB, and a listpack again at half of that", () => {
  const t = engineTester();
  const element = "x".repeat(100);
  let n = 0;
  do {
    t.run("RPUSH", "l", element);
    n++;
  } while (encoding(t, "l") === "listpack");
  // Entries of 103 bytes and 7 of frame: 78 fit with the next one's 100 bytes, 79 do not.
  assertEquals(n, 80);
  // The last one is in a node of its own.
  while (encoding(t, "l") === "quicklist") {
    t.run("RPOP", "l");
    n--;
  }
  assertEquals(n, 39);
  assertEquals(t.show("LLEN l"), "(integer) 39");
});

test("lists: counted nodes", () => {
  const t = engineTester();
  t.engine.limits.listMaxListpackSize = 4;
  t.run("RPUSH", "l", 1, 2, 3, 4);
  assertEquals(encoding(t, "l"), "listpack");
  t.run("RPUSH", "l", 5);
  assertEquals(encoding(t, "l"), "quicklist");
  t.run("RPOP", "l");
  t.run("RPOP", "l");
  assertEquals(encoding(t, "l"), "quicklist");
  t.run("LPOP", "l");
  assertEquals(encoding(t, "l"), "listpack");
  t.run("RPUSH", "all", 1, 2, 3, 4, 5);
  assertEquals(encoding(t, "all"), "quicklist");
  assertEquals(t.show("LRANGE all 0 -1"), '1) "1"\n2) "2"\n3) "3"\n4) "4"\n5) "5"');
  t.run("LTRIM", "all", 1, 2);
  assertEquals(encoding(t, "all"), "listpack");
});

test("lists: an element beyond a node's size is a node of its own", () => {
  const t = engineTester();
  const large = "L".repeat(9000);
  t.run("RPUSH", "l", "a", large, "b");
  assertEquals(encoding(t, "l"), "quicklist");
  t.run("LSET", "l", 1, "small");
  t.run("LSET", "l", 0, large);
  t.run("LINSERT", "l", "BEFORE", "small", large + 2);
  assertEquals(t.show("LPOS l small"), "(integer) 2");
  assertEquals(t.run("LINDEX", "l", 1), t.run("LINDEX", "l", -3));
  assertEquals(t.show(`LREM l 0 ${large}`), "(integer) 1");
  assertEquals(t.show(`LPOS l ${large}2`), "(integer) 0");
  t.run("LPOP", "l");
  assertEquals(encoding(t, "l"), "listpack");
  assertEquals(t.show("LRANGE l 0 -1"), '1) "small"\n2) "b"');
});

test("lists: a pivot that is not found still makes room, as in Redis", () => {
  const t = engineTester();
  t.run("RPUSH", "l", "a");
  assertEquals(t.run("LINSERT", "l", "AFTER", "x", "y".repeat(9000)), t.run("LINSERT", "l", "AFTER", "x", "y"));
  assertEquals(encoding(t, "l"), "quicklist");
});

test("lists: events, in Redis's order", () => {
  const t = engineTester();
  t.run("RPUSH", "a", 1, 2);
  t.run("LMOVE", "a", "b", "LEFT", "RIGHT");
  t.run("RPOPLPUSH", "a", "b");
  assertEquals(t.takeEvents().filter((e) => !e.startsWith("new ")), [
    ...["rpush a", "rpush b", "lpop a"],
    ...["lpush b", "rpop a", "del a"],
  ]);
  t.run("LREM", "b", 0, 9);
  t.run("LTRIM", "b", 0, -1);
  t.run("LSET", "b", 0, 7);
  t.run("LINSERT", "b", "AFTER", 7, 8);
  t.run("LMPOP", 1, "b", "RIGHT", "COUNT", 9);
  assertEquals(t.takeEvents(), ["ltrim b", "lset b", "linsert b", "rpop b", "del b"]);
});

test("lists: moves between stores", () => {
  const t = engineTester({ stores: 4 });
  const model: string[] = [];
  for (let i = 0; i < 2000; i++) {
    t.run("RPUSH", "source", `element ${i}`);
    model.push(`element ${i}`);
  }
  for (let i = 0; i < 2000; i++) {
    const from = i < 1500 ? "LEFT" : "RIGHT";
    assertEquals(t.run("LMOVE", "source", `target${i % 7}`, from, "RIGHT").type, "bulk");
  }
  assertEquals(t.show("EXISTS source"), "(integer) 0");
  assertEquals(t.show("LINDEX target0 -1"), `"${model[1500 + (1999 - 1995)]}"`);
});

for (const length of [20, 30000]) {
  test(`lists: copies and releases, ${length} elements`, () => {
    const t = engineTester();
    t.run("SET", "warm", "up");
    const empty = t.store.arena.usedBytes;
    for (let i = 0; i < length; i++) t.run("RPUSH", "l", `element:${i}`);
    if (length > 20) t.run("RPUSH", "l", "L".repeat(20000));
    const one = t.store.arena.usedBytes;
    const e = entryOf(t, "l");
    const type = valueTypeOf(t.store.type(e));
    if (length > 20) {
      const weight = type.bytes(t.store, e, 0);
      assert(weight < one - empty && weight > (one - empty) * 0.9);
    }
    const name = bytes("c");
    type.copy(t.store, e, t.store, 0, name, 0, 1, -1);
    assertEquals(t.run("LRANGE", "c", 0, -1), t.run("LRANGE", "l", 0, -1));
    t.run("LSET", "c", 5, "changed");
    assertEquals(t.show("LINDEX l 5"), '"element:5"');
    t.store.delete(0, name, 0, 1);
    t.store.delete(0, bytes("l"), 0, 1);
    while (t.store.garbage.step(10));
    assertEquals(t.store.arena.usedBytes, empty);
  });
}

test("lists: a full arena refuses and changes nothing", () => {
  const t = engineTester({ arenaBytes: 1 << 20 });
  t.engine.limits.reserveBytes = 0;
  const random = seededRandom(5);
  const models = new Map<string, string[]>();
  let refused = 0;
  for (let step = 0; step < 3000; step++) {
    const key = `l${Math.floor(random() * 5)}`;
    const model = models.get(key) ?? [];
    const element = "e".repeat(random() < 0.05 ? 30000 * random() : 40 * random()) + step;
    const op = random();
    const place = Math.floor(random() * model.length);
    if (op < 0.5) {
      if (t.run("RPUSH", key, element).type === "error") refused++;
      else model.push(element);
    } else if (op < 0.7) {
      if (t.run("LPUSH", key, element).type === "error") refused++;
      else model.unshift(element);
    } else if (op < 0.8 && model.length > 0) {
      if (t.run("LSET", key, place, element).type === "error") refused++;
      else model[place] = element;
    } else if (op < 0.9 && model.length > 0) {
      if (t.run("LINSERT", key, "BEFORE", model[place], element).type === "error") refused++;
      else model.splice(place, 0, element);
    } else {
      t.run("RPOP", key);
      model.pop();
    }
    models.set(key, model);
    if (refused > 20) {
      for (const list of models.values()) list.length = 0;
      t.run("DEL", ...models.keys());
      refused -= 20;
      while (t.store.garbage.step(100));
    }
    const reply = t.run("LRANGE", key, 0, -1);
    assert(reply.type === "array");
    assertEquals(reply.items.map((item) => item.type === "bulk" ? item.text : ""), model);
  }
  assert(refused > 0);
});

test("lists: the quicklist's payload is never taken for a listpack", () => {
  const t = engineTester();
  t.engine.limits.listMaxListpackSize = 1;
  for (let i = 0; i < 3000; i++) t.run(i % 3 === 0 ? "LPUSH" : "RPUSH", "l", i);
  assertEquals(t.store.encoding(entryOf(t, "l")), Encoding.QUICKLIST);
  t.engine.limits.listMaxListpackSize = -2;
  for (let i = 0; i < 3000; i += 7) assertEquals(t.run("LREM", "l", i % 2 === 0 ? 1 : -1, i).type, "int");
  assertEquals(t.show("LLEN l"), `(integer) ${3000 - Math.ceil(3000 / 7)}`);
  while (t.run("LPOP", "l", 50).type === "array");
  assertEquals(t.show("EXISTS l"), "(integer) 0");
});
