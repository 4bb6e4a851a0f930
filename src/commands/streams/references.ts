/**
 * What becomes of consumer groups' references to entries that are deleted. A group refers to an entry while it is pending there, or still to
 * be read. The policies:
 *
 *   KEEPREF   references stay (the default)
 *   DELREF    the identifier is pending nowhere any more, even if its entry was gone before
 *   ACKED     an entry that a group refers to stays
 */
import type { Store } from "../../store/store.ts";
import { S_GROUPS } from "../../store/types/stream.ts";
import { G_LAST } from "../../store/types/stream_groups.ts";
import type { StreamId } from "../../structures/stream_id.ts";
import type { Call } from "../call.ts";

export const KEEPREF = 0;
export const DELREF = 1;
export const ACKED = 2;

/** The policy that argument `i` names, or -1. */
export function policyArgument(call: Call, i: number): number {
  return call.is(i, "keepref") ? KEEPREF : call.is(i, "delref") ? DELREF : call.is(i, "acked") ? ACKED : -1;
}

/** True when a group of the stream at `s` has the entry pending, or has not read it. */
export function referredTo(store: Store, s: number, id: StreamId): boolean {
  const { streams: { groups }, i32 } = store;
  for (let n = 0, g = groups.group(s + S_GROUPS, 0); g !== 0; g = groups.group(s + S_GROUPS, ++n)) {
    if (id.compareAt(i32, g + G_LAST) > 0 || groups.findPending(g, id) !== 0) return true;
  }
  return false;
}

/** Makes the identifier pending in no group; returns in how many it was. */
export function forget(store: Store, s: number, id: StreamId): number {
  const { groups } = store.streams;
  let forgotten = 0;
  for (let n = 0, g = groups.group(s + S_GROUPS, 0); g !== 0; g = groups.group(s + S_GROUPS, ++n)) {
    if (groups.acknowledge(g, id)) forgotten++;
  }
  return forgotten;
}
