/** InlineShards: one engine, driven on the main thread (`shards 0`). */
import type { Request } from "../../codec/resp/request.ts";
import { monotonicMs } from "../../runtime/mod.ts";
import type { Store } from "../../store/store.ts";
import type { Engine } from "../shard/engine.ts";
import type { CommandEntry } from "./command_entry.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { Gate, type Session } from "./session.ts";
import type { Shards } from "./shards.ts";

/** Background work takes at most 1 ms of every 4, as Redis gives active expiry a quarter of the time. */
const STEP_MS = 1;
const STEP_PAUSE_MS = 4;
/** How often background work looks for something to do when it had none. */
const IDLE_PAUSE_MS = 100;

export class InlineShards implements Shards {
  readonly threads = 0;
  readonly stores: readonly Store[];
  dispatcher!: Dispatcher;
  private nextStepMs = 0;

  constructor(private readonly engine: Engine) {
    this.stores = [engine.store];
  }

  run(session: Session, entry: CommandEntry, _request: Request): void {
    const engine = this.engine;
    const reply = engine.reply;
    const start = reply.pos;
    reply.resp3 = session.resp3;
    if ((session.gate & Gate.NO_TOUCH) !== 0 && entry.name !== "touch") engine.store.clock.paused = true;
    engine.run(entry.shard!);
    engine.store.clock.paused = false;
    if (engine.lastError !== undefined) this.dispatcher.failed(entry, engine.lastError);
    if ((session.gate & (Gate.REPLY_OFF | Gate.REPLY_SKIP)) !== 0) {
      session.gate &= ~Gate.REPLY_SKIP;
      reply.pos = start;
    }
  }

  wrote(): void {
    // Everything runs in the order of requests, so replies are in order as they are written.
  }

  busy(): boolean {
    return false;
  }

  setNow(ms: number): void {
    this.engine.setNow(ms);
  }

  turn(): number {
    const now = monotonicMs();
    if (now >= this.nextStepMs) {
      const more = this.engine.step(STEP_MS, monotonicMs);
      this.nextStepMs = monotonicMs() + (more ? STEP_PAUSE_MS : IDLE_PAUSE_MS);
    }
    return Math.max(0, this.nextStepMs - monotonicMs());
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
