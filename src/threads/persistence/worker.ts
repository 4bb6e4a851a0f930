/**
 * Worker: the persistence thread. Takes main's messages, lets its tasks work in turn, and sleeps when none has anything to do.
 *
 * Invariants:
 * 1. Only this thread syncs the files of persistence, and writes them where main has no engine to drive; for the exception see
 *    threads/main/persistence/aof_driver.ts.
 * 2. It sleeps until the bell rings, or until the earliest time that a task asked for.
 */
import { Doorbell } from "../../ring/doorbell.ts";
import { Receiver, Sender } from "../../ring/mailbox.ts";
import { blockThread, monotonicMs, openWake, parent, systemFiles } from "../../runtime/mod.ts";
import { AppendOnlyTask } from "./append_only_task.ts";
import { DurableTask } from "./durable_task.ts";
import type { PersistenceSetup } from "./setup.ts";
import { PagesTask } from "./pages_task.ts";
import { RemovalTask } from "./removal_task.ts";
import { SnapshotTask } from "./snapshot_task.ts";
import type { Task, TaskHost, TaskMessage } from "./task.ts";

/** The message that ends the thread: every task finishes first. */
export const CLOSE: TaskMessage = { task: "", kind: "close" };

/** A sleep's longest part, so that a lost wake-up would cost a delay and not a hang. */
const SLEEP_MAX_MS = 1000;

export class PersistenceLoop implements TaskHost {
  private readonly bell: Doorbell;
  private readonly receiver: Receiver<TaskMessage>;
  private readonly sender: Sender<TaskMessage>;
  private readonly tasks: readonly Task[];
  readonly wakeMain: () => void;
  private closing = false;

  constructor(readonly setup: PersistenceSetup, makeTasks: (host: TaskHost) => readonly Task[]) {
    this.bell = new Doorbell(setup.bell);
    this.receiver = new Receiver(setup.fromMain);
    this.sender = new Sender(setup.toMain);
    this.wakeMain = openWake(setup.wakeHandle);
    this.tasks = makeTasks(this);
  }

  tell(message: TaskMessage): void {
    this.sender.send(message);
    this.wakeMain();
  }

  nap(ms: number): void {
    blockThread(ms);
  }

  /** Runs until main says so. */
  run(): void {
    const ready = () => this.receiver.ready() || this.tasks.some((task) => task.ready());
    while (!this.closing) {
      for (let message = this.receiver.next(); message !== undefined; message = this.receiver.next()) {
        this.receive(message);
      }
      const now = monotonicMs();
      let waitMs = this.sender.flush() ? SLEEP_MAX_MS : 1;
      for (const task of this.tasks) waitMs = Math.min(waitMs, task.step(now));
      if (waitMs > 0 && !this.closing) this.bell.sleep(waitMs, ready);
    }
    for (const task of this.tasks) task.close();
  }

  private receive(message: TaskMessage): void {
    if (message.task === CLOSE.task) this.closing = true;
    else this.tasks.find((task) => task.name === message.task)!.receive(message);
  }
}

const host = await parent();
const setup = host.data as PersistenceSetup;
const loop = new PersistenceLoop(setup, (tasks) => [
  new AppendOnlyTask(tasks, systemFiles),
  ...(setup.inline
    ? [new DurableTask(tasks, systemFiles), new RemovalTask(tasks, systemFiles)]
    : [new SnapshotTask(tasks, systemFiles)]),
  new PagesTask(tasks),
]);
loop.run();
host.exit();
