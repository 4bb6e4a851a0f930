/**
 * Worker of garbage_test.ts: leaves garbage behind beside large shared buffers, in bursts, and never comes back to its event loop.
 */

import { blockThread, Garbage, parent } from "../../src/runtime/mod.ts";

export interface GarbageOrder {
  readonly buffers: readonly SharedArrayBuffer[];
  readonly bursts: number;
  readonly objects: number;
  /** A millisecond of the worker's clock in its eyes, so that it need not wait for the next collection to be due. */
  readonly burstMs: number;
}

const creator = await parent();
const { buffers, bursts, objects, burstMs } = creator.data as GarbageOrder;
const views = buffers.flatMap((buffer) => [new Uint8Array(buffer), new Int32Array(buffer), new Float64Array(buffer)]);
const garbage = new Garbage();
const recent: unknown[] = [];
for (let burst = 1; burst <= bursts; burst++) {
  for (let i = 0; i < objects; i++) recent[i % 100] = { i, list: [i, burst], text: `object ${i}` };
  garbage.collect(burst * burstMs);
  blockThread(10);
}
creator.post({ views: views.length, recent: recent.length });
creator.exit();
