/**
 * Worker of network_test.ts: counts in shared memory and wakes the network after each step it is asked for.
 */

import { openWake } from "../../src/runtime/mod.ts";
import { parent } from "../../src/runtime/threads.ts";

const creator = await parent();
const { handle, counter, steps, gapMs } = creator.data as {
  handle: unknown;
  counter: Int32Array;
  steps: number;
  gapMs: number;
};
const wake = openWake(handle);
const never = new Int32Array(new SharedArrayBuffer(4));
for (let i = 0; i < steps; i++) {
  if (gapMs > 0) Atomics.wait(never, 0, 0, gapMs);
  Atomics.add(counter, 0, 1);
  wake();
}
creator.post("done");
