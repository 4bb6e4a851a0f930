/**
 * Notifications: what engines tell of keys (ring/events.ts) goes to whom it concerns: keyspace events to the channels __keyspace@db__:key
 * and __keyevent@db__:event, changed keys to whoever keeps track of them. Main thread.
 *
 * Invariant: a publisher's messages and the events of its own earlier requests reach a subscriber in the order of those requests.
 */
import { Reply } from "../../codec/resp/reply.ts";
import { NotifyClass } from "../../commands/call.ts";
import type { Config } from "../../config/config.ts";
import { type EventWriter, type KeyEvents, readEvents } from "../../ring/events.ts";
import { type CommandEntry, Flag } from "./command_entry.ts";
import type { MainContext } from "./main_command.ts";
import type { Pubsub } from "./pubsub.ts";
import { NEXT_REPLY } from "./pushes.ts";
import type { Session } from "./session.ts";

/** Who wants to know of changed keys: `cause` is the session whose request did it; its reply's `record` is Pushes.push's. */
export interface ChangeListener {
  changed(db: number, buf: Uint8Array, keyAt: number, keyLen: number, cause: Session | undefined, record: number): void;
  flushing(db: number, cause: Session | undefined, record: number): void;
  swapping(a: number, b: number, cause: Session | undefined, record: number): void;
}

export class Notifications implements KeyEvents {
  /** Told of changed keys, as far as the engines' settings make them tell (Settings.tellChanges). */
  listener: ChangeListener | undefined;

  private readonly channel = new Reply();
  private cause: Session | undefined;
  private record = NEXT_REPLY;
  /** Classes of events that are told, as bits of NotifyClass; 0 for none. */
  private classes: number;

  constructor(config: Config, private readonly pubsub: Pubsub) {
    this.classes = toldClasses(config);
    config.on("notify-keyspace-events", () => {
      this.classes = toldClasses(config);
    });
  }

  /** True while keys' events are told. */
  get on(): boolean {
    return this.classes !== 0;
  }

  /** True when a command tells events of each of its keys, in their order: then it can't run in several shards side by side. */
  inOrder(entry: CommandEntry): boolean {
    return this.classes !== 0 && ((entry.flags & Flag.WRITE) !== 0 || (this.classes & NotifyClass.MISS) !== 0);
  }

  /** Takes whole records in u8[from, end), which `cause`'s request with that record brought about. */
  take(
    u8: Uint8Array,
    i32: Int32Array,
    from: number,
    end: number,
    cause: Session | undefined,
    record: number = NEXT_REPLY,
  ): void {
    this.cause = this.pubsub.cause = cause;
    this.record = this.pubsub.causeRecord = record;
    readEvents(u8, i32, from, end, this);
    this.cause = this.pubsub.cause = undefined;
  }

  /** The same, of an engine on this thread. */
  takeAll(events: EventWriter, len: number, cause: Session | undefined): void {
    this.take(events.buf, events.words, 0, len, cause);
  }

  event(db: number, buf: Uint8Array, nameAt: number, nameLen: number, keyAt: number, keyLen: number): void {
    const { pubsub, channel } = this;
    if (pubsub.silent) return;
    const { classes } = this;
    if ((classes & NotifyClass.KEYSPACE) !== 0) {
      this.name("__keyspace@", db, buf, keyAt, keyLen);
      pubsub.publish(channel.buf, 0, channel.pos, buf, nameAt, nameLen);
    }
    if ((classes & NotifyClass.KEYEVENT) !== 0) {
      this.name("__keyevent@", db, buf, nameAt, nameLen);
      pubsub.publish(channel.buf, 0, channel.pos, buf, keyAt, keyLen);
    }
  }

  private name(prefix: string, db: number, buf: Uint8Array, from: number, len: number): void {
    const { channel } = this;
    channel.clear();
    channel.text(prefix);
    channel.digits(db);
    channel.text("__:");
    channel.raw(buf, from, len);
  }

  changed(db: number, buf: Uint8Array, keyAt: number, keyLen: number): void {
    this.listener?.changed(db, buf, keyAt, keyLen, this.cause, this.record);
  }

  flushing(db: number): void {
    this.listener?.flushing(db, this.cause, this.record);
  }

  swapping(a: number, b: number): void {
    this.listener?.swapping(a, b, this.cause, this.record);
  }

  /** True when what a session publishes now could overtake the events of its own earlier requests, which shards' threads still run. */
  mayOvertake({ session, queued }: MainContext): boolean {
    return session.pendingCount > 0 && !queued && this.on;
  }

  /** The same for what the session's queue publishes. */
  mayOvertakeIn(session: Session): boolean {
    return session.pendingCount > 0 && this.on &&
      session.queue!.commands.some(({ entry }) => (entry.flags & Flag.PUBSUB) !== 0);
  }

  /** PUBLISH, once the session's earlier requests are answered. */
  publishLater({ args, server, session }: MainContext): void {
    const channel = args.buf.slice(args.at[1], args.at[1] + args.len[1]);
    const message = args.buf.slice(args.at[2], args.at[2] + args.len[2]);
    server.dispatcher.whenSettled(session, (reply) => {
      reply.int(this.pubsub.publish(channel, 0, channel.length, message, 0, message.length));
    });
  }
}

/** The classes for which engines are to tell events: none unless some channels get them. */
export function toldClasses(config: Config): number {
  const classes = config.value("notify-keyspace-events");
  return (classes & (NotifyClass.KEYSPACE | NotifyClass.KEYEVENT)) === 0 ? 0 : classes;
}
