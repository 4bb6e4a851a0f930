/**
 * AppendOnly: the append-only file as the server sees it: on and off, rewriting, what INFO tells, and whether it lets clients write. The files
 * are its task's (threads/persistence/append_only_task.ts), wherever that runs (aof_driver.ts). Main thread.
 *
 *   off --CONFIG SET appendonly yes--> on, without a base --first rewrite--> on --no--> off
 *   off --start, data loaded from the files--> on
 *
 * Invariants:
 * 1. Journaling starts and ends, and a rewrite cuts, at one point of the order of all requests; the snapshot's cut is the journals'.
 * 2. One rewrite at a time, and none beside a save.
 */
import { ReplyError } from "../../../base/reply_error.ts";
import { FileError, monotonicMs, pid, systemFiles } from "../../../runtime/mod.ts";
import { AofFolder, type AofPlace } from "../../persistence/aof_folder.ts";
import {
  AOF_TASK,
  AofFigure,
  type AofSettings,
  type FromAofTask,
  Mark,
  type ToAofTask,
} from "../../persistence/aof_messages.ts";
import { sentence } from "../../persistence/aof_writer.ts";
import { AofError, baseName } from "../../persistence/manifest.ts";
import { JournalMode } from "../../shard/journal.ts";
import type { Field } from "../info/sections.ts";
import type { PersistenceThread } from "../persistence_thread.ts";
import type { Server } from "../server.ts";
import { AofDriver } from "./aof_driver.ts";
import { auxFields } from "./aux_fields.ts";
import type { SnapshotOutcome, Snapshots } from "./snapshots.ts";

const CANT_BEGIN = new ReplyError(
  "ERR Can't execute an AOF background rewriting. Please check the server logs for more information.",
);
const IN_PROGRESS = new ReplyError("ERR Background append only file rewriting already in progress");
/** After so many failures in a row automatic rewrites wait longer and longer, as in Redis. */
const FAILURES_TOLERATED = 3;
const RETRY_MAX_MINUTES = 60;
const POLL_MS = 5;

export class AppendOnly {
  /** True while changes are journaled. */
  on = false;
  scheduled = false;
  /** The system's sentence while writing fails. */
  private failure = "";
  /** False until a rewrite has made a base for data that was not loaded from the files. */
  private hasBase = true;
  private baseSeq = 0;
  private readonly driver: AofDriver;
  private readonly figures: Float64Array;
  /** Cuts set in the journals, ever. */
  private cuts = 0;
  /** How often the task was asked to open files, and how often it has said what came of it. */
  private openings = 0;
  private openingsAnswered = 0;
  private startWaiter: ((ok: boolean) => void) | undefined;
  private closeWaiter: (() => void) | undefined;
  private told = "";
  private flushSleep = 0;
  private opened: AofPlace | undefined;
  /** The files could not be opened: they are tried again when `appendonly` is set again. */
  private isRefused = false;

  // The rewrite under way, and the last one.
  private startedMs = -1;
  private rdb = true;
  private lastSeconds = -1;
  private lastOk = true;
  private rewrites = 0;
  private failures = 0;
  private retryAtMs = 0;
  private retryMinutes = 0;

  constructor(
    private readonly server: Server,
    thread: PersistenceThread,
    private readonly snapshots: Snapshots,
  ) {
    this.figures = new Float64Array(thread.shared.aofFigures);
    this.driver = new AofDriver(server.shards, thread, (message) => this.receive(message));
    const { config } = server;
    config.on("appendonly", () => {
      this.isRefused = false;
      this.switch(config.bool("appendonly"));
    });
    config.on(
      [
        "appendfsync",
        "no-appendfsync-on-rewrite",
        "aof-timestamp-enabled",
        "aof-disable-auto-gc",
        "latency-monitor-threshold",
      ],
      () => this.configure(),
    );
  }

  /** Where the files are: while they are open, where they were opened, whatever `dir` says since. */
  get place(): AofPlace {
    const { config } = this.server;
    return this.opened ?? {
      dir: config.path("dir"),
      folderName: config.path("appenddirname"),
      fileName: config.path("appendfilename"),
    };
  }

  /** True while replies must wait for the disk. */
  get commits(): boolean {
    return this.on && this.server.config.value("appendfsync") === "always";
  }

  /** True while turns end with a sync, unless `gathering`: replies need not go anywhere before that. */
  get syncsTurns(): boolean {
    return this.driver.syncsHere && this.commits;
  }

  /** True when the last turn ended without one: more requests are to share it. */
  get gathering(): boolean {
    return this.driver.gathering;
  }

  /** Each turn, when its requests have run; `waiting` clients wait for the disk. Returns ms until the next one is wanted. */
  turn(waiting: number): number {
    return this.driver.turn(this.commits, waiting);
  }

  /** Lets nothing be lost that was recorded: the server ends. */
  close(): Promise<void> {
    return this.driver.close();
  }

  /** Why writes are refused now. */
  get refusal(): ReplyError | undefined {
    return this.failure === "" ? undefined : new ReplyError(`MISCONF Errors writing to the AOF file: ${this.failure}`);
  }

  /** DEBUG AOF-FLUSH-SLEEP. */
  set flushSleepUs(us: number) {
    this.flushSleep = us;
    this.configure();
  }

  get rewriting(): boolean {
    return this.startedMs >= 0;
  }

  /** True while the files do not hold the data that was there before journaling began. */
  get lacksBase(): boolean {
    return this.on && !this.hasBase;
  }

  // ---- on and off -------------------------------------------------------------------------------------------------

  /** When data was loaded from the files: goes on in them, if they are wanted. False when they can't be written: the log has the reason. */
  start(): Promise<boolean> {
    if (!this.server.config.bool("appendonly") || this.on) return Promise.resolve(true);
    this.open(!this.hasBase);
    return new Promise((resolve) => this.startWaiter = resolve);
  }

  /** Writes what is recorded and closes the files, so that they can be loaded: until `start`. The caller lets no client's command run. */
  async pause(): Promise<void> {
    if (!this.on) return;
    this.on = false;
    const closed = new Promise<void>((resolve) => this.closeWaiter = resolve);
    this.server.shards.journal(JournalMode.OFF, Mark.END);
    await closed;
  }

  /** Waits for the end of a rewrite under way. */
  async settled(): Promise<void> {
    while (this.rewriting) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }

  private open(anew: boolean): void {
    const { config, shards } = this.server;
    this.on = true;
    this.hasBase = !anew;
    this.opened = this.place;
    this.openings++;
    this.send({
      task: AOF_TASK,
      kind: "open",
      place: this.place,
      settings: this.settings(),
      anew,
      base: {
        stampS: this.stampS,
        form: config.bool("aof-use-rdb-preamble") ? "rdb" : "commands",
        temporary: this.temporaryBase,
        version: config.int("rdb-version"),
        checksum: config.bool("rdbchecksum"),
        aux: auxFields(this.server, true),
      },
    });
    shards.journal(JournalMode.ON, 0);
  }

  /** CONFIG SET appendonly. */
  private switch(on: boolean): void {
    // Before the data is loaded, `start` will ask what is wanted; in the midst of a transaction `cron` will, behind it.
    if (on === this.on || !this.server.running || this.server.shards.exclusive) return;
    if (on) {
      this.open(true);
      if (this.snapshots.purpose === undefined) this.begin();
      else {
        this.scheduled = true;
        this.server.log.notice(
          "AOF was enabled but there is already another background operation. An AOF background was scheduled to start " +
            "when possible.",
        );
      }
      return;
    }
    this.on = false;
    this.opened = undefined;
    this.scheduled = false;
    this.failure = "";
    this.server.shards.journal(JournalMode.OFF, Mark.END);
    if (this.rewriting) {
      this.server.log.notice(`Killing AOF child: ${pid}`);
      this.snapshots.abandon();
    }
    this.server.persistence.checkDisk();
  }

  private send(message: ToAofTask): void {
    this.driver.send(message, this.commits);
  }

  private settings(): AofSettings {
    const { config } = this.server;
    return {
      policy: config.value("appendfsync"),
      skipsSync: config.bool("no-appendfsync-on-rewrite") && this.snapshots.purpose !== undefined,
      timestamps: config.bool("aof-timestamp-enabled"),
      keepsHistory: config.bool("aof-disable-auto-gc"),
      latencyMs: config.int("latency-monitor-threshold"),
      flushSleepUs: this.flushSleep,
    };
  }

  /** Tells the task what the configuration says, if that is new. */
  private configure(): void {
    if (!this.on) return;
    const settings = this.settings();
    const text = JSON.stringify(settings);
    if (text === this.told) return;
    this.told = text;
    this.send({ task: AOF_TASK, kind: "configure", settings });
  }

  // ---- rewriting --------------------------------------------------------------------------------------------------

  /** BGREWRITEAOF: true when it has begun, false when it will after the save under way. Throws when one is under way, and when it can't begin. */
  rewrite(): boolean {
    if (this.rewriting) throw IN_PROGRESS;
    if (this.snapshots.purpose !== undefined || this.server.shards.exclusive) {
      this.scheduled = true;
      this.failures = 0; // whoever asks for it does not want to wait for the time of another try
      return false;
    }
    if (!this.begin()) throw CANT_BEGIN;
    return true;
  }

  private get temporaryBase(): string {
    return `${this.server.config.path("dir")}/temp-rewriteaof-bg-${pid}.aof`;
  }

  /** The time that a base of commands begins with, in seconds; undefined where no times are wanted (aof-timestamp-enabled). */
  private get stampS(): number | undefined {
    const { config } = this.server;
    return config.bool("aof-timestamp-enabled") ? Math.floor(this.server.nowMs() / 1000) : undefined;
  }

  /** Begins a rewrite. False when the folder can't be used: the log has the reason. */
  private begin(): boolean {
    const { config, log, shards } = this.server;
    const { place } = this;
    this.scheduled = false;
    const folder = new AofFolder(systemFiles, place);
    if (!this.on && !this.look(folder)) {
      this.lastOk = false;
      return false;
    }
    this.startedMs = monotonicMs();
    this.rdb = config.bool("aof-use-rdb-preamble");
    log.notice(`Background append only file rewriting started by pid ${pid}`);
    // The journals' cut and the snapshot's are the same point: no request comes between them.
    if (this.on) {
      this.cuts = (this.cuts + 1) | 0;
      shards.journal(JournalMode.ON, Mark.CUT);
    }
    this.snapshots.begin("rewrite", {
      stampS: this.stampS,
      form: this.rdb ? "rdb" : "commands",
      temporary: this.temporaryBase,
      path: folder.path(baseName(place.fileName, this.baseSeq + 1, this.rdb)),
      folder: folder.path("."),
      version: config.int("rdb-version"),
      checksum: config.bool("rdbchecksum"),
      syncsAsItGoes: config.bool("aof-rewrite-incremental-fsync"),
      aux: auxFields(this.server, true),
    }, (outcome) => this.written(outcome));
    this.configure();
    return true;
  }

  /** While nothing is journaled, nobody has looked into the folder yet. False when it can't be used. */
  private look(folder: AofFolder): boolean {
    const { log } = this.server;
    try {
      folder.makeFolder();
      folder.load((line) => log.notice(line));
      this.baseSeq = folder.manifest.baseSeq;
      return true;
    } catch (error) {
      if (error instanceof AofError) { for (const line of error.lines) log.warning(line); }
      else if (error instanceof FileError) {
        log.warning(`Can't open or create append-only dir ${folder.place.folderName}: ${sentence(error)}`);
      } else throw error;
      return false;
    }
  }

  private written({ result, line }: SnapshotOutcome): void {
    const { log } = this.server;
    if (result === "done") {
      const temporary = `temp-rewriteaof-bg-${pid}.aof`;
      const name = baseName(this.place.fileName, this.baseSeq + 1, this.rdb);
      log.notice(`Successfully created the temporary AOF base file ${temporary}`);
      log.notice("Background AOF rewrite terminated with success");
      log.notice(`Successfully renamed the temporary AOF base file ${temporary} into ${name}`);
      this.send({ task: AOF_TASK, kind: "rewritten", cut: this.cuts, rdb: this.rdb, place: this.place });
      return;
    }
    if (result === "failed") {
      log.warning(line);
      log.warning("Background AOF rewrite terminated with error");
    }
    this.end(false, result === "failed");
  }

  /** The rewrite is over. */
  private end(ok: boolean, counts = true): void {
    this.lastSeconds = Math.floor((monotonicMs() - this.startedMs) / 1000);
    this.startedMs = -1;
    if (ok) {
      this.rewrites++;
      this.failures = 0;
      this.retryMinutes = 0;
      this.retryAtMs = 0;
      this.hasBase = true;
      this.lastOk = true;
    } else if (counts) {
      this.lastOk = false;
      this.failures++;
    }
    this.configure();
  }

  /** Some times a second: what was scheduled, and rewriting by itself when the file has grown. */
  cron(): void {
    const { shards, running } = this.server;
    if (!running || shards.exclusive) return;
    if (!this.isRefused) this.switch(this.server.config.bool("appendonly"));
    this.configure();
    if (this.rewriting || this.snapshots.purpose !== undefined) return;
    if (this.scheduled || (this.on && !this.hasBase)) {
      if (!this.limited()) this.begin();
      return;
    }
    const { config, log } = this.server;
    const percent = config.int("auto-aof-rewrite-percentage");
    if (!this.on || percent === 0) return;
    const size = this.figures[AofFigure.SIZE];
    if (size <= config.int("auto-aof-rewrite-min-size")) return;
    const growth = Math.floor((size * 100) / (this.figures[AofFigure.BASE_SIZE] || 1)) - 100;
    if (growth < percent || this.limited()) return;
    log.notice(`Starting automatic rewriting of AOF on ${growth}% growth`);
    this.begin();
  }

  /** True while rewrites have failed so often that the next try must wait. */
  private limited(): boolean {
    if (this.failures < FAILURES_TOLERATED) return false;
    const now = monotonicMs();
    if (this.retryAtMs === 0) {
      this.retryMinutes = Math.min(RETRY_MAX_MINUTES, this.retryMinutes === 0 ? 1 : this.retryMinutes * 2);
      this.retryAtMs = now + this.retryMinutes * 60_000;
      this.server.log.warning(
        "Background AOF rewrite has repeatedly failed and triggered the limit, will retry in " +
          `${this.retryMinutes} minutes`,
      );
    }
    if (now < this.retryAtMs) return true;
    this.retryAtMs = 0;
    return false;
  }

  // ---- what the task tells ----------------------------------------------------------------------------------------

  private receive(message: FromAofTask): void {
    const { server } = this;
    switch (message.kind) {
      case "opened":
        this.openingsAnswered++;
        this.baseSeq = message.baseSeq;
        this.started(true);
        break;
      case "refused":
        this.openingsAnswered++;
        for (const line of message.lines) server.log.warning(line);
        // Switched off already, or on anew: the mark that ends what was recorded for those files has been set.
        if (this.on && this.openingsAnswered === this.openings) this.refused(message.lines);
        break;
      case "told":
        server.log[message.level](message.line);
        break;
      case "state":
        this.failure = this.on ? message.reason : "";
        server.persistence.checkDisk();
        break;
      case "fatal":
        server.log.warning(message.line);
        server.onFatal();
        break;
      case "switched":
        this.baseSeq = message.baseSeq;
        if (message.reason === "") server.log.notice("Background AOF rewrite finished successfully");
        else server.log.warning(`Error trying to write the AOF manifest file: ${message.reason}`);
        this.end(message.reason === "");
        break;
      case "latency":
        server.latency.add(message.event, message.ms, server.nowMs());
        break;
      case "closed":
        this.closeWaiter?.();
        this.closeWaiter = undefined;
        break;
    }
  }

  private started(ok: boolean): void {
    this.startWaiter?.(ok);
    this.startWaiter = undefined;
  }

  /** The files can't be opened: at the start the server ends, later it goes on without them. */
  private refused(lines: readonly string[]): void {
    this.on = false;
    this.opened = undefined;
    this.isRefused = true;
    this.server.shards.journal(JournalMode.OFF, Mark.END);
    if (this.startWaiter !== undefined) return this.started(false);
    this.server.log.warning(`Unable to turn on AOF: ${lines[0]}`);
    if (this.rewriting) this.snapshots.abandon();
  }

  // ---- INFO -------------------------------------------------------------------------------------------------------

  /** Fields of INFO persistence. */
  get fields(): Field[] {
    const { figures } = this;
    const now = monotonicMs();
    const fields: Field[] = [
      ["aof_enabled", this.on ? 1 : 0],
      ["aof_rewrite_in_progress", this.rewriting ? 1 : 0],
      ["aof_rewrite_scheduled", this.scheduled ? 1 : 0],
      ["aof_last_rewrite_time_sec", this.lastSeconds],
      ["aof_current_rewrite_time_sec", this.rewriting ? Math.floor((now - this.startedMs) / 1000) : -1],
      ["aof_last_bgrewrite_status", this.lastOk ? "ok" : "err"],
      ["aof_rewrites", this.rewrites],
      ["aof_rewrites_consecutive_failures", this.failures],
      ["aof_last_write_status", this.failure === "" ? "ok" : "err"],
    ];
    if (!this.on) return fields;
    fields.push(
      ["aof_current_size", figures[AofFigure.SIZE]],
      ["aof_base_size", figures[AofFigure.BASE_SIZE]],
      ["aof_pending_rewrite", this.hasBase ? 0 : 1],
      ["aof_buffer_length", figures[AofFigure.BUFFER]],
      ["aof_pending_bio_fsync", figures[AofFigure.SYNCING]],
      ["aof_delayed_fsync", figures[AofFigure.DELAYED]],
    );
    return fields;
  }
}
