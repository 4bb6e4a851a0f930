/**
 * Engine: runs commands on one store and does the store's background work in bounded steps. A plain object: a ring drives it in
 * a worker (threads/shard/worker.ts), the main thread drives it inline with `shards 0`. Knows no thread.
 *
 * Invariants:
 * 1. `run` writes exactly one complete reply, whatever happens; a command's own error replaces what it had written.
 * 2. The batch's time is set by `setNow` before `run`; it never changes within a command.
 */
import { OUT_OF_MEMORY, ReplyError } from "../../base/reply_error.ts";
import type { Reply } from "../../codec/resp/reply.ts";
import { Call } from "../../commands/call.ts";
import type { ShardCommand } from "../../commands/command.ts";
import { Limits } from "../../commands/limits.ts";
import { ArenaFull } from "../../memory/arena.ts";
import type { Store } from "../../store/store.ts";
import { ActiveExpiry } from "./active_expiry.ts";

/** Items of garbage freed between two looks at the clock: about 50 µs. */
const SWEEP = 512;

export class Engine {
  readonly call: Call;
  readonly limits = new Limits();
  readonly expiry: ActiveExpiry;
  /** The ReplyError of the last `run`, or undefined: for the error figures. */
  lastError: ReplyError | undefined;

  constructor(readonly store: Store, readonly reply: Reply) {
    this.call = new Call(store, reply, this.limits);
    this.expiry = new ActiveExpiry(store);
  }

  /** Time of the commands that follow, ms since 1970. */
  setNow(ms: number): void {
    this.store.setNow(ms);
  }

  /** Runs the command whose arguments `call` holds; appends its reply to `reply`. */
  run(command: ShardCommand): void {
    const start = this.reply.pos;
    this.lastError = undefined;
    try {
      command.run(this.call);
    } catch (error) {
      const told = error instanceof ArenaFull ? OUT_OF_MEMORY : error;
      if (!(told instanceof ReplyError)) throw error;
      this.reply.pos = start;
      this.reply.error(told);
      this.lastError = told;
    }
  }

  /**
   * Background work: active expiry, then freeing what large values left behind. Takes at most about `budgetMs`; `clock` gives ms.
   * Returns true when more is left than fitted.
   */
  step(budgetMs: number, clock: () => number): boolean {
    const garbage = this.store.garbage;
    if (garbage.pending === 0) return this.expiry.step(budgetMs, clock);
    const end = clock() + budgetMs;
    const more = this.expiry.step(budgetMs / 2, clock);
    while (garbage.step(SWEEP)) if (clock() >= end) return true;
    return more;
  }
}
