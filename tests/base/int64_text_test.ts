/** Decimal texts of 64-bit integers, against BigInt's; and of the integers in replies. */

import { assertEquals } from "@std/assert";
import { latin1Text } from "../../src/base/bytes.ts";
import { INT64_TEXT_MAX, writeInt64, writeUint31, writeUint64 } from "../../src/base/int64_text.ts";
import { Reply } from "../../src/codec/resp/reply.ts";
import { test } from "../harness.ts";

const out = new Uint8Array(INT64_TEXT_MAX + 2);

/** Powers of ten and two and what is around them, within 64 bits without sign. */
function* edges(): Generator<bigint> {
  for (const base of [10n, 2n]) {
    for (let power = 1n; power < 2n ** 64n; power *= base) {
      for (let d = -2n; d <= 2n; d++) if (power + d >= 0n && power + d < 2n ** 64n) yield power + d;
    }
  }
}

function halves(n: bigint): [number, number] {
  return [Number(BigInt.asIntN(32, n >> 32n)), Number(BigInt.asIntN(32, n))];
}

test("int64 text: signed and unsigned, at every number of digits", () => {
  for (const n of edges()) {
    for (const value of [n, -n]) {
      const [hi, lo] = halves(value);
      assertEquals(latin1Text(out, 1, 1 + writeInt64(out, 1, hi, lo)), String(BigInt.asIntN(64, value)));
      assertEquals(latin1Text(out, 1, 1 + writeUint64(out, 1, hi, lo)), String(BigInt.asUintN(64, value)));
    }
    if (n < 2n ** 31n) assertEquals(latin1Text(out, 1, writeUint31(out, 1, Number(n))), String(n));
  }
});

test("int64 text: every pair of digits", () => {
  for (let n = 0; n < 10_000; n++) {
    const value = n * 100_003;
    assertEquals(latin1Text(out, 0, writeUint31(out, 0, n)), String(n));
    assertEquals(latin1Text(out, 0, writeUint31(out, 0, value)), String(value));
  }
});

test("integers in replies: within 2^53 of either sign", () => {
  const reply = new Reply();
  for (const n of edges()) {
    if (n > 2n ** 53n) continue;
    for (const value of [Number(n), -Number(n)]) {
      reply.clear();
      reply.int(value);
      assertEquals(latin1Text(reply.buf, 0, reply.pos), `:${BigInt(value)}\r\n`);
    }
  }
});
