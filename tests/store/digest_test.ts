/** DEBUG DIGEST and DIGEST-VALUE answer what redis-server 7.0.15 answered for the same keys, however they are spread and encoded. */
import { assertEquals } from "@std/assert";
import { sha1Hex } from "../../src/codec/sha1.ts";
import { type EngineTester, engineTester } from "../engine.ts";
import { test } from "../harness.ts";
import { format } from "../reply.ts";

const KEYS = [
  "SET a 1",
  "SET b hello",
  "RPUSH l a b 3 4",
  "SADD s 1 2 x",
  "ZADD z 1 a 2.5 b 3.3 c inf d",
  "HSET h f v g 12",
  "SET x v PXAT 33177117420000",
];

const VALUES: Record<string, string> = {
  a: "b4fc66738120fba0b5aa500ab5c2bf89cea1c5da",
  b: "36b23a1456b2dce2c3ed252c456761301dba8060",
  l: "f57e23035bc5f7a384df04974ad231e723121bb7",
  s: "4c6eef6b7853d1b76391c849d71b0d35d3faf18f",
  z: "563944ce847fa6c3143d70ab8e6dbce9fc3f5730",
  h: "8530acc75d5274eb0fc0da86f28ed5533274a6d4",
  x: "311b17018163335616e089f6b951c82c477335ac",
  none: "0000000000000000000000000000000000000000",
};

const WHOLE = "fce6f6a7436c1050891085eb789c256e131f8d8c";
const AFTER_MOVE = "2582a88463b83de94741a0f6acb5e69ba61af11f";

const answer = (t: EngineTester, line: string) => format(t.run(...line.split(" ")));

for (const stores of [1, 3]) {
  test(`digests are Redis's, in ${stores} stores`, () => {
    const t = engineTester({ stores });
    for (const line of KEYS) t.run(...line.split(" "));
    for (const [key, digest] of Object.entries(VALUES)) {
      assertEquals(answer(t, `DEBUG DIGEST-VALUE ${key}`), `1) ${digest}`, key);
    }
    assertEquals(answer(t, "DEBUG DIGEST"), WHOLE);
    assertEquals(answer(t, "MOVE a 3"), "(integer) 1");
    assertEquals(answer(t, "DEBUG DIGEST"), AFTER_MOVE);
    t.run("FLUSHALL");
    assertEquals(answer(t, "DEBUG DIGEST"), "0".repeat(40));
  });
}

test("a digest does not depend on encodings", () => {
  const small = engineTester();
  const large = engineTester();
  const { limits } = large.engine;
  limits.hashMaxListpackEntries = limits.zsetMaxListpackEntries = limits.setMaxListpackEntries = 1;
  limits.listMaxListpackSize = 1;
  for (const line of KEYS) {
    small.run(...line.split(" "));
    large.run(...line.split(" "));
  }
  assertEquals(answer(large, "OBJECT ENCODING h"), '"hashtable"');
  assertEquals(answer(large, "DEBUG DIGEST"), answer(small, "DEBUG DIGEST"));
});

test("sha1: the standard's examples", () => {
  const of = (text: string) => sha1Hex(new TextEncoder().encode(text));
  assertEquals(of(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  assertEquals(of("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  assertEquals(
    of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
  );
  assertEquals(of("a".repeat(1_000_000)), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
});
