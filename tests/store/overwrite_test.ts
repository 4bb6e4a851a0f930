/** Keys whose time has come when they are written anew. */
import { assertEquals } from "@std/assert";
import { engineTester } from "../engine.ts";
import { test } from "../harness.ts";

test("store: a key overwritten after its time counts as expired", () => {
  const t = engineTester();
  t.run("SET", "k", "v", "PX", 100);
  t.run("SET", "other", "v", "PX", 500);
  t.advance(100);
  assertEquals(t.show("SET k w"), "OK");
  assertEquals([t.store.expiredKeys, t.store.count(0), t.store.volatile.count(0)], [1, 2, 1]);
  t.advance(100);
  assertEquals(t.show("GET k"), '"w"');
});
