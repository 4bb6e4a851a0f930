/**
 * Process and clocks: what both runtimes must agree on.
 */

import { assert, assertEquals } from "@std/assert";
import nodeProcess from "node:process";
import {
  cwd,
  env,
  executablePath,
  monotonicUs,
  onSignal,
  pid,
  processCpu,
  rssBytes,
  threadCpu,
  totalMemoryBytes,
  version,
  wallMs,
  wallUs,
} from "../../src/runtime/mod.ts";
import { test, waitFor } from "../harness.ts";

test("process: identity and environment", () => {
  assertEquals(pid, nodeProcess.pid);
  assert(/^(deno|bun) \d+\.\d+\.\d+/.test(version), version);
  assert(executablePath.startsWith("/") || executablePath.includes("\\"), executablePath);
  assertEquals(env("RINGSHARD_NO_SUCH_VARIABLE"), undefined);
  assert(cwd().length > 0);
});

test("process: memory and CPU time are plausible", () => {
  assert(rssBytes() > 1_000_000 && rssBytes() < totalMemoryBytes());
  const before = processCpu();
  const untilUs = monotonicUs() + 100_000;
  while (monotonicUs() < untilUs);
  const after = processCpu();
  const spentUs = after.userUs + after.systemUs - before.userUs - before.systemUs;
  assert(spentUs > 10_000 && spentUs < 3_000_000, `${spentUs} µs in 100 ms`);
  const thread = threadCpu();
  assert(thread.userUs + thread.systemUs <= after.userUs + after.systemUs + 20_000);
});

test("process: a signal arrives at its callback", async () => {
  let count = 0;
  onSignal("SIGUSR2", () => count++);
  nodeProcess.kill(pid, "SIGUSR2");
  await waitFor(() => count === 1, "the signal");
});

test("clock: monotonic never goes back, wall µs follow wall ms", () => {
  let lastUs = monotonicUs();
  for (let i = 0; i < 10_000; i++) {
    const nowUs = monotonicUs();
    assert(nowUs >= lastUs);
    lastUs = nowUs;
  }
  for (let i = 0; i < 10_000; i++) {
    const beforeMs = wallMs();
    const us = wallUs();
    const afterMs = wallMs();
    assert(Number.isInteger(us));
    assert(us >= beforeMs * 1000 && us < (afterMs + 3) * 1000, `${us} between ${beforeMs} and ${afterMs}`);
  }
});
