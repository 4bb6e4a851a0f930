/**
 * AofDriver: lets the task that writes the append-only file (threads/persistence/append_only_task.ts) run where it costs least: in the
 * persistence thread, so that main never waits for a disk; but in main itself under `appendfsync always` with the engine inline. There no
 * reply may leave before the sync anyway, and two wake-ups of a thread a sync would take longer than the sync. Main thread.
 *
 *   thread --wanted here: leave--> leaving --left--> here --wanted there: leave--> leaving --left--> thread
 *
 * Invariant: the files and the journals' rings belong to one of the two tasks at a time; while they change hands, what main has to say waits.
 */
import { monotonicMs, systemFiles } from "../../../runtime/mod.ts";
import { AppendOnlyTask } from "../../persistence/append_only_task.ts";
import { AOF_TASK, type AofLeft, type FromAofTask, type ToAofTask } from "../../persistence/aof_messages.ts";
import { InlineShards } from "../inline_shards.ts";
import { REMOVAL_TASK, type RemovedFiles, type RemoveFiles } from "../../persistence/removal_task.ts";
import type { PersistenceThread } from "../persistence_thread.ts";
import type { Shards } from "../shards.ts";
import { LocalHost } from "./local_host.ts";

/** How long a task that runs here rests when it asks for that. */
const NAP_MS = 2;
/** How long a server that ends waits for files that are changing hands. */
const HAND_OVER_MS = 2000;

export class AofDriver {
  /** The engine's journal, where that can be read here. */
  private readonly inline: InlineShards | undefined;
  /** The task for main, at work while `here`. */
  private readonly task: AppendOnlyTask | undefined;
  private here = false;
  private leaving = false;
  /** True before anything was said: the task may begin where it is wanted. */
  private untouched = true;
  private readonly waiting: ToAofTask[] = [];
  private readonly host: LocalHost;
  private dueMs = Infinity;
  /** How long the last writing and syncing took. */
  private workMs = 0;
  /** Clients that wait for the next one as of the last turn, and since when the first does. */
  private gathered = 0;
  private sinceMs = 0;

  /** `listener` gets what the task tells main, wherever it runs, and never before `send` has returned. */
  constructor(
    shards: Shards,
    private readonly thread: PersistenceThread,
    private readonly listener: (message: FromAofTask) => void,
  ) {
    this.inline = shards instanceof InlineShards ? shards : undefined;
    this.host = new LocalHost(thread.shared, (message) => this.receive(message as FromAofTask));
    this.task = this.inline === undefined ? undefined : new AppendOnlyTask(
      this.host,
      systemFiles,
      (paths) => thread.send({ task: REMOVAL_TASK, kind: "remove", paths } as RemoveFiles),
    );
    thread.listen(REMOVAL_TASK, (message) => this.task!.receive(message as RemovedFiles));
    thread.listen(AOF_TASK, (message) => this.receive(message as FromAofTask));
  }

  /** True while main itself writes and syncs what a turn's requests recorded, at the turn's end. */
  get syncsHere(): boolean {
    return this.here;
  }

  /** True when the turn did not sync, because more requests are to share that. */
  get gathering(): boolean {
    return this.gathered > 0;
  }

  /** Whether the task is wanted here, from the next message or turn on. */
  private want(here: boolean): void {
    const wanted = here && this.task !== undefined;
    if (this.leaving || wanted === this.here) return;
    if (this.untouched) return this.settleIn(wanted);
    this.leaving = true;
    this.pass({ task: AOF_TASK, kind: "leave" });
  }

  private settleIn(here: boolean): void {
    this.here = here;
    if (this.inline !== undefined) this.inline.readsJournal = here;
  }

  /** A message for the task; `commits`: whether replies are to wait for the disk. */
  send(message: ToAofTask, commits: boolean): void {
    this.want(commits);
    this.untouched = false;
    if (this.leaving) this.waiting.push(message);
    else this.pass(message);
  }

  private pass(message: ToAofTask): void {
    if (!this.here) return this.thread.send(message);
    this.dueMs = 0;
    this.task!.receive(message);
  }

  /**
   * Each turn, when its requests have run: writes and syncs what they recorded, or lets more of it come first. Returns ms until the next turn
   * is wanted. `waiting` clients have replies that wait.
   */
  turn(commits: boolean, waiting: number): number {
    this.want(commits);
    if (!this.here) return Infinity;
    const { inline, task } = this;
    inline!.settleJournal();
    const now = monotonicMs();
    if (!task!.ready() && now < this.dueMs) return this.dueMs - now;
    if (this.gathers(now, waiting)) return 0;
    this.dueMs = now + this.work();
    this.workMs = monotonicMs() - now;
    this.host.deliver();
    return Math.max(0, this.dueMs - now);
  }

  /**
   * Whether to look for more requests before a sync: while each look finds some, and for no longer than a sync takes. Clients that were
   * answered together ask again together, and so share the next sync.
   */
  private gathers(now: number, waiting: number): boolean {
    if (this.gathered === 0) this.sinceMs = now;
    const gathers = waiting > this.gathered && now - this.sinceMs < this.workMs;
    this.gathered = gathers ? waiting : 0;
    return gathers;
  }

  /** Steps until nothing is left to do now. Returns ms until there is again. */
  private work(): number {
    const { inline, task, host } = this;
    for (let before = Infinity;;) {
      host.napped = false;
      const waitMs = task!.step(monotonicMs());
      if (host.napped) return NAP_MS;
      const backlog = inline!.journalBacklog;
      // What waited for room in the ring finds some now.
      if (waitMs > 0 && (backlog === 0 || backlog >= before)) return waitMs;
      before = backlog;
      inline!.settleJournal();
    }
  }

  private receive(message: FromAofTask): void {
    if (message.kind === "left") this.handOver(message);
    else this.listener(message);
  }

  private handOver(left: AofLeft): void {
    this.settleIn(!this.here);
    this.leaving = false;
    this.pass({ task: AOF_TASK, kind: "take", from: left });
    for (const message of this.waiting.splice(0)) this.pass(message);
  }

  /**
   * The server ends, and with it the network's turns: the task here finishes; the persistence thread's will when that is closed. A disk that
   * refuses holds the hand-over up, and does not hold up the end.
   */
  async close(): Promise<void> {
    const untilMs = monotonicMs() + HAND_OVER_MS;
    while (this.leaving && !this.here && monotonicMs() < untilMs) {
      this.thread.turn();
      await new Promise((resolve) => setTimeout(resolve, NAP_MS));
    }
    this.inline?.settleJournal();
    if (this.here) {
      this.work();
      this.task!.close();
      return;
    }
    // What waits for room in the ring goes there as the thread makes some.
    while (this.inline !== undefined && this.inline.journalBacklog > 0 && this.thread.running) {
      await new Promise((resolve) => setTimeout(resolve, NAP_MS));
      this.inline.settleJournal();
    }
  }
}
