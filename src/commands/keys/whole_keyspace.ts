/** What the commands on whole databases share (FLUSHDB, FLUSHALL, SWAPDB). */
import type { Call } from "../call.ts";

/**
 * Records a request that every shard runs: once, by the first shard or by the one that runs it for all; also when the databases were
 * empty, as Redis does.
 */
export function recordForAll(call: Call): void {
  const { effects } = call;
  if (effects.on && (call.shard === 0 || call.stores !== null)) effects.request();
}
