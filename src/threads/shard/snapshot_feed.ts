/**
 * SnapshotFeed: an engine's part in a snapshot: the walk over its store (store/snapshot.ts), whose entries go through a ring to
 * who writes the file. On the engine's thread.
 *
 * Invariant: a job ends with exactly one END, or FAILED, unless it is aborted.
 */
import { mayPass } from "../../base/pace.ts";
import type { Doorbell } from "../../ring/doorbell.ts";
import { RingWriter } from "../../ring/ring.ts";
import { SnapshotMessage, SnapshotSender } from "../../ring/snapshot_messages.ts";
import { ArenaFull } from "../../memory/arena.ts";
import type { EntryForm } from "../../store/dump/entry_writer.ts";
import { Snapshot, type SnapshotSink, SnapshotStep } from "../../store/snapshot.ts";
import type { Store } from "../../store/store.ts";
import type { PersistenceRings } from "../persistence/setup.ts";

/** Pause after a step while the disk is behind: what it takes to write some hundred KiB. */
const BEHIND_MS = 1;
/** What an entry costs that a command is about to change, to one in the walk: the command needs it in the processor's cache anyway. */
const ASIDE_COST = 0.5;
const NOTHING = new Uint8Array(0);
/** `step` has more to do as soon as it may. */
export const GO_ON = 0;

/** The feed of engine `engine`, over its ring; `bell` wakes who reads that. */
export function snapshotFeed(store: Store, rings: PersistenceRings, engine: number, bell: Doorbell): SnapshotFeed {
  return new SnapshotFeed(store, new SnapshotSender(new RingWriter(rings.snapshots[engine]), bell));
}

export class SnapshotFeed implements SnapshotSink {
  private readonly snapshot: Snapshot;
  private job = 0;
  /** A job is under way whose END has not been sent. */
  private open = false;
  /** The step before waited for the disk. */
  private behind = false;
  /** Entries written at the end of the last step, and how long the walk takes for one: of all steps of the job. */
  private steppedEntries = 0;
  private walkedEntries = 0;
  private walkedMs = 0;
  /** When the job's first step was; -1 before. */
  private startedMs = -1;

  constructor(store: Store, private readonly sender: SnapshotSender) {
    this.snapshot = new Snapshot(store);
  }

  /** True when `step` has something to do: also cleaning up, and sending what waits. */
  get active(): boolean {
    return this.open || this.snapshot.active || this.sender.waitingBytes > 0;
  }

  /** True while only the disk holds the walk up. */
  get waits(): boolean {
    return this.behind;
  }

  /** Entries of the job that have been written so far. */
  get entries(): number {
    return this.snapshot.written;
  }

  /** Ms from the job's first step to `now`. */
  runMs(now: number): number {
    return this.startedMs < 0 ? 0 : now - this.startedMs;
  }

  /** About how long the walk would have taken, ms, for what has been written if nothing else had been done. */
  get aloneMs(): number {
    return this.snapshot.written * this.entryMs;
  }

  /** About how long it took since the last step to write what commands were about to change, ms. */
  get asideMs(): number {
    return (this.snapshot.written - this.steppedEntries) * this.entryMs * ASIDE_COST;
  }

  private get entryMs(): number {
    return this.walkedEntries === 0 ? 0 : this.walkedMs / this.walkedEntries;
  }

  /** Cuts now. */
  begin(job: number, form: EntryForm): void {
    this.job = job;
    this.behind = false;
    this.startedMs = -1;
    this.steppedEntries = this.walkedEntries = this.walkedMs = 0;
    try {
      this.snapshot.begin(this, form);
      this.open = true;
    } catch (error) {
      if (!(error instanceof ArenaFull)) throw error;
      this.sender.send(SnapshotMessage.FAILED, job, NOTHING, 0, 0, 0);
      this.sender.flush();
    }
  }

  /** Gives the job up, if it is the one under way. */
  abort(job: number): void {
    if (job !== this.job || !this.open) return;
    this.open = false;
    this.snapshot.abort();
    this.sender.clear();
  }

  /**
   * Goes on for at most about `budgetMs`; `delay` is rdb-key-save-delay. Returns ms until it wants to go on, GO_ON for at once, Infinity
   * when there is nothing.
   */
  step(budgetMs: number, clock: () => number, delay: number): number {
    const sent = this.sender.flush();
    if (this.startedMs < 0) this.startedMs = clock();
    if (delay !== 0 && this.open) {
      this.behind = !mayPass(this.snapshot.written + 1, delay, clock() - this.startedMs);
      if (this.behind) return BEHIND_MS;
      budgetMs = 0;
    }
    const { written } = this.snapshot;
    const startMs = clock();
    const state = this.snapshot.step(budgetMs, clock);
    this.walkedMs += clock() - startMs;
    this.steppedEntries = this.snapshot.written;
    this.walkedEntries += this.steppedEntries - written;
    if (state === SnapshotStep.DONE && this.open) {
      this.open = false;
      this.sender.send(SnapshotMessage.END, this.job, NOTHING, 0, 0, this.snapshot.written);
    }
    this.behind = !this.sender.flush() || !sent || state === SnapshotStep.FULL;
    if (!this.active) return Infinity;
    return this.behind ? BEHIND_MS : GO_ON;
  }

  // ---- SnapshotSink ---------------------------------------------------------------------------------------------------

  room(): number {
    return this.sender.room();
  }

  write(buf: Uint8Array, from: number, to: number, db: number, whole: boolean): void {
    const { pieceMax } = this.sender;
    for (; to - from > pieceMax; from += pieceMax) {
      this.sender.send(SnapshotMessage.ENTRIES, this.job, buf, from, from + pieceMax, db * 2);
    }
    this.sender.send(SnapshotMessage.ENTRIES, this.job, buf, from, to, db * 2 + (whole ? 1 : 0));
  }
}
