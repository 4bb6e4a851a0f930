/**
 * Worker: the thread of one shard. Takes requests from its ring, lets the engine run them, puts replies into the other ring.
 *
 * Invariants:
 * 1. Requests run in the order of the ring, each to its end.
 * 2. The thread sleeps only when its ring is empty; it spins a little first, because a reply within the spin saves both sides a
 *    wake-up.
 * 3. Waiting for room in the reply ring can't deadlock: main always reads it.
 */
import { latin1Bytes } from "../../base/bytes.ts";
import { KeyHash } from "../../base/hash.ts";
import { OUT_OF_MEMORY, type ReplyError } from "../../base/reply_error.ts";
import { Reply } from "../../codec/resp/reply.ts";
import type { ShardCommand } from "../../commands/command.ts";
import { commandNumbers, runnableCommands } from "../../commands/table.ts";
import { Arena, ArenaFull } from "../../memory/arena.ts";
import type { EventWriter } from "../../ring/events.ts";
import {
  type ArgumentRanges,
  CHUNK_WORDS,
  DB_SHIFT,
  firstKeyAt,
  FromShard,
  JOINED_BIT,
  KEPT_BIT,
  KIND_MASK,
  NO_TOUCH_BIT,
  NUMBER_WORD,
  orderText,
  padded,
  PARTICIPANTS_WORD,
  readArguments,
  RELAYED_BIT,
  REPLY_WORDS,
  RESP3_BIT,
  RUN_WORDS,
  SLOT_WORD,
  ticketOf,
  ToShard,
} from "../../ring/messages.ts";
import { Doorbell } from "../../ring/doorbell.ts";
import { RingReader, RingWriter } from "../../ring/ring.ts";
import { Garbage, monotonicMs, monotonicUs, openWake, parent, threadCpu } from "../../runtime/mod.ts";
import { OPEN, Store } from "../../store/store.ts";
import { PREFETCH_MAX } from "../../structures/table.ts";
import { Claims } from "../claims.ts";
import { Figure, Figures } from "../figures.ts";
import { Holds, MASKED_SHARDS } from "../holds.ts";
import { Parking } from "../parking.ts";
import { encodeSlowCall, isWatched, MANY_ARGUMENTS, slowCall } from "../slow_call.ts";
import { JournalPositions } from "../journal_positions.ts";
import type { PersistenceRings } from "../persistence/setup.ts";
import type { EngineOrder } from "../engine_order.ts";
import { Engine, STEP_MS } from "./engine.ts";
import { JournalMode } from "./journal.ts";
import { JournalRing } from "./journal_ring.ts";
import { ShardNotifier } from "./notifier.ts";
import { publishFigures } from "./publish_figures.ts";
import { snapshotFeed } from "./snapshot_feed.ts";
import { type WaitDriver, type Waiter, Waits } from "./waits.ts";

/** What main gives a shard's thread. */
export interface ShardSetup {
  readonly shard: number;
  /** The arenas of all shards, by number. */
  readonly arenas: readonly SharedArrayBuffer[];
  readonly hashKeys: readonly [number, number];
  readonly requests: SharedArrayBuffer;
  readonly replies: SharedArrayBuffer;
  readonly holds: SharedArrayBuffer;
  readonly parking: SharedArrayBuffer;
  readonly claims: SharedArrayBuffer;
  readonly figures: SharedArrayBuffer;
  readonly wakeHandle: unknown;
  readonly persistence: PersistenceRings;
  readonly settings: readonly number[];
  /** How long to spin before sleeping; 0 where cores are fewer than threads. */
  readonly spinUs: number;
}

/** Requests between two looks at whether the replies so far should go: 64 is a pipeline's usual length. */
const BATCH = 64;
/** Requests without a sleep after which garbage is collected all the same: a fraction of a second's. A multiple of BATCH. */
const COLLECT_AFTER = 1 << 18;
/**
 * Of more requests than this between two sleeps one in SAMPLE_EVERY is timed for INFO commandstats: two readings of the clock cost as
 * much as a GET.
 */
const TIMED_PER_WAKE = 8;
const SAMPLE_EVERY = 16;
/** A sleep's longest part, so that a lost wake-up would cost a delay and not a hang. */
const SLEEP_MAX_MS = 1000;
const CPU_EVERY_MS = 1000;
/** In place of a record, for what no request caused. */
const NO_RECORD = -1;
/** In place of a hold's slot, while the shard has its store for itself. */
const NOT_HELD = -1;
/** A held shard that sleeps until its next message looks this often whether it is free for its background work again. */
const HELD_SLEEP_MS = 100;

export class ShardLoop implements WaitDriver {
  private readonly requests: RingReader;
  private readonly replies: RingWriter;
  private readonly holds: Holds;
  private readonly parking: Parking;
  private readonly claims: Claims;
  private readonly waits: Waits;
  /** A ticket and a deadline on their way to main. */
  private readonly told = new Float64Array(2);
  private readonly toldBytes = new Uint8Array(this.told.buffer);
  private readonly figures: Figures;
  private readonly stores: Store[];
  private readonly engine: Engine;
  private readonly reply = new Reply();
  private readonly wake: () => void;
  private readonly args: ArgumentRanges = {
    buf: new Uint8Array(0),
    argc: 0,
    at: new Int32Array(64),
    len: new Int32Array(64),
  };
  /** Hashes of the first keys of the `warmed` messages looked at ahead; `nextWarm` counts those handled. */
  private readonly hashes = new Int32Array(PREFETCH_MAX);
  private warmed = 0;
  private nextWarm = 0;
  /** The large message that chunks are filling. */
  private large: Uint8Array | undefined;
  private largeFilled = 0;
  /** By command: 1 when every call is timed. */
  private readonly watched = new Uint8Array(runnableCommands.length);
  private nextStepMs = 0;
  private nextCpuMs = 0;
  /** No request has come since the last look. */
  private idle = false;
  private ran = 0;
  /** Of the hold that this shard runs: the shards that stand still for it. */
  private participants = 0;
  /** Slot of the hold in which the store is, or may still be, another shard's. */
  private held = NOT_HELD;
  private stopping = false;
  /** Record of the request that runs; NO_RECORD between requests. */
  private record = NO_RECORD;
  private readonly journal: JournalRing;
  private journaling = false;
  private readonly garbage = new Garbage();
  private readonly notifier = new ShardNotifier((events, len, caused) => this.tell(events, len, caused));

  constructor(private readonly setup: ShardSetup) {
    const hash = new KeyHash(setup.hashKeys[0], setup.hashKeys[1]);
    this.stores = setup.arenas.map((arena) => new Store(new Arena(arena, true), hash, Math.random, OPEN));
    this.engine = new Engine(this.stores[setup.shard], this.reply, this.stores);
    this.engine.settings.fromNumbers(setup.settings);
    this.engine.call.shard = setup.shard;
    this.engine.call.shardCount = setup.arenas.length;
    this.requests = new RingReader(setup.requests);
    this.replies = new RingWriter(setup.replies);
    this.holds = new Holds(setup.holds);
    this.parking = new Parking(setup.parking);
    this.claims = new Claims(setup.claims);
    this.waits = new Waits(this.engine, this);
    this.figures = new Figures(runnableCommands.length, setup.figures);
    this.wake = openWake(setup.wakeHandle);
    this.engine.notifyBy(this.notifier);
    this.engine.call.ranInner = (command, us, error) => this.ranInner(commandNumbers.get(command)!, us, error);
    this.engine.call.log = (line) => {
      const text = latin1Bytes(line);
      this.put(FromShard.LOG, NO_RECORD, text, 0, text.length);
    };
    const { journals, positions, bell } = setup.persistence;
    const persistenceBell = new Doorbell(bell);
    this.journal = new JournalRing(
      journals[setup.shard],
      new JournalPositions(positions),
      setup.shard,
      persistenceBell,
    );
    this.engine.snapshots = snapshotFeed(this.engine.store, setup.persistence, setup.shard, persistenceBell);
    if (setup.persistence.pages.length > 0) {
      for (const { arena } of this.stores) arena.onGrow = () => persistenceBell.ring();
    }
    this.configure();
  }

  /** Obeys the engine's settings. */
  private configure(): void {
    this.engine.configure();
    const { latencyTracking, slowUs } = this.engine.settings;
    this.figures.tracking = latencyTracking !== 0;
    runnableCommands.forEach((command, number) => this.watched[number] = isWatched(command, slowUs) ? 1 : 0);
  }

  /** Runs until main says stop. */
  run(): void {
    while (!this.stopping) {
      let worked = 0;
      this.warmed = this.nextWarm = 0;
      for (let at = this.requests.peek(); at !== 0 && !this.stopping; at = this.requests.peek()) {
        if (this.held !== NOT_HELD) this.leaveHold();
        if (this.nextWarm === this.warmed) this.warmUp(at);
        this.nextWarm++;
        this.handle(this.requests.u8, this.requests.i32, at);
        if (this.waits.count !== 0) this.waits.serve();
        this.requests.advance();
        if (++worked % BATCH !== 0 || this.held !== NOT_HELD) continue;
        this.give();
        // A snapshot goes on even if requests never pause.
        if (this.engine.eager) this.background();
        if (worked % COLLECT_AFTER === 0) this.garbage.collect(monotonicMs());
      }
      if (this.held !== NOT_HELD) {
        if (this.requests.release()) this.wake();
        this.requests.sleep(HELD_SLEEP_MS);
        if (!this.holds.isReleased(this.held)) continue;
        this.leaveHold();
      }
      this.give();
      this.idle = worked === 0;
      this.ran = 0;
      if (this.background()) continue;
      if (this.journal.waits) {
        this.journal.waitForRoom(1);
        this.journal.publish();
        continue;
      }
      if (this.spin()) continue;
      if (this.engine.eager && this.nextStepMs <= monotonicMs()) continue;
      if (worked !== 0) this.garbage.collect(monotonicMs());
      this.sleep(Math.min(Math.max(1, this.nextStepMs - monotonicMs()), SLEEP_MAX_MS));
    }
    this.settleJournal();
  }

  /** Sleeps until a message comes. Whoever needs the store meanwhile may have it, unless a change of it would concern this thread. */
  private sleep(ms: number): void {
    const { engine, setup: { shard }, parking } = this;
    const lends = this.waits.count === 0 && !engine.store.cut.on && !engine.occupied;
    if (lends) parking.park(shard);
    this.requests.sleep(ms);
    if (!lends) return;
    parking.unpark(shard);
    engine.store.table.slot = 0;
  }

  /** Hashes the first keys of the messages from `at` on and lets the store warm up for all of them at once. */
  private warmUp(at: number): void {
    const { u8, i32 } = this.requests;
    const { store } = this.engine;
    const hashes = this.hashes;
    let db = 0;
    let n = 0;
    for (; at !== 0 && n < PREFETCH_MAX; at = this.requests.after(at)) {
      const w = at >> 2;
      const argc = i32[w + 4];
      if ((i32[w + 1] & KIND_MASK) !== ToShard.RUN || argc < 2) {
        hashes[n++] = 0;
        continue;
      }
      db = i32[w + 1] >>> DB_SHIFT;
      // The second argument is nearly always the first key; where it is not, nothing but the effort is lost.
      hashes[n++] = store.hash.of(u8, firstKeyAt(i32, at), i32[w + RUN_WORDS + 3]);
    }
    if (n > 1) store.prefetch(db, hashes, n);
    this.warmed = n;
    this.nextWarm = 0;
  }

  /** Makes replies visible, gives request room back, and wakes main if it sleeps. */
  private give(): void {
    if (this.journaling) this.publishJournal();
    const wanted = this.requests.release();
    if (!this.replies.unpublished) {
      if (wanted) this.wake();
      return;
    }
    this.replies.publish();
    this.publishFigures();
    this.wake();
  }

  /** Waits until the store is this shard's again. */
  private leaveHold(): void {
    this.holds.leave(this.held);
    this.held = NOT_HELD;
    this.engine.store.table.slot = 0;
  }

  private handle(u8: Uint8Array, i32: Int32Array, at: number): void {
    const w = at >> 2;
    switch (i32[w + 1] & KIND_MASK) {
      case ToShard.RUN:
        this.runCommand(u8, i32, at);
        break;
      case ToShard.RUN_HELD:
        this.runHeld(u8, i32, at);
        break;
      case ToShard.TIME:
        this.engine.setNow(i32[w + 3] * 4294967296 + (i32[w + 2] >>> 0));
        break;
      case ToShard.HOLD:
        // What was answered before must not wait for the hold's end, nor what was recorded.
        this.journal.completed(i32[w + 3]);
        this.give();
        this.settleJournal();
        this.engine.store.cut.settle();
        this.held = i32[w + 2];
        this.holds.arrive(this.held);
        // Whom nothing waits for may sleep on: the next message wakes it. It keeps the hold's slot, of which there must be some left.
        if (this.waits.count !== 0 || this.engine.eager || this.setup.shard >= MASKED_SHARDS) this.leaveHold();
        break;
      case ToShard.CHUNK:
        this.fill(u8, i32, at);
        break;
      case ToShard.SETTINGS:
        this.engine.settings.fromNumbers(new Float64Array(this.requests.buffer, at + 8, (i32[w] - 8) >> 3));
        this.configure();
        break;
      case ToShard.JOURNAL:
        this.switchJournal(i32[w + 2], i32[w + 3], i32[w + 4]);
        break;
      case ToShard.WAIT:
        this.engine.request = i32[w + NUMBER_WORD];
        this.takeWait(u8, i32, at);
        this.journal.completed(i32[w + NUMBER_WORD]);
        break;
      case ToShard.FORGET:
        this.waits.forget(i32[w + 2]);
        this.publishFigures();
        break;
      case ToShard.ORDER:
        this.obey(JSON.parse(new TextDecoder().decode(orderText(u8, i32, at))));
        break;
      case ToShard.STOP:
        this.stopping = true;
        break;
    }
  }

  /** Makes the message's request the one that the engine runs next; its command. */
  private load(u8: Uint8Array, i32: Int32Array, at: number): ShardCommand {
    const w = at >> 2;
    const head = i32[w + 1];
    readArguments(u8, i32, at, this.args);
    this.engine.call.load(this.args, head >>> DB_SHIFT);
    this.reply.resp3 = (head & RESP3_BIT) !== 0;
    this.engine.store.clock.paused = (head & NO_TOUCH_BIT) !== 0;
    return runnableCommands[i32[w + 3]];
  }

  private obey(order: EngineOrder): void {
    this.engine.obey(order, (result) => {
      const text = new TextEncoder().encode(JSON.stringify(result));
      this.publishFigures();
      this.put(FromShard.LOADED, NO_RECORD, text, 0, text.length);
      this.give();
    });
    this.nextStepMs = 0;
  }

  private runCommand(u8: Uint8Array, i32: Int32Array, at: number): void {
    const w = at >> 2;
    const number = i32[w + 3];
    const call = this.engine.call;
    const command = this.load(u8, i32, at);
    const expects = u8 === this.requests.u8 && call.argc > 1 && call.stores === null;
    if (expects) this.engine.store.expectKey(u8, call.at[1], call.len[1], this.hashes[this.nextWarm - 1]);
    this.record = i32[w + 2];
    this.engine.request = i32[w + NUMBER_WORD];
    const always = this.watched[number] !== 0 || call.argc > MANY_ARGUMENTS;
    const weight = this.ran++ < TIMED_PER_WAKE ? 1 : this.ran % SAMPLE_EVERY === 0 ? SAMPLE_EVERY : 0;
    if (weight !== 0 || always) {
      call.weight = weight;
      this.timed(command, number, i32[w + 2], always ? 1 : weight);
      call.weight = 0;
    } else this.engine.run(command);
    if (expects) this.engine.store.expectKey(u8, -1, 0, 0);
    this.journal.completed(i32[w + NUMBER_WORD]);
    if (this.notifier.pending) this.notifier.flush();
    this.record = NO_RECORD;
    const ticket = ticketOf(i32, at);
    if (ticket === 0) this.answer(i32[w + 2]);
    else this.answerTicket(command, i32[w + 2], ticket);
  }

  // ---- requests that may wait -------------------------------------------------------------------------------------

  /** The request with a ticket that has just run has its reply, or waits. */
  private answerTicket(command: ShardCommand, record: number, ticket: number): void {
    const { wait, stores } = this.engine.call;
    const { deadlineMs } = wait;
    if (wait.asked && this.keep(command, record, ticket, stores !== null)) {
      this.told[0] = ticket;
      this.told[1] = deadlineMs;
      this.put(FromShard.WAITS, record, this.toldBytes, 0, 16);
    } else {
      // Those who are held, and will be told next to keep the request as well, see by this that they need not.
      this.claims.take(record, ticket);
      this.answerWaiter(record, ticket);
    }
  }

  /** Keeps the request that has just asked to wait; false when there is no memory, which the reply then says. */
  private keep(command: ShardCommand, record: number, ticket: number, spread: boolean): boolean {
    const { reply } = this;
    reply.clear();
    try {
      this.waits.add(command, record, ticket, spread);
      return true;
    } catch (error) {
      if (!(error instanceof ArenaFull)) throw error;
      reply.error(OUT_OF_MEMORY);
      return false;
    } finally {
      this.engine.call.wait.clear();
    }
  }

  /** A request that found nothing while its shards were held waits here too. */
  private takeWait(u8: Uint8Array, i32: Int32Array, at: number): void {
    const record = i32[(at >> 2) + 2];
    const ticket = ticketOf(i32, at);
    if (!this.claims.isOpen(record, ticket)) return;
    const { call } = this.engine;
    const command = this.load(u8, i32, at);
    call.partial = true;
    this.engine.run(command);
    call.partial = false;
    if (call.wait.asked && this.keep(command, record, ticket, true)) return;
    if (this.claims.take(record, ticket)) this.answerWaiter(record, ticket);
    else this.reply.clear();
  }

  /** Runs a request that waits here, with the owner of its second key held. */
  private runRelayed(u8: Uint8Array, i32: Int32Array, at: number): void {
    const waiter = this.waits.find(ticketOf(i32, at));
    const number = i32[(at >> 2) + NUMBER_WORD];
    this.engine.request = number;
    if (waiter !== undefined) {
      this.load(u8, i32, at);
      if (this.waits.runRelayed(waiter)) this.answerWaiter(waiter.record, waiter.ticket);
    }
    this.journal.completed(number);
  }

  claim(waiter: Waiter): boolean {
    if (!this.claims.take(waiter.record, waiter.ticket)) return false;
    this.record = waiter.record;
    return true;
  }

  served(waiter: Waiter, _start: number, us: number): void {
    if (us >= this.engine.settings.slowUs) this.tellSlow(us, waiter.record);
    this.answerWaiter(waiter.record, waiter.ticket);
  }

  relay(waiter: Waiter): void {
    this.told[0] = waiter.ticket;
    this.put(FromShard.RELAY, waiter.record, this.toldBytes, 0, 8);
  }

  /** Sends the reply of a request with a ticket. */
  private answerWaiter(record: number, ticket: number): void {
    if (this.notifier.pending) this.notifier.flush();
    this.record = NO_RECORD;
    this.told[0] = ticket;
    this.put(FromShard.WOKEN, record, this.toldBytes, 0, 8);
    this.answer(record);
  }

  // ---- the work around --------------------------------------------------------------------------------------------

  /** Runs a command and notes its time as that of `weight` like it. */
  private timed(command: ShardCommand, number: number, record: number, weight: number): void {
    const start = monotonicUs();
    this.engine.run(command);
    const us = monotonicUs() - start;
    this.figures.addCommandUs(number, us, weight);
    // One that waits is told of when it is served.
    if (us >= this.engine.settings.slowUs && !this.engine.call.wait.asked) this.tellSlow(us, record);
  }

  /** A command of a transaction, by its number, has run. */
  private ranInner(number: number, us: number, error: ReplyError | undefined): void {
    const { weight } = this.engine.call;
    if (weight !== 0) this.figures.addCommandUs(number, us, weight);
    if (error === undefined) return;
    const code = latin1Bytes(error.code);
    this.put(FromShard.FAILED, number, code, 0, code.length);
  }

  private tellSlow(us: number, record: number): void {
    const told = encodeSlowCall(slowCall(us, this.engine.call));
    this.put(FromShard.SLOW, record, told, 0, told.length);
  }

  private runHeld(u8: Uint8Array, i32: Int32Array, at: number): void {
    const head = i32[(at >> 2) + 1];
    const slot = i32[(at >> 2) + SLOT_WORD];
    if ((head & JOINED_BIT) === 0) {
      this.give();
      this.participants = i32[(at >> 2) + PARTICIPANTS_WORD];
      this.holds.gatherAll(slot, this.participants);
      for (const store of this.stores) store.table.slot = 0;
    }
    for (const store of this.stores) store.setNow(this.engine.store.nowMs);
    this.engine.call.stores = this.stores;
    try {
      if ((head & RELAYED_BIT) !== 0) this.runRelayed(u8, i32, at);
      else this.runCommand(u8, i32, at);
    } finally {
      this.engine.call.stores = null;
      if ((head & KEPT_BIT) === 0) {
        if (this.journaling) this.journal.publish();
        const taken = this.holds.taken(slot);
        for (let k = 0; k < MASKED_SHARDS && taken >>> k !== 0; k++) {
          if ((taken >>> k & 1) !== 0) this.parking.giveBack(k);
        }
        this.holds.release(slot, this.participants);
      }
    }
  }

  /** See JournalMode; `mark`, if not 0, parts what was recorded so far from what comes. */
  private switchJournal(number: number, mode: number, mark: number): void {
    if (mark !== 0) this.journal.mark(number, mark);
    const on = mode === JournalMode.ON;
    this.engine.replaying = mode === JournalMode.REPLAY;
    if (on !== this.journaling) this.engine.journal = on ? this.journal : undefined;
    this.journaling = on;
    this.journal.completed(number);
    this.settleJournal();
  }

  /** Makes records visible; while too many wait for room, this shard stands still. */
  private publishJournal(): void {
    this.journal.publish();
    while (this.journal.full) {
      this.journal.waitForRoom(SLEEP_MAX_MS);
      this.journal.publish();
    }
  }

  /** Makes all records visible, however long the ring takes for them. */
  private settleJournal(): void {
    this.journal.publish();
    while (this.journal.waits) {
      this.journal.waitForRoom(SLEEP_MAX_MS);
      this.journal.publish();
    }
  }

  /** Takes a piece of a large message; the last one makes it run. */
  private fill(u8: Uint8Array, i32: Int32Array, at: number): void {
    const total = i32[(at >> 2) + 2];
    const size = i32[(at >> 2) + 3];
    const from = at + CHUNK_WORDS * 4;
    this.large ??= new Uint8Array(total);
    this.large.set(u8.subarray(from, from + size), this.largeFilled);
    this.largeFilled += size;
    if (this.largeFilled < total) return;
    const whole = this.large;
    const words = new Int32Array(whole.buffer);
    // The request's place in the order is that of its last chunk.
    words[NUMBER_WORD] = i32[(at >> 2) + 4];
    this.large = undefined;
    this.largeFilled = 0;
    this.handle(whole, words, 0);
  }

  /** Puts events into the ring, in pieces where they are larger than a message. */
  private tell({ buf }: EventWriter, len: number, caused: boolean): void {
    const record = caused ? this.record : NO_RECORD;
    const piece = this.replies.maxMessage - REPLY_WORDS * 4;
    let from = 0;
    for (; len - from > piece; from += piece) this.put(FromShard.EVENT_PART, record, buf, from, piece);
    this.put(FromShard.EVENT, record, buf, from, len - from);
  }

  /** Puts the reply into the ring, in pieces when it is larger than a message. */
  private answer(record: number): void {
    const { buf, pos } = this.reply;
    const piece = this.replies.maxMessage - REPLY_WORDS * 4;
    let from = 0;
    for (; pos - from > piece; from += piece) this.put(FromShard.REPLY_PART, record, buf, from, piece);
    this.put(FromShard.REPLY, record, buf, from, pos - from);
    this.reply.clear();
  }

  private put(kind: number, record: number, buf: Uint8Array, from: number, len: number): void {
    const size = padded(REPLY_WORDS * 4 + len);
    let at = this.replies.reserve(size);
    while (at === 0) {
      this.give();
      this.replies.waitForRoom(SLEEP_MAX_MS);
      at = this.replies.reserve(size);
    }
    const { u8, i32 } = this.replies;
    const w = at >> 2;
    i32[w + 1] = kind;
    i32[w + 2] = record;
    i32[w + 3] = len;
    const to = at + REPLY_WORDS * 4;
    if (len < 64) { for (let i = 0; i < len; i++) u8[to + i] = buf[from + i]; }
    else u8.set(buf.subarray(from, from + len), to);
  }

  /** Expiry and lazy freeing. True when there is more to do at once or a request has come. */
  private background(): boolean {
    const now = monotonicMs();
    if (now < this.nextStepMs) return false;
    const pauseMs = this.engine.step(STEP_MS, monotonicMs);
    this.nextStepMs = this.idle && this.engine.eager ? now : monotonicMs() + pauseMs;
    if (this.journaling) this.publishJournal();
    // A key that expired may be what someone waits for.
    if (this.waits.count !== 0) this.waits.serve();
    if (this.notifier.pending) this.notifier.flush();
    this.give();
    this.publishFigures();
    if (now >= this.nextCpuMs) {
      this.nextCpuMs = now + CPU_EVERY_MS;
      const cpu = threadCpu();
      this.figures.set(Figure.CPU_USER_US, cpu.userUs);
      this.figures.set(Figure.CPU_SYSTEM_US, cpu.systemUs);
    }
    return this.requests.ready();
  }

  private publishFigures(): void {
    publishFigures(this.figures, this.engine, this.stores);
    this.figures.set(Figure.BLOCKING_KEYS, this.waits.keys);
    this.figures.set(Figure.BLOCKING_KEYS_UNTIL_GONE, this.waits.keysUntilGone);
  }

  /** Looks for a request for a moment. True when one came. */
  private spin(): boolean {
    if (this.setup.spinUs === 0) return false;
    const end = monotonicUs() + this.setup.spinUs;
    do {
      for (let i = 0; i < 64; i++) if (this.requests.ready()) return true;
    } while (monotonicUs() < end);
    return false;
  }
}

const host = await parent();
new ShardLoop(host.data as ShardSetup).run();
host.exit();
