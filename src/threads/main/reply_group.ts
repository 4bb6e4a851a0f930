/**
 * ReplyGroup: replies to several clients that leave one right behind the other. Main thread.
 *
 * A write to a client that sleeps costs waking it, several µs where its processor has gone idle; clients of one process share that when
 * their replies come close together. So replies stay in the encoder, one session's behind the other's, until the turn ends, or until
 * GROUP_BYTES or GROUP_MS: nobody is to wait long for what others have asked. Who answers when a turn ends is server.ts, and under appendfsync
 * always, with the sync at the turn's end, persistence.ts.
 *
 * Invariants:
 * 1. The encoder's bytes from `start` on are replies to the session being served; the group's ranges lie below, and touch.
 * 2. A session in the group (`session.grouped`) is sent its range before anything else.
 */
import type { Reply } from "../../codec/resp/reply.ts";
import { monotonicMs } from "../../runtime/mod.ts";
import type { Session } from "./session.ts";

/** Bytes of replies at which a group leaves. */
const GROUP_BYTES = 1 << 17;
/** Time that a group may take to gather. */
const GROUP_MS = 1;

export class ReplyGroup {
  /** Where the replies of the session being served begin in the encoder. */
  start = 0;
  private readonly sessions: Session[] = [];
  /** Where each session's range ends; the first begins at `from`. */
  private readonly ends: number[] = [];
  private from = 0;
  private untilMs = 0;
  private leaving = false;

  constructor(
    private readonly reply: Reply,
    private readonly send: (session: Session, buf: Uint8Array, from: number, to: number) => void,
    private readonly clockMs: () => number = monotonicMs,
  ) {}

  /** Sessions in it. */
  get size(): number {
    return this.sessions.length;
  }

  /** Takes in what was replied to the session that was served. */
  add(session: Session): void {
    const { sessions, reply } = this;
    const n = sessions.length;
    const now = this.clockMs();
    if (n === 0) {
      this.from = this.start;
      this.untilMs = now + GROUP_MS;
    }
    sessions.push(session);
    session.grouped = true;
    this.ends[n] = this.start = reply.pos;
    if (reply.pos >= GROUP_BYTES || now >= this.untilMs) this.leave();
  }

  /** Sends what is gathered. Also while a request runs: what it has replied so far stays where it is. */
  leave(): void {
    const { sessions, ends, reply } = this;
    const n = sessions.length;
    // A send may close another session of the group, whose replies nobody gets then.
    if (n === 0 || this.leaving) return;
    this.leaving = true;
    let { from } = this;
    for (let i = 0; i < n; i++) {
      const session = sessions[i];
      session.grouped = false;
      if (!session.closed) this.send(session, reply.buf, from, ends[i]);
      from = ends[i];
    }
    sessions.length = 0;
    this.leaving = false;
    if (reply.pos === this.start) this.drop();
  }

  /** Forgets the replies of the session being served: they are sent, or kept elsewhere. */
  drop(): void {
    const { reply } = this;
    reply.pos = this.start;
    if (this.sessions.length > 0) return;
    this.start = 0;
    reply.clear();
  }
}
