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
import { Eviction, EVICTION_POLICIES } from "../../store/eviction.ts";
import type { Store } from "../../store/store.ts";
import { ActiveExpiry } from "./active_expiry.ts";
import { BACKGROUND, type Journal } from "./journal.ts";
import type { ShardNotifier } from "./notifier.ts";
import { Settings } from "./settings.ts";
import { ToldEvents } from "./told_events.ts";

/** Items of garbage freed between two looks at the clock: about 50 µs. */
const SWEEP = 512;

/** `step`'s usual budget: requests wait no longer than that for background work. */
export const STEP_MS = 1;
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

  private pauseMs = 0;
  private idleMs = 0;
  private journalTo: Journal | undefined;
  private notifier: ShardNotifier | undefined;

  /** Over one shard's store; `all` are the stores of all shards, for the memory they use together. */
  constructor(readonly store: Store, readonly reply: Reply, private readonly all: readonly Store[] = [store]) {
    this.call = new Call(store, reply, this.settings.limits);
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

  /** Obeys what `settings` say now. */
  configure(): void {
    const { settings, eviction, expiry, notifier } = this;
    if (notifier !== undefined) {
      const { notifyClasses, tellChanges } = settings;
      notifier.tellsChanges = tellChanges !== 0;
      this.call.notifyMask = notifyClasses;
      this.call.notifier = notifyClasses !== 0 || tellChanges !== 0 ? notifier : undefined;
      for (const store of this.all) store.tellsNew = (notifyClasses & NotifyClass.NEW) !== 0;
    }
    eviction.limitBytes = settings.maxMemory;
    eviction.policy = settings.policy;
    eviction.samples = settings.samples;
    eviction.tenacity = settings.tenacity;
    expiry.enabled = settings.activeExpiry !== 0;
    expiry.effort = settings.expiryEffort;
    for (const store of this.all) {
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
    if (this.eviction.limitBytes !== 0) this.eviction.relieve();
    if (this.call.effects.on) this.runJournaled(command);
    else this.lastError = runGuarded(command, this.call);
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
    this.journalTo?.append(request, effects.db, effects.endDb, effects.commands, effects.buf, 0, effects.pos);
    effects.clear();
  }

  /**
   * Background work: eviction, active expiry, then freeing what large values left behind. Takes at most about `budgetMs`; `clock`
   * gives ms. Returns the ms after which it wants to go on.
   */
  step(budgetMs: number, clock: () => number): number {
    const pauseMs = this.work(budgetMs, clock);
    if (this.call.effects.on) this.append(BACKGROUND);
    return pauseMs;
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
