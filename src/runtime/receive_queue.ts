/**
 * ReceiveQueue: connections that have filled a receive, and so have more to be received, waiting for their next one in the order in which
 * they came. Main thread.
 *
 * Who sends little is served as soon as the kernel reports it; of those who send a lot only some are served between two waits. So the first
 * reply to a pipeline of megabytes comes early, and nobody waits until fifty of them have been run.
 */

/** One in the queue. */
export interface QueuedReceiver {
  /** Its turn has come; it may add itself again. */
  receiveMore(): void;
}

/** Time between two waits that the queue may take, beyond its first connection. */
const SERVE_MS = 0.1;
/** Places that have been served before the rest moves up. */
const COMPACT_FROM = 256;

export class ReceiveQueue {
  private readonly waiting: QueuedReceiver[] = [];
  private head = 0;

  /** Takes in a connection, which is not in it. */
  add(connection: QueuedReceiver): void {
    this.waiting.push(connection);
  }

  /** Whether anybody waits. */
  get waits(): boolean {
    return this.head < this.waiting.length;
  }

  /** Lets the first ones receive; at least one, which must be there. */
  serve(): void {
    const { waiting } = this;
    const { length } = waiting;
    const untilMs = performance.now() + SERVE_MS;
    // Who fills its receive again stands behind `length`.
    do waiting[this.head++].receiveMore(); while (this.head < length && performance.now() < untilMs);
    if (this.head === waiting.length) waiting.length = this.head = 0;
    else if (this.head >= COMPACT_FROM) {
      waiting.splice(0, this.head);
      this.head = 0;
    }
  }
}
