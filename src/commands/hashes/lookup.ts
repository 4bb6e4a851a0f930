/** What commands on hashes share: finding a field, and what to do when none is left. */
import { Type } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import { type Call, NotifyClass } from "../call.ts";

/** Bytes that a field takes at most beside its own and its value's, in a table that grows. */
const FIELD_OVERHEAD = 64;

/**
 * Looks up the field in argument `f` of the hash at `e` (0: no such key). Its value is then in the store's `hashes`, whose `entry` is
 * the hash's entry from now on: with a last field that expired, the key goes. `quiet` is that of `findLive`.
 */
export function findField(call: Call, store: Store, e: number, f: number, quiet = false): boolean {
  if (e === 0) {
    store.hashes.entry = 0;
    return false;
  }
  return store.hashes.findLive(call.db, e, call.buf, call.at[f], call.len[f], quiet);
}

/** Makes sure that the arguments from `first` on can be stored in the hash of argument 1. */
export function needFieldRoom(call: Call, first: number): void {
  const last = call.argc - 1;
  call.needRoom(1, call.at[last] + call.len[last] - call.at[first] + (call.argc - first) * FIELD_OVERHEAD);
}

/** Removes the key of a hash without fields, with its event; true when there were none. */
export function dropEmpty(call: Call, store: Store, e: number): boolean {
  if (store.hashes.length(e) > 0) return false;
  store.deleteEntry(call.db, e);
  call.notify(NotifyClass.GENERIC, "del", 1);
  return true;
}

/** The hash in argument 1 for writing, 0 when there is none. */
export function writeHash(call: Call): number {
  return call.writeTyped(1, Type.HASH);
}

/** The hash in argument 1 for reading, 0 when there is none. */
export function readHash(call: Call): number {
  return call.readTyped(1, Type.HASH);
}
