/** ascendingOrder against a comparison sort, below and above the count at which it changes its way. */

import { assertEquals } from "@std/assert";
import { ascendingOrder } from "../../src/base/number_order.ts";
import { test } from "../harness.ts";

const SPECIAL = [0, -0, 1, -1, Infinity, -Infinity, 5e-324, -5e-324, 1.7976931348623157e308, 2 ** 53, -(2 ** 31)];

/** Deterministic numbers in [0, 1). */
function generator(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 0x80000000;
}

function check(numbers: Float64Array): void {
  const byIndexDown = (a: number, b: number) => b - a;
  const indices = Array.from(numbers, (_, i) => i);
  const order = (a: number, b: number) => numbers[a] < numbers[b] ? -1 : numbers[a] > numbers[b] ? 1 : 0;
  assertEquals([...ascendingOrder(numbers, numbers.length)], indices.toSorted((a, b) => order(a, b) || a - b));
  assertEquals(
    [...ascendingOrder(numbers, numbers.length, byIndexDown)],
    indices.toSorted((a, b) => order(a, b) || b - a),
  );
}

for (const count of [0, 1, 2, 3, 17, 1000, 2047, 2048, 5000]) {
  test(`ascendingOrder: ${count} numbers`, () => {
    const random = generator(count + 1);
    check(Float64Array.from({ length: count }, () => Math.floor(random() * 40) - 20));
    check(Float64Array.from({ length: count }, () => (random() - 0.5) * 10 ** Math.floor(random() * 600 - 300)));
    check(Float64Array.from({ length: count }, () => SPECIAL[Math.floor(random() * SPECIAL.length)]!));
  });
}
