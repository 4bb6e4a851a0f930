/**
 * Damaged payloads: RESTORE takes anything with a right checksum, and what it accepted every command of its type can use. The payloads are
 * DUMPs of all types and encodings in all versions, changed at random and signed anew, so that the damage is parsed and not just noticed.
 *
 * RINGSHARD_FUZZ_PAYLOADS sets how many are tried for each type, RINGSHARD_SEED the seed.
 */

import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { Crc64 } from "../../src/codec/crc64.ts";
import { type EngineTester, engineTester } from "../engine.ts";
import { Random, seedFrom } from "../fuzz/random.ts";
import { test } from "../harness.ts";

/** 54,000 in all, so 108,000 on both runtimes. */
const PAYLOADS = Number(process.env.RINGSHARD_FUZZ_PAYLOADS ?? 6_000);
const SEED = seedFrom(process.env.RINGSHARD_SEED, 9);

/** Version and checksum behind a payload's value. */
const FOOTER = 10;
const VERSIONS = [6, 9, 10, 11, 12];
/** Bytes that lengths and encodings begin with, and the ends of ranges. */
const TELLING = [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xc0, 0xc1, 0xc2, 0xc3, 0xe0, 0xf0, 0xf1, 0xf4, 0xfe, 0xff];

function element(random: Random): string {
  switch (random.between(0, 6)) {
    case 0:
      return String(random.between(-100_000, 100_000));
    case 1:
      return String(random.between(0, 2 ** 31)) + String(random.between(0, 99_999));
    case 2:
      return "ab".repeat(random.between(0, 60));
    case 3:
      return "";
    case 4:
      return random.bytes(random.between(1, 80));
    default:
      return `e${random.between(0, 999)}`;
  }
}

type Fill = (t: EngineTester, random: Random, n: number) => void;

function times(n: number, run: () => void): void {
  for (let i = 0; i < n; i++) run();
}

/** How a key `k` comes to hold a value with `n` elements or so. */
const FILLS: Record<string, Fill> = {
  string: (t, random, n) => t.run("SET", "k", random.chance(0.3) ? element(random) : element(random).repeat(n)),
  list: (t, random, n) => times(n, () => t.run("RPUSH", "k", element(random))),
  set: (t, random, n) => times(n, () => t.run("SADD", "k", element(random))),
  integers: (t, random, n) => times(n, () => t.run("SADD", "k", random.between(0, 99) * random.pick([1, 1e6, 1e12]))),
  "sorted set": (t, random, n) =>
    times(n, () => t.run("ZADD", "k", random.pick(["1", "-0", "inf", "-inf", "0.1", "1e300", "17"]), element(random))),
  hash: (t, random, n) => times(n, () => t.run("HSET", "k", element(random), element(random))),
  "expiring hash": (t, random, n) =>
    times(n, () => {
      const field = element(random);
      t.run("HSET", "k", field, element(random));
      if (random.chance(0.5)) t.run("HPEXPIRE", "k", random.between(1000, 1e6), "FIELDS", 1, field);
    }),
  hyperloglog: (t, random, n) => times(n, () => t.run("PFADD", "k", element(random), element(random))),
  stream: (t, random, n) => {
    times(n, () => t.run("XADD", "k", "*", random.pick(["f", "g"]), element(random), "same", element(random)));
    if (random.chance(0.7)) {
      t.run("XGROUP", "CREATE", "k", "g", random.pick(["0", "$"]), "MKSTREAM");
      t.run("XREADGROUP", "GROUP", "g", "c1", "COUNT", random.between(1, 5), "STREAMS", "k", ">");
      t.run("XREADGROUP", "GROUP", "g", "c2", "COUNT", random.between(1, 5), "STREAMS", "k", ">");
      t.run("XGROUP", "CREATE", "k", "", "0-1");
    }
    t.run("XTRIM", "k", "MAXLEN", random.between(1, n));
  },
};

/** What is done to a value that RESTORE accepted, by its type: every way to look at it, and then changes. */
const USES: Record<string, string[]> = {
  string: [
    "GET k",
    "STRLEN k",
    "BITCOUNT k",
    "GETRANGE k 1 -2",
    "PFCOUNT k",
    "INCR k",
    "APPEND k x",
    "PFADD k a",
    "SETBIT k 3 1",
  ],
  list: ["LRANGE k 0 -1", "LLEN k", "LINDEX k -1", "LINDEX k 3", "LPOS k e1", "LINSERT k BEFORE e1 x", "LREM k 0 e2"]
    .concat(
      ["LSET k 0 y", "LPOP k", "RPOP k", "LTRIM k 1 -2", "RPUSH k z", "LMOVE k k LEFT RIGHT"],
    ),
  set: [
    "SMEMBERS k",
    "SCARD k",
    "SISMEMBER k e1",
    "SISMEMBER k 17",
    "SRANDMEMBER k -3",
    "SSCAN k 0 COUNT 100",
    "SADD k x 99",
  ].concat(
    ["SREM k e1 5", "SPOP k", "SINTER k k"],
  ),
  zset: [
    "ZRANGE k 0 -1 WITHSCORES",
    "ZCARD k",
    "ZRANGEBYSCORE k -inf +inf",
    "ZRANK k e1",
    "ZSCORE k e2",
    "ZLEXCOUNT k - +",
  ].concat(
    ["ZSCAN k 0", "ZADD k 5 x", "ZINCRBY k 1 e1", "ZREM k e2", "ZPOPMIN k", "ZPOPMAX k", "ZREMRANGEBYRANK k 0 0"],
  ),
  hash: [
    "HGETALL k",
    "HLEN k",
    "HGET k e1",
    "HSCAN k 0",
    "HRANDFIELD k -3 WITHVALUES",
    "HPTTL k FIELDS 1 e1",
    "HSET k x y",
  ].concat(
    ["HINCRBY k n 1", "HDEL k e1", "HPEXPIRE k 5000 FIELDS 2 x e2", "HPERSIST k FIELDS 1 x"],
  ),
  stream: ["XRANGE k - +", "XREVRANGE k + - COUNT 3", "XLEN k", "XINFO STREAM k FULL COUNT 0", "XINFO GROUPS k"].concat(
    [
      "XINFO CONSUMERS k g",
      "XPENDING k g",
      "XPENDING k g - + 10",
      "XREAD STREAMS k 0",
      "XREADGROUP GROUP g c1 STREAMS k 0",
    ],
    [
      "XREADGROUP GROUP g c3 STREAMS k >",
      "XAUTOCLAIM k g c2 0 0",
      "XADD k * f v",
      "XTRIM k MAXLEN 2",
      "XGROUP DESTROY k g",
    ],
  ),
};

/** The value's bytes, changed somewhere. `others`: more values, to take pieces from. */
function damaged(random: Random, value: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  let bytes = [...value];
  for (let n = random.pick([1, 1, 1, 2, 3, 8]); n > 0; n--) {
    const at = random.between(0, bytes.length - 1);
    switch (random.between(0, 7)) {
      case 0:
        bytes[at] = random.between(0, 255);
        break;
      case 1:
        bytes[at] ^= 1 << random.between(0, 7);
        break;
      case 2:
        bytes[at] = random.pick(TELLING);
        break;
      case 3:
        bytes = bytes.slice(0, Math.max(1, at));
        break;
      case 4:
        bytes.splice(at, random.between(1, 4));
        break;
      case 5:
        bytes.splice(at, 0, ...Array.from({ length: random.between(1, 4) }, () => random.pick(TELLING)));
        break;
      case 6: {
        const other = random.pick(others);
        const from = random.between(0, other.length - 1);
        bytes.splice(at, random.between(0, 8), ...other.subarray(from, from + random.between(1, 40)));
        break;
      }
      default:
        bytes[at] = (bytes[at] + random.pick([-1, 1])) & 255;
    }
    if (bytes.length === 0) bytes.push(random.between(0, 255));
  }
  return Uint8Array.from(bytes);
}

/** The value with its version and a right checksum. */
function signed(value: Uint8Array, version: number): Uint8Array {
  const payload = new Uint8Array(value.length + FOOTER);
  payload.set(value);
  payload[value.length] = version;
  const crc = new Crc64();
  crc.update(payload, 0, value.length + 2);
  crc.write(payload, value.length + 2);
  return payload;
}

/** Values of one kind as DUMP gives them, without their footers. */
function dumps(t: EngineTester, random: Random, fill: Fill): Uint8Array[] {
  const { out } = t.engine.call.payload;
  return Array.from({ length: 60 }, (_, i) => {
    t.run("FLUSHALL");
    // Small values for the compact encodings, some beyond their limits.
    fill(t, random, i % 10 === 9 ? random.between(130, 200) : random.between(1, 12));
    out.version = random.pick([9, 10, 11, 12]);
    out.compress = random.chance(0.5);
    const reply = t.run("DUMP", "k");
    assert(reply.type === "bulk");
    return Uint8Array.from(reply.text, (c) => c.charCodeAt(0)).subarray(0, -FOOTER);
  });
}

/** Everything that can be done with what RESTORE made; the replies don't matter. */
function use(t: EngineTester): void {
  const type = t.run("TYPE", "k");
  assert("text" in type);
  for (const line of USES[type.text]) t.raw(...line.split(" "));
  t.raw("OBJECT", "ENCODING", "k");
  t.raw("MEMORY", "USAGE", "k", "SAMPLES", "0");
  t.raw("COPY", "k", "copy", "REPLACE");
  const dumped = t.run("DUMP", "k");
  if (dumped.type !== "bulk") return; // the changes above may have emptied it
  const again = t.run("RESTORE", "again", "0", dumped.text, "REPLACE");
  assertEquals(again, { type: "simple", text: "OK" });
}

/** Frees what commands left to be freed in steps. */
function settle(t: EngineTester): void {
  t.run("DEL", "k", "copy", "again");
  while (t.store.garbage.step(1000));
}

const values = new Map<string, Uint8Array[]>();
for (const [name, fill] of Object.entries(FILLS)) {
  values.set(name, dumps(engineTester(), new Random(SEED), fill));
}

for (const [k, name] of Object.keys(FILLS).entries()) {
  test(`damaged payloads: ${name}`, () => {
    const t = engineTester({ arenaBytes: 64 * 1024 * 1024 });
    const random = new Random(SEED * 100 + k);
    const own = values.get(name)!;
    const others = [...values.values()].flat();
    t.run("SET", "kept", "value");
    let accepted = 0;
    let used = 0;
    for (let i = 0; i < PAYLOADS; i++) {
      const payload = signed(damaged(random, random.pick(own), others), random.pick(VERSIONS));
      try {
        const reply = t.run("RESTORE", "k", "0", payload);
        if (reply.type === "error") assertEquals(reply.text, "ERR Bad data format");
        else {
          accepted++;
          use(t);
        }
        settle(t);
        assertEquals(t.run("DBSIZE"), { type: "int", text: "1" });
      } catch (error) {
        const hex = Array.from(payload, (byte) => byte.toString(16).padStart(2, "0")).join("");
        throw new Error(`seed ${SEED}, payload ${i}: ${hex}`, { cause: error });
      }
      // The first ones make what stays for all that follow.
      if (i === 1000) used = t.store.arena.usedBytes;
    }
    assert(accepted > PAYLOADS / 1000, `${accepted} accepted`);
    if (used > 0) assert(t.store.arena.usedBytes <= used + 65_536, `${t.store.arena.usedBytes - used} bytes lost`);
  }, { timeoutMs: 600_000 });
}
