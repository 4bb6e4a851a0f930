/** Sorted sets through the engine: random changes against a model in one and in several stores, memory given back, a full arena. */
import { assert, assertEquals } from "@std/assert";
import { type EngineTester, engineTester, seededRandom } from "../engine.ts";
import { test } from "../harness.ts";

function texts(t: EngineTester, ...args: (string | number)[]): string[] {
  const reply = t.run(...args) as unknown as { items: { text: string }[] };
  return reply.items.map((item) => item.text);
}

function text(t: EngineTester, ...args: (string | number)[]): string {
  return (t.run(...args) as unknown as { text: string }).text;
}

function sorted(model: Map<string, number>): string[] {
  return [...model].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1)).flatMap((
    [member, score],
  ) => [member, String(score)]);
}

for (const stores of [1, 3]) {
  test(`zsets: random commands against a model, ${stores} stores`, () => {
    const t = engineTester({ stores });
    t.engine.settings.limits.zsetMaxListpackEntries = 20;
    const random = seededRandom(21);
    const base = t.stores.map((store) => store.arena.usedBytes);
    const pick = (n: number) => Math.floor(random() * n);
    const keys = ["a", "b", "c"];
    const models = new Map(keys.map((key) => [key, new Map<string, number>()]));
    const member = () =>
      random() < 0.02 ? "m".repeat(60 + pick(300)) : random() < 0.3 ? String(pick(80) - 40) : "m" + pick(200);
    for (let step = 0; step < 6000; step++) {
      const key = keys[pick(keys.length)];
      const model = models.get(key)!;
      const m = member();
      const score = pick(50) / 2 - 5;
      const growing = Math.floor(step / 1500) % 2 === 0;
      switch (pick(growing ? 6 : 9)) {
        case 0:
        case 1:
        case 2: {
          assertEquals(text(t, "ZADD", key, score, m), model.has(m) ? "0" : "1");
          model.set(m, score);
          break;
        }
        case 3: {
          model.set(m, (model.get(m) ?? 0) + score);
          assertEquals(text(t, "ZINCRBY", key, score, m), String(model.get(m)));
          break;
        }
        case 4: {
          const all = sorted(model);
          const place = all.findIndex((x, i) => i % 2 === 0 && x === m);
          assertEquals(text(t, "ZRANK", key, m), place < 0 ? undefined : String(place / 2));
          break;
        }
        case 5: {
          const expected = sorted(model).filter((_, i, all) =>
            Number(all[i | 1]) >= score && Number(all[i | 1]) < score + 5
          );
          assertEquals(texts(t, "ZRANGE", key, score, `(${score + 5}`, "BYSCORE", "WITHSCORES"), expected);
          break;
        }
        case 6: {
          assertEquals(text(t, "ZREM", key, m), model.delete(m) ? "1" : "0");
          break;
        }
        case 7: {
          const from = pick(model.size + 1);
          const gone = sorted(model).slice(from * 2, from * 2 + 2 * (1 + pick(30)));
          assertEquals(
            text(t, "ZREMRANGEBYRANK", key, from, from + Math.max(1, gone.length / 2) - 1),
            String(gone.length / 2),
          );
          for (let i = 0; i < gone.length; i += 2) model.delete(gone[i]);
          break;
        }
        default: {
          const max = random() < 0.5;
          const all = sorted(model);
          const gone = all.length === 0 ? [] : max ? all.slice(-2) : all.slice(0, 2);
          assertEquals(texts(t, max ? "ZPOPMAX" : "ZPOPMIN", key), gone);
          model.delete(gone[0]);
        }
      }
      if (step % 50 === 0) {
        for (const [name, held] of models) assertEquals(texts(t, "ZRANGE", name, 0, -1, "WITHSCORES"), sorted(held));
        const [x, y] = [models.get("a")!, models.get("b")!];
        const union = new Map(x);
        for (const [name, value] of y) union.set(name, (union.get(name) ?? 0) + value);
        assertEquals(text(t, "ZUNIONSTORE", "u", 2, "a", "b"), String(union.size));
        assertEquals(texts(t, "ZRANGE", "u", 0, -1, "WITHSCORES"), sorted(union));
        const inter = new Map(
          [...x].filter(([name]) => y.has(name)).map(([name, value]) => [name, value + y.get(name)!]),
        );
        assertEquals(texts(t, "ZINTER", 2, "a", "b", "WITHSCORES"), sorted(inter));
        assertEquals(text(t, "ZDIFFSTORE", "d", 2, "a", "b"), String(x.size - inter.size));
        t.run("DEL", "copy");
        t.run("COPY", "a", "copy");
        assertEquals(texts(t, "ZRANGE", "copy", 0, -1, "WITHSCORES"), sorted(x));
        const scanned = new Set<string>();
        let cursor = "0";
        do {
          const page = t.run("ZSCAN", "a", cursor, "COUNT", 7) as unknown as {
            items: [{ text: string }, { items: { text: string }[] }];
          };
          page.items[1].items.forEach((item, i) => i % 2 === 0 && scanned.add(item.text));
          cursor = page.items[0].text;
        } while (cursor !== "0");
        assertEquals(scanned.size, x.size);
      }
    }
    for (const key of [...keys, "u", "d", "copy"]) t.run("DEL", key);
    for (const store of t.stores) while (store.garbage.step(100));
    assertEquals(t.stores.map((store) => store.arena.usedBytes), base);
  });
}

test("zsets: a large one is freed in steps", () => {
  const t = engineTester();
  const base = t.store.arena.usedBytes;
  for (let i = 0; i < 5000; i++) t.run("ZADD", "z", i, "member:" + i);
  t.run("DEL", "z");
  assert(t.store.arena.usedBytes > base, "not freed at once");
  let steps = 0;
  while (t.store.garbage.step(500)) steps++;
  assert(steps >= 5);
  assertEquals(t.store.arena.usedBytes, base);
});

test("zsets: a full arena refuses, and leaves what it has", () => {
  const t = engineTester({ arenaBytes: 4 << 20 });
  t.engine.settings.limits.reserveBytes = 0;
  const base = t.store.arena.usedBytes;
  let n = 0;
  for (;; n++) {
    const reply = t.run("ZADD", "z", n % 97, "member:" + n) as { text: string };
    if (reply.text !== "1") {
      assert(reply.text.startsWith("OOM"));
      break;
    }
  }
  assert(n > 1000, `${n} members`);
  assert(text(t, "ZUNIONSTORE", "u", "1", "z").startsWith("OOM"));
  assert(text(t, "ZRANGESTORE", "r", "z", "0", "-1").startsWith("OOM"));
  assertEquals(text(t, "ZCARD", "z"), String(n));
  const scores = texts(t, "ZRANGE", "z", 0, -1, "WITHSCORES").filter((_, i) => i % 2 === 1).map(Number);
  assertEquals(scores.length, n);
  assert(scores.every((score, i) => i === 0 || scores[i - 1] <= score));
  t.run("DEL", "z");
  while (t.store.garbage.step(100));
  assertEquals(t.store.arena.usedBytes, base);
});

test("zsets: random members are all equally likely", () => {
  const t = engineTester();
  for (const [key, n] of [["small", 50], ["large", 300]] as const) {
    for (let i = 0; i < n; i++) t.run("ZADD", key, i, "m" + i);
    for (const count of [-200, 10]) {
      const seen = new Map<string, number>();
      const rounds = 300;
      for (let i = 0; i < rounds; i++) {
        for (const m of texts(t, "ZRANDMEMBER", key, count)) seen.set(m, (seen.get(m) ?? 0) + 1);
      }
      const mean = rounds * Math.abs(count) / n;
      let square = 0;
      for (let i = 0; i < n; i++) square += ((seen.get("m" + i) ?? 0) - mean) ** 2 / mean;
      assert(square < n + 6 * Math.sqrt(2 * n), `${key} ${count}: chi-square ${square} of ${n}`);
    }
  }
});

test("zsets: members taken from the ends of large ones, between other changes", () => {
  const t = engineTester();
  const random = seededRandom(5);
  const models = ["a", "b"].map((key) => ({ key, members: new Map<string, number>() }));
  for (const { key, members } of models) {
    for (let i = 0; i < 25_000; i++) {
      const score = Math.floor(random() * 1e6);
      members.set(`m${i}`, score);
      t.run("ZADD", key, score, `m${i}`);
    }
  }
  const order = models.map(({ members }) =>
    [...members.keys()].sort((x, y) => members.get(x)! - members.get(y)! || (x < y ? -1 : 1))
  );
  let added = 0;
  for (let step = 0; step < 30_000; step++) {
    const which = random() < 0.7 ? 0 : 1;
    const { key, members } = models[which];
    const at = Math.floor(step / 200) % 2 === 0; // long runs from one end
    const end = random() < 0.9 ? at : !at;
    const [member, score] = texts(t, end ? "ZPOPMIN" : "ZPOPMAX", key);
    const expected = end ? order[which].shift()! : order[which].pop()!;
    assertEquals([member, score], [expected, String(members.get(expected))]);
    members.delete(expected);
    if (random() < 0.05) {
      // One that comes next, in the memory of one that has just gone.
      const next = `n${added++}`;
      const low = members.get(order[which][0])! - 1;
      t.run("ZADD", key, low, next);
      members.set(next, low);
      order[which].unshift(next);
    }
    if (random() < 0.05) {
      const gone = order[which].splice(Math.floor(random() * 40), 1)[0];
      t.run("ZREM", key, gone);
      members.delete(gone);
    }
  }
  for (const { key, members } of models) assertEquals(text(t, "ZCARD", key), String(members.size));
});
