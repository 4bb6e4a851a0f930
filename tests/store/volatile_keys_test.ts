/** Samples of the keys that have an expiry, which eviction by a volatile policy rests on. */
import { assert, assertEquals } from "@std/assert";
import { engineTester } from "../engine.ts";
import { test } from "../harness.ts";

const WANT = 5;
const ROUNDS = 200;

// From a table of one small segment to one of many.
for (const keys of [3, 50, 500, 5000]) {
  for (const plain of [0, 10]) {
    test(`store: a sample of ${keys} volatile keys, each with ${plain} others, reaches all of them`, () => {
      const t = engineTester();
      for (let i = 0; i < keys; i++) {
        t.run("SET", `volatile:${i}`, "v", "PX", 1000);
        for (let k = 0; k < plain; k++) t.run("SET", `plain:${i}:${k}`, "v");
      }
      const seen = new Map<number, number>();
      const samples = ROUNDS * Math.ceil(keys / WANT);
      let total = 0;
      for (let i = 0; i < samples; i++) {
        const n = t.store.volatile.sample(0, WANT);
        assert(n >= 1 && n <= WANT);
        total += n;
        const found = t.store.table.found.slice(0, n);
        assertEquals(new Set(found).size, n);
        for (const e of found) {
          assert(t.store.expiry(e) > 0);
          seen.set(e, (seen.get(e) ?? 0) + 1);
        }
      }
      assertEquals(seen.size, keys);
      // Those behind a stretch without any are met more often, as in Redis; none is met seldom.
      const mean = total / keys;
      for (const n of seen.values()) assert(n > mean / 20, `${n} times, ${mean} in the mean`);
    });
  }
}
