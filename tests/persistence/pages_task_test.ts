/** Pages that are there before an engine needs them. */
import { assert, assertEquals } from "@std/assert";
import { Arena } from "../../src/memory/arena.ts";
import { HUGE_PAGE } from "../../src/runtime/mod.ts";
import { PagesTask } from "../../src/threads/persistence/pages_task.ts";
import type { TaskHost } from "../../src/threads/persistence/task.ts";
import { cleanup, test } from "../harness.ts";

const FIRST = HUGE_PAGE / 2;

/** An arena, a task for it, and the offsets that the task has touched. */
function arenaWithTask(capacity: number) {
  const arena = Arena.create(capacity);
  const host = { setup: { pages: [{ buffer: arena.buffer, first: FIRST }] } } as unknown as TaskHost;
  const touched: number[] = [];
  const provide = Arena.prototype.provide;
  Arena.prototype.provide = function (offset: number) {
    touched.push(offset);
    provide.call(this, offset);
  };
  cleanup(() => void (Arena.prototype.provide = provide));
  const task = new PagesTask(host);
  const settle = () => {
    let steps = 0;
    while (task.step() === 0) assert(++steps < 1000);
    assert(!task.ready());
  };
  return { arena, task, touched, settle };
}

test("pages: the next one is there as long as an engine goes on", () => {
  const { arena, task, touched, settle } = arenaWithTask(64 << 20);
  let asked = 0;
  arena.onGrow = () => {
    asked++;
    while (task.step() === 0);
    assert(arena.touchedBytes <= arena.askBytes);
    assert(touched.at(-1)! > arena.touchedBytes);
  };
  while (arena.touchedBytes < 40 << 20) {
    const at = arena.alloc(100_000);
    arena.u8.fill(7, at, at + 100_000);
  }
  settle();
  // Each page once, in order; the engine asks once for each.
  assertEquals(touched, touched.map((_, i) => FIRST + i * HUGE_PAGE));
  assertEquals(asked, touched.length);
  assert(touched.length >= 20 && touched.length <= 22, `${touched.length} pages`);
});

test("pages: what an engine has passed is left to it, and nothing is changed", () => {
  const { arena, task, touched, settle } = arenaWithTask(64 << 20);
  const at = arena.alloc(30 << 20);
  arena.u8.fill(7, at, at + (30 << 20));
  assert(task.ready());
  settle();
  assertEquals(touched.length, 2);
  assert(touched[0] <= at + (30 << 20) && touched[1] > at + (30 << 20));
  assert(arena.u8.subarray(at, at + (30 << 20)).every((byte) => byte === 7));
});

test("pages: a full arena ends the work", () => {
  const { arena, touched, settle } = arenaWithTask(8 << 20);
  const at = arena.alloc(7 << 20);
  assert(at > 0);
  settle();
  assert(touched.every((offset) => offset < arena.capacity));
});
