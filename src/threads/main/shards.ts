/** Shards: how main reaches the keyspace: inline on its own thread, or through rings to workers. Main thread. */
import type { Request } from "../../codec/resp/request.ts";
import type { Store } from "../../store/store.ts";
import type { AbandonOrder, LoadOrder, LoadResult, SnapshotOrder } from "../engine_order.ts";
import type { Figures } from "../figures.ts";
import type { JournalMode } from "../shard/journal.ts";
import type { Settings } from "../shard/settings.ts";
import type { CommandEntry } from "./command_entry.ts";
import type { Session } from "./session.ts";

/** A reply of a session that main puts together of what it and the shards answer in turns (transactions with main's own commands). */
export interface Composition {
  /** Runs a request for it; `answered` gets the shards' whole reply, inline before `run` returns. */
  run(entry: CommandEntry, request: Request, answered: (reply: Uint8Array) => void): void;
  /** The reply; the bytes stay as they are. Called once, last. */
  finish(reply: Uint8Array): void;
}

export interface Shards {
  /**
   * While true every session is busy and time stands still: one transaction goes on in steps, and nothing may come between them.
   */
  exclusive: boolean;
  /** Number of shard threads; 0 inline. */
  readonly threads: number;
  /** One store a shard. With threads they are for looking at figures only: the shard may be changing them. */
  readonly stores: readonly Store[];
  /** Requests that will run one behind the other, parsed ahead: what can be warmed up for all at once is. */
  prepare(session: Session, requests: readonly Request[], count: number): void;
  /** Runs a shard command; its reply leaves in the order of the session's requests. */
  run(session: Session, entry: CommandEntry, request: Request): void;
  /** Main appended a reply to the dispatcher's Reply from `start` on: it must leave behind the session's earlier ones. */
  wrote(session: Session, start: number): void;
  /** Sends bytes to a session behind what it was sent so far, whatever replies it is owed. */
  append(session: Session, buf: Uint8Array, from: number, len: number): void;
  /** Opens a session's next reply, to leave behind its earlier ones. */
  compose(session: Session, entry: CommandEntry): Composition;
  /** A number that grows with the order of requests, for a reply's record; Infinity where there is none (pushes.ts, NEXT_REPLY). */
  serialOf(record: number): number;
  /** True when the session's next request must wait (its replies back up, or a ring is full). */
  busy(session: Session): boolean;
  /** Time of the requests that follow. */
  setNow(ms: number): void;
  /** After a group of network callbacks: moves what is waiting. `nowMs` is monotonic. Returns ms until it wants to be called again. */
  turn(nowMs: number): number;
  /** Requests in one buffer begin to run, or have run: in between their bytes stay where they are. */
  requestsStay(stay: boolean): void;
  /** Tells the time to shards that have something to expire, whether or not requests come. Between turns, some times a second. */
  tick(nowMs: number): void;
  /** Makes every engine obey new settings, before any request that follows. */
  configure(settings: Settings): void;
  /**
   * Asks for memory when the stores are over maxmemory: evicts what the policy allows (shard threads do so by themselves). False when
   * there is nothing to evict.
   */
  relieve(): boolean;
  /** The engines' counters, one object a shard; inline they are as of this call. */
  readonly figures: readonly Figures[];
  /**
   * At this point of the order of requests: puts `mark`, if not 0, into every engine's journal, and what changes from here on is journaled,
   * or not, or is itself from a journal.
   */
  journal(mode: JournalMode, mark: number): void;
  /** Makes visible what engines on this thread have recorded. */
  settleJournal(): void;
  /** True when an engine has recorded what is not on the disk yet. */
  readonly unsynced: boolean;
  /** Asks something of every engine at this point of the order of requests. */
  order(order: SnapshotOrder | AbandonOrder): void;
  /** Loads a file into all stores: one result a shard. Only one load at a time. */
  load(order: LoadOrder): Promise<readonly LoadResult[]>;
  /** Stops the threads. */
  close(): Promise<void>;
}
