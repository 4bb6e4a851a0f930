/**
 * RemovalTask: removes files for main, which must not wait until the system has given back their space: half a second for half a gigabyte.
 * Persistence thread.
 */
import type { Files } from "../../runtime/mod.ts";
import { removeAll } from "./aof_folder.ts";
import type { Task, TaskHost, TaskMessage } from "./task.ts";

export const REMOVAL_TASK = "removal";

export interface RemoveFiles extends TaskMessage {
  readonly kind: "remove";
  readonly paths: readonly string[];
}

/** Answers `remove`: those that are gone. */
export interface RemovedFiles extends TaskMessage {
  readonly kind: "removed";
  readonly paths: readonly string[];
}

export class RemovalTask implements Task {
  readonly name = REMOVAL_TASK;

  constructor(private readonly host: TaskHost, private readonly files: Files) {}

  receive(message: RemoveFiles): void {
    const answer: RemovedFiles = { task: REMOVAL_TASK, kind: "removed", paths: removeAll(this.files, message.paths) };
    this.host.tell(answer);
  }

  step(): number {
    return Infinity;
  }

  ready(): boolean {
    return false;
  }

  close(): void {
    // Nothing is left to do.
  }
}
