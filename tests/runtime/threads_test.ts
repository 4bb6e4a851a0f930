/**
 * Threads: every way one can begin and end.
 */

import { assert, assertEquals } from "@std/assert";
import { coreCount, spawn, type Thread, workerUrl } from "../../src/runtime/mod.ts";
import { cleanup, delay, test, waitFor } from "../harness.ts";

interface Witness {
  thread: Thread;
  messages: unknown[];
  errors: string[];
  exits: number;
}

function start(url: URL, data: unknown): Witness {
  const witness: Witness = { thread: spawn(url, data), messages: [], errors: [], exits: 0 };
  witness.thread.onMessage = (message) => witness.messages.push(message);
  witness.thread.onError = (text) => witness.errors.push(text);
  witness.thread.onExit = () => witness.exits++;
  cleanup(() => witness.thread.terminate());
  return witness;
}

const url = new URL("./thread_worker.ts", import.meta.url);

test("threads: the first message is the data, shared memory is shared, later messages arrive in order", async () => {
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const witness = start(url, { shared, text: "data" });
  await waitFor(() => witness.messages.length === 1, "the thread");
  const { data } = witness.messages[0] as { data: { shared: Int32Array; text: string } };
  assertEquals(data.text, "data");
  Atomics.store(shared, 0, 7);
  assertEquals(Atomics.load(data.shared, 0), 7);
  for (let i = 0; i < 5; i++) witness.thread.post(i);
  await waitFor(() => witness.messages.length === 6, "the echoes");
  assertEquals(witness.messages.slice(1), [0, 1, 2, 3, 4].map((echo) => ({ echo })));
});

for (const how of ["throw", "reject", "exit", "wait"]) {
  test(`threads: a thread ends once by ${how === "wait" ? "terminate while it waits" : how}`, async () => {
    const witness = start(url, undefined);
    await waitFor(() => witness.messages.length === 1, "the thread");
    witness.thread.post(how);
    if (how === "wait") {
      await delay(30);
      witness.thread.terminate();
    }
    await waitFor(() => witness.exits === 1, "the end");
    await delay(30);
    assertEquals(witness.exits, 1);
    const failed = how === "throw" || how === "reject";
    assertEquals(witness.errors.length, failed ? 1 : 0);
    if (failed) assert(witness.errors[0].includes("in a thread"), witness.errors[0]);
    witness.thread.post("nobody there");
  });
}

test("threads: a module that is not there is an error and an end", async () => {
  const witness = start(new URL("./no_such_worker.ts", import.meta.url), undefined);
  await waitFor(() => witness.exits === 1, "the end");
  assertEquals(witness.errors.length, 1);
});

test("threads: modules are found from src/", () => {
  assert(workerUrl("threads/shard/worker.ts").href.endsWith("/src/threads/shard/worker.ts"));
  assert(coreCount >= 1);
});
