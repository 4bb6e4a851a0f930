/**
 * Saves: the RDB file: SAVE, BGSAVE, the save points, the save of FLUSHALL and SHUTDOWN, and what INFO tells of them. Main thread.
 *
 * A save never holds the server up: SAVE differs from BGSAVE only in when its client is answered.
 *
 * Invariants:
 * 1. The changes that count as unsaved are those after the last successful save's cut, or after loading.
 * 2. While the last background save failed, save points are tried again only every RETRY_S seconds, as in Redis.
 */
import { ReplyError } from "../../../base/reply_error.ts";
import { pid, systemFiles } from "../../../runtime/mod.ts";
import { Figure } from "../../figures.ts";
import type { Server } from "../server.ts";
import { auxFields } from "./aux_fields.ts";
import type { SnapshotOutcome, Snapshots } from "./snapshots.ts";

const MISCONF = new ReplyError(
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that " +
    "may modify the data set are disabled, because this instance is configured to report errors during writes if RDB " +
    "snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB " +
    "error.",
);
/** Redis's CONFIG_BGSAVE_RETRY_DELAY. */
const RETRY_S = 5;

export class Saves {
  /** Unix time of the last successful save (at first of the start), of the last try, in seconds. */
  lastSaveS: number;
  private lastTryS = 0;
  /** False after a background save failed. */
  ok = true;
  /** How long the last background save took; -1 before one. */
  lastSeconds = -1;
  /** Successful saves since the start. */
  count = 0;
  /** BGSAVE SCHEDULE waits for the end of another job. */
  scheduled = false;
  /** Unix time in seconds when the save under way began; undefined while there is none. */
  private startedS: number | undefined;
  private background = false;
  /** The file that the save under way, or the last one, is written into first. */
  private temporary = "";
  private readonly waiting: ((ok: boolean) => void)[] = [];
  /** Saves that wait for the end of another snapshot. */
  private readonly next: (() => void)[] = [];
  /** Changes counted by the engines at the last successful save's cut. */
  private savedChanges = 0;
  private flushesSeen = 0;

  constructor(private readonly server: Server, private readonly snapshots: Snapshots) {
    this.lastSaveS = this.nowS;
    server.config.on(["save", "stop-writes-on-bgsave-error"], () => this.server.persistence.checkDisk());
  }

  private get nowS(): number {
    return Math.floor(this.server.nowMs() / 1000);
  }

  /** Changes since the last save; a FLUSHALL that a save is about to follow has been one, as it is in Redis. */
  get changes(): number {
    if (this.flushed && this.server.config.value("save").length > 0) return 0;
    return Math.max(0, this.server.figures.get(Figure.DIRTY) - this.savedChanges);
  }

  /** True while a save in the background is under way. */
  get inProgress(): boolean {
    return this.startedS !== undefined && this.background;
  }

  /** Seconds that the save under way has taken so far, -1 without one. */
  get currentSeconds(): number {
    return this.inProgress ? this.nowS - this.startedS! : -1;
  }

  /** Why a write is refused: the last background save failed and the configuration wants to hear of it. */
  get refusal(): ReplyError | undefined {
    const { config } = this.server;
    const refuses = !this.ok && config.bool("stop-writes-on-bgsave-error") && config.value("save").length > 0;
    return refuses ? MISCONF : undefined;
  }

  /** What is in the stores now counts as saved: it was loaded. */
  loaded(): void {
    this.savedChanges = this.server.figures.get(Figure.DIRTY);
    this.flushesSeen = this.server.figures.get(Figure.FLUSHES);
  }

  /**
   * Starts a save; there must be no snapshot under way. `ended` is called later with its success. One in the background is logged
   * as such, and its failure may stop clients from writing.
   */
  begin(background: boolean, ended?: (ok: boolean) => void): void {
    const { config, log } = this.server;
    if (ended !== undefined) this.waiting.push(ended);
    this.background = background;
    this.startedS = this.nowS;
    if (background) {
      this.lastTryS = this.startedS;
      this.scheduled = false;
      log.notice(`Background saving started by pid ${pid}`);
    }
    const folder = config.path("dir");
    const version = config.int("rdb-version");
    this.temporary = `${folder}/temp-${pid}.rdb`;
    this.snapshots.begin(
      "save",
      {
        form: "rdb",
        temporary: this.temporary,
        path: `${folder}/${config.path("dbfilename")}`,
        folder,
        version,
        checksum: config.bool("rdbchecksum"),
        syncsAsItGoes: config.bool("rdb-save-incremental-fsync"),
        aux: auxFields(this.server, false),
      },
      (outcome) => this.end(outcome),
    );
  }

  private end({ result, line }: SnapshotOutcome): void {
    const { log, persistence } = this.server;
    const now = this.nowS;
    const { background } = this;
    if (background && result !== "abandoned") this.lastSeconds = now - this.startedS!;
    this.startedS = undefined;
    if (result === "done") {
      this.savedChanges = this.server.figures.get(Figure.DIRTY_AT_CUT);
      this.lastSaveS = now;
      this.count++;
      this.ok = true;
      log.notice("DB saved on disk");
      if (background) log.notice("Background saving terminated with success");
    } else if (result === "failed") {
      log.warning(line);
      if (background) {
        this.ok = false;
        log.warning("Background saving error");
      }
    } else if (background) log.warning("Background saving was given up");
    persistence.checkDisk();
    for (const tell of this.waiting.splice(0)) tell(result === "done");
  }

  /** The process ends in the midst of a save: takes away what that has written. */
  removeTemporary(): void {
    if (this.startedS !== undefined && systemFiles.stat(this.temporary) !== undefined) {
      systemFiles.unlink(this.temporary);
    }
  }

  /** Calls `begin` as soon as no snapshot is under way: now, or after the end of that. */
  whenFree(begin: () => void): void {
    if (this.snapshots.purpose === undefined) begin();
    else this.next.push(begin);
  }

  /** Some times a second: save points, the scheduled save, FLUSHALL. */
  cron(): void {
    this.noteFlush();
    if (this.snapshots.purpose === undefined) this.next.shift()?.();
    if (this.snapshots.purpose !== undefined) return;
    const now = this.nowS;
    const mayTry = this.ok || now - this.lastTryS > RETRY_S;
    if (!mayTry) return;
    const { changes } = this;
    if (changes > 0) {
      for (const point of this.server.config.value("save")) {
        if (changes < point.changes || now - this.lastSaveS <= point.seconds) continue;
        this.server.log.notice(`${point.changes} changes in ${point.seconds} seconds. Saving...`);
        this.begin(true);
        return;
      }
    }
    if (this.scheduled) this.begin(true);
  }

  /** After FLUSHALL Redis replaces the file at once when there are save points: what was flushed must not come back. */
  private noteFlush(): void {
    if (!this.flushed) return;
    if (this.inProgress) this.snapshots.abandon();
    if (this.snapshots.purpose !== undefined) return; // a client waits for that save, or the append-only file needs it
    const { figures, config } = this.server;
    this.flushesSeen = figures.get(Figure.FLUSHES);
    if (config.value("save").length === 0) return;
    const { savedChanges } = this;
    this.savedChanges = figures.get(Figure.DIRTY);
    this.begin(false, (ok) => {
      if (!ok) this.savedChanges = savedChanges;
    });
  }

  /** True when FLUSHALL was run and `noteFlush` has not seen it. */
  private get flushed(): boolean {
    return this.server.figures.get(Figure.FLUSHES) !== this.flushesSeen;
  }
}
