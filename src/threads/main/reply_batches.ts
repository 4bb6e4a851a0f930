/**
 * ReplyBatches: the replies of a turn, gathered per session so that each leaves in one write. Main thread.
 *
 * Invariants:
 * 1. A session's batch leaves before anything else is written for it, and at the latest with the turn's replies.
 * 2. A buffer is lent for the turn: sessions without replies hold none.
 */
import type { Connections } from "./connections.ts";
import type { ReplySink } from "./pending.ts";
import type { Server } from "./server.ts";
import type { Session } from "./session.ts";

const BATCH_SIZE = 16384;
const BATCHES_KEPT = 256;

export class ReplyBatches implements ReplySink {
  server!: Server;
  connections!: Connections;
  /** Size of the largest replies of late: one in a hundred keeps it up. */
  replyBytes = 0;

  /** Sessions with replies gathered in this turn. */
  private readonly touched: Session[] = [];
  private readonly spare: Uint8Array[] = [];

  deliver(session: Session, buf: Uint8Array, from: number, len: number, owned: boolean): void {
    if (session.closed) return;
    session.replyBytes = Math.max(len, session.replyBytes - (session.replyBytes >> 3));
    this.replyBytes = Math.max(len, this.replyBytes - (this.replyBytes >> 7));
    if (session.batch === undefined) {
      session.batch = this.spare.pop() ?? new Uint8Array(BATCH_SIZE);
      session.batchLength = 0;
      this.touched.push(session);
    }
    if (session.batchLength + len > BATCH_SIZE) {
      this.connections.send(session, session.batch, 0, session.batchLength);
      session.batchLength = 0;
      if (len > BATCH_SIZE) {
        this.connections.send(session, buf, from, from + len, owned);
        return;
      }
    }
    const batch = session.batch;
    const at = session.batchLength;
    if (len < 64) { for (let i = 0; i < len; i++) batch[at + i] = buf[from + i]; }
    else batch.set(buf.subarray(from, from + len), at);
    session.batchLength = at + len;
  }

  told(session: Session, record: number, events: Uint8Array): void {
    this.server.notifications.take(events, new Int32Array(events.buffer), 0, events.length, session, record);
  }

  released(session: Session, record: number): void {
    this.server.pushes.release(session, record);
  }

  replied(session: Session, record: number): void {
    this.server.tracking.replied(session, record);
  }

  settled(session: Session): void {
    session.onSettled?.();
    if (session.closeAfterOutput && session.batch === undefined && !session.closed) this.connections.flush(session);
  }

  /** Sends what sessions gathered: before anything else is written for them. */
  leaveAll(): void {
    for (const session of this.touched) this.leave(session);
    this.touched.length = 0;
  }

  /** Sends what a session gathered in this turn. */
  private leave(session: Session): void {
    const batch = session.batch!;
    session.batch = undefined;
    if (!session.closed) {
      if (session.batchLength > 0) this.connections.send(session, batch, 0, session.batchLength);
      if (session.closeAfterOutput) this.connections.flush(session);
    }
    session.batchLength = 0;
    if (this.spare.length < BATCHES_KEPT) this.spare.push(batch);
  }
}
