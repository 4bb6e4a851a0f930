/** Consumer groups' references to entries, found and taken away. */
import type { Store } from "../../store/store.ts";
import { S_GROUPS } from "../../store/types/stream.ts";
import { G_LAST } from "../../store/types/stream_groups.ts";
import type { StreamId } from "../../structures/stream_id.ts";
import type { Call } from "../call.ts";
import { recordForgotten } from "./record.ts";

/** True when a group of the stream at `s` has the entry pending, or has not read it. */
export function referredTo(store: Store, s: number, id: StreamId): boolean {
  const { streams: { groups }, i32 } = store;
  for (let n = 0, g = groups.group(s + S_GROUPS, 0); g !== 0; g = groups.group(s + S_GROUPS, ++n)) {
    if (id.compareAt(i32, g + G_LAST) > 0 || groups.findPending(g, id) !== 0) return true;
  }
  return false;
}

/** Makes the identifier pending in no group of the stream at `s`, which is argument 1's; returns in how many it was. */
export function forget(call: Call, store: Store, s: number, id: StreamId): number {
  const { groups } = store.streams;
  let forgotten = 0;
  for (let n = 0, g = groups.group(s + S_GROUPS, 0); g !== 0; g = groups.group(s + S_GROUPS, ++n)) {
    if (!groups.acknowledge(g, id)) continue;
    if (call.effects.on) recordForgotten(call, store, g, id);
    forgotten++;
  }
  return forgotten;
}
