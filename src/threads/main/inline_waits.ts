/** InlineWaits: clients that wait for keys of the engine on the main thread (`shards 0`). Main thread. */
import { OUT_OF_MEMORY } from "../../base/reply_error.ts";
import { ArenaFull } from "../../memory/arena.ts";
import type { Engine } from "../shard/engine.ts";
import { slowCall } from "../slow_call.ts";
import { type WaitDriver, type Waiter, Waits } from "../shard/waits.ts";
import type { Blocked, Blocking, BlockingShards } from "./blocking.ts";
import type { CommandEntry } from "./command_entry.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { Gate, type Session } from "./session.ts";

/** There is one shard, and no record of replies that it owes. */
const SHARD = 0;
const NO_RECORD = 0;

export class InlineWaits implements WaitDriver, BlockingShards {
  blocking!: Blocking;
  readonly waits: Waits;

  constructor(private readonly engine: Engine, private readonly shards: { readonly dispatcher: Dispatcher }) {
    this.waits = new Waits(engine, this);
  }

  /** The session's request that has just asked to wait does so from now on; without memory for that it is refused. */
  begin(session: Session, entry: CommandEntry): void {
    const { wait } = this.engine.call;
    const { deadlineMs } = wait;
    const { ticket } = this.blocking.begin(session, entry, NO_RECORD);
    try {
      this.waits.add(entry.shard!, NO_RECORD, ticket, false);
      this.blocking.waits(ticket, deadlineMs);
    } catch (error) {
      if (!(error instanceof ArenaFull)) throw error;
      this.engine.reply.error(OUT_OF_MEMORY);
      this.shards.dispatcher.failed(entry, OUT_OF_MEMORY);
      this.blocking.woken(ticket, SHARD);
    } finally {
      wait.clear();
    }
  }

  // ---- for the waits ----------------------------------------------------------------------------------------------

  claim(): boolean {
    // Main runs them, so nobody can have been first.
    return true;
  }

  served(waiter: Waiter, start: number, us: number): void {
    const { call, lastError, reply } = this.engine;
    const { entry, session } = this.blocking.find(waiter.ticket)!;
    const { dispatcher } = this.shards;
    if (us >= dispatcher.slowUs) dispatcher.tookLong(session, entry, slowCall(us, call));
    if (lastError !== undefined) dispatcher.failed(entry, lastError);
    this.send(session, reply.buf, start, reply.pos);
    reply.pos = start;
    this.blocking.woken(waiter.ticket, SHARD);
  }

  relay(): void {
    // All keys are here.
  }

  // ---- for main ---------------------------------------------------------------------------------------------------

  take(): boolean {
    return true;
  }

  forget(blocked: Blocked): void {
    this.waits.forget(blocked.ticket);
  }

  answer(blocked: Blocked, reply: Uint8Array): void {
    this.send(blocked.session, reply, 0, reply.length);
  }

  private send(session: Session, buf: Uint8Array, from: number, to: number): void {
    const muted = (session.gate & (Gate.REPLY_OFF | Gate.REPLY_SKIP)) !== 0;
    session.gate &= ~Gate.REPLY_SKIP;
    if (!muted && from < to && !session.closing) this.shards.dispatcher.server.connections.send(session, buf, from, to);
  }
}
