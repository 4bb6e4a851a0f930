/**
 * ShardNotifier: tells main what happened to an engine's keys: keyspace events for subscribers, changed keys for clients that cache.
 * Runs on the engine's thread.
 *
 * Invariants:
 * 1. What happens while a request runs is sent before its reply, in the order in which it happened.
 * 2. An engine's call has this notifier only while someone wants something of it (`Engine.configure`): otherwise a change costs one test.
 */
import type { Notifier } from "../../commands/call.ts";
import { EventKind, EventWriter } from "../../ring/events.ts";

/** A command that causes more than this is told of in pieces, so that memory stays bounded. */
const SEND_AT = 65536;
const NO_BYTES = new Uint8Array(0);

export class ShardNotifier implements Notifier {
  /** True when main wants to know every changed key (client-side caching). */
  tellsChanges = false;
  private readonly events = new EventWriter();

  /**
   * `send` takes events.buf[0, len) (ring/events.ts) to main; the bytes are good during the call only. `caused`: the request that runs did
   * that, if one runs.
   */
  constructor(private readonly send: (events: EventWriter, len: number, caused: boolean) => void) {}

  /** True when something waits for `flush`. */
  get pending(): boolean {
    return this.events.pos !== 0;
  }

  changed(db: number, buf: Uint8Array, from: number, len: number): void {
    if (this.tellsChanges) this.add(EventKind.CHANGED, db, "", buf, from, len);
  }

  event(_cls: number, event: string, db: number, buf: Uint8Array, from: number, len: number): void {
    this.add(EventKind.KEYSPACE, db, event, buf, from, len);
  }

  flushing(db: number): void {
    if (this.tellsChanges) this.add(EventKind.FLUSHING, db, "", NO_BYTES, 0, 0);
  }

  swapping(a: number, b: number): void {
    if (!this.tellsChanges) return;
    this.events.add(EventKind.SWAPPING, a, "", NO_BYTES, 0, 0, b);
    this.sendIfMany();
  }

  /** Sends what waits. */
  flush(caused = true): void {
    const { events } = this;
    if (events.pos === 0) return;
    this.send(events, events.pos, caused);
    events.clear();
  }

  private add(kind: number, db: number, event: string, buf: Uint8Array, from: number, len: number): void {
    this.events.add(kind, db, event, buf, from, len);
    this.sendIfMany();
  }

  private sendIfMany(): void {
    if (this.events.pos >= SEND_AT) this.flush();
  }
}
