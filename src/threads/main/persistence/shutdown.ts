/**
 * Shutdown: from SHUTDOWN or a signal to the point where nothing is left to be saved. Main thread.
 *
 *   idle --request--> saving --saved, or forced--> ended (Server.onShutdown)
 *    ^                  |
 *    +--failed, aborted-+
 *
 * A signal's request waits for the next tick of the clock (`schedule`).
 *
 * Invariant: from the cut of the last save on no command of a client runs, so that nothing is acknowledged and lost.
 */
import { ReplyError } from "../../../base/reply_error.ts";
import type { Server } from "../server.ts";

export interface ShutdownOptions {
  /** SAVE: also without save points. */
  readonly save: boolean;
  /** NOSAVE: not even with save points. */
  readonly noSave: boolean;
  /** FORCE: even if saving fails. */
  readonly force: boolean;
}

const FAILED = new ReplyError("ERR Errors trying to SHUTDOWN. Check logs.");

export class Shutdown {
  private readonly waiting: ((error: ReplyError) => void)[] = [];
  private underWay = false;
  private force = false;
  private scheduled: (() => void) | undefined;

  constructor(private readonly server: Server) {}

  get inProgress(): boolean {
    return this.underWay || this.scheduled !== undefined;
  }

  /** Shuts down at the next tick of the clock: until then ABORT takes it back. `failed` is called when it failed or was aborted. */
  schedule(options: ShutdownOptions, failed: () => void): void {
    this.scheduled = () => void this.request(options).then(failed);
  }

  /** Some times a second. */
  cron(): void {
    const { scheduled } = this;
    this.scheduled = undefined;
    scheduled?.();
  }

  /** Shuts down; the promise resolves only when that failed or was aborted. */
  request({ save, noSave, force }: ShutdownOptions): Promise<ReplyError> {
    const failed = new Promise<ReplyError>((resolve) => this.waiting.push(resolve));
    this.force ||= force;
    if (this.underWay) return failed;
    const { config, log, persistence } = this.server;
    const { appendOnly, loading, saves, snapshots } = persistence;
    log.warning("User requested shutdown...");
    if (appendOnly.lacksBase) {
      // The next start would load the files, and find only what came after their beginning.
      log.warning(force ? "Writing initial AOF. Exit anyway." : "Writing initial AOF, can't exit");
      if (!force) {
        this.giveUp();
        return failed;
      }
    }
    this.underWay = true;
    if (snapshots.purpose === "save") log.warning("There is a child saving an .rdb. Killing it!");
    else if (snapshots.purpose === "rewrite") log.warning("There is a child rewriting the AOF. Killing it!");
    snapshots.abandon();
    if (appendOnly.on) log.notice("Calling fsync() on the AOF file.");
    const saving = !noSave && !loading.active && (save || config.value("save").length > 0);
    if (!saving) {
      this.server.onShutdown();
      return failed;
    }
    log.notice("Saving the final RDB snapshot before exiting.");
    this.server.stall(true);
    saves.begin(false, (ok) => this.saved(ok));
    return failed;
  }

  private saved(ok: boolean): void {
    if (!this.underWay) return; // aborted
    if (ok || this.force) {
      if (!ok) this.server.log.warning("Error trying to save the DB, but exiting since FORCE was given.");
      this.server.onShutdown();
      return;
    }
    this.server.log.warning("Error trying to save the DB, can't exit.");
    this.giveUp();
  }

  /** SHUTDOWN ABORT; false when there is nothing to abort. */
  abort(): boolean {
    if (!this.inProgress) return false;
    this.scheduled = undefined;
    this.server.log.notice("Shutdown manually aborted.");
    this.giveUp();
    this.server.persistence.snapshots.abandon();
    return true;
  }

  private giveUp(): void {
    this.underWay = this.force = false;
    this.server.stall(false);
    for (const tell of this.waiting.splice(0)) tell(FAILED);
  }
}
