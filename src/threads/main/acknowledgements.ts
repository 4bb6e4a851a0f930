/**
 * Acknowledgements: clients in WAIT and WAITAOF, which wait until replicas and this server's disk have what they wrote before. Main thread.
 *
 * There are no replicas, so a client that wants any waits until its timeout. The local disk has what the engines had recorded when the
 * client's earlier requests were answered, as soon as all of that is durable (journal_positions.ts).
 *
 * Invariant: a client that waits has Gate.WAITS, so none of its next requests runs, and `session.acknowledgement`; both end with `end`.
 */
import { ReplyError } from "../../base/reply_error.ts";
import type { Reply } from "../../codec/resp/reply.ts";
import { JournalPositions } from "../journal_positions.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";
import type { Server } from "./server.ts";
import { Gate, type Session } from "./session.ts";

const UNBLOCKED = new ReplyError("UNBLOCKED client unblocked via CLIENT UNBLOCK");
const NEVER = Infinity;
/** How often a client's wait for the disk is looked at: a sync takes some ms. */
const LOOK_MS = 2;

/** A client that waits. */
export interface Acknowledgement extends Deadline {
  readonly session: Session;
  /** Replicas wanted, none of which is there. */
  readonly replicas: number;
  /** Whether the local disk is asked for; undefined for WAIT, whose reply says nothing of it. */
  readonly local: boolean | undefined;
  /** True when the client wants no reply (CLIENT REPLY SKIP). */
  readonly muted: boolean;
  /** Records of each engine that must be durable; undefined until the client's earlier requests are answered. */
  needs: number[] | undefined;
}

export class Acknowledgements {
  private readonly all = new Set<Acknowledgement>();
  private readonly deadlines = new Deadlines<Acknowledgement>();
  private readonly positions: JournalPositions;

  constructor(private readonly server: Server) {
    this.positions = new JournalPositions(server.persistence.thread.shared.positions);
  }

  /** Clients that wait. */
  get count(): number {
    return this.all.size;
  }

  /** Of them, those with a timeout. */
  get timed(): number {
    return this.deadlines.size;
  }

  /** The client waits; `timeoutMs` 0 for ever. The command that runs writes no reply. */
  begin(session: Session, replicas: number, local: boolean | undefined, timeoutMs: number): void {
    const deadlineMs = timeoutMs === 0 ? NEVER : this.server.nowMs() + timeoutMs;
    const muted = (session.gate & Gate.REPLY_SKIP) !== 0;
    const waiting = { session, replicas, local, muted, needs: undefined, deadlineMs, heapAt: -1 };
    this.all.add(waiting);
    if (timeoutMs !== 0) this.deadlines.add(waiting);
    session.acknowledgement = waiting;
    session.gate |= Gate.WAITS;
  }

  /** Whether the local disk has what the session wrote, when all its requests have been answered. */
  isDurable(session: Session): boolean {
    return this.server.persistence.appendOnly.on && session.pendingCount === 0 && !this.server.shards.unsynced;
  }

  /** CLIENT UNBLOCK. False when the session does not wait here. */
  unblock(session: Session, withError: boolean): boolean {
    const waiting = session.acknowledgement;
    if (waiting === undefined) return false;
    if (!withError) this.answer(waiting);
    else {
      this.server.dispatcher.countError(UNBLOCKED.code);
      this.end(waiting, (reply) => reply.error(UNBLOCKED));
    }
    return true;
  }

  /** The connection is gone. */
  gone(session: Session): void {
    const waiting = session.acknowledgement;
    if (waiting !== undefined) this.forget(waiting);
  }

  /** Answers those whose time or whose sync has come; returns ms until it wants to look again. */
  turn(): number {
    if (this.all.size === 0) return Infinity;
    let looks = false;
    for (const waiting of this.all) {
      if (waiting.local !== true) continue;
      if (waiting.replicas === 0 && this.hasSynced(waiting)) this.answer(waiting);
      else looks = true;
    }
    const now = this.server.nowMs();
    for (let next = this.deadlines.first; next !== undefined; next = this.deadlines.first) {
      if (next.deadlineMs > now) return Math.min(next.deadlineMs - now, looks ? LOOK_MS : Infinity);
      this.answer(next);
    }
    return looks ? LOOK_MS : Infinity;
  }

  private hasSynced(waiting: Acknowledgement): boolean {
    const { positions } = this;
    if (waiting.needs === undefined) {
      if (waiting.session.pendingCount > 0) return false;
      this.server.shards.settleJournal();
      waiting.needs = Array.from({ length: positions.engines }, (_, k) => positions.recorded(k));
    }
    return waiting.needs.every((count, k) => ((positions.durable(k) - count) | 0) >= 0);
  }

  private answer(waiting: Acknowledgement): void {
    const { local } = waiting;
    const synced = local === true && this.hasSynced(waiting);
    this.end(waiting, (reply) => writeAcknowledged(reply, local === undefined ? undefined : synced));
  }

  private end(waiting: Acknowledgement, write: (reply: Reply) => void): void {
    this.forget(waiting);
    this.server.dispatcher.answer(waiting.session, waiting.muted ? () => {} : write);
  }

  private forget(waiting: Acknowledgement): void {
    this.all.delete(waiting);
    this.deadlines.remove(waiting);
    waiting.session.acknowledgement = undefined;
  }
}

/** WAIT's reply, or WAITAOF's with what the local disk has: no replica has anything. */
export function writeAcknowledged(reply: Reply, local: boolean | undefined): void {
  if (local !== undefined) {
    reply.array(2);
    reply.int(local ? 1 : 0);
  }
  reply.int(0);
}
