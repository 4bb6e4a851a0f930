/** Streams as values: every form of RDB data, damaged ones, copies between stores, memory that runs out or comes back. */
import { assert, assertEquals } from "@std/assert";
import { Crc64 } from "../../src/codec/crc64.ts";
import { type EngineTester, engineTester, seededRandom } from "../engine.ts";
import { test } from "../harness.ts";
import { format, type Reply } from "../reply.ts";

const random = seededRandom(7);
const pick = (n: number) => Math.floor(random() * n);
const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

function text(reply: Reply): string {
  assert("text" in reply, format(reply));
  return reply.text;
}

function show(t: EngineTester, ...args: string[]): string {
  return format(t.run(...args));
}

/** A stream of about `n` entries with some groups in all states. */
function fill(t: EngineTester, key: string, n: number): void {
  for (let i = 1; i <= n; i++) {
    const fields = pick(3) === 0 ? ["x", String(pick(1000)), "yy", "z".repeat(pick(80))] : ["a", String(i)];
    t.run("XADD", key, `${i * 3}-${pick(2)}`, ...fields);
  }
  for (const group of ["g", "h", "long".repeat(80)].slice(0, 1 + pick(3))) {
    t.run("XGROUP", "CREATE", key, group, String(pick(n)), ...(pick(2) === 0 ? ["ENTRIESREAD", String(pick(n))] : []));
    for (let k = pick(4); k > 0; k--) {
      t.run("XREADGROUP", "GROUP", group, `c${pick(3)}`, "COUNT", String(1 + pick(n)), "STREAMS", key, ">");
      t.advance(pick(50));
    }
    t.run("XGROUP", "CREATECONSUMER", key, group, "idle");
  }
  for (let k = pick(4); k > 0; k--) t.run("XDEL", key, `${pick(n) * 3}-0`);
  if (pick(3) === 0) t.run("XTRIM", key, "MAXLEN", String(pick(n)));
}

/** Everything that a stream is; of old forms only what they keep. */
function content(t: EngineTester, key: string, version = 12): string {
  const full = show(t, "XINFO", "STREAM", key, "FULL", "COUNT", "0");
  if (version >= 11) return full;
  if (version === 10) return full.replace(/"(seen|active)-time"\n.*\n/g, "");
  const { groups } = { groups: full.match(/"name"\n.*\n/g) ?? [] };
  return [show(t, "XRANGE", key, "-", "+"), ...groups].join("\n");
}

test("streams come back from every version's form", () => {
  const t = engineTester();
  const { out } = t.engine.call.payload;
  for (let round = 0; round < 40; round++) {
    t.run("FLUSHALL");
    t.engine.limits.streamNodeMaxEntries = [100, 3][round % 2];
    fill(t, "k", 1 + pick(round % 3 === 0 ? 400 : 8));
    out.version = [9, 10, 11, 12][round % 4];
    out.compress = round % 8 < 4;
    const dumped = latin1(text(t.run("DUMP", "k")));
    assertEquals(text(t.run("RESTORE", "copy", "0", dumped)), "OK");
    assertEquals(content(t, "copy", out.version), content(t, "k", out.version));
    if (out.version >= 11) assertEquals(latin1(text(t.run("DUMP", "copy"))), dumped);
  }
});

test("damaged streams never do harm", () => {
  const t = engineTester();
  t.run("SET", "kept", "value");
  let refused = 0;
  for (let round = 0; round < 300; round++) {
    t.run("DEL", "k", "copy");
    t.engine.limits.streamNodeMaxEntries = [100, 3][round % 2];
    fill(t, "k", 1 + pick(round % 4 === 0 ? 150 : 8));
    t.engine.call.payload.out.compress = round % 2 === 0;
    const damaged = latin1(text(t.run("DUMP", "k")));
    for (let n = pick(3); n >= 0; n--) {
      const at = 1 + pick(damaged.length - 11);
      damaged[at] = pick(2) === 0 ? pick(256) : damaged[at] ^ (1 << pick(8));
    }
    const crc = new Crc64();
    crc.update(damaged, 0, damaged.length - 8);
    crc.write(damaged, damaged.length - 8);
    t.run("DEL", "k");
    while (t.store.garbage.step(1000));
    const used = t.store.arena.usedBytes;
    const answer = t.run("RESTORE", "kept", "0", damaged, "REPLACE");
    if (answer.type === "error") {
      refused++;
      assertEquals(answer.text, "ERR Bad data format");
      assertEquals(show(t, "GET", "kept"), '"value"');
      while (t.store.garbage.step(1000));
      assert(t.store.arena.usedBytes - used < 65_536, "what was read so far is freed");
      continue;
    }
    content(t, "kept");
    t.run("XREVRANGE", "kept", "+", "-");
    t.run("DUMP", "kept");
    t.run("COPY", "kept", "copy");
    t.run("XTRIM", "kept", "MAXLEN", "1");
    t.run("XAUTOCLAIM", "kept", "g", "c", "0", "0");
    t.run("SET", "kept", "value");
  }
  assert(refused > 50, `${refused} refused`);
});

test("streams are copied and moved between stores, and freed in steps", () => {
  const t = engineTester({ stores: 3 });
  const empty = t.stores.map((store) => store.arena.usedBytes);
  for (let round = 0; round < 12; round++) {
    t.engine.limits.streamNodeMaxEntries = [100, 1][round % 2];
    fill(t, "k", 1 + pick(300));
    const before = content(t, "k");
    for (const to of ["a", "b", "c", "d"]) {
      assertEquals(show(t, "COPY", "k", to, "REPLACE"), "(integer) 1");
      assertEquals(content(t, to), before);
    }
    t.run("RENAME", "d", "e");
    assertEquals(content(t, "e"), before);
    t.run("XADD", "a", "999999-0", "a", "b");
    t.run("XACK", "a", "g", "3-0", "3-1");
    assertEquals(content(t, "k"), before, "copies share nothing");
    assert(Number(text(t.run("MEMORY", "USAGE", "k"))) > 100);
    t.run("XGROUP", "DESTROY", "k", "g");
    t.run("DEL", "k", "a", "b", "c", "e");
  }
  for (const store of t.stores) {
    let steps = 0;
    while (store.garbage.step(10)) steps++;
    assert(steps > 5, "garbage is freed in bounded steps");
  }
  t.run("XADD", "k", "1", "a", "b");
  t.run("DEL", "k");
  t.stores.forEach((store, n) => assert(store.arena.usedBytes - empty[n] < 8192, "only tables are left"));
});

test("without memory a stream stays as it was", () => {
  const t = engineTester({ arenaBytes: 5 * 1024 * 1024 });
  t.engine.limits.reserveBytes = 0;
  t.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  let added = 0;
  while (t.run("XADD", "s", `${added + 1}-0`, "field", "v".repeat(200)).type === "bulk") added++;
  assert(added > 5000);
  assertEquals(show(t, "XLEN", "s"), `(integer) ${added}`);
  assert(/OOM/.test(show(t, "COPY", "s", "copy")));
  assertEquals(show(t, "EXISTS", "copy"), "(integer) 0");
  while (t.store.garbage.step(1000));
  // Delivering needs memory for each entry: what finds none is not delivered.
  let delivered = 0;
  for (;;) {
    const reply = t.run("XREADGROUP", "GROUP", "g", "c", "COUNT", "700", "STREAMS", "s", ">");
    if (reply.type !== "array") break;
    const stream = reply.items[0];
    assert("items" in stream && "items" in stream.items[1]);
    delivered += stream.items[1].items.length;
  }
  assert(delivered < added);
  const pending = t.run("XPENDING", "s", "g");
  assert("items" in pending);
  assertEquals(Number(text(pending.items[0])), delivered);
  assert(/OOM/.test(show(t, "XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")));
  // Deleting and acknowledging never need any.
  for (let i = 1; i <= added; i++) {
    assertEquals(show(t, "XDEL", "s", `${i}-0`), "(integer) 1");
    assertEquals(show(t, "XACK", "s", "g", `${i}-0`), `(integer) ${i <= delivered ? 1 : 0}`);
  }
  assertEquals(show(t, "XLEN", "s"), "(integer) 0");
});
