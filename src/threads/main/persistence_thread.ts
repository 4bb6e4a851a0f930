/**
 * PersistenceThread: main's end of the persistence thread (threads/persistence/): started with a server that loads its data, else when first
 * needed, since most embedded servers keep nothing. Main thread.
 */
import { Doorbell } from "../../ring/doorbell.ts";
import { createMailbox, Receiver, Sender } from "../../ring/mailbox.ts";
import { createRing, RingWriter } from "../../ring/ring.ts";
import { spawn, type Thread, workerUrl } from "../../runtime/mod.ts";
import { createPositions } from "../journal_positions.ts";
import { AOF_FIGURES } from "../persistence/aof_messages.ts";
import type { ArenaPages, PersistenceSetup } from "../persistence/setup.ts";
import type { TaskMessage, TaskSetup } from "../persistence/task.ts";

/**
 * Bytes of an engine's journal ring: at 40 MB/s, the most that one shard's SETs make, room for the 50 ms that a disk usually takes to
 * sync. Longer waits go to the journal's backlog. A quarter of it is the largest piece of a record.
 */
const JOURNAL_BYTES = 2 << 20;
/** Bytes of an engine's snapshot ring: enough for the writer to work in pieces of some hundred KiB. */
const SNAPSHOT_BYTES = 1 << 20;

/** Receives what a task tells. */
export type TaskListener = (message: TaskMessage) => void;

export class PersistenceThread {
  /** The memory that the thread shares with engines and main. */
  readonly shared: TaskSetup;
  private readonly bell = new Doorbell();
  private readonly sender: Sender<TaskMessage>;
  private readonly receiver: Receiver<TaskMessage>;
  private readonly listeners = new Map<string, TaskListener>();
  private thread: Thread | undefined;
  private closing = false;

  /**
   * For `engines` engines, whose arenas may lie in `pages`; `inline`: the one is driven by main. `wakeHandle` gives the network's, `onDeath` is called with a report when the thread dies by itself.
   */
  constructor(
    engines: number,
    pages: readonly ArenaPages[],
    inline: boolean,
    private readonly wakeHandle: () => unknown,
    private readonly onDeath: (report: string) => void,
  ) {
    const rings = (size: number) =>
      Array.from({ length: engines }, () => {
        const ring = createRing(size);
        new RingWriter(ring); // formats the ring before its reader looks
        return ring;
      });
    this.shared = {
      inline,
      bell: this.bell.buffer,
      fromMain: createMailbox(),
      toMain: createMailbox(),
      journals: rings(JOURNAL_BYTES),
      positions: createPositions(engines),
      snapshots: rings(SNAPSHOT_BYTES),
      pages,
      aofFigures: new SharedArrayBuffer(AOF_FIGURES * 8),
    };
    this.sender = new Sender(this.shared.fromMain);
    this.receiver = new Receiver(this.shared.toMain);
  }

  /** True once the thread was started. */
  get running(): boolean {
    return this.thread !== undefined;
  }

  /** `listener` gets what the task of that name tells main. */
  listen(task: string, listener: TaskListener): void {
    this.listeners.set(task, listener);
  }

  /** Starts the thread if it is not there: that holds main up for some ten milliseconds, which a running server should not be. */
  start(): void {
    this.thread ??= this.spawn();
  }

  /** Sends a message to a task, for which the thread is started. */
  send(message: TaskMessage): void {
    this.start();
    this.sender.send(message);
    this.bell.ring();
  }

  private spawn(): Thread {
    const setup: PersistenceSetup = { ...this.shared, wakeHandle: this.wakeHandle() };
    const thread = spawn(workerUrl("threads/persistence/worker.ts"), setup);
    thread.onError = (text) => {
      if (!this.closing) this.onDeath(`persistence: ${text}`);
    };
    thread.onExit = () => {
      if (!this.closing) this.onDeath("persistence ended");
    };
    return thread;
  }

  /** Main's turn: hands out what the thread has told. One load while there is nothing. */
  turn(): void {
    if (this.thread === undefined || !this.receiver.ready()) return;
    for (let message = this.receiver.next(); message !== undefined; message = this.receiver.next()) {
      this.listeners.get(message.task)?.(message);
    }
    if (!this.sender.flush()) this.bell.ring();
  }

  /** Lets every task finish and ends the thread. */
  close(): Promise<void> {
    const { thread } = this;
    this.closing = true;
    if (thread === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      thread.onExit = () => resolve();
      this.send({ task: "", kind: "close" });
    });
  }
}
