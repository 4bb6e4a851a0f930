/**
 * Blocking: the clients that wait in blocking commands: until when, and their end by timeout, CLIENT UNBLOCK or disconnection. Who is
 * served in what order is the shards' business (threads/shard/waits.ts). Main thread.
 *
 *   trying    the request is on its way to its shards; they will say that it waits, or that it has a reply
 *   waiting   it is in the queues of its keys; whoever takes its ticket first answers it: a shard, or this
 *
 * Invariants:
 * 1. A session is in at most one blocking command; its next requests wait (Gate.WAITS) from the try to the reply.
 * 2. A ticket is known here exactly from `begin` to its end, so what shards say of an older one is not heard.
 */
import { latin1Bytes } from "../../base/bytes.ts";
import { ReplyError } from "../../base/reply_error.ts";
import { Request } from "../../codec/resp/request.ts";
import { NEVER } from "../../commands/wait.ts";
import type { CommandEntry } from "./command_entry.ts";
import type { Connections } from "./connections.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { Gate, type Session } from "./session.ts";

const UNBLOCKED = new ReplyError("UNBLOCKED client unblocked via CLIENT UNBLOCK");
const NIL_2 = latin1Bytes("*-1\r\n");
const NIL_3 = latin1Bytes("_\r\n");
const NOTHING = new Uint8Array(0);
const TICKET_MAX = 0x7fffffff;

/** A client in a blocking command. */
export interface Blocked extends Deadline {
  readonly session: Session;
  readonly entry: CommandEntry;
  readonly ticket: number;
  /** Its reply's record (ring_shards.ts). */
  readonly record: number;
  /** False while the shards try. */
  waiting: boolean;
  /** Shards in whose queues it is, or may be. */
  shards: readonly number[];
  /** Its arguments, when it will have to be sent again. */
  request: Request | undefined;
}

/** What the shards do for blocked clients. */
export interface BlockingShards {
  /** Takes a waiting client's ticket, so that no shard serves it; false when one has. */
  take(blocked: Blocked): boolean;
  /** Makes the shards forget a client's wait; `except` (-1: none) has ended it itself. */
  forget(blocked: Blocked, except: number): void;
  /** The reply of a client whose ticket was taken. The bytes stay as they are. */
  answer(blocked: Blocked, reply: Uint8Array): void;
}

export class Blocking {
  /** Clients that wait. */
  count = 0;
  private readonly tickets = new Map<number, Blocked>();
  private readonly deadlines = new Deadlines<Blocked>();
  private nextTicket = 1;

  constructor(
    private readonly shards: BlockingShards,
    private readonly dispatcher: Dispatcher,
    private readonly connections: Connections,
  ) {}

  /** True when no client waits, nor has sent what may. */
  get idle(): boolean {
    return this.tickets.size === 0;
  }

  /** Clients that wait with a timeout. */
  get timed(): number {
    return this.deadlines.size;
  }

  /** The session's request that is about to go to the shards may wait. */
  begin(session: Session, entry: CommandEntry, record: number): Blocked {
    const ticket = this.nextTicket;
    this.nextTicket = ticket === TICKET_MAX ? 1 : ticket + 1;
    const blocked: Blocked = {
      session,
      entry,
      ticket,
      record,
      waiting: false,
      shards: [],
      request: undefined,
      deadlineMs: NEVER,
      heapAt: -1,
    };
    this.tickets.set(ticket, blocked);
    session.blocked = blocked;
    session.gate |= Gate.WAITS;
    return blocked;
  }

  /** The client of a ticket that has not ended. */
  find(ticket: number): Blocked | undefined {
    return this.tickets.get(ticket);
  }

  /** The shards found nothing: the client waits until `deadlineMs`. */
  waits(ticket: number, deadlineMs: number): void {
    const blocked = this.tickets.get(ticket);
    if (blocked === undefined) return;
    blocked.waiting = true;
    this.count++;
    if (deadlineMs !== NEVER) {
      blocked.deadlineMs = deadlineMs;
      this.deadlines.add(blocked);
    }
    const { session } = blocked;
    if (session.closing) this.gone(session);
    else if (session.ended) this.connections.close(session);
  }

  /** A shard has answered: the client goes on. */
  woken(ticket: number, shard: number): void {
    const blocked = this.tickets.get(ticket);
    if (blocked !== undefined) this.end(blocked, shard);
  }

  /** Ends a client's wait as its timeout would, or with an error. False when it does not wait. */
  unblock(session: Session, withError: boolean): boolean {
    const { blocked } = session;
    if (blocked === undefined || !blocked.waiting || !this.shards.take(blocked)) return false;
    if (withError) {
      this.dispatcher.failed(blocked.entry, UNBLOCKED);
      this.shards.answer(blocked, latin1Bytes(`-${UNBLOCKED.text}\r\n`));
    } else this.shards.answer(blocked, session.resp3 ? NIL_3 : NIL_2);
    this.end(blocked);
    return true;
  }

  /** The session's connection is gone. */
  gone(session: Session): void {
    const { blocked } = session;
    if (blocked === undefined || !blocked.waiting || !this.shards.take(blocked)) return;
    this.shards.answer(blocked, NOTHING);
    this.end(blocked);
  }

  /** Ends the waits whose time has come; returns ms until the next, Infinity without one. */
  turn(clock: { nowMs(): number }): number {
    if (this.deadlines.size === 0) return Infinity;
    const now = clock.nowMs();
    for (let next = this.deadlines.first; next !== undefined; next = this.deadlines.first) {
      if (next.deadlineMs > now) return next.deadlineMs - now;
      // A shard may have been first; its reply is under way then.
      this.deadlines.remove(next);
      this.unblock(next.session, false);
    }
    return Infinity;
  }

  private end(blocked: Blocked, answeredBy = -1): void {
    const { session } = blocked;
    this.tickets.delete(blocked.ticket);
    this.deadlines.remove(blocked);
    if (blocked.waiting) this.count--;
    this.shards.forget(blocked, answeredBy);
    session.blocked = undefined;
    session.gate &= ~Gate.WAITS;
    if (!session.closed) this.connections.resume(session);
  }
}
