/** InlineShards: one engine, driven on the main thread (`shards 0`). */
import { equalBytes } from "../../base/bytes.ts";
import type { Request } from "../../codec/resp/request.ts";
import { Doorbell } from "../../ring/doorbell.ts";
import { monotonicMs } from "../../runtime/mod.ts";
import type { Store } from "../../store/store.ts";
import { PREFETCH_MAX } from "../../structures/table.ts";
import type { AbandonOrder, LoadOrder, LoadResult, SnapshotOrder } from "../engine_order.ts";
import { Figure, Figures } from "../figures.ts";
import { JournalPositions } from "../journal_positions.ts";
import { Mark } from "../persistence/aof_messages.ts";
import type { PersistenceRings } from "../persistence/setup.ts";
import { type Engine, STEP_MS } from "../shard/engine.ts";
import { JournalMode } from "../shard/journal.ts";
import { JournalRing } from "../shard/journal_ring.ts";
import { ShardNotifier } from "../shard/notifier.ts";
import { publishFigures } from "../shard/publish_figures.ts";
import { snapshotFeed } from "../shard/snapshot_feed.ts";
import type { Settings } from "../shard/settings.ts";
import type { CommandEntry } from "./command_entry.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { InlineWaits } from "./inline_waits.ts";
import { Gate, type Session } from "./session.ts";
import type { Composition, Shards } from "./shards.ts";

/** A bell that nobody sleeps at. */
const NOBODY = new Doorbell();

/** Whether both requests have a first argument and it is the same. */
function sameKey(a: Request, b: Request): boolean {
  return a.argc > 1 && b.argc > 1 && a.len[1] === b.len[1] && equalBytes(a.buf, a.at[1], b.buf, b.at[1], a.len[1]);
}

export class InlineShards implements Shards {
  readonly threads = 0;
  readonly stores: readonly Store[];
  dispatcher!: Dispatcher;
  private standing = false;
  readonly waits: InlineWaits;
  private nextStepMs = 0;
  private readonly journalRing: JournalRing;
  private readonly persistenceBell: Doorbell;
  private readonly positions: JournalPositions;
  private journaling = false;
  /** Commands processed as of the last step: as long as there are none, a snapshot makes no pauses. */
  private commandsBefore = 0;
  private readonly published = new Figures(0);
  private readonly hashes = new Int32Array(PREFETCH_MAX);

  private readonly notifier = new ShardNotifier((events, len, caused) => {
    const { notifications, pushes } = this.dispatcher.server;
    if (caused) notifications.takeAll(events, len, pushes.running);
    else {
      const { running } = pushes;
      pushes.running = undefined;
      notifications.takeAll(events, len, undefined);
      pushes.running = running;
    }
  });

  constructor(private readonly engine: Engine, persistence: PersistenceRings) {
    engine.call.ranInner = (command, us, error) => this.dispatcher.ranInner(command, us, error);
    this.stores = [engine.store];
    this.waits = new InlineWaits(engine, this);
    this.positions = new JournalPositions(persistence.positions);
    this.persistenceBell = new Doorbell(persistence.bell);
    this.journalRing = new JournalRing(persistence.journals[0], this.positions, 0, this.persistenceBell);
    if (persistence.pages.length > 0) engine.store.arena.onGrow = () => this.persistenceBell.ring();
    engine.notifyBy(this.notifier);
    engine.snapshots = snapshotFeed(engine.store, persistence, 0, NOBODY);
  }

  prepare(session: Session, requests: readonly Request[], count: number): void {
    const { store } = this.engine;
    const { hashes } = this;
    // Some pipelines stay with one key, and then the first and the last request most likely have it, too.
    const stays = sameKey(requests[0], requests[count - 1]);
    let n = 0;
    for (let k = 0; k < count; k++) {
      const request = requests[k];
      // Nearly every command's first argument is its first key; where it is not, nothing but the effort is lost.
      request.hashed = request.argc > 1;
      if (!request.hashed) continue;
      if (stays && k > 0 && sameKey(request, requests[0])) request.keyHash = requests[0].keyHash;
      else {
        request.keyHash = store.hash.of(request.buf, request.at[1], request.len[1]);
        hashes[n++] = request.keyHash;
      }
    }
    // A key that the whole pipeline stays with is in the cache once the first request has run.
    if (n > 1) store.prefetch(session.db, hashes, n);
  }

  run(session: Session, entry: CommandEntry, request: Request): void {
    const engine = this.engine;
    if (request.hashed) engine.store.expectKey(request.buf, request.at[1], request.len[1], request.keyHash);
    const reply = engine.reply;
    const start = reply.pos;
    reply.resp3 = session.resp3;
    if ((session.gate & Gate.NO_TOUCH) !== 0 && entry.name !== "touch") engine.store.clock.paused = true;
    engine.run(entry.shard!);
    engine.store.clock.paused = false;
    if (request.hashed) engine.store.expectKey(request.buf, -1, 0, 0);
    if (engine.lastError !== undefined) this.dispatcher.failed(entry, engine.lastError);
    if (engine.call.wait.asked) {
      reply.pos = start;
      this.waits.begin(session, entry);
      return;
    }
    if ((session.gate & (Gate.REPLY_OFF | Gate.REPLY_SKIP)) !== 0) {
      session.gate &= ~Gate.REPLY_SKIP;
      reply.pos = start;
    }
    if (this.notifier.pending) this.tell(session);
    this.serveWaits();
  }

  /** Serves the clients for whose keys something happened; not in the middle of a transaction. */
  private serveWaits(): void {
    const { waits } = this.waits;
    if (waits.count === 0 || this.exclusive) return;
    waits.serve();
    if (this.notifier.pending) this.notifier.flush();
  }

  /** Passes on what the session's request did to keys; messages for the session itself go behind its reply. */
  private tell(session: Session): void {
    const { pushes } = this.dispatcher.server;
    const outer = pushes.running;
    pushes.running = session;
    this.notifier.flush();
    pushes.running = outer;
    if (outer === undefined && pushes.hasOwn) pushes.giveOwn(session, this.engine.reply);
  }

  append(session: Session, buf: Uint8Array, from: number, len: number): void {
    this.dispatcher.server.connections.send(session, buf, from, from + len);
  }

  wrote(): void {
    // Everything runs in the order of requests, so replies are in order as they are written.
  }

  compose(session: Session): Composition {
    const { reply } = this.engine;
    return {
      run: (entry, request, answered) => {
        const { pushes } = this.dispatcher.server;
        const outer = pushes.running;
        pushes.running = session;
        const start = reply.pos;
        this.run(session, entry, request);
        const bytes = reply.buf.slice(start, reply.pos);
        reply.pos = start;
        pushes.running = outer;
        answered(bytes);
      },
      finish: (bytes) => reply.raw(bytes, 0, bytes.length),
    };
  }

  serialOf(): number {
    return Infinity;
  }

  get exclusive(): boolean {
    return this.standing;
  }

  set exclusive(on: boolean) {
    this.standing = on;
    if (this.journaling) this.journalRing.mark(0, on ? Mark.BEGIN : Mark.COMMIT);
  }

  busy(): boolean {
    return this.standing || this.journalRing.full;
  }

  setNow(ms: number): void {
    if (!this.exclusive) this.engine.setNow(ms);
  }

  requestsStay(stay: boolean): void {
    this.engine.requestsStay = stay;
    if (!stay) this.journalRing.endRun();
  }

  turn(now: number): number {
    if (now >= this.nextStepMs) {
      const pauseMs = this.engine.step(STEP_MS, monotonicMs);
      if (this.notifier.pending) this.notifier.flush();
      const idle = this.dispatcher.commandsProcessed === this.commandsBefore;
      this.commandsBefore = this.dispatcher.commandsProcessed;
      this.nextStepMs = idle && this.engine.eager ? now : monotonicMs() + pauseMs;
    }
    // Keys that expired, or that a transaction in steps has filled.
    this.serveWaits();
    this.settleJournal();
    // Records that wait for room are moved on as soon as the persistence thread says that there is some.
    if (this.journalRing.waits && !this.journalRing.requestRoom()) return 0;
    return Math.max(0, this.nextStepMs - now);
  }

  tick(nowMs: number): void {
    this.setNow(nowMs);
  }

  configure(settings: Settings): void {
    this.engine.settings.fromNumbers(settings.toNumbers());
    this.engine.configure();
  }

  journal(mode: JournalMode, mark: number): void {
    if (mark !== 0) this.journalRing.mark(0, mark);
    const on = mode === JournalMode.ON;
    if (on !== this.journaling) this.engine.journal = on ? this.journalRing : undefined;
    this.engine.replaying = mode === JournalMode.REPLAY;
    this.journaling = on;
    this.journalRing.publish();
  }

  settleJournal(): void {
    if (this.journaling || this.journalRing.waits) this.journalRing.publish();
  }

  /** Whether main reads the journal itself, so that no other thread is to be woken for it. */
  set readsJournal(here: boolean) {
    this.journalRing.bell = here ? NOBODY : this.persistenceBell;
  }

  /** Bytes of the journal that wait for room in its ring. */
  get journalBacklog(): number {
    return this.journalRing.backlogBytes;
  }

  get unsynced(): boolean {
    return this.journalRing.count !== this.positions.durable(0);
  }

  relieve(): boolean {
    return this.engine.eviction.relieve() || !this.engine.eviction.exhausted;
  }

  get figures(): readonly Figures[] {
    publishFigures(this.published, this.engine, this.stores);
    this.published.set(Figure.BLOCKING_KEYS, this.waits.waits.keys);
    this.published.set(Figure.BLOCKING_KEYS_UNTIL_GONE, this.waits.waits.keysUntilGone);
    return [this.published];
  }

  order(order: SnapshotOrder | AbandonOrder): void {
    this.engine.obey(order);
    this.nextStepMs = 0;
  }

  load(order: LoadOrder): Promise<readonly LoadResult[]> {
    this.nextStepMs = 0;
    return new Promise((resolve) => this.engine.obey(order, (result) => resolve([result])));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
