/** LocalHost: what main offers a persistence task that runs in it. Main thread. */
import type { TaskHost, TaskMessage, TaskSetup } from "../../persistence/task.ts";

export class LocalHost implements TaskHost {
  /** The task has asked for a rest: set again to false before each step. */
  napped = false;
  private readonly told: TaskMessage[] = [];

  /** `listener` gets what the task tells, soon, and never while it is at work. */
  constructor(readonly setup: TaskSetup, private readonly listener: (message: TaskMessage) => void) {}

  tell(message: TaskMessage): void {
    if (this.told.length === 0) queueMicrotask(() => this.deliver());
    this.told.push(message);
  }

  /** Hands out what was told. */
  deliver(): void {
    for (const message of this.told.splice(0)) this.listener(message);
  }

  nap(): void {
    this.napped = true;
  }

  wakeMain(): void {
    // It is awake.
  }
}
