/**
 * Pending: replies that shards still owe, so that each connection gets its replies in the order of its requests whatever order
 * shards answer in. Main thread.
 *
 * A record is a row in typed arrays; a session's records are a linked list from its oldest to its newest request.
 *
 * Invariants:
 * 1. Bytes reach a session only from its oldest record; a younger one's are stored until its turn comes.
 * 2. A record is free again only when its reply is complete, even if its session is gone: its number is on the wire.
 */
import type { CommandEntry } from "./command_entry.ts";
import type { Collector } from "./gather.ts";
import type { Session } from "./session.ts";

const START = 1024;
const NONE = -1;

/** Receives a session's reply bytes in order. */
export interface ReplySink {
  /** `owned`: the bytes stay as they are after the call. */
  deliver(session: Session, buf: Uint8Array, from: number, len: number, owned: boolean): void;
  /** Events that the record's request caused, in their turn (ring/events.ts); the bytes stay as they are. */
  told(session: Session, record: number, events: Uint8Array): void;
  /** The record's reply is complete, and messages are held for it or a later one. */
  released(session: Session, record: number): void;
  /** The reply of a session's record has gone, and keys that the session read wait for that. */
  replied(session: Session, record: number): void;
  /** All replies of the session have been delivered. */
  settled(session: Session): void;
}

export class Pending {
  /** Records waiting for a shard. */
  outstanding = 0;

  private next = new Int32Array(START);
  /** Numbers of the records in the order in which they were opened. */
  private serials = new Float64Array(START);
  private opened = 0;
  private done = new Uint8Array(START);
  private muted = new Uint8Array(START);
  private readonly sessions: (Session | undefined)[] = [];
  private readonly stored: (Uint8Array[] | undefined)[] = [];
  /** Events that wait for the replies before the record's. */
  private readonly events: (Uint8Array[] | undefined)[] = [];
  private readonly entries: (CommandEntry | undefined)[] = [];
  private readonly gatherings: (Collector | undefined)[] = [];
  private freeHead = NONE;
  private used = 0;

  constructor(private readonly sink: ReplySink) {}

  /** A record for a session's next reply, behind its earlier ones. `muted`: the reply is dropped. */
  open(session: Session, entry: CommandEntry | undefined, muted: boolean): number {
    let record = this.freeHead;
    if (record !== NONE) this.freeHead = this.next[record];
    else {
      record = this.used++;
      if (record === this.next.length) this.widen();
    }
    this.next[record] = NONE;
    this.serials[record] = ++this.opened;
    this.done[record] = 0;
    this.muted[record] = muted ? 1 : 0;
    this.sessions[record] = session;
    this.entries[record] = entry;
    if (session.pendingCount++ === 0) session.pendingHead = record;
    else this.next[session.pendingTail] = record;
    session.pendingTail = record;
    this.outstanding++;
    return record;
  }

  private widen(): void {
    const size = this.next.length * 2;
    const next = new Int32Array(size);
    next.set(this.next);
    this.next = next;
    const serials = new Float64Array(size);
    serials.set(this.serials);
    this.serials = serials;
    const done = new Uint8Array(size);
    done.set(this.done);
    this.done = done;
    const muted = new Uint8Array(size);
    muted.set(this.muted);
    this.muted = muted;
  }

  /** The record's place in the order of all requests. */
  serialOf(record: number): number {
    return this.serials[record];
  }

  /** Whose reply the record is. */
  sessionOf(record: number): Session {
    return this.sessions[record]!;
  }

  entryOf(record: number): CommandEntry | undefined {
    return this.entries[record];
  }

  /** The record's reply will be made of what shards answer. */
  gather(record: number, gathering: Collector): void {
    this.gatherings[record] = gathering;
  }

  gatheringOf(record: number): Collector | undefined {
    return this.gatherings[record];
  }

  /** What was replied before the record's reply and goes with it; only for a session's sole record. The bytes stay as they are. */
  lead(record: number, bytes: Uint8Array): void {
    this.store(record, bytes);
  }

  /** A piece of the record's reply; `last` completes it. `owned`: the bytes stay as they are after the call. */
  receive(record: number, buf: Uint8Array, from: number, len: number, last: boolean, owned = false): void {
    const session = this.sessions[record]!;
    if (this.muted[record] === 0 && len > 0) {
      if (session.pendingHead === record) {
        if (this.stored[record] !== undefined) this.deliverStored(session, record);
        this.sink.deliver(session, buf, from, len, owned);
        session.replyBegun = true;
      } else this.store(record, owned ? buf.subarray(from, from + len) : buf.slice(from, from + len));
    }
    if (!last) return;
    this.done[record] = 1;
    this.outstanding--;
    if (session.pendingHead === record) this.advance(session);
  }

  /** True when the session is owed no reply before the record's. */
  isNext(record: number): boolean {
    return this.sessions[record]!.pendingHead === record;
  }

  /** Keeps events that the record's request caused until it is the session's next. The bytes stay as they are. */
  keepEvents(record: number, events: Uint8Array): void {
    (this.events[record] ??= []).push(events);
  }

  private store(record: number, piece: Uint8Array): void {
    const pieces = this.stored[record];
    if (pieces === undefined) this.stored[record] = [piece];
    else pieces.push(piece);
  }

  private deliverStored(session: Session, record: number): void {
    for (const piece of this.stored[record]!) this.sink.deliver(session, piece, 0, piece.length, true);
    this.stored[record] = undefined;
    session.replyBegun = true;
  }

  /** Delivers what the session's oldest records have, and frees those that are complete. */
  private advance(session: Session): void {
    while (session.pendingCount > 0) {
      const record = session.pendingHead;
      const events = this.events[record];
      if (events !== undefined) {
        this.events[record] = undefined;
        for (const each of events) this.sink.told(session, record, each);
      }
      if (this.stored[record] !== undefined) this.deliverStored(session, record);
      if (this.done[record] === 0) return;
      session.pendingHead = this.next[record];
      session.pendingCount--;
      this.sessions[record] = undefined;
      this.entries[record] = undefined;
      this.gatherings[record] = undefined;
      this.next[record] = this.freeHead;
      this.freeHead = record;
      session.replyBegun = false;
      if (session.reads !== undefined) this.sink.replied(session, record);
      if (session.held !== undefined) this.sink.released(session, record);
    }
    this.sink.settled(session);
  }
}
