/** Garbage of a thread that never comes back to its event loop. */

import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { spawn } from "../../src/runtime/mod.ts";
import { cleanup, test } from "../harness.ts";
import type { GarbageOrder } from "./garbage_worker.ts";

/** A burst is some 8 MB of garbage; all of them 480. */
const BURSTS = 60;
const OBJECTS = 50_000;
/** What may be left of them: bursts between two collections, and what allocators keep; 551 MB grow where nothing is collected. */
const KEPT_BYTES = 320 << 20;

test("garbage: a thread with large shared buffers does not keep what it drops", async () => {
  const buffers = Array.from({ length: 4 }, () => new SharedArrayBuffer(2 ** 31 - 65536));
  const order: GarbageOrder = { buffers, bursts: BURSTS, objects: OBJECTS, burstMs: 1000 };
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => most = Math.max(most, process.memoryUsage().rss), 5);
  cleanup(() => clearInterval(timer));
  const thread = spawn(new URL("./garbage_worker.ts", import.meta.url), order);
  cleanup(() => thread.terminate());
  const report = await new Promise((resolve, reject) => {
    thread.onMessage = resolve;
    thread.onError = (text) => reject(new Error(text));
  });
  assertEquals(report, { views: 12, recent: 100 });
  assert(most - before < KEPT_BYTES, `${most - before} bytes more at the most`);
});
