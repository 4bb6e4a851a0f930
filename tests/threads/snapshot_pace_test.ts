/** The pace of a snapshot beside requests: its share of a busy thread, and how that grows when the save falls behind. */

import { assert, assertEquals } from "@std/assert";
import { SnapshotPace } from "../../src/threads/shard/snapshot_pace.ts";
import { test } from "../harness.ts";

/**
 * Runs a walk of `walkMs` on a thread that serves clients for `turnMs` between two steps, without ever being idle; returns the ms that it
 * took and the longest step.
 */
function busySave(walkMs: number, turnMs: number): { tookMs: number; longestMs: number } {
  const pace = new SnapshotPace();
  let now = 1000;
  let done = 0;
  let longestMs = 0;
  const startMs = now;
  pace.stepped(now);
  let next = now;
  while (done < walkMs) {
    now += turnMs;
    if (now < next) continue;
    const budget = pace.budget(now, now - startMs, done, 0);
    longestMs = Math.max(longestMs, budget);
    done += budget;
    now += budget;
    next = now + pace.stepped(now);
  }
  return { tookMs: now - startMs, longestMs };
}

test("a save beside a busy server takes about three times its own time, however long the turns are", () => {
  for (const turnMs of [0.1, 0.2, 0.4, 0.8]) {
    const { tookMs, longestMs } = busySave(1000, turnMs);
    assert(tookMs > 2500 && tookMs < 3400, `${tookMs} ms with turns of ${turnMs} ms`);
    assert(longestMs <= 0.6, `a step of ${longestMs} ms`);
  }
});

test("turns of many milliseconds slow a save down, but its steps stay short", () => {
  const { tookMs, longestMs } = busySave(300, 5);
  assert(tookMs > 2000, `${tookMs} ms`);
  assertEquals(longestMs, 0.6);
});

test("a save that is on its way takes the smallest steps; what commands wrote for it counts", () => {
  const pace = new SnapshotPace();
  pace.stepped(1000);
  const onItsWay = pace.budget(1000.9, 100, 50, 0);
  assertEquals(Math.round(onItsWay * 1000), 100, "a tenth of the time");
  pace.stepped(2000);
  const behind = pace.budget(2000.6, 1000, 50, 0);
  assertEquals(Math.round(behind * 1000), 400, "four tenths of the time");
  pace.stepped(3000);
  assertEquals(pace.budget(3000.6, 1000, 50, 0.4), 0.05, "commands have written what the step would have");
});

test("where the thread was idle a moment ago, steps between short turns are the shortest", () => {
  const pace = new SnapshotPace();
  pace.stepped(1000);
  pace.budget(1000.01, 500, 0, 0);
  pace.stepped(1000.06);
  assertEquals(pace.budget(1000.56, 500, 0, 0), 0.05);
  pace.stepped(1100);
  assert(pace.budget(1100.5, 500, 0, 0) > 0.3, "no longer");
});
