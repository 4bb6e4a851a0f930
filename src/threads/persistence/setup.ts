/** PersistenceSetup: what main gives the persistence thread: all of it is shared memory or cloneable. Any thread. */

export interface PersistenceSetup {
  /** Rung by everyone who has work for the thread (ring/doorbell.ts). */
  readonly bell: SharedArrayBuffer;
  /** Mailboxes from and to main (ring/mailbox.ts). */
  readonly fromMain: SharedArrayBuffer;
  readonly toMain: SharedArrayBuffer;
  /** Wakes main's network (runtime/wake.ts). */
  readonly wakeHandle: unknown;
  /** One journal ring an engine (threads/shard/journal_ring.ts), and where each stands (threads/journal_positions.ts). */
  readonly journals: readonly SharedArrayBuffer[];
  readonly positions: SharedArrayBuffer;
  /** One ring an engine for the pieces of snapshots. */
  readonly snapshots: readonly SharedArrayBuffer[];
  /** What the AOF task tells INFO (aof_messages.ts, AofFigure). */
  readonly aofFigures: SharedArrayBuffer;
}
