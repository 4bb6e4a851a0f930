/**
 * Worker of threads_test.ts: does what its messages say.
 */

import { parent } from "../../src/runtime/threads.ts";

const creator = await parent();
creator.post({ data: creator.data });
creator.onMessage = (message) => {
  switch (message) {
    case "throw":
      throw new Error("thrown in a thread");
    case "reject":
      Promise.reject(new Error("rejected in a thread"));
      break;
    case "exit":
      creator.exit();
      break;
    case "wait":
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      break;
    default:
      creator.post({ echo: message });
  }
};
