/**
 * What main, the snapshot task and the durable task tell each other (threads/main/persistence/snapshots.ts, snapshot_driver.ts,
 * snapshot_task.ts, durable_task.ts). Any thread.
 */
import type { TaskMessage } from "./task.ts";

export const SNAPSHOT_TASK = "snapshot";

/** How the file holds the entries: as an RDB file, or as the commands of an append-only file. */
export type SnapshotForm = "rdb" | "commands";

export interface SnapshotJob {
  /** Numbers of jobs grow. */
  readonly job: number;
  readonly form: SnapshotForm;
  /** Written first, renamed to `path` when it is complete and on the disk. */
  readonly temporary: string;
  readonly path: string;
  /** The folder of both; renaming is durable once it is synced. */
  readonly folder: string;
  /** RDB version, 9 to 12. */
  readonly version: number;
  /** rdbchecksum: the file ends with its CRC64, or with zeros. */
  readonly checksum: boolean;
  /** rdb-save-incremental-fsync: synced while it is written, in pieces that take the disk a bounded time. */
  readonly syncsAsItGoes: boolean;
  /** By database, about how many keys it has, and how many of them expire: so that who loads the file makes tables of that size. */
  readonly sizes: readonly (readonly [keys: number, expiring: number])[];
  /** The time that a file of commands begins with, in seconds: none unless told. */
  readonly stampS?: number;
  /** Auxiliary fields of the header, in order. */
  readonly aux: readonly (readonly [name: string, value: string])[];
}

export interface BeginSnapshot extends TaskMessage, SnapshotJob {
  readonly kind: "begin";
}

/** Removes the job's file; nothing is told of it any more. */
export interface AbandonSnapshot extends TaskMessage {
  readonly kind: "abandon";
  readonly job: number;
}

/** The file is complete, in its place and durable. */
export interface SnapshotDone extends TaskMessage {
  readonly kind: "done";
  readonly job: number;
  readonly entries: number;
  readonly sizeBytes: number;
}

/** The disk refused; `line` is Redis's log line on it. What was written is removed. */
export interface SnapshotFailed extends TaskMessage {
  readonly kind: "failed";
  readonly job: number;
  readonly line: string;
}

export type FromSnapshotTask = SnapshotDone | SnapshotFailed;
export type ToSnapshotTask = BeginSnapshot | AbandonSnapshot | FromDurableTask;

export const DURABLE_TASK = "durable";

/** A snapshot's file has been begun. Open there too, it takes no time here when it is removed. */
export interface HoldFile extends TaskMessage {
  readonly kind: "hold";
  readonly temporary: string;
}

/** What the file holds so far is to be synced. */
export interface SyncFile extends TaskMessage {
  readonly kind: "sync";
  readonly temporary: string;
}

/** The file is complete and closed: it is to be synced and put in its place. */
export interface PlaceFile extends TaskMessage, Pick<SnapshotJob, "temporary" | "path" | "folder"> {
  readonly kind: "place";
}

/** The file is gone. */
export interface ForgetFile extends TaskMessage {
  readonly kind: "forget";
}

export type ToDurableTask = HoldFile | SyncFile | PlaceFile | ForgetFile;

/** Answers `sync` and `place`, in order; `line` is Redis's log line if the disk refused, "" otherwise. */
export interface FileAnswer extends TaskMessage {
  readonly kind: "synced" | "placed";
  readonly line: string;
}

export type FromDurableTask = FileAnswer;
