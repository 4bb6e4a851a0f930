/** DUMP and RESTORE of every type: what was dumped comes back, old forms are read, and damaged payloads change nothing. */
import { assert, assertEquals } from "@std/assert";
import { Crc64 } from "../../src/codec/crc64.ts";
import { RdbType } from "../../src/codec/rdb/format.ts";
import { RdbWriter } from "../../src/codec/rdb/writer.ts";
import { type EngineTester, engineTester, seededRandom } from "../engine.ts";
import { test } from "../harness.ts";
import { format, type Reply } from "../reply.ts";

const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** A payload of a form's bytes. */
function payload(rdbType: number, body: (out: RdbWriter) => void, version = 11): Uint8Array {
  const out = new RdbWriter();
  out.byte(rdbType);
  body(out);
  out.byte(version);
  out.byte(0);
  out.ensure(8);
  const crc = new Crc64();
  crc.update(out.buf, 0, out.pos);
  crc.write(out.buf, out.pos);
  return out.buf.slice(0, out.pos + 8);
}

function text(reply: Reply): string {
  assert("text" in reply, format(reply));
  return reply.text;
}

/** Everything a key holds, in an order that does not depend on its encoding. */
function content(t: EngineTester, key: string): string {
  const type = text(t.run("TYPE", key));
  const lines = (reply: Reply) => ("items" in reply ? reply.items.map((item) => format(item)) : [format(reply)]);
  switch (type) {
    case "string":
      return format(t.run("GET", key));
    case "list":
      return lines(t.run("LRANGE", key, "0", "-1")).join("\n");
    case "set":
      return lines(t.run("SMEMBERS", key)).sort().join("\n");
    case "zset":
      return lines(t.run("ZRANGE", key, "0", "-1", "WITHSCORES")).join("\n");
    case "hash": {
      const fields = t.run("HKEYS", key);
      const names = "items" in fields ? fields.items.map(text).sort() : [];
      return names.map((name) =>
        `${name}=${format(t.run("HGET", key, name))} ${format(t.run("HPEXPIRETIME", key, "FIELDS", "1", name))}`
      ).join("\n");
    }
    default:
      return type;
  }
}

const random = seededRandom(5);
const pick = (n: number) => Math.floor(random() * n);

function element(long: boolean): string {
  switch (pick(5)) {
    case 0:
      return String(pick(100_000) - 50_000);
    case 1:
      return String(pick(2 ** 31)) + String(pick(1000));
    case 2:
      return "ab".repeat(pick(long ? 400 : 12));
    case 3:
      return "";
    default:
      return `e${pick(10_000)}`;
  }
}

/** Makes the key hold a value of `n` elements or so. */
function fill(t: EngineTester, type: string, key: string, n: number, long: boolean): void {
  for (let i = 0; i < n; i++) {
    if (type === "string") t.run("SET", key, element(long));
    else if (type === "list") t.run("RPUSH", key, element(long));
    else if (type === "set") t.run("SADD", key, element(long));
    else if (type === "ints") t.run("SADD", key, String(pick(100_000) * (i % 9 === 0 ? 1e9 : 1)));
    else if (type === "zset") t.run("ZADD", key, String((pick(4000) - 2000) / 8), element(long));
    else {
      const field = element(long);
      t.run("HSET", key, field, element(long));
      if (type === "expiring" && pick(2) === 0) {
        t.run("HPEXPIRE", key, String(1000 + pick(1e6)), "FIELDS", "1", field);
      }
    }
  }
}

for (const type of ["string", "list", "set", "ints", "zset", "hash", "expiring"]) {
  test(`${type}: comes back from every version's form`, () => {
    const t = engineTester();
    const out = t.engine.call.payload.out;
    for (let round = 0; round < 24; round++) {
      t.run("FLUSHALL");
      fill(t, type, "k", round % 3 === 0 ? 1 + pick(4) : 1 + pick(round % 3 === 1 ? 100 : 400), round % 2 === 0);
      const before = content(t, "k");
      out.version = [9, 10, 11, 12][round % 4];
      out.compress = round % 8 < 4;
      const dumped = latin1(text(t.run("DUMP", "k")));
      assertEquals(text(t.run("RESTORE", "copy", "0", dumped)), "OK");
      assertEquals(content(t, "copy"), before);
      if (type !== "expiring" && out.version >= 11) {
        assertEquals(t.run("OBJECT", "ENCODING", "copy"), t.run("OBJECT", "ENCODING", "k"));
      }
      const again = latin1(text(t.run("DUMP", "copy")));
      if (out.version >= 11 && (type === "string" || type === "list" || type === "zset")) assertEquals(again, dumped);
    }
  });

  test(`${type}: damaged payloads never do harm`, () => {
    const t = engineTester();
    t.run("SET", "kept", "value");
    let refused = 0;
    for (let round = 0; round < 200; round++) {
      t.run("DEL", "k", "copy");
      while (t.store.garbage.step(1000));
      fill(t, type, "k", 1 + pick(round % 4 === 0 ? 150 : 8), false);
      t.engine.call.payload.out.compress = round % 2 === 0;
      const damaged = latin1(text(t.run("DUMP", "k")));
      for (let n = pick(3); n >= 0; n--) {
        const at = pick(damaged.length - 10);
        damaged[at] = pick(2) === 0 ? pick(256) : damaged[at] ^ (1 << pick(8));
      }
      const crc = new Crc64();
      crc.update(damaged, 0, damaged.length - 8);
      crc.write(damaged, damaged.length - 8);
      t.run("DEL", "k");
      const used = t.store.arena.usedBytes;
      const answer = t.run("RESTORE", "kept", "0", damaged, "REPLACE");
      if (answer.type === "error") {
        refused++;
        assertEquals(answer.text, "ERR Bad data format");
        assertEquals(content(t, "kept"), '"value"');
        while (t.store.garbage.step(1000));
        assert(t.store.arena.usedBytes - used < 65_536, "what was read so far is freed");
        continue;
      }
      content(t, "kept");
      t.run("DUMP", "kept");
      t.run("COPY", "kept", "copy");
      t.run("SET", "kept", "value");
    }
    assert(refused > 10, `${refused} refused`);
    assertEquals(t.run("DBSIZE"), { type: "int", text: String(text(t.run("EXISTS", "copy")) === "1" ? 2 : 1) });
  });
}

/** A ziplist as Redis before 7.0 wrote it. */
function ziplist(...entries: (string | number)[]): string {
  let body = "";
  let previous = 0;
  for (const entry of entries) {
    let bytes = previous < 254 ? String.fromCharCode(previous) : "\xfe" + word(previous);
    if (typeof entry === "string") {
      const n = entry.length;
      if (n < 64) bytes += String.fromCharCode(n);
      else if (n < 16384) bytes += String.fromCharCode(0x40 | (n >> 8), n & 255);
      else bytes += "\x80" + [...word(n)].reverse().join("");
      bytes += entry;
    } else if (entry >= 0 && entry <= 12) bytes += String.fromCharCode(0xf1 + entry);
    else if (entry >= -128 && entry < 128) bytes += "\xfe" + word(entry).slice(0, 1);
    else if (entry >= -32768 && entry < 32768) bytes += "\xc0" + word(entry).slice(0, 2);
    else if (entry >= -(2 ** 23) && entry < 2 ** 23) bytes += "\xf0" + word(entry).slice(0, 3);
    else if (entry === (entry | 0)) bytes += "\xd0" + word(entry);
    else bytes += "\xe0" + word(entry) + word(Math.floor(entry / 2 ** 32));
    body += bytes;
    previous = bytes.length;
  }
  const size = 10 + body.length + 1;
  return word(size) + word(size - 1 - previous) + word(entries.length).slice(0, 2) + body + "\xff";
}

/** Four bytes, least significant first. */
function word(n: number): string {
  return String.fromCharCode(n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >> 24) & 255);
}

function string(out: RdbWriter, value: string): void {
  const bytes = latin1(value);
  out.string(bytes, 0, bytes.length);
}

test("the forms of older versions are read", () => {
  const t = engineTester();
  const numbers = [0, 12, 13, -1, 127, -128, 128, -32768, 70_000, -8_388_608, 8_388_608, 2 ** 40, -(2 ** 40)];
  const forms: [string, Uint8Array, string, string][] = [
    [
      "linked list",
      payload(RdbType.LIST, (out) => {
        out.len(3);
        for (const value of ["a", "", "12"]) string(out, value);
      }),
      "listpack",
      '"a"\n""\n"12"',
    ],
    [
      "list in a ziplist",
      payload(RdbType.LIST_ZIPLIST, (out) => string(out, ziplist(...numbers, "x".repeat(70), "y"))),
      "listpack",
      [...numbers.map((n) => `"${n}"`), `"${"x".repeat(70)}"`, '"y"'].join("\n"),
    ],
    [
      "quicklist of ziplists",
      payload(RdbType.LIST_QUICKLIST, (out) => {
        out.len(2);
        string(out, ziplist("a", "b".repeat(20_000)));
        string(out, ziplist("c"));
      }),
      "quicklist",
      `"a"\n"${"b".repeat(20_000)}"\n"c"`,
    ],
    [
      "sorted set with textual scores",
      payload(RdbType.ZSET, (out) => {
        out.len(3);
        string(out, "m");
        out.byte(3);
        out.raw(latin1("1.5"), 0, 3);
        string(out, "top");
        out.byte(254);
        string(out, "low");
        out.byte(255);
      }),
      "listpack",
      '"low"\n"-inf"\n"m"\n"1.5"\n"top"\n"inf"',
    ],
    [
      "sorted set in a ziplist",
      payload(RdbType.ZSET_ZIPLIST, (out) => string(out, ziplist("a", -3, "b", "2.5"))),
      "listpack",
      '"a"\n"-3"\n"b"\n"2.5"',
    ],
    [
      "hash in a ziplist",
      payload(RdbType.HASH_ZIPLIST, (out) => string(out, ziplist("f", 1, "g", "text"))),
      "listpack",
      'f="1" 1) (integer) -1\ng="text" 1) (integer) -1',
    ],
    [
      "hash in a zipmap",
      payload(RdbType.HASH_ZIPMAP, (out) => string(out, "\x02\x01f\x01\x00v\x01g\x03\x02xyz..\xff")),
      "listpack",
      'f="v" 1) (integer) -1\ng="xyz" 1) (integer) -1',
    ],
  ];
  for (const [name, bytes, encoding, expected] of forms) {
    assertEquals(text(t.run("RESTORE", "k", "0", bytes, "REPLACE")), "OK", name);
    assertEquals(text(t.run("OBJECT", "ENCODING", "k")), encoding, name);
    assertEquals(content(t, "k"), expected, name);
  }
});

test("small forms beyond the limits become large encodings", () => {
  const t = engineTester();
  fill(t, "hash", "h", 100, false);
  fill(t, "zset", "z", 100, false);
  fill(t, "set", "s", 100, false);
  fill(t, "ints", "i", 100, false);
  const { limits } = t.engine;
  limits.hashMaxListpackEntries = limits.zsetMaxListpackEntries = 8;
  limits.setMaxListpackEntries = limits.setMaxIntsetEntries = 8;
  for (const [key, encoding] of [["h", "hashtable"], ["z", "skiplist"], ["s", "hashtable"], ["i", "hashtable"]]) {
    const before = content(t, key);
    assertEquals(text(t.run("RESTORE", "k", "0", latin1(text(t.run("DUMP", key))), "REPLACE")), "OK");
    assertEquals(text(t.run("OBJECT", "ENCODING", "k")), encoding);
    assertEquals(content(t, "k"), before);
  }
});

test("a value without room leaves the old one", () => {
  const t = engineTester({ arenaBytes: 8 * 1024 * 1024 });
  const big = engineTester();
  for (let i = 0; i < 8000; i++) big.run("SADD", "s", `member:${i}:${"x".repeat(1000)}`);
  const dumped = latin1(text(big.run("DUMP", "s")));
  t.run("SET", "s", "old");
  const answer = t.run("RESTORE", "s", "0", dumped, "REPLACE");
  assertEquals(answer.type === "error" && answer.text.slice(0, 3), "OOM");
  assertEquals(content(t, "s"), '"old"');
  assertEquals(text(t.run("DBSIZE")), "1");
});
