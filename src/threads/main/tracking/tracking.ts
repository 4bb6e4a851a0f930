/**
 * Tracking: client-side caching: which clients may keep which keys, and who is told when these change. Main thread.
 *
 * Engines tell of every changed key while anybody tracks (Settings.tellChanges); main keeps the table of keys.
 *
 * Invariants:
 * 1. A key is entered for a client once the reply that the client read it from has gone (reads_in_flight.ts), so an invalidation never
 *    overtakes the value that it is about.
 * 2. What a client is told of its own requests' changes comes behind their replies.
 * 3. Names of keys are latin-1 text, a character a byte, without their database: as in Redis, a change in any database counts.
 */
import { latin1Text } from "../../../base/bytes.ts";
import { Request } from "../../../codec/resp/request.ts";
import { KeyFinder } from "../../../commands/key_specs.ts";
import { type CommandEntry, Flag } from "../command_entry.ts";
import type { ChangeListener } from "../notifications.ts";
import { NEXT_REPLY } from "../pushes.ts";
import type { Server } from "../server.ts";
import { Gate, type Session } from "../session.ts";
import { Broadcasts } from "./broadcasts.ts";
import type { TrackingOptions } from "./client_tracking.ts";
import { type Change, type Read, ReadsInFlight } from "./reads_in_flight.ts";

/** The channel that invalidations come by to a RESP2 connection. */
const CHANNEL = "__redis__:invalidate";

export class Tracking implements ChangeListener {
  /** Clients that track now. */
  readonly sessions = new Set<Session>();
  readonly broadcasts = new Broadcasts();
  /** Pairs of a key and a client in the table. */
  items = 0;

  /** Keys, and the numbers of the clients that may keep them. Oldest first. */
  private readonly table = new Map<string, Set<number>>();
  private readonly flights = new ReadsInFlight();
  private readonly finder = new KeyFinder();
  private lastFlush = -1;

  constructor(private readonly server: Server) {
    server.notifications.listener = this;
    server.config.on("tracking-table-max-keys", () => this.limit());
  }

  /** Keys in the table. */
  get keys(): number {
    return this.table.size;
  }

  // ---- clients ------------------------------------------------------------------------------------------------------

  /** CLIENT TRACKING ON; in broadcast mode prefixes add to those that the client has already. */
  on(session: Session, options: TrackingOptions): void {
    const prefixes = new Set([...session.tracking?.prefixes ?? [], ...options.prefixes]);
    session.tracking = { ...options, prefixes, caching: false, broken: false };
    for (const prefix of options.prefixes) this.broadcasts.add(session, prefix);
    session.gate |= Gate.TRACKS;
    this.sessions.add(session);
    this.server.effects.tellChanges(true);
  }

  /** CLIENT TRACKING OFF, RESET, or the connection's end. */
  off(session: Session): void {
    const { tracking } = session;
    if (tracking === undefined) return;
    for (const prefix of tracking.prefixes) this.broadcasts.remove(session, prefix);
    session.tracking = undefined;
    session.gate &= ~Gate.TRACKS;
    this.flights.drop(session);
    this.sessions.delete(session);
    if (this.sessions.size > 0) return;
    // Nobody is told of changes any more: what the table says would not stay true.
    this.table.clear();
    this.items = 0;
    this.server.effects.tellChanges(false);
  }

  // ---- reads --------------------------------------------------------------------------------------------------------

  /** Runs a shard command of a client that tracks. */
  run(session: Session, entry: CommandEntry, request: Request): void {
    const { shards } = this.server;
    const keys = this.keysOf(session, entry, request);
    this.ran(session, entry);
    shards.run(session, entry, request);
    if (keys.length === 0) return;
    if (shards.threads > 0) this.begin(session, keys, undefined);
    else this.behindReply(session, () => this.remember(session, keys));
  }

  /** Runs a transaction's request to the shards, by `send`; `reads` are the keys that it reads, `own` see Read. */
  runTransaction(session: Session, reads: readonly string[], own: ReadonlyMap<string, Change>, send: () => void): void {
    if (reads.length === 0) send();
    else if (this.server.shards.threads > 0) {
      send();
      this.begin(session, reads, own);
    } else {
      const read: Read = { session, keys: reads, record: 0, serial: Infinity, own, changed: undefined };
      this.flights.add(read);
      send();
      this.flights.take(session, 0);
      this.behindReply(session, () => this.settle(read));
    }
  }

  /** The keys that a command reads, if the client is to be told of their changes. */
  keysOf(session: Session, entry: CommandEntry, request: Request): string[] {
    const { tracking } = session;
    if (tracking === undefined || tracking.broadcast || (entry.flags & Flag.READONLY) === 0) return [];
    if (tracking.optIn ? !tracking.caching : tracking.optOut && tracking.caching) return [];
    return this.namesOf(entry, request);
  }

  /** The keys of a request. */
  namesOf(entry: CommandEntry, request: Request): string[] {
    const { finder } = this;
    finder.count = 0;
    finder.find(entry.facts, request);
    const keys: string[] = [];
    for (let k = 0; k < finder.count; k++) {
      const i = finder.index[k];
      keys.push(latin1Text(request.buf, request.at[i], request.at[i] + request.len[i]));
    }
    return keys;
  }

  /** A command of a client that tracks ran: CLIENT CACHING holds for one command, or one transaction. */
  ran(session: Session, entry: CommandEntry): void {
    const { queue, tracking } = session;
    if (tracking === undefined || queue !== undefined || this.server.shards.exclusive) return;
    if (!entry.fullName.startsWith("client|")) tracking.caching = false;
  }

  /** A reply of the session has gone to it. */
  replied(session: Session, record: number): void {
    for (let read = this.flights.take(session, record); read !== undefined;) {
      this.settle(read);
      read = this.flights.take(session, record);
    }
  }

  private begin(session: Session, keys: readonly string[], own: ReadonlyMap<string, Change> | undefined): void {
    const record = session.pendingTail;
    const serial = this.server.shards.serialOf(record);
    this.flights.add({ session, keys, record, serial, own, changed: undefined });
  }

  private settle({ session, keys, changed }: Read): void {
    if (session.tracking === undefined || session.tracking.broadcast) return;
    if (changed === undefined) {
      this.remember(session, keys);
      return;
    }
    this.remember(session, keys.filter((key) => changed.get(key)?.outdates !== true));
    for (const [key, { tells }] of changed) if (tells) this.tell(session, [key]);
  }

  private remember(session: Session, keys: readonly string[]): void {
    for (const key of keys) {
      let readers = this.table.get(key);
      if (readers === undefined) this.table.set(key, readers = new Set());
      if (readers.has(session.id)) continue;
      readers.add(session.id);
      this.items++;
    }
    this.limit();
  }

  /** Obeys tracking-table-max-keys: whoever has one of the oldest keys is told to forget it. */
  private limit(): void {
    const max = this.server.config.int("tracking-table-max-keys");
    if (max === 0 || this.table.size <= max) return;
    for (const [key, readers] of this.table) {
      this.invalidate(key, readers, undefined, NEXT_REPLY);
      if (this.table.size <= max) return;
    }
  }

  /** Messages for the session itself that `act` causes go behind the reply that it has just got (engine on this thread). */
  private behindReply(session: Session, act: () => void): void {
    const { dispatcher, pushes } = this.server;
    const outer = pushes.running;
    pushes.running = session;
    act();
    pushes.running = outer;
    if (outer === undefined && pushes.hasOwn) pushes.giveOwn(session, dispatcher.reply);
  }

  // ---- changes ------------------------------------------------------------------------------------------------------

  changed(
    _db: number,
    buf: Uint8Array,
    keyAt: number,
    keyLen: number,
    cause: Session | undefined,
    record: number,
  ): void {
    const key = latin1Text(buf, keyAt, keyAt + keyLen);
    if (this.broadcasts.size > 0) this.broadcasts.changed(key, cause);
    const told = this.flights.changed(key, this.server.shards.serialOf(record), cause);
    const readers = this.table.get(key);
    if (readers !== undefined) this.invalidate(key, readers, cause, record, told);
  }

  flushing(_db: number, cause: Session | undefined, record: number): void {
    const serial = this.server.shards.serialOf(record);
    this.flights.flushed(serial);
    // Every shard tells of the same request.
    if (serial !== Infinity && serial === this.lastFlush) return;
    this.lastFlush = serial;
    this.table.clear();
    this.items = 0;
    for (const session of this.sessions) this.tell(session, undefined, cause, record);
  }

  swapping(): void {
    // Names stand for all databases: as in Redis, exchanging two of them invalidates nothing.
  }

  /** Takes a key out of the table and tells its readers, but those who are `told` anyway. */
  private invalidate(
    key: string,
    readers: ReadonlySet<number>,
    cause: Session | undefined,
    record: number,
    told?: ReadonlySet<Session>,
  ): void {
    this.table.delete(key);
    this.items -= readers.size;
    for (const id of readers) {
      const session = this.server.connections.sessions.get(id);
      if (session?.tracking === undefined || session.tracking.broadcast) continue;
      if ((session.tracking.noLoop && session === cause) || told?.has(session) === true) continue;
      this.tell(session, [key], cause, record);
    }
  }

  /** Sends what broadcasts have gathered: once a turn. */
  turn(): void {
    this.broadcasts.take((session, keys) => {
      // Behind all that the client is owed, as some of it may be an old value; but not behind what a blocked one waits for.
      this.tell(session, keys, session, session.blocked?.waiting === true ? NEXT_REPLY : session.pendingTail);
    });
  }

  /** Tells a client which keys to forget: undefined for all. The last two are Pushes.push's. */
  private tell(session: Session, keys: readonly string[] | undefined, cause?: Session, record = NEXT_REPLY): void {
    const { connections, pushes } = this.server;
    const tracking = session.tracking!;
    const target = tracking.redirect === 0 ? session : connections.sessions.get(tracking.redirect);
    pushes.begin();
    const to = pushes.encoder(target ?? session);
    const start = to.pos;
    if (target === undefined) {
      tracking.broken = true;
      if (!session.resp3) return;
      to.push(2);
      to.bulkText("tracking-redir-broken");
      to.int(tracking.redirect);
    } else {
      if (target.resp3) {
        to.push(2);
        to.bulkText("invalidate");
      } else if (tracking.redirect !== 0 && target.subscriptions !== undefined) {
        to.push(3);
        to.bulkText("message");
        to.bulkText(CHANNEL);
      } else return;
      if (keys === undefined) to.text(session.resp3 ? "_\r\n" : "$-1\r\n");
      else {
        to.array(keys.length);
        for (const key of keys) to.bulkText(key);
      }
    }
    pushes.push(target ?? session, start, to.pos, cause, record);
  }
}
