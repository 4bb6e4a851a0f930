/**
 * EngineOrder: the rare things that main asks of every engine at one point of the order of requests, as JSON in a ring message. Any
 * thread.
 */
import type { EntryForm } from "../store/dump/entry_writer.ts";

export type EngineOrder = SnapshotOrder | AbandonOrder | LoadOrder;

/** The cut of a snapshot is here. */
export interface SnapshotOrder {
  readonly kind: "snapshot";
  readonly job: number;
  readonly form: EntryForm;
}

/** The snapshot of that number is given up. */
export interface AbandonOrder {
  readonly kind: "abandon";
  readonly job: number;
}

/** Load an RDB file: each engine reads it and keeps the keys of its slots. Answered by a LoadResult. */
export interface LoadOrder {
  readonly kind: "load";
  readonly path: string;
  /** The keyspace is emptied first. */
  readonly flush: boolean;
  /** rdbchecksum: the file's sum is compared. */
  readonly checksum: boolean;
  /** Keys whose time is before this, ms since 1970, are left out. */
  readonly nowMs: number;
  /** The file is the head of an append-only file: what has expired is kept, since its log tells of that. */
  readonly keepExpired: boolean;
  /** DEBUG RELOAD MERGE: a key that is there already is replaced; otherwise it makes the file invalid. */
  readonly replace: boolean;
}

export interface LoadResult {
  readonly keys: number;
  readonly expired: number;
  /** Where the RDB part of the file ends. */
  readonly endBytes: number;
  /** Keys that were left out because they were empty, and the log lines of the first of them. */
  readonly empty: number;
  readonly told: readonly string[];
  /** Redis's log lines when the file can't be loaded; empty otherwise. */
  readonly errors: readonly string[];
  /** True for what is wrong within a file; false when it can't be read at all. */
  readonly damaged: boolean;
}
