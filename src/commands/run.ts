/** Run: a command's function inside the frame that turns what it throws into a reply and, if told, takes its effects. Any thread. */
import { OUT_OF_MEMORY, ReplyError } from "../base/reply_error.ts";
import { ArenaFull } from "../memory/arena.ts";
import type { Call } from "./call.ts";
import type { ShardCommand } from "./command.ts";
import { isSnapshotOn, touchKeys } from "./snapshot_keys.ts";

/** Runs the command whose arguments `call` holds and appends exactly one reply. Returns the error replied, if it was one. */
export function runGuarded(command: ShardCommand, call: Call): ReplyError | undefined {
  const { reply } = call;
  const start = reply.pos;
  try {
    if (isSnapshotOn(call)) touchKeys(command, call);
    command.run(call);
    return undefined;
  } catch (error) {
    const told = error instanceof ArenaFull ? OUT_OF_MEMORY : error;
    if (!(told instanceof ReplyError)) throw error;
    call.keyRun.stop();
    reply.pos = start;
    reply.error(told);
    return told;
  }
}

/** Runs a command inside the one that runs, as a call of its own. */
export function runInner(command: ShardCommand, call: Call): void {
  const timed = call.weight !== 0;
  const start = timed ? call.clockUs() : 0;
  const error = call.effects.on ? runRecorded(command, call) : runGuarded(command, call);
  if (timed || error !== undefined) call.ranInner(command, timed ? call.clockUs() - start : 0, error);
}

/** As `runGuarded`, and collects in `call.effects` what the journal is to hold. For while those are on. */
export function runRecorded(command: ShardCommand, call: Call): ReplyError | undefined {
  call.effects.open();
  const error = runGuarded(command, call);
  if (error === undefined) call.effects.close();
  return error;
}
