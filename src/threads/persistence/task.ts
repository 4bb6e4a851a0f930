/**
 * Task: one of the jobs that the persistence worker does side by side (the AOF, snapshots). Persistence thread; some also main
 * (threads/main/persistence/aof_driver.ts, snapshot_driver.ts).
 *
 * A task never waits: it does a bounded piece of work and says when it wants to go on. Only its own files may hold it up.
 */
import type { PersistenceSetup } from "./setup.ts";

/** A message to or from a task. `task` names the task; the rest is its own business (its own file describes it). */
export interface TaskMessage {
  readonly task: string;
  readonly kind: string;
}

/** The shared memory that tasks work with. */
export type TaskSetup = Omit<PersistenceSetup, "wakeHandle">;

/** What the thread that they run in offers tasks. */
export interface TaskHost {
  readonly setup: TaskSetup;
  /** Sends a message to main's counterpart of the task, and wakes main. */
  tell(message: TaskMessage): void;
  /** Lets the whole thread rest for `ms` although the bell may ring. */
  nap(ms: number): void;
  /** Wakes main because something in shared memory has changed. */
  wakeMain(): void;
}

export interface Task {
  readonly name: string;
  /** A message from main's counterpart. */
  receive(message: TaskMessage): void;
  /** Does a bounded piece of work. Returns ms until it wants to be called again whatever happens; 0: there is more to do. */
  step(nowMs: number): number;
  /** True when there is work for `step`, looked up afresh before the thread sleeps until the bell rings. */
  ready(): boolean;
  /** The thread ends: finishes what must not be lost. */
  close(): void;
}
