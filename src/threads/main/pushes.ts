/**
 * Pushes: messages that connections get without asking (pub/sub, invalidations, MONITOR): each is encoded once a protocol, and a turn's
 * messages leave a connection in one write. Main thread.
 *
 * Invariants:
 * 1. A message never stands within a reply. One for a RESP2 connection comes behind all replies that it is owed, one caused by a
 *    connection's own request behind that request's reply; the messages of a connection keep their order.
 * 2. What stands in an encoder stays there until every connection that it is for has sent or copied it.
 * 3. A session's [pushFrom, pushTo) is a range of the encoder of its protocol; pushTo 0: none. So a thousand subscribers cost a thousand
 *    pairs of numbers and a thousand writes, and no copy.
 */
import { Reply } from "../../codec/resp/reply.ts";
import type { Connections } from "./connections.ts";
import type { Session } from "./session.ts";
import type { Shards } from "./shards.ts";

/** Encoded bytes at which messages are sent before the turn's end. */
const FLUSH_AT = 1 << 16;

/** `Held.after`: behind the next reply that is complete. */
export const NEXT_REPLY = -1;

const NO_BYTES = new Uint8Array(0);

/** A message that waits for a reply. */
export interface Held {
  readonly bytes: Uint8Array;
  /** Record of the reply that must come before (pending.ts), or NEXT_REPLY. */
  readonly after: number;
}

export class Pushes {
  /** Takes messages for RESP2 connections, one behind the other. */
  readonly resp2 = new Reply();
  /** The same for RESP3. */
  readonly resp3 = new Reply();
  /** The session whose request runs on this thread now. */
  running: Session | undefined;
  /** Messages for `running`, which wait for its request's reply. */
  private own: Uint8Array[] = [];
  /** Connections with a range to send. */
  private readonly touched: Session[] = [];
  private readonly scratch = new Reply();

  constructor(private readonly connections: Connections, private readonly shards: Shards) {
    this.resp3.resp3 = true;
  }

  /** True when messages wait for `giveOwn`. */
  get hasOwn(): boolean {
    return this.own.length > 0;
  }

  /** The encoder for messages to a session. */
  encoder(session: Session): Reply {
    return session.resp3 ? this.resp3 : this.resp2;
  }

  /** To be called before a message is encoded: makes room for it when much waits. */
  begin(): void {
    if (this.resp2.pos + this.resp3.pos >= FLUSH_AT) this.flush();
  }

  /**
   * A message for the session: [from, to) of its encoder. `cause` is the session whose request caused it, when that runs in a shard's
   * thread, and `record` its reply's.
   */
  push(session: Session, from: number, to: number, cause?: Session, record = NEXT_REPLY): void {
    if (session.closing) return;
    const { buf } = this.encoder(session);
    if (session === this.running) this.own.push(buf.slice(from, to));
    else if (session.pendingCount > 0) {
      this.pushBetween(session, buf, from, to, session === cause ? record : NEXT_REPLY);
    } else if (session.batch !== undefined) this.shards.append(session, buf, from, to - from);
    else if (session.pushTo === 0) {
      this.touched.push(session);
      session.pushFrom = from;
      session.pushTo = to;
      session.pushResp3 = session.resp3;
    } else if (session.pushTo === from && session.pushResp3 === session.resp3) session.pushTo = to;
    else this.pushApart(session, from, to);
  }

  /** Messages that come later stay behind the reply of the session's request that runs now. */
  stayBehind(session: Session): void {
    if (session === this.running) this.own.push(NO_BYTES);
  }

  /** A message for a session that is owed replies. */
  private pushBetween(session: Session, buf: Uint8Array, from: number, to: number, after: number): void {
    const mayGo = session.resp3 && after === NEXT_REPLY && !session.replyBegun && session.held === undefined;
    if (mayGo) this.shards.append(session, buf, from, to - from);
    else (session.held ??= []).push({ bytes: buf.slice(from, to), after });
  }

  /** The session's ranges do not touch: they are gathered in memory of their own. */
  private pushApart(session: Session, from: number, to: number): void {
    if (session.pushResp3 !== session.resp3) {
      this.leave(session);
      this.push(session, from, to);
      return;
    }
    const ranges = session.pushRanges ??= [];
    ranges.push(session.pushFrom, session.pushTo);
    session.pushFrom = from;
    session.pushTo = to;
  }

  /** The request that runs has written its reply: what it caused for its own session goes behind that. */
  giveOwn(session: Session, reply: Reply): void {
    const messages = this.own;
    this.own = [];
    for (const bytes of messages) {
      if (session.pendingCount > 0) (session.held ??= []).push({ bytes, after: session.pendingTail });
      else if (session.batch !== undefined) this.shards.append(session, bytes, 0, bytes.length);
      else reply.raw(bytes, 0, bytes.length);
    }
  }

  /** The reply of `record` is complete: what waited for it goes. */
  release(session: Session, record: number): void {
    const held = session.held!;
    let n = 0;
    while (n < held.length && (session.pendingCount === 0 || (session.resp3 && follows(held[n], record)))) {
      this.shards.append(session, held[n].bytes, 0, held[n].bytes.length);
      n++;
    }
    if (n === held.length) session.held = undefined;
    else held.splice(0, n);
  }

  /** Sends what waits for all sessions. Between commands, or while one runs. */
  flush(): void {
    const { touched } = this;
    for (const session of touched) if (session.pushTo !== 0) this.leave(session);
    touched.length = 0;
    this.resp2.clear();
    this.resp3.clear();
  }

  /** Sends what waits for one session, which replies must not overtake. */
  leave(session: Session): void {
    const { buf } = session.pushResp3 ? this.resp3 : this.resp2;
    const { pushFrom: from, pushTo: to, pushRanges: ranges } = session;
    session.pushTo = 0;
    if (session.closed) return;
    if (ranges === undefined) {
      this.connections.send(session, buf, from, to);
      return;
    }
    const { scratch } = this;
    scratch.clear();
    for (let i = 0; i < ranges.length; i += 2) scratch.raw(buf, ranges[i], ranges[i + 1] - ranges[i]);
    scratch.raw(buf, from, to - from);
    session.pushRanges = undefined;
    this.connections.send(session, scratch.buf, 0, scratch.pos);
  }
}

function follows(held: Held, record: number): boolean {
  return held.after === NEXT_REPLY || held.after === record;
}
