/**
 * SnapshotDriver: lets the task that writes a snapshot's file (threads/persistence/snapshot_task.ts) run where it costs least: in the persistence
 * thread; but in main itself where that drives the engine. Main then writes what it has just made, some tens of kilobytes a turn: a third busy
 * thread would take the core of main or of a client, milliseconds at a time. What waits for the disk, syncs and the last rename, is still
 * the persistence thread's (durable_task.ts). Main thread.
 */
import { prepareCrc64 } from "../../../codec/crc64.ts";
import { systemFiles } from "../../../runtime/mod.ts";
import {
  DURABLE_TASK,
  type FromDurableTask,
  type FromSnapshotTask,
  SNAPSHOT_TASK,
  type ToSnapshotTask,
} from "../../persistence/snapshot_job.ts";
import { SnapshotTask } from "../../persistence/snapshot_task.ts";
import type { PersistenceThread } from "../persistence_thread.ts";
import type { Shards } from "../shards.ts";
import { LocalHost } from "./local_host.ts";

export class SnapshotDriver {
  /** The task, where it runs here. */
  private readonly task: SnapshotTask | undefined;

  /** `listener` gets what the task tells main. */
  constructor(
    shards: Shards,
    private readonly thread: PersistenceThread,
    listener: (message: FromSnapshotTask) => void,
  ) {
    if (shards.threads > 0) {
      thread.listen(SNAPSHOT_TASK, (message) => listener(message as FromSnapshotTask));
      return;
    }
    prepareCrc64();
    const host = new LocalHost(thread.shared, (message) => listener(message as FromSnapshotTask));
    const task = this.task = new SnapshotTask(host, systemFiles, (message) => thread.send(message));
    thread.listen(DURABLE_TASK, (message) => task.receive(message as FromDurableTask));
  }

  send(message: ToSnapshotTask): void {
    if (this.task === undefined) this.thread.send(message);
    else this.task.receive(message);
  }

  /** Each turn: a bounded step. Returns ms until the next turn is wanted. */
  turn(): number {
    const { task } = this;
    return task === undefined || !task.ready() ? Infinity : task.step();
  }

  close(): void {
    this.task?.close();
  }
}
