/** Decimal text written into bytes. */
import { assertEquals } from "@std/assert";
import { latin1Text } from "../../src/base/bytes.ts";
import { decimalLength, writeDecimal } from "../../src/base/decimal.ts";
import { test } from "../harness.ts";

test("decimal: as String prints it, at every number of digits", () => {
  const numbers = [0, -0, 1, 9, Number.MAX_SAFE_INTEGER, 2 ** 53, 2147483647, 2147483648, 4294967295, 4294967296];
  for (let power = 10; power <= 1e15; power *= 10) numbers.push(power - 1, power, power + 1);
  const bytes = new Uint8Array(32);
  for (const n of numbers.flatMap((n) => [n, -n])) {
    const text = String(n);
    assertEquals(decimalLength(n), text.length, text);
    bytes.fill(33);
    writeDecimal(bytes, 3, n, text.length);
    assertEquals(latin1Text(bytes, 2, 4 + text.length), `!${text}!`);
  }
});
