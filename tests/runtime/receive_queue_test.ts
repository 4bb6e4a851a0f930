/** The queue of connections that have more to be received. */
import { assert, assertEquals } from "@std/assert";
import { ReceiveQueue } from "../../src/runtime/receive_queue.ts";
import { test } from "../harness.ts";

/** Receivers of a queue that write down their turns; each has so many receives to do and takes so long for each. */
function receivers(queue: ReceiveQueue, todo: readonly number[], workMs: number): number[] {
  const turns: number[] = [];
  const left = [...todo];
  left.forEach((_, i) => {
    const receiver = {
      receiveMore() {
        turns.push(i);
        const until = performance.now() + workMs;
        while (performance.now() < until);
        if (--left[i] > 0) queue.add(receiver);
      },
    };
    queue.add(receiver);
  });
  return turns;
}

test("receive queue: each in turn, one at least between two waits", () => {
  const queue = new ReceiveQueue();
  assert(!queue.waits);
  const turns = receivers(queue, [3, 1, 2], 5);
  for (let i = 1; i <= 6; i++) {
    assert(queue.waits);
    queue.serve();
    assertEquals(turns.length, i);
  }
  assertEquals(turns, [0, 1, 2, 0, 2, 0]);
  assert(!queue.waits);
});

test("receive queue: thousands of turns keep their order", () => {
  const queue = new ReceiveQueue();
  const turns = receivers(queue, Array.from({ length: 100 }, () => 50), 0);
  while (queue.waits) queue.serve();
  assertEquals(turns, Array.from({ length: 5000 }, (_, i) => i % 100));
});
