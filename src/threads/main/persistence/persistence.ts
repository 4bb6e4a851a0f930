/** Persistence: main's side of what is kept on disk: snapshots, saves, loading, and whether the disk lets clients write. Main thread. */
import type { ReplyError } from "../../../base/reply_error.ts";
import type { PersistenceThread } from "../persistence_thread.ts";
import type { Server } from "../server.ts";
import { Gate } from "../session.ts";
import { AppendOnly } from "./append_only.ts";
import { CommitGate } from "./commit_gate.ts";
import { Loading } from "./loading.ts";
import { Saves } from "./saves.ts";
import { Shutdown } from "./shutdown.ts";
import { Snapshots } from "./snapshots.ts";

export class Persistence {
  readonly snapshots: Snapshots;
  readonly saves: Saves;
  readonly loading: Loading;
  readonly shutdown: Shutdown;
  readonly appendOnly: AppendOnly;
  private readonly commits: CommitGate;

  constructor(private readonly server: Server, readonly thread: PersistenceThread) {
    this.snapshots = new Snapshots(thread, server);
    this.saves = new Saves(server, this.snapshots);
    this.loading = new Loading(server);
    this.shutdown = new Shutdown(server);
    this.appendOnly = new AppendOnly(server, thread, this.snapshots);
    this.commits = new CommitGate(server.shards, thread.shared.positions);
    this.commits.onRelease = (session) => server.connections.release(session);
  }

  /** Why writes are refused now; undefined while they are not. */
  get refusal(): ReplyError | undefined {
    return this.saves.refusal ?? this.appendOnly.refusal;
  }

  /** Writes are allowed or refused from now on, as `refusal` says. */
  checkDisk(): void {
    const { dispatcher } = this.server;
    if (this.refusal !== undefined) dispatcher.gate |= Gate.DISK;
    else dispatcher.gate &= ~Gate.DISK;
  }

  /** Each turn of the network, before requests that waited run. */
  turn(): void {
    this.thread.turn();
  }

  /** Each turn of the network, when its requests have run: replies that waited for the disk go. Returns ms until the next turn is wanted. */
  commit(): number {
    const { group } = this.server.connections;
    const dueMs = Math.min(this.snapshots.turn(), this.appendOnly.turn(this.commits.waiting + group.size));
    this.letGo();
    if (this.commits.inTurn && !this.appendOnly.gathering) group.leave();
    this.commits.inTurn = this.appendOnly.syncsTurns;
    return dueMs;
  }

  /** True when the turn's replies are sent by `commit`. */
  get sendsReplies(): boolean {
    return this.commits.inTurn;
  }

  private letGo(): void {
    const { commits } = this;
    if (commits.active !== this.appendOnly.commits) {
      commits.active = this.appendOnly.commits;
      this.server.connections.commits = commits;
    }
    if (this.server.connections.commits === undefined) return;
    commits.turn();
    if (!commits.active && commits.idle) this.server.connections.commits = undefined;
  }

  /** Lets every task finish and ends the thread. */
  async close(): Promise<void> {
    this.snapshots.close();
    await this.appendOnly.close();
    await this.thread.close();
  }

  /** Some times a second. */
  cron(): void {
    this.shutdown.cron();
    if (this.loading.active) return this.loading.cron();
    this.saves.cron();
    this.appendOnly.cron();
  }
}
