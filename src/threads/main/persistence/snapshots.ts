/**
 * Snapshots: one cut through all shards at a time, written to a file: for BGSAVE, SAVE and SHUTDOWN, and
 * as the base of a rewritten append-only file. Main thread.
 *
 * Invariants:
 * 1. The cut is the moment of `begin` in the order of all requests: what entered the rings before is in the file, what comes after
 *    is not.
 * 2. There is never more than one; an outcome is told exactly once.
 */
import {
  type BeginSnapshot,
  type FromSnapshotTask,
  SNAPSHOT_TASK,
  type SnapshotJob,
} from "../../persistence/snapshot_job.ts";
import type { EntryForm } from "../../../store/dump/entry_writer.ts";
import type { Store } from "../../../store/store.ts";
import type { PersistenceThread } from "../persistence_thread.ts";
import type { Server } from "../server.ts";
import { SnapshotDriver } from "./snapshot_driver.ts";

/** What a snapshot is for. */
export type SnapshotPurpose = "save" | "rewrite";

export interface SnapshotOutcome {
  /** "done": in its place and durable. "failed": the disk refused. "abandoned": by our own wish. */
  readonly result: "done" | "failed" | "abandoned";
  readonly entries: number;
  readonly sizeBytes: number;
  /** Redis's log line on a failure. */
  readonly line: string;
}

type Ended = (outcome: SnapshotOutcome) => void;

interface Running {
  readonly job: number;
  readonly purpose: SnapshotPurpose;
  readonly ended: Ended;
  /** Keys at the cut. */
  readonly keys: number;
}

export class Snapshots {
  private running: Running | undefined;
  private lastJob = 0;
  private readonly driver: SnapshotDriver;

  constructor(thread: PersistenceThread, private readonly server: Server) {
    this.driver = new SnapshotDriver(server.shards, thread, (message) => this.receive(message));
  }

  /** Each turn, when the engine has worked. Returns ms until the next turn is wanted. */
  turn(): number {
    return this.driver.turn();
  }

  /** The server ends: a file under way is given up. */
  close(): void {
    this.driver.close();
  }

  /** What the snapshot under way is for. */
  get purpose(): SnapshotPurpose | undefined {
    return this.running?.purpose;
  }

  /** Keys there were at the cut of the snapshot under way; 0 without one. */
  get keysAtCut(): number {
    return this.running?.keys ?? 0;
  }

  /** Cuts now. Call only while none is under way; `ended` is called once, later. */
  begin(purpose: SnapshotPurpose, job: Omit<SnapshotJob, "job" | "sizes">, ended: Ended): void {
    if (this.running !== undefined) throw new Error("a snapshot is under way");
    const number = ++this.lastJob;
    this.running = { job: number, purpose, ended, keys: keyCount(this.server.shards.stores) };
    const message: BeginSnapshot = {
      task: SNAPSHOT_TASK,
      kind: "begin",
      ...job,
      sizes: sizesOf(this.server.shards.stores),
      job: number,
    };
    this.driver.send(message);
    const { config } = this.server;
    const policy = config.value("maxmemory-policy");
    const form: EntryForm = {
      commands: job.form === "commands",
      version: job.version,
      compress: config.bool("rdbcompression"),
      access: policy.endsWith("lfu") ? "frequency" : policy.endsWith("lru") ? "idle" : "none",
    };
    this.server.shards.order({ kind: "snapshot", job: number, form });
  }

  /** Gives up the snapshot under way, if there is one; its file goes. */
  abandon(): void {
    const { running } = this;
    if (running === undefined) return;
    this.driver.send({ task: SNAPSHOT_TASK, kind: "abandon", job: running.job });
    this.end("abandoned", 0, 0, "");
  }

  private receive(message: FromSnapshotTask): void {
    if (message.job !== this.running?.job) return; // told while it was abandoned
    if (message.kind === "done") this.end("done", message.entries, message.sizeBytes, "");
    else this.end("failed", 0, 0, message.line);
  }

  private end(result: SnapshotOutcome["result"], entries: number, sizeBytes: number, line: string): void {
    const { ended, job } = this.running!;
    this.running = undefined;
    if (result !== "done") this.server.shards.order({ kind: "abandon", job });
    ended({ result, entries, sizeBytes, line });
  }
}

function keyCount(stores: readonly Store[]): number {
  let keys = 0;
  for (const store of stores) for (let db = 0; db < store.dbCount; db++) keys += store.count(db);
  return keys;
}

function sizesOf(stores: readonly Store[]): [keys: number, expiring: number][] {
  return Array.from({ length: stores[0].dbCount }, (_, db) => {
    let keys = 0;
    let expiring = 0;
    for (const store of stores) {
      keys += store.count(db);
      expiring += store.volatile.count(db);
    }
    return [keys, expiring];
  });
}
