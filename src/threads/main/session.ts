/**
 * Session: the state of one client connection. Main thread.
 *
 * Invariants:
 * 1. `input` holds the bytes of an unfinished request from its first byte on, or nothing.
 * 2. `gate` is 0 exactly when a command may run without asking anything else about the client: the hot path tests one number.
 * 3. After `closing` is set no further request of the client is run.
 */
import type { Request } from "../../codec/resp/request.ts";
import type { Socket } from "../../runtime/mod.ts";
import type { Acknowledgement } from "./acknowledgements.ts";
import type { Blocked } from "./blocking.ts";
import type { ClientType } from "./commands/client_types.ts";
import { Output } from "./output.ts";
import type { Subscriptions } from "./pubsub.ts";
import type { Held } from "./pushes.ts";
import type { Watched } from "./queue_request.ts";
import type { ClientTracking } from "./tracking/client_tracking.ts";
import type { Read } from "./tracking/reads_in_flight.ts";
import type { Queue } from "./queue.ts";

/** Bits of `Session.gate`: reasons to leave the hot path. */
export const Gate = {
  /** Has not authenticated and must. */
  AUTH: 1,
  /** CLIENT REPLY OFF. */
  REPLY_OFF: 2,
  /** CLIENT REPLY SKIP was just received: the next reply is dropped. */
  REPLY_SKIP: 4,
  /** Is being closed. */
  CLOSING: 8,
  /** CLIENT NO-TOUCH. */
  NO_TOUCH: 16,
  /** CLIENT PAUSE, for all clients. */
  PAUSED: 32,
  /** maxmemory is set, for all clients. */
  MEMORY: 64,
  /** A reply of the client's comes later, and its next requests wait for it. */
  WAITS: 128,
  /** Between MULTI and EXEC: commands are queued. */
  MULTI: 256,
  /** Listens to channels or patterns. */
  SUBSCRIBED: 512,
  /** Sees what others run (MONITOR). */
  MONITORS: 1024,
  /** Someone monitors, for all clients. */
  MONITORED: 2048,
  /** Client-side caching is on (CLIENT TRACKING). */
  TRACKS: 32768,
  /** Data is loaded, for all clients. */
  LOADING: 4096,
  /** The disk fails and writes are refused, for all clients. */
  DISK: 8192,
  /** Nothing runs until a shutdown or a reload is through, for all clients. */
  STALLED: 16384,
} as const;

/** A first piece of an unfinished request is kept in a buffer of this size. */
const INPUT_START = 1024;
/** An input buffer above this is given up when it was emptied. */
const INPUT_KEEP = 65536;

export class Session {
  gate = 0;
  db = 0;
  resp3 = false;
  name = "";
  libName = "";
  libVersion = "";
  user = "default";
  noEvict = false;
  /** What it took when that was last looked at (client_memory.ts). */
  notedBytes = 0;

  /** Server's time at connection, last request; ms. */
  lastMs: number;
  /** Full name of the last command, "client|list"; undefined before the first. */
  lastCommand: string | undefined;
  commandCount = 0;
  netIn = 0;
  netOut = 0;

  input: Uint8Array | undefined;
  inputLength = 0;
  /** Bytes of input with fewer of which the unfinished request can't be complete. */
  inputNeeds = 0;
  /** An unfinished request with many arguments; small ones are parsed anew when more bytes came. */
  request: Request | undefined;
  readonly output = new Output();
  /** True while replies to it wait in the turn's group (reply_group.ts). */
  grouped = false;
  /** Of the output's bytes the last ones, which wait for the disk (persistence/commit_gate.ts). */
  heldBytes = 0;
  /** ms since when the soft output limit has been exceeded; 0 when it is not. */
  softLimitSince = 0;
  /** What the session listens to; undefined for nothing. */
  subscriptions: Subscriptions | undefined;
  // Messages of this turn (pushes.ts): a range of the encoder, of which protocol, and earlier ranges that do not touch it.
  pushFrom = 0;
  pushTo = 0;
  pushResp3 = false;
  pushRanges: number[] | undefined;
  /** Messages that wait for a reply. */
  held: Held[] | undefined;
  /** True when a part of the oldest reply owed has gone out. */
  replyBegun = false;
  /** Called once no reply is owed any more. */
  onSettled: (() => void) | undefined;
  /** Commands queued since MULTI; undefined outside a transaction. */
  queue: Queue | undefined;
  /** What CLIENT TRACKING set; undefined while it is off. */
  tracking: ClientTracking | undefined;
  /** Requests under way whose keys the client may keep. */
  reads: Read[] | undefined;
  /** Keys that WATCH looks after for this client. */
  watched: Watched[] = [];
  /** The blocking command that the client is in. */
  blocked: Blocked | undefined;
  /** What the client waits for in WAIT or WAITAOF. */
  acknowledgement: Acknowledgement | undefined;
  // Replies that shards owe (pending.ts): the oldest and newest record, and how many.
  pendingHead = -1;
  pendingTail = -1;
  pendingCount = 0;
  /** About the size of the latest replies: the largest, forgotten slowly. */
  replyBytes = 0;
  /** True while CLIENT PAUSE keeps the next request from running. */
  postponed = false;
  /** Replies delivered in this turn, to leave in one write; the buffer is lent for the turn. */
  batch: Uint8Array | undefined;
  batchLength = 0;
  /** True while a request larger than a ring's message is on its way to its shards. */
  uploading = false;
  /** True while reading from the socket is stopped. */
  paused = false;
  /** True when the socket is gone. */
  closed = false;
  /** True when the peer sends no more. */
  ended = false;
  /** True when the connection closes once its output is sent. */
  closeAfterOutput = false;

  constructor(readonly id: number, readonly socket: Socket, readonly createdMs: number) {
    this.lastMs = createdMs;
  }

  /** Class of client, as CLIENT LIST TYPE and client-output-buffer-limit tell them apart. */
  get type(): ClientType {
    return this.subscriptions === undefined ? "normal" : "pubsub";
  }

  /** True while the client waits: in a command, for a key or for others to have what it wrote, or for the end of CLIENT PAUSE. */
  get isBlocked(): boolean {
    return this.blocked?.waiting === true || this.acknowledgement !== undefined || this.postponed;
  }

  get closing(): boolean {
    return (this.gate & Gate.CLOSING) !== 0;
  }

  /** Appends buf[from, to) to the unfinished request. */
  keep(buf: Uint8Array, from: number, to: number): void {
    const size = this.inputLength + to - from;
    if (this.input === undefined || this.input.length < size) {
      let capacity = this.input === undefined ? INPUT_START : this.input.length * 2;
      while (capacity < size) capacity *= 2;
      const wider = new Uint8Array(capacity);
      if (this.input !== undefined) wider.set(this.input.subarray(0, this.inputLength));
      this.input = wider;
    }
    this.input.set(buf.subarray(from, to), this.inputLength);
    this.inputLength = size;
  }

  /** Drops the first `count` bytes of `input`. */
  consumed(count: number): void {
    const input = this.input;
    if (input === undefined) return;
    if (count < this.inputLength) {
      if (count > 0) input.copyWithin(0, count, this.inputLength);
      this.inputLength -= count;
      return;
    }
    this.inputLength = 0;
    if (input.length > INPUT_KEEP || input.length === INPUT_START) this.input = undefined;
  }
}
