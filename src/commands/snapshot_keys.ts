/** What a command does for the snapshots of the stores that it is about to change (store/snapshot.ts). Any thread. */
import type { Call } from "./call.ts";
import type { ShardCommand } from "./command.ts";
import { fixedRange, type KeyRange, KeyUse, keyUse } from "./key_specs.ts";

/** True when a store that the call reaches is being written by a snapshot. */
export function isSnapshotOn(call: Call): boolean {
  const { stores } = call;
  if (stores === null) return call.store.cut.on;
  for (let n = 0; n < stores.length; n++) if (stores[n].cut.on) return true;
  return false;
}

/** What is known of a command's keys without a request. */
interface Known {
  /** False for commands that don't write, and whose keys are all named as read: they change nothing. */
  readonly mayChange: boolean;
  /** Of a command that writes: where its keys are in every request, if that is so. All of them may change. */
  readonly range: KeyRange | undefined;
}

const known = new Map<ShardCommand, Known>();
// Pipelines often repeat a command. Both are caches of a pure function.
let last: ShardCommand | undefined;
let ofLast: Known = { mayChange: false, range: undefined };

function know(command: ShardCommand): Known {
  let found = known.get(command);
  if (found === undefined) {
    const specs = command.keys ?? [];
    const writes = command.flags.includes("write");
    const mayChange = writes || command.findKeys !== undefined ||
      specs.some((spec) => (keyUse(spec.flags) & KeyUse.RO) === 0);
    known.set(command, found = { mayChange, range: writes ? fixedRange(command) : undefined });
  }
  last = command;
  ofLast = found;
  return found;
}

/** Before a command runs: what its keys hold is written first. Throws ArenaFull (Store.touch). */
export function touchKeys(command: ShardCommand, call: Call): void {
  const { mayChange, range } = command === last ? ofLast : know(command);
  if (!mayChange) return;
  if (range === undefined) return touchFound(command, call);
  const { argc, db, buf, at, len } = call;
  const end = range.last < 0 ? argc + range.last : range.last;
  for (let i = range.first; i <= end && i < argc && i > 0; i += range.step) {
    call.storeOf(i).touchKey(db, buf, at[i], len[i]);
  }
}

/** The same for keys that must be looked for. */
function touchFound(command: ShardCommand, call: Call): void {
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
