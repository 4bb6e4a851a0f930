/** The harness tested with itself. */

import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { cleanup, freePort, isBun, isDeno, startRedis, tempDir, test } from "./harness.ts";

let left = "";

test("harness: exactly one runtime is recognized", () => {
  assert(isBun !== isDeno);
});

test("harness: a temporary folder exists during its test", () => {
  left = tempDir();
  assert(existsSync(left));
});

test("harness: and is gone afterwards", () => {
  assert(left !== "" && !existsSync(left));
});

test("harness: cleanups run last first", async () => {
  const order: number[] = [];
  cleanup(() => assertEquals(order, [2]));
  cleanup(() => {
    order.push(2);
  });
  assert(await freePort() > 0);
});

test("harness: the reference server starts and stops", async () => {
  const redis = await startRedis();
  if (redis === undefined) return;
  assert(redis.port > 0);
  await redis.stop();
  assert(redis.log().includes("bye bye"));
});
