/**
 * Engine: runs commands on one store and does the store's background work in bounded steps. A plain object: a ring drives it in
 * a worker (threads/shard/worker.ts), the main thread drives it inline with `shards 0`. Knows no thread.
 *
 * Invariants:
 * 1. `run` writes exactly one complete reply, whatever happens; a command's own error replaces what it had written.
 * 2. The batch's time is set by `setNow` before `run`; it never changes within a command.
 */
import type { ReplyError } from "../../base/reply_error.ts";
import type { Reply } from "../../codec/resp/reply.ts";
import { Call, NotifyClass } from "../../commands/call.ts";
import type { ShardCommand } from "../../commands/command.ts";
import type { Limits } from "../../commands/limits.ts";
import { runGuarded, runRecorded } from "../../commands/run.ts";
import { monotonicUs, writeStdout } from "../../runtime/mod.ts";
import { Eviction, EVICTION_POLICIES } from "../../store/eviction.ts";
import type { Store } from "../../store/store.ts";
import { ActiveExpiry } from "./active_expiry.ts";
import type { EngineOrder, LoadResult } from "../engine_order.ts";
import { BACKGROUND, type Journal } from "./journal.ts";
import { Load } from "./load.ts";
import type { ShardNotifier } from "./notifier.ts";
import { Settings } from "./settings.ts";
import { GO_ON, type SnapshotFeed } from "./snapshot_feed.ts";
import { SnapshotPace } from "./snapshot_pace.ts";
import { ToldEvents } from "./told_events.ts";

/** Items of garbage freed between two looks at the clock: about 50 µs. */
const SWEEP = 512;

/** `step`'s usual budget: requests wait no longer than that for background work. */
export const STEP_MS = 1;
/** The same while data is loaded: nearly everything is refused then, so that only INFO and the like wait. */
const LOAD_STEP_MS = 10;
/** Share of the time that background work may take, in percent: Redis's for active expiry, by active-expire-effort. */
const STEP_PERCENT = 25;
const STEP_PERCENT_PER_EFFORT = 2;
const LFU_POLICIES: readonly string[] = ["volatile-lfu", "allkeys-lfu"];

export class Engine {
  readonly call: Call;
  readonly settings = new Settings();
  readonly expiry: ActiveExpiry;
  readonly eviction: Eviction;
  /** The ReplyError of the last `run`, or undefined: for the error figures. */
  lastError: ReplyError | undefined;
  /** Number of the request that `run` is for, as the journal is to know it. */
  request = 1;

  /** The engine's part in snapshots; undefined where nobody makes any (tests). */
  snapshots: SnapshotFeed | undefined;
  /** Changes there were at the latest snapshot's cut. */
  changesAtCut = 0;

  private load: Load | undefined;
  private loadedBefore = 0;
  private pauseMs = 0;
  private idleMs = 0;
  /** While a snapshot makes steps frequent: when the other work is due. */
  private nextWorkMs = 0;
  private readonly snapshotPace = new SnapshotPace();
  private journalTo: Journal | undefined;
  /** While true the bytes of requests that have run stay where they are: the journal may take them later. */
  requestsStay = false;
  private replays = false;
  private notifier: ShardNotifier | undefined;

  /** Over one shard's store; `all` are the stores of all shards, for the memory they use together. */
  constructor(readonly store: Store, readonly reply: Reply, private readonly all: readonly Store[] = [store]) {
    this.call = new Call(store, reply, this.settings.limits);
    this.call.print = writeStdout;
    this.call.clockUs = monotonicUs;
    this.expiry = new ActiveExpiry(store);
    this.eviction = new Eviction(store, all);
    this.eviction.onEvict = (_store, db) => this.tellEviction(db);
    const events = new ToldEvents(this.call);
    for (const each of all) each.events = events;
    this.configure();
  }

  get limits(): Limits {
    return this.settings.limits;
  }

  /** Who takes the effects of what this engine does; undefined while nobody journals. */
  get journal(): Journal | undefined {
    return this.journalTo;
  }

  set journal(journal: Journal | undefined) {
    this.journalTo = journal;
    this.call.effects.on = journal !== undefined;
    this.call.effects.clear();
  }

  /** Events go to this notifier, as far as `settings` want any. */
  notifyBy(notifier: ShardNotifier): void {
    this.notifier = notifier;
    this.configure();
  }

  /** True while what runs comes from a journal: nothing expires and nothing is evicted unless that says so, and nobody is told. */
  set replaying(on: boolean) {
    if (on === this.replays) return;
    this.replays = on;
    for (const store of this.all) store.expiryEnabled = !on;
    this.configure();
  }

  /** Obeys what `settings` say now. */
  configure(): void {
    const { settings, eviction, expiry, notifier } = this;
    if (notifier !== undefined) {
      const notifyClasses = this.replays ? 0 : settings.notifyClasses;
      const tellChanges = this.replays ? 0 : settings.tellChanges;
      notifier.tellsChanges = tellChanges !== 0;
      this.call.notifyMask = notifyClasses;
      this.call.notifier = notifyClasses !== 0 || tellChanges !== 0 ? notifier : undefined;
      for (const store of this.all) store.tellsNew = (notifyClasses & NotifyClass.NEW) !== 0;
    }
    eviction.limitBytes = this.replays ? 0 : settings.maxMemory;
    eviction.policy = settings.policy;
    eviction.samples = settings.samples;
    eviction.tenacity = settings.tenacity;
    expiry.enabled = settings.activeExpiry !== 0;
    expiry.effort = settings.expiryEffort;
    this.call.payload.trusted = settings.trustsPayloads !== 0;
    for (const store of this.all) {
      store.quicklists.plainFrom = settings.plainFrom;
      store.clock.lfu = LFU_POLICIES.includes(EVICTION_POLICIES[settings.policy]);
      store.clock.lfuLogFactor = settings.lfuLogFactor;
      store.clock.lfuDecayMinutes = settings.lfuDecayMinutes;
    }
    const percent = STEP_PERCENT + (settings.expiryEffort - 1) * STEP_PERCENT_PER_EFFORT;
    this.pauseMs = (STEP_MS * (100 - percent)) / percent;
    this.idleMs = 1000 / settings.hz;
  }

  /** The key that the store has open is about to be evicted. */
  private tellEviction(db: number): void {
    const { effects, limits, notifier, notifyMask } = this.call;
    const { u8, keyAt, keyLen } = this.store;
    if (effects.on) effects.removed(limits.lazyEviction, db, u8, keyAt, keyLen);
    notifier?.changed(db, u8, keyAt, keyLen);
    if ((notifyMask & NotifyClass.EVICTED) !== 0) {
      notifier?.event(NotifyClass.EVICTED, "evicted", db, u8, keyAt, keyLen);
    }
  }

  /** Time of the commands that follow, ms since 1970. */
  setNow(ms: number): void {
    this.store.setNow(ms);
  }

  /** Runs the command whose arguments `call` holds; appends its reply to `reply`. */
  run(command: ShardCommand): void {
    if (this.eviction.limitBytes !== 0) this.makeRoom();
    if (this.call.effects.on) this.runJournaled(command);
    else this.lastError = runGuarded(command, this.call);
  }

  /** Keys that are evicted are told of ahead of the command's reply: it did not cause that. */
  private makeRoom(): void {
    this.eviction.relieve();
    if (this.notifier?.pending === true) this.notifier.flush(false);
  }

  private runJournaled(command: ShardCommand): void {
    this.append(BACKGROUND);
    this.lastError = runRecorded(command, this.call);
    this.append(this.request);
  }

  /** Gives the journal what was recorded since the last time. */
  private append(request: number): void {
    const { effects } = this.call;
    if (effects.commands === 0) return;
    const { db, endDb, commands, out, from, to } = effects;
    this.journalTo?.append(request, db, endDb, commands, out, from, to, this.requestsStay && effects.asGiven);
    effects.clear();
  }

  /** The changes made by this engine, ever, in any store. */
  get changes(): number {
    let changes = 0;
    for (const store of this.all) changes += store.dirty;
    return changes;
  }

  /** Does what main asks at this point of the order of requests; `loaded` gets a load's result, later. */
  obey(order: EngineOrder, loaded?: (result: LoadResult) => void): void {
    switch (order.kind) {
      case "snapshot":
        this.changesAtCut = this.changes;
        this.snapshots?.begin(order.job, order.form);
        break;
      case "abandon":
        this.snapshots?.abort(order.job);
        break;
      case "load":
        this.loadedBefore = this.loadedBytes;
        this.load = new Load(this.store, this.limits, this.call.shard, this.call.shardCount, order, loaded!);
        break;
    }
  }

  /** Bytes of files that loads have passed over, ever. */
  get loadedBytes(): number {
    return this.loadedBefore + (this.load?.bytes ?? 0);
  }

  /** True while a snapshot or a load goes on: nobody else may have the store in between. */
  get occupied(): boolean {
    const { load, snapshots } = this;
    return (load !== undefined && load.active) || (snapshots !== undefined && snapshots.active);
  }

  /** True while a snapshot or a load would use all the time it gets: the pauses between steps are for requests only. */
  get eager(): boolean {
    const { load, snapshots } = this;
    if (load !== undefined && load.active) return !load.waits;
    return snapshots !== undefined && snapshots.active && !snapshots.waits;
  }

  /**
   * Background work: snapshots, eviction, active expiry, then freeing what large values left behind. Takes at most about `budgetMs`; `clock`
   * gives ms. Returns the ms after which it wants to go on.
   */
  step(budgetMs: number, clock: () => number): number {
    const { load, snapshots } = this;
    if (load !== undefined && load.active) {
      load.step(LOAD_STEP_MS, clock, this.settings.loadDelay);
      return load.waits ? STEP_MS : 0;
    }
    let pauseMs = Infinity;
    if (snapshots !== undefined && snapshots.active) pauseMs = this.stepSnapshot(snapshots, clock);
    if (pauseMs === Infinity || clock() >= this.nextWorkMs) {
      const workPauseMs = this.work(budgetMs, clock);
      this.nextWorkMs = clock() + workPauseMs;
      pauseMs = Math.min(pauseMs, workPauseMs);
    }
    if (this.call.effects.on) this.append(BACKGROUND);
    return pauseMs;
  }

  /** A step of a snapshot: ms until it wants to go on, Infinity when that was the last. */
  private stepSnapshot(snapshots: SnapshotFeed, clock: () => number): number {
    const now = clock();
    const budgetMs = this.snapshotPace.budget(now, snapshots.runMs(now), snapshots.aloneMs, snapshots.asideMs);
    const waitsFor = snapshots.step(budgetMs, clock, this.settings.saveDelay);
    const pauseMs = this.snapshotPace.stepped(clock());
    return waitsFor === GO_ON ? pauseMs : waitsFor;
  }

  private work(budgetMs: number, clock: () => number): number {
    const end = clock() + budgetMs;
    let more = false;
    while (this.eviction.over && !this.eviction.relieve() && !this.eviction.exhausted) {
      if (clock() >= end) return this.pauseMs;
    }
    const garbage = this.store.garbage;
    if (this.expiry.step(garbage.pending === 0 ? budgetMs : budgetMs / 2, clock)) more = true;
    while (garbage.step(SWEEP)) if (clock() >= end) return this.pauseMs;
    return more ? this.pauseMs : this.idleMs;
  }
}
