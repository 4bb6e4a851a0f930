/**
 * DurableTask: syncs the snapshots' files that main writes, which must not wait for the disk, and puts them in their places. Persistence thread.
 *
 * Invariants:
 * 1. It has one descriptor of its own for a file, from its beginning to its end, so that no failure to write the file back is missed.
 * 2. A file of which a sync has failed is not put in its place, whatever a later sync says.
 */
import type { Files, OpenFile } from "../../runtime/mod.ts";
import { closeQuietly } from "./aof_writer.ts";
import { openSnapshot, placeSnapshot, SnapshotFileError, syncSnapshot } from "./snapshot_file.ts";
import { DURABLE_TASK, type FileAnswer, type ToDurableTask } from "./snapshot_job.ts";
import type { Task, TaskHost } from "./task.ts";

export class DurableTask implements Task {
  readonly name = DURABLE_TASK;
  private file: OpenFile | undefined;
  /** Why the file can't be trusted; "" while it can. */
  private failure = "";

  constructor(private readonly host: TaskHost, private readonly files: Files) {}

  receive(message: ToDurableTask): void {
    if (message.kind === "forget") return this.close();
    const { temporary, kind } = message;
    this.attempt(() => this.file ??= openSnapshot(this.files, temporary));
    if (kind === "hold") return;
    this.attempt(() => syncSnapshot(this.file!));
    if (kind === "place") this.attempt(() => placeSnapshot(this.files, message));
    const answer: FileAnswer = { task: DURABLE_TASK, kind: kind === "sync" ? "synced" : "placed", line: this.failure };
    this.host.tell(answer);
    if (kind === "place") this.close();
  }

  private attempt(action: () => void): void {
    if (this.failure !== "") return;
    try {
      action();
    } catch (error) {
      if (!(error instanceof SnapshotFileError)) throw error;
      this.failure = error.message;
    }
  }

  step(): number {
    return Infinity;
  }

  ready(): boolean {
    return false;
  }

  close(): void {
    if (this.file !== undefined) closeQuietly(this.file);
    this.file = undefined;
    this.failure = "";
  }
}
