/** What main and the AOF task tell each other (threads/main/persistence/append_only.ts, append_only_task.ts). Any thread. */
import type { AofPlace } from "./aof_folder.ts";
import type { RemovedFiles } from "./removal_task.ts";
import type { SnapshotJob } from "./snapshot_job.ts";
import type { TaskMessage } from "./task.ts";

export const AOF_TASK = "aof";

/** What marks in the journals stand for. */
export const Mark = {
  /** The cut of a rewrite: what follows belongs to the next increment. */
  CUT: 1,
  /** Nothing follows: journaling is switched off. */
  END: 2,
  /** In the journal of engine 0 only: what all engines record from here to COMMIT, of several requests, stands together. */
  BEGIN: 3,
  COMMIT: 4,
} as const;

export type SyncPolicy = "always" | "everysec" | "no";

export interface AofSettings {
  readonly policy: SyncPolicy;
  /** no-appendfsync-on-rewrite, while something is being rewritten or saved. */
  readonly skipsSync: boolean;
  /** aof-timestamp-enabled. */
  readonly timestamps: boolean;
  /** aof-disable-auto-gc. */
  readonly keepsHistory: boolean;
  /** latency-monitor-threshold, ms; 0 when nobody looks. */
  readonly latencyMs: number;
  /** DEBUG AOF-FLUSH-SLEEP: each write takes so many microseconds longer. */
  readonly flushSleepUs: number;
}

/** Opens the files for what the journals bring from now on. */
export interface OpenAof extends TaskMessage {
  readonly kind: "open";
  readonly place: AofPlace;
  readonly settings: AofSettings;
  /** True when the data is not that of the folder's files: those stay what they are until the first rewrite has succeeded. */
  readonly anew: boolean;
  /** What to make the base of when the folder is empty, and so is the data. */
  readonly base: EmptyBase;
}

export type EmptyBase = Pick<SnapshotJob, "form" | "stampS" | "temporary" | "version" | "checksum" | "aux">;

export interface ConfigureAof extends TaskMessage {
  readonly kind: "configure";
  readonly settings: AofSettings;
}

/** The new base is in the folder, durably: it and what followed its cut are the append-only file now. */
export interface RewrittenAof extends TaskMessage {
  readonly kind: "rewritten";
  /** How many Mark.CUT main has ever set, this base's the last: the journals may bring it later than this message comes. */
  readonly cut: number;
  readonly rdb: boolean;
  readonly place: AofPlace;
}

/** Another thread's task is to go on with the files. */
export interface LeaveAof extends TaskMessage {
  readonly kind: "leave";
}

/** Goes on where the other thread's task left. */
export interface TakeAof extends TaskMessage {
  readonly kind: "take";
  readonly from: AofLeft;
}

export type ToAofTask = OpenAof | ConfigureAof | RewrittenAof | LeaveAof | TakeAof | RemovedFiles;

/** What the task must know of open files to go on with them. */
export interface AofFiles {
  readonly place: AofPlace;
  readonly settings: AofSettings;
  /** Where the increment is while the manifest does not name it; "" when it does. */
  readonly temporaryPath: string;
  /** Bytes of the files that are not written any more. */
  readonly otherBytes: number;
  /** Sequence number of the increment that began at the last cut. */
  readonly cutSeq: number;
}

/** Everything taken from the journals is written, synced and closed; the task does nothing more. */
export interface AofLeft extends TaskMessage {
  readonly kind: "left";
  /** Absent when no files were open. */
  readonly files?: AofFiles;
  /** Records taken from each journal, ever, and cuts met. */
  readonly taken: readonly number[];
  readonly cuts: number;
  readonly early?: RewrittenAof;
}

/** The files are open. `baseSeq`: sequence number of the last base. */
export interface AofOpened extends TaskMessage {
  readonly kind: "opened";
  readonly baseSeq: number;
}

/** The files can't be opened. */
export interface AofRefused extends TaskMessage {
  readonly kind: "refused";
  readonly lines: readonly string[];
}

/** A line for the log. */
export interface AofTold extends TaskMessage {
  readonly kind: "told";
  readonly level: "notice" | "warning";
  readonly line: string;
}

/** Writing works no more (`reason` is the system's sentence), or works again (""). */
export interface AofState extends TaskMessage {
  readonly kind: "state";
  readonly reason: string;
}

/** Under appendfsync always the disk refused: what was not acknowledged must never be. */
export interface AofFatal extends TaskMessage {
  readonly kind: "fatal";
  readonly line: string;
}

/** The manifest names the new base, or (`reason`) could not be written. */
export interface AofSwitched extends TaskMessage {
  readonly kind: "switched";
  readonly reason: string;
  readonly baseSeq: number;
}

/** Everything is written, synced and closed after Mark.END. */
export interface AofClosed extends TaskMessage {
  readonly kind: "closed";
}

/** A write or sync took that long. */
export interface AofLatency extends TaskMessage {
  readonly kind: "latency";
  readonly event: string;
  readonly ms: number;
}

export type FromAofTask =
  | AofOpened
  | AofRefused
  | AofTold
  | AofState
  | AofFatal
  | AofSwitched
  | AofClosed
  | AofLeft
  | AofLatency;

/** Gauges that the task publishes for INFO: indices of doubles in shared memory. */
export const AofFigure = {
  /** Bytes of all files. */
  SIZE: 0,
  /** Of them, what there was after the last rewrite, or at the start. */
  BASE_SIZE: 1,
  /** Bytes that wait to be written. */
  BUFFER: 2,
  /** 1 while a sync runs. */
  SYNCING: 3,
  /** Syncs that took more than two seconds. */
  DELAYED: 4,
} as const;

export const AOF_FIGURES = 8;
