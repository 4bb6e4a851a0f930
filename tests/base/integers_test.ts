/** Integer texts: what Redis accepts, and the exact 64-bit value on both sides of 2^53. */

import { assert, assertEquals } from "@std/assert";
import { latin1Bytes } from "../../src/base/bytes.ts";
import { Int64Parser, parseSafeInteger } from "../../src/base/integers.ts";
import { test } from "../harness.ts";

const parser = new Int64Parser();

function parse(text: string): bigint | undefined {
  const bytes = latin1Bytes("9" + text + "9");
  return parser.parse(bytes, 1, bytes.length - 1) ? parser.toBigInt() : undefined;
}

test("integers: accepted texts keep their exact value", () => {
  const edges = [
    0n,
    1n,
    9n,
    10n,
    2n ** 31n,
    2n ** 32n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 53n + 1n,
    10n ** 15n,
    2n ** 63n - 1n,
  ];
  for (const edge of edges) {
    for (const value of [edge, -edge, edge - 1n, -edge - 1n]) {
      assertEquals(parse(String(value)), value);
      const small = value < 2n ** 53n && value > -(2n ** 53n);
      assertEquals(parser.safe, small, String(value));
      assertEquals(parser.value, Number(value));
    }
  }
});

test("integers: random values of every width", () => {
  let state = 88172645463325252n;
  for (let i = 0; i < 5000; i++) {
    state ^= BigInt.asUintN(64, state << 13n);
    state ^= state >> 7n;
    state ^= BigInt.asUintN(64, state << 17n);
    const value = BigInt.asIntN(64, state) >> BigInt(i % 64);
    assertEquals(parse(String(value)), value);
  }
});

test("integers: refused texts", () => {
  const texts = [
    "",
    "-",
    "+1",
    "-0",
    "00",
    "01",
    "-01",
    " 1",
    "1 ",
    "1.0",
    "1e3",
    "0x1",
    "a",
    "1a",
    "12345678901234567890",
  ];
  texts.push("9223372036854775808", "-9223372036854775809", "99999999999999999999", "1234567890x23456789", "1\0");
  for (const text of texts) assertEquals(parse(text), undefined, text);
});

test("integers: parseSafeInteger refuses what a double can't hold", () => {
  const of = (text: string) => parseSafeInteger(latin1Bytes(text), 0, text.length);
  assertEquals(of("9007199254740991"), 9007199254740991);
  assertEquals(of("-12"), -12);
  assert(Number.isNaN(of("9007199254740992")));
  assert(Number.isNaN(of("x")));
});
