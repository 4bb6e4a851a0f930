/** What a command does for the snapshots of the stores that it is about to change (store/snapshot.ts). Any thread. */
import type { Call } from "./call.ts";
import type { ShardCommand } from "./command.ts";
import { KeyUse, keyUse } from "./key_specs.ts";

/** True when a store that the call reaches is being written by a snapshot. */
export function isSnapshotOn(call: Call): boolean {
  const { stores } = call;
  if (stores === null) return call.store.cut.on;
  for (let n = 0; n < stores.length; n++) if (stores[n].cut.on) return true;
  return false;
}

/** Of each command met so far: may it change what a key holds? */
const changers = new Map<ShardCommand, boolean>();

/** What tells for sure without a request: commands that don't write, and whose keys are all named as read. */
function mayChange(command: ShardCommand): boolean {
  const specs = command.keys ?? [];
  return command.flags.includes("write") || command.findKeys !== undefined ||
    specs.some((spec) => (keyUse(spec.flags) & KeyUse.RO) === 0);
}

/** Before a command runs: what its keys hold is written first. Throws ArenaFull (Store.touch). */
export function touchKeys(command: ShardCommand, call: Call): void {
  let changes = changers.get(command);
  if (changes === undefined) changers.set(command, changes = mayChange(command));
  if (!changes) return;
  const { keys } = call;
  keys.find(command, call);
  // Some commands that only read for their client change values all the same (PFCOUNT), and some keys named as read are changed
  // (XREADGROUP): only when both say so is the key safe.
  const writes = command.flags.includes("write");
  for (let k = 0; k < keys.count; k++) {
    if (!writes && (keys.use[k] & KeyUse.RO) !== 0) continue;
    const i = keys.index[k];
    call.storeOf(i).touchKey(call.db, call.buf, call.at[i], call.len[i]);
  }
}
