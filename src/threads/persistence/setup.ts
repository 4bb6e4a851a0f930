/** PersistenceSetup: the shared memory between the persistence thread, the engines and main. Any thread. */

/** An arena in huge pages. */
export interface ArenaPages {
  readonly buffer: SharedArrayBuffer;
  /** Where in it the first huge page begins. */
  readonly first: number;
}

/** What engines share with the persistence thread. */
export interface PersistenceRings {
  /** Rung by everyone who has work for the thread (ring/doorbell.ts). */
  readonly bell: SharedArrayBuffer;
  /** One journal ring an engine (threads/shard/journal_ring.ts), and where each stands (threads/journal_positions.ts). */
  readonly journals: readonly SharedArrayBuffer[];
  readonly positions: SharedArrayBuffer;
  /** One ring an engine for the pieces of snapshots. */
  readonly snapshots: readonly SharedArrayBuffer[];
  /** The engines' arenas, if they lie in huge pages. */
  readonly pages: readonly ArenaPages[];
}

/** What main gives the persistence thread: all of it is shared memory or cloneable. */
export interface PersistenceSetup extends PersistenceRings {
  /** True where main drives the engine, and so writes snapshots itself. */
  readonly inline: boolean;
  /** Mailboxes from and to main (ring/mailbox.ts). */
  readonly fromMain: SharedArrayBuffer;
  readonly toMain: SharedArrayBuffer;
  /** Wakes main's network (runtime/wake.ts). */
  readonly wakeHandle: unknown;
  /** What the AOF task tells INFO (aof_messages.ts, AofFigure). */
  readonly aofFigures: SharedArrayBuffer;
}
