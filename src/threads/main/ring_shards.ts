/**
 * RingShards: shards in worker threads, reached through rings: how requests get into them. Main thread.
 *
 * Which shards stand still for a request over several is decided in ring_holds.ts; requests too large for a message go by uploads.ts;
 * ring_replies.ts takes in what shards send, pending.ts brings replies to their sessions' order, and they leave by reply_batches.ts;
 * ring_waits.ts has the clients that wait.
 *
 * Invariants:
 * 1. Main never blocks: what does not fit a ring waits in `uploads`, and its session is busy.
 * 2. All messages of one request enter the rings in one turn with nothing of another request between them, so every shard sees
 *    requests in one and the same order (docs/ARCHITECTURE.md, "Order").
 * 3. One publish a ring a turn, or when a quarter of it is filled: the shard's wake-up is paid once a batch.
 */
import type { Reply } from "../../codec/resp/reply.ts";
import { Request } from "../../codec/resp/request.ts";
import { runnableCommands } from "../../commands/table.ts";
import {
  argumentBytes,
  type ArgumentRanges,
  DB_SHIFT,
  JOINED_BIT,
  KIND_MASK,
  NO_TOUCH_BIT,
  NUMBER_WORD,
  orderSize,
  padded,
  RELAYED_BIT,
  RESP3_BIT,
  runSize,
  TICKET_BIT,
  TICKET_SIZE,
  ToShard,
  writeOrder,
  writeRun,
  writeTicket,
} from "../../ring/messages.ts";
import { createRing, RingReader, RingWriter } from "../../ring/ring.ts";
import { coreCount, monotonicUs, spawn, workerUrl } from "../../runtime/mod.ts";
import { EVICTION_POLICIES } from "../../store/eviction.ts";
import type { Store } from "../../store/store.ts";
import type { EngineOrder, LoadOrder, LoadResult } from "../engine_order.ts";
import { Figure, Figures } from "../figures.ts";
import { Holds } from "../holds.ts";
import { JournalPositions } from "../journal_positions.ts";
import { Mark } from "../persistence/aof_messages.ts";
import type { PersistenceRings } from "../persistence/setup.ts";
import { BACKGROUND, JournalMode } from "../shard/journal.ts";
import type { Settings } from "../shard/settings.ts";
import type { ShardSetup } from "../shard/worker.ts";
import type { Blocked } from "./blocking.ts";
import { type CommandEntry, Flag } from "./command_entry.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { ComposedReply } from "./composed_reply.ts";
import { Gathering } from "./gather.ts";
import { Pending } from "./pending.ts";
import { NEXT_REPLY } from "./pushes.ts";
import { ReplyBatches } from "./reply_batches.ts";
import { type HoldRings, RingHolds } from "./ring_holds.ts";
import { PART_SHIFT, type ReplyListener, RingReplies } from "./ring_replies.ts";
import { RingWaits, type WaitRings } from "./ring_waits.ts";
import { Routes, SEVERAL } from "./routes.ts";
import { Gate, type Session } from "./session.ts";
import { isTight, type ShardEnd } from "./shard_end.ts";
import type { Composition, Shards } from "./shards.ts";
import { type UploadRings, Uploads } from "./uploads.ts";

/**
 * Bytes of a ring. A message may be a quarter of it, and half is kept free so that any request fits once it is begun; 1 MiB of
 * requests in flight is more than a turn of 50 clients with 64 pipelined requests of 100 bytes brings (320 KiB).
 */
const RING_SIZE = 2 << 20;
/** Requests of one session in flight beyond which it is not read on. */
const SESSION_IN_FLIGHT = 4096;
/** The same while nothing is known of the size of its replies. */
const FIRST_IN_FLIGHT = 64;
/** Bytes of replies that a session may have in flight, judged by its latest ones: as much as may wait unsent. */
const SESSION_REPLY_BYTES = 1 << 18;
/** Requests of all sessions in flight beyond which a session of whose replies nothing is known waits for its first. */
const FIRST_IN_FLIGHT_TOTAL = 1024;
/**
 * Bytes of replies that all sessions may have in flight, judged by the largest of late: what may come for a thousand clients that
 * never read, on top of what each may have unsent. A client's only request is never kept waiting by it.
 */
const TOTAL_REPLY_BYTES = 1 << 26;
/** A batch of this size is worth its wake-up in the middle of a turn: the shard starts while main still parses. */
const PUBLISH_AT = 32768;
/**
 * How long main looks for replies before it sleeps in the kernel: a reply that comes within it costs no wake-up (60-110 µs); where
 * shards and main outnumber the cores, spinning only takes the shards' time.
 */
const SPIN_US = 50;
/** Gates of sessions that messages may come to between replies: each reply must be out before them. */
const PUSHED_TO = Gate.SUBSCRIBED | Gate.TRACKS | Gate.MONITORS;

/** SCAN walks over all shards in one call while a database has no more keys than this: clients rarely ask for more at once. */
const FEW_KEYS = 1000;

export class RingShards implements Shards, WaitRings, HoldRings, UploadRings, ReplyListener {
  readonly threads: number;
  dispatcher!: Dispatcher;
  /** Takes what commands have for the log, level verbose. */
  log: (line: string) => void = () => {};
  readonly waits = new RingWaits(this);
  readonly batches = new ReplyBatches();
  readonly ends: ShardEnd[] = [];
  /** Number of the last request, for the order of the journals; never 0, and wraps. */
  number = 0;
  /** See HoldRings. */
  holdOpen = false;

  private readonly pending: Pending;
  private readonly replies: RingReplies;
  private readonly routes: Routes;
  private readonly holdSlots = new Holds();
  private readonly holds: RingHolds;
  /** Where the last RUN or RUN_HELD stands in its ring. */
  private ranAt = 0;
  private readonly uploads = new Uploads(this);
  /** No session's request can be taken in now. */
  private full = false;
  /** See Shards.exclusive. */
  private standing = false;
  private nowMs = 0;
  private lastProgressUs = 0;
  private closing = false;
  private noEviction = true;
  private journaling = false;
  private readonly positions: JournalPositions;
  private readonly spinUs: number;
  private readonly maxMessage: number;
  /** ArgumentRanges of one part of a split command. */
  private readonly part: ArgumentRanges = {
    buf: new Uint8Array(0),
    argc: 0,
    at: new Int32Array(64),
    len: new Int32Array(64),
  };

  /**
   * One worker a store. `onDeath` is called with a report when a shard's thread dies: the process can't go on. `wakeHandle` is the
   * network's.
   */
  constructor(
    readonly stores: readonly Store[],
    private readonly reply: Reply,
    settings: Settings,
    wakeHandle: unknown,
    persistence: PersistenceRings,
    onDeath: (report: string) => void,
  ) {
    this.threads = stores.length;
    this.positions = new JournalPositions(persistence.positions);
    this.routes = new Routes(stores.length);
    this.holds = new RingHolds(this, this.holdSlots, this.routes, stores.length);
    this.pending = new Pending(this.batches);
    this.replies = new RingReplies(this, this.pending, this.waits);
    this.spinUs = stores.length + 1 <= coreCount ? SPIN_US : 0;
    this.maxMessage = new RingWriter(createRing(RING_SIZE)).maxMessage;
    for (let i = 0; i < stores.length; i++) {
      const requests = createRing(RING_SIZE);
      const replies = createRing(RING_SIZE);
      const figures = new Figures(runnableCommands.length);
      const setup: ShardSetup = {
        shard: i,
        arenas: stores.map((store) => store.arena.buffer),
        hashKeys: [stores[i].hash.k0, stores[i].hash.k1],
        requests,
        replies,
        holds: this.holdSlots.buffer,
        parking: this.holds.parking.buffer,
        claims: this.waits.claims.buffer,
        figures: figures.buffer,
        wakeHandle,
        persistence,
        settings: settings.toNumbers(),
        spinUs: this.spinUs,
      };
      const writer = new RingWriter(requests);
      new RingWriter(replies); // formats the ring before its reader looks
      const thread = spawn(workerUrl("threads/shard/worker.ts"), setup);
      thread.onError = (text) => {
        if (!this.closing) onDeath(`shard ${i}: ${text}`);
      };
      thread.onExit = () => {
        if (!this.closing) onDeath(`shard ${i} ended`);
      };
      this.ends.push({
        thread,
        requests: writer,
        replies: new RingReader(replies),
        figures,
        toldMs: 0,
        unpublished: 0,
        sent: 0,
        eventPieces: [],
      });
    }
  }

  get figures(): readonly Figures[] {
    return this.ends.map((end) => end.figures);
  }

  get exclusive(): boolean {
    return this.standing;
  }

  set exclusive(on: boolean) {
    this.standing = on;
    if (on) this.full = true;
    if (!this.journaling) return;
    this.count();
    this.tellJournal(this.ends[0], JournalMode.ON, on ? Mark.BEGIN : Mark.COMMIT);
  }

  setNow(ms: number): void {
    if (!this.standing) this.nowMs = ms;
  }

  requestsStay(): void {
    // They are copied to the rings.
  }

  // ---- requests ---------------------------------------------------------------------------------------------------

  prepare(): void {
    // Looking up keys is the shards' business.
  }

  run(session: Session, entry: CommandEntry, request: Request): void {
    const muted = (session.gate & (Gate.REPLY_OFF | Gate.REPLY_SKIP)) !== 0;
    session.gate &= ~Gate.REPLY_SKIP;
    const record = this.pending.open(session, entry, muted);
    const blocks = (entry.flags & Flag.BLOCKING) !== 0 && (entry.shard!.waiting!.mayWait?.(request) ?? true);
    const { reply } = this;
    const { start } = this.dispatcher.server.connections.group;
    if (reply.pos > start && session.pendingCount === 1 && !muted && !blocks && (session.gate & PUSHED_TO) === 0) {
      // What main has answered to the requests before (a transaction's QUEUED) need not be sent apart.
      this.pending.lead(record, reply.buf.slice(start, reply.pos));
      reply.pos = start;
    }
    const blocked = blocks ? this.waits.blocking.begin(session, entry, record) : undefined;
    this.route(session, entry, request, record, blocked);
  }

  compose(session: Session, entry: CommandEntry): Composition {
    const record = this.pending.open(session, entry, false);
    const composed = new ComposedReply(
      (each, request) => this.route(session, each, request, record),
      (bytes) => {
        this.pending.receive(record, bytes, 0, bytes.length, true, true);
        this.batches.leaveAll();
      },
    );
    this.pending.gather(record, composed);
    return composed;
  }

  /** Sends a request to the shards that it concerns; they answer for the record. */
  private route(
    session: Session,
    entry: CommandEntry,
    request: Request,
    record: number,
    blocked?: Blocked,
    extraBits = 0,
  ): void {
    const command = entry.shard!;
    this.count();
    const head = ToShard.RUN | extraBits | (session.resp3 ? RESP3_BIT : 0) | (session.db << DB_SHIFT) |
      ((session.gate & Gate.NO_TOUCH) !== 0 && entry.name !== "touch" ? NO_TOUCH_BIT : 0);
    const large = runSize(request.argc, argumentBytes(request)) > this.maxMessage;
    switch (command.routing ?? "keys") {
      case "all":
        this.pending.gather(record, new Gathering(command.gather!, this.threads));
        for (let i = 0; i < this.threads; i++) {
          this.send(session, i, head, record | (i << PART_SHIFT), entry, request, large);
        }
        break;
      case "any":
        this.send(session, 0, head, record, entry, request, large);
        break;
      case "cursor":
        if (this.hasFewKeys(session.db)) {
          this.routes.locateAll();
          this.hold(session, head, record, entry, request, large);
        } else this.send(session, this.ofCursor(request), head, record, entry, request, large);
        break;
      default: {
        const all = this.threads > 1 && command.reachesAll !== undefined && command.reachesAll(request);
        const shard = all ? this.routes.locateAll() : this.routes.locate(entry, request);
        if (blocked !== undefined) this.sendBlocking(blocked, shard, head, request, large);
        else if (shard !== SEVERAL) this.send(session, shard, head, record, entry, request, large);
        else if (command.routing === "split" && !this.dispatcher.server.notifications.inOrder(entry)) {
          this.split(session, head, record, entry, request, large);
        } else if (large || !this.join(session, head, record, entry, request)) {
          this.hold(session, head, record, entry, request, large);
        }
      }
    }
    this.checkRoom();
  }

  /** Puts a RUN message into a shard's ring; of a `large` request all messages go by upload, so that they stay together. */
  private send(
    session: Session,
    shard: number,
    head: number,
    record: number,
    entry: CommandEntry,
    args: ArgumentRanges,
    large: boolean,
    slot = 0,
    participants = 0,
    ticket = 0,
  ): void {
    const end = this.ends[shard];
    const size = runSize(args.argc, argumentBytes(args)) + (ticket === 0 ? 0 : TICKET_SIZE);
    if (ticket !== 0) head |= TICKET_BIT;
    this.tellTime(end);
    if (large) {
      const bytes = new Uint8Array(size);
      const words = new Int32Array(bytes.buffer);
      words[0] = size;
      writeRun(bytes, words, 0, head, record, entry.shardNumber, slot, participants, args);
      if (ticket !== 0) writeTicket(words, 0, ticket);
      this.uploads.add(session, shard, bytes);
      return;
    }
    const at = this.ranAt = this.reserve(end, size);
    writeRun(end.requests.u8, end.requests.i32, at, head, record, entry.shardNumber, slot, participants, args);
    end.requests.i32[(at >> 2) + NUMBER_WORD] = end.sent = this.number;
    if (ticket !== 0) writeTicket(end.requests.i32, at, ticket);
  }

  count(): void {
    this.number = (this.number + 1) | 0;
    if (this.number === BACKGROUND) this.number = 1;
  }

  reserve(end: ShardEnd, size: number): number {
    this.holdOpen = false;
    const at = end.requests.reserve(size);
    if (at === 0) throw new Error("a ring has no room although its session was not busy");
    end.unpublished += size;
    return at;
  }

  /** Shards agree on 'now': main's time goes into each ring before the first message that it holds for. */
  private tellTime(end: ShardEnd): void {
    if (end.toldMs === this.nowMs) return;
    end.toldMs = this.nowMs;
    const { i32 } = end.requests;
    const w = this.reserve(end, 16) >> 2;
    i32[w + 1] = ToShard.TIME;
    i32[w + 2] = this.nowMs | 0;
    i32[w + 3] = Math.floor(this.nowMs / 4294967296);
  }

  /** Each owner gets its keys (with the arguments that follow each) and answers for them. */
  private split(
    session: Session,
    head: number,
    record: number,
    entry: CommandEntry,
    request: Request,
    large: boolean,
  ): void {
    const { routes, part } = this;
    const step = entry.keys!.step;
    // Where the last key lacks an argument no part may run: one owner sees the whole request and refuses it.
    if (routes.keyAt[routes.count - 1] + step > request.argc) {
      this.send(session, routes.owner[0], head, record, entry, request, large);
      return;
    }
    const owners = new Int32Array(routes.count);
    let parts = 0;
    const partOf = new Int32Array(this.threads);
    for (let shard = 0; shard < this.threads; shard++) if (routes.owns[shard] !== 0) partOf[shard] = parts++;
    for (let k = 0; k < routes.count; k++) owners[k] = partOf[routes.owner[k]];
    this.pending.gather(record, new Gathering(entry.shard!.gather!, parts, owners));
    const counts = routes.count;
    if (part.at.length < request.argc) {
      part.at = new Int32Array(request.argc);
      part.len = new Int32Array(request.argc);
    }
    part.buf = request.buf;
    for (let shard = 0; shard < this.threads; shard++) {
      if (routes.owns[shard] === 0) continue;
      let argc = 0;
      part.at[argc] = request.at[0];
      part.len[argc++] = request.len[0];
      for (let k = 0; k < counts; k++) {
        if (routes.owner[k] !== shard) continue;
        for (let i = routes.keyAt[k]; i < routes.keyAt[k] + step; i++) {
          part.at[argc] = request.at[i];
          part.len[argc++] = request.len[i];
        }
      }
      part.argc = argc;
      this.send(session, shard, head, record | (partOf[shard] << PART_SHIFT), entry, part, large);
    }
  }

  /** Keys in several shards that must be seen at once: one of them runs while the others hold still. */
  private hold(
    session: Session,
    head: number,
    record: number,
    entry: CommandEntry,
    request: Request,
    large: boolean,
    ticket = 0,
  ): readonly number[] {
    // Of others the reply may come without the hold's end, or their messages later.
    const plain = !large && ticket === 0;
    const hold = this.holds.open(plain);
    const { participants, runner, slot } = hold;
    if (!large) this.sendHolds(slot, participants);
    const heldHead = (head & ~KIND_MASK) | ToShard.RUN_HELD;
    this.send(session, runner, heldHead, record, entry, request, large, slot, participants.length, ticket);
    if (plain) this.holds.opened(hold, this.ranAt);
    else if (large) this.uploads.hold(slot, participants);
    return participants;
  }

  /** Lets a request run in the hold of the one before it, if it can. */
  private join(session: Session, head: number, record: number, entry: CommandEntry, request: Request): boolean {
    // Who waits for a key is served right behind the request that filled it, by the key's owner: that needs its store back before the next.
    if (!this.waits.blocking.idle) return false;
    const hold = this.holds.join();
    if (hold === undefined) return false;
    const heldHead = (head & ~KIND_MASK) | ToShard.RUN_HELD | JOINED_BIT;
    this.send(session, hold.runner, heldHead, record, entry, request, false, hold.slot);
    this.holds.joined(hold, this.ranAt);
    return true;
  }

  sendHolds(slot: number, participants: readonly number[]): void {
    for (const shard of participants) {
      const end = this.ends[shard];
      const w = this.reserve(end, 16) >> 2;
      end.requests.i32[w + 1] = ToShard.HOLD;
      end.requests.i32[w + 2] = slot;
      end.requests.i32[w + 3] = end.sent = this.number;
    }
  }

  /** True when a walk over the database is better done in one go, so that SCAN with a large COUNT answers all, as it does in Redis. */
  private hasFewKeys(db: number): boolean {
    let total = 0;
    for (const store of this.stores) total += store.count(db);
    return this.threads > 1 && total <= FEW_KEYS;
  }

  /** The shard that SCAN's cursor names (commands/keys/scan.ts); an unreadable one goes to any shard, which refuses it. */
  private ofCursor(request: Request): number {
    let low = 0;
    for (let i = 0; i < request.len[1] && request.len[1] <= 20; i++) {
      low = (low * 10 + request.buf[request.at[1] + i] - 48) % 1024;
    }
    return low >= 0 && low < this.threads ? low : 0;
  }

  // ---- clients that wait ------------------------------------------------------------------------------------------

  /**
   * Sends a request that may wait: to the owner of its keys, which keeps it if it finds nothing, or to be tried with several owners
   * held, and right behind that to each of them, which keeps it if nothing was found. Nothing can come in between.
   */
  private sendBlocking(blocked: Blocked, shard: number, head: number, request: Request, large: boolean): void {
    const { session, entry, record, ticket } = blocked;
    const relayed = (head & RELAYED_BIT) !== 0;
    if (!relayed) this.waits.claims.open(record, ticket);
    if (shard !== SEVERAL) {
      blocked.shards = [shard];
      this.send(session, shard, head, record, entry, request, large, 0, 0, ticket);
      return;
    }
    const runner = this.routes.owner[0];
    const others = this.hold(session, head, record, entry, request, large, ticket);
    if (relayed) return;
    if (entry.shard!.waiting!.firstKeyOnly === true) {
      blocked.shards = [runner];
      blocked.request = copyOf(request);
      return;
    }
    blocked.shards = [runner, ...others];
    const waitHead = (head & ~KIND_MASK) | ToShard.WAIT;
    for (const other of others) this.send(session, other, waitHead, record, entry, request, large, 0, 0, ticket);
  }

  sendForget(shard: number, ticket: number): boolean {
    const end = this.ends[shard];
    if (isTight(end)) return false;
    const w = this.reserve(end, 16) >> 2;
    end.requests.i32[w + 1] = ToShard.FORGET;
    end.requests.i32[w + 2] = ticket;
    return true;
  }

  sendRelay(blocked: Blocked): boolean {
    if (this.standing || !this.holdSlots.available || this.ends.some((end) => isTight(end))) return false;
    this.route(blocked.session, blocked.entry, blocked.request!, blocked.record, blocked, RELAYED_BIT);
    return true;
  }

  complete(record: number, reply: Uint8Array): void {
    this.pending.receive(record, reply, 0, reply.length, true, true);
  }

  // ---- room -------------------------------------------------------------------------------------------------------

  busy(session: Session): boolean {
    if (this.full || session.uploading) return true;
    const count = session.pendingCount;
    if (count === 0) return false;
    const size = session.replyBytes;
    const outstanding = this.pending.outstanding;
    if (outstanding * this.batches.replyBytes > TOTAL_REPLY_BYTES) return true;
    if (size === 0) return count >= FIRST_IN_FLIGHT || outstanding > FIRST_IN_FLIGHT_TOTAL;
    return (count >= FIRST_IN_FLIGHT || size >= SESSION_REPLY_BYTES / FIRST_IN_FLIGHT) &&
      (count >= SESSION_IN_FLIGHT || count * size > SESSION_REPLY_BYTES);
  }

  private checkRoom(): void {
    for (const end of this.ends) {
      if (end.unpublished >= PUBLISH_AT) this.publish(end);
      if (isTight(end)) this.full = true;
    }
    if (!this.full && !this.holdSlots.available) this.full = true;
  }

  private publishAll(): void {
    if (this.holds.gathers) return;
    for (const end of this.ends) if (end.requests.unpublished) this.publish(end);
    this.holds.publishedAll();
    if (this.journaling) this.positions.issued = this.number;
  }

  publish(end: ShardEnd): void {
    this.holdOpen = false;
    if (this.journaling) this.positions.setSent(this.ends.indexOf(end), end.sent);
    end.requests.publish();
    end.unpublished = 0;
  }

  // ---- replies ----------------------------------------------------------------------------------------------------

  wrote(session: Session, start: number): void {
    // Nothing, or a request that has taken even what stood there before along (`run`).
    if (this.reply.pos <= start) return;
    if (session.pendingCount === 0) {
      // Replies that came in this turn and have not left yet stand before it.
      if (session.batch === undefined) return;
      this.batches.deliver(session, this.reply.buf, start, this.reply.pos - start, false);
      this.reply.pos = start;
      return;
    }
    const record = this.pending.open(session, undefined, false);
    this.pending.receive(record, this.reply.buf, start, this.reply.pos - start, true);
    this.reply.pos = start;
  }

  append(session: Session, buf: Uint8Array, from: number, len: number): void {
    this.batches.deliver(session, buf, from, len, false);
  }

  turn(): number {
    let progress = false;
    for (let i = 0; i < this.ends.length; i++) if (this.replies.receive(this.ends[i], i)) progress = true;
    this.batches.leaveAll();
    this.uploads.move();
    const withheld = this.waits.send();
    this.full = this.standing || this.ends.some((end) => isTight(end)) || !this.holdSlots.available;
    this.publishAll();
    // Waiting for room, main sleeps only after every tight ring promised to wake it.
    if (this.full || this.uploads.waiting > 0 || withheld) {
      let promised = false;
      for (const end of this.ends) {
        if (!isTight(end)) continue;
        if (!end.requests.requestRoom()) return 0;
        promised = true;
      }
      // An upload that found a ring tight and sees none now would have nobody to wake it.
      if (this.uploads.waiting > 0 && !promised) return 0;
    }
    if (this.pending.outstanding <= this.waits.blocking.count && this.uploads.waiting === 0) return Infinity;
    if (this.spinUs === 0) return Infinity;
    const now = monotonicUs();
    if (progress || this.lastProgressUs === 0) this.lastProgressUs = now;
    if (now - this.lastProgressUs < this.spinUs) return 0;
    this.lastProgressUs = 0;
    return Infinity;
  }

  serialOf(record: number): number {
    return record === NEXT_REPLY ? Infinity : this.pending.serialOf(record);
  }

  tick(nowMs: number): void {
    if (this.standing) return;
    this.nowMs = nowMs;
    for (const [i, end] of this.ends.entries()) {
      if (isTight(end) || !this.stores[i].expires) continue;
      this.tellTime(end);
      this.publish(end);
    }
  }

  /** Small enough for any ring's kept half; a shard obeys before the requests that follow. */
  configure(settings: Settings): void {
    const numbers = settings.toNumbers();
    this.noEviction = EVICTION_POLICIES[settings.policy] === "noeviction";
    for (const end of this.ends) {
      const at = this.reserve(end, padded(8 + numbers.length * 8));
      end.requests.i32[(at >> 2) + 1] = ToShard.SETTINGS;
      new Float64Array(end.requests.buffer, at + 8, numbers.length).set(numbers);
      this.publish(end);
    }
  }

  journal(mode: JournalMode, mark: number): void {
    const on = mode === JournalMode.ON;
    this.count();
    this.journaling = this.journaling || on;
    for (const end of this.ends) this.tellJournal(end, mode, mark);
    for (const end of this.ends) this.publish(end);
    if (this.journaling) this.positions.issued = this.number;
    this.journaling = on;
  }

  private tellJournal(end: ShardEnd, mode: JournalMode, mark: number): void {
    const w = this.reserve(end, padded(20)) >> 2;
    const { i32 } = end.requests;
    i32[w + 1] = ToShard.JOURNAL;
    i32[w + 2] = end.sent = this.number;
    i32[w + 3] = mode;
    i32[w + 4] = mark;
  }

  settleJournal(): void {
    // Each shard makes its records visible before their replies.
  }

  get unsynced(): boolean {
    const { positions } = this;
    for (let k = 0; k < this.ends.length; k++) if (positions.recorded(k) !== positions.durable(k)) return true;
    return false;
  }

  /** Small like settings, for the same reason. */
  order(order: EngineOrder): void {
    const text = new TextEncoder().encode(JSON.stringify(order));
    for (const end of this.ends) {
      this.tellTime(end);
      const at = this.reserve(end, orderSize(text.length));
      writeOrder(end.requests.u8, end.requests.i32, at, text);
      this.publish(end);
    }
  }

  load(order: LoadOrder): Promise<readonly LoadResult[]> {
    this.order(order);
    return this.replies.loads(this.threads);
  }

  relieve(): boolean {
    if (this.noEviction) return false;
    for (const end of this.ends) if (end.figures.get(Figure.EVICTION_EXHAUSTED) === 0) return true;
    return false;
  }

  async close(): Promise<void> {
    this.closing = true;
    await Promise.all(this.ends.map((end) =>
      new Promise<void>((resolve) => {
        end.thread.onExit = () => resolve();
        const at = end.requests.reserve(8);
        if (at === 0) end.thread.terminate();
        else {
          end.requests.i32[(at >> 2) + 1] = ToShard.STOP;
          this.publish(end);
        }
      })
    ));
  }
}

/** The request with bytes of its own. */
function copyOf(request: Request): Request {
  const args: Uint8Array[] = [];
  for (let i = 0; i < request.argc; i++) args.push(request.buf.slice(request.at[i], request.at[i] + request.len[i]));
  const copy = new Request();
  copy.load(args);
  return copy;
}
