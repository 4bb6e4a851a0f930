/**
 * AppendOnlyTask: writes what the journals bring into the append-only file. In one thread at a time: the persistence thread, or main
 * (threads/main/persistence/aof_driver.ts).
 *
 *   closed --open--> open --END--> closed
 *                    open, anew: the increment is a temporary one, not in the manifest, until a rewrite has given it a base
 *   any    --leave--> closed, while another thread's task, on `take`, is what this one was
 *
 * Invariants:
 * 1. What the files hold is a prefix of the order of requests (journal_merge.ts), whole transactions only but for a torn tail.
 * 2. `durable` of an engine grows only over records that are written, and synced with it; under `always` each time, so that a reply may go.
 * 3. A rewrite's increment begins exactly at its cut: the base and the increments from there on are the whole data.
 * 4. What follows Mark.END waits in the rings until the files that it is for are open, or known not to.
 * 5. It leaves with nothing taken that is not on the disk, between two commands that need not stand together.
 */
import { FileError, type Files, monotonicMs, type OpenFile } from "../../runtime/mod.ts";
import { JournalPositions } from "../journal_positions.ts";
import { AofFolder, type AofPlace, removalLine } from "./aof_folder.ts";
import {
  AOF_TASK,
  AofFigure,
  type AofFiles,
  type AofLeft,
  type AofSettings,
  type EmptyBase,
  type FromAofTask,
  Mark,
  type OpenAof,
  type RewrittenAof,
  type ToAofTask,
} from "./aof_messages.ts";
import { AofWriter, closeQuietly, sentence } from "./aof_writer.ts";
import { DiskState } from "./disk_state.ts";
import { JournalMerge } from "./journal_merge.ts";
import { AofError, type Manifest } from "./manifest.ts";
import { SnapshotFile, SnapshotFileError } from "./snapshot_file.ts";
import type { Task, TaskHost } from "./task.ts";

/** Bytes merged before they are written and other tasks have their turn. */
const STEP_BYTES = 1 << 18;
/**
 * Unless every record must be on the disk at once, the thread looks at the rings this often while there is traffic: a wake-up a record would
 * cost its producer more than the record.
 */
const NAP_MS = 2;

/** How soon files that could not be opened are tried again. */
const TAKE_RETRY_MS = 1000;

/** And this often while a record waits for another engine, under `always`. */
const SHORT_NAP_MS = 0.1;

export class AppendOnlyTask implements Task {
  readonly name = AOF_TASK;
  private readonly positions: JournalPositions;
  private merge: JournalMerge;
  private readonly figures: Float64Array;
  private readonly opens: OpenAof[] = [];
  private folder: AofFolder | undefined;
  private writer: AofWriter | undefined;
  private settings: AofSettings | undefined;
  /** True while the manifest does not name the increment being written; that is then at `temporaryPath`. */
  private temporary = false;
  private temporaryPath = "";
  /** Bytes of the files that are not written any more. */
  private otherBytes = 0;
  /** Sequence number of the increment that began at the last cut. */
  private cutSeq = 0;
  /** Cuts met so far, ever, as main counts them. */
  private cuts = 0;
  private early: RewrittenAof | undefined;
  /** Mark.END was met, but the disk does not take what came before it. */
  private ending = false;
  /** The files can't be opened: what comes up to Mark.END is dropped. */
  private discards = false;
  private leaving = false;
  /** Somebody else is removing what was in the history. */
  private removing = false;
  /** What another thread's task has left and this one could not open yet, when it tries again, and what it was told meanwhile. */
  private left: AofLeft | undefined;
  private takeMs = 0;
  private readonly unheard: ToAofTask[] = [];
  private readonly written: Int32Array;
  private disk = this.newDisk();

  /** `remove` lets somebody else remove files, who answers by a message; without it they are removed here. */
  constructor(
    private readonly host: TaskHost,
    private readonly files: Files,
    private readonly remove?: (paths: readonly string[]) => void,
  ) {
    const { setup } = host;
    this.positions = new JournalPositions(setup.positions);
    this.figures = new Float64Array(setup.aofFigures);
    this.merge = this.newMerge();
    this.written = new Int32Array(setup.journals.length);
  }

  private newMerge(taken?: readonly number[]): JournalMerge {
    const sink = {
      begin: () => this.writer?.stamp(),
      append: (buf: Uint8Array, from: number, len: number) => this.writer?.append(buf, from, len),
      mark: (mark: number) => this.mark(mark),
    };
    return new JournalMerge(this.host.setup.journals, this.positions, sink, taken);
  }

  receive(message: ToAofTask): void {
    if (this.left !== undefined) this.unheard.push(message);
    else if (message.kind === "open") {
      this.opens.push(message);
      if (this.writer === undefined && !this.discards) this.open();
    } else if (message.kind === "configure") {
      this.settings = message.settings;
      if (this.writer === undefined) return;
      this.writer.settings = message.settings;
      if (!message.settings.keepsHistory) this.collect();
    } else if (message.kind === "leave") this.leaving = true;
    else if (message.kind === "take") this.take(message.from, monotonicMs());
    else if (message.kind === "removed") this.removed(message.paths);
    else if (this.writer === undefined) this.rewrittenClosed(message.place, message.rdb);
    else if (((message.cut - this.cuts) | 0) > 0) this.early = message;
    else this.rewritten(this.writer, message.rdb);
  }

  /** A base that was there before its cut had been met in the journals: takes it once that has been. */
  private takeEarly(): void {
    const { early } = this;
    if (early === undefined || (this.writer !== undefined && ((early.cut - this.cuts) | 0) > 0)) return;
    this.early = undefined;
    this.receive(early);
  }

  ready(): boolean {
    return (this.writer !== undefined || this.discards) && this.merge.ready();
  }

  step(nowMs: number): number {
    if (this.left !== undefined) return this.take(this.left, nowMs);
    if (this.leaving) this.leave(nowMs);
    this.takeEarly();
    const { writer } = this;
    if (writer === undefined) return this.discards ? this.discard() : this.leaving ? NAP_MS : Infinity;
    let merged = 0;
    if (this.ending) this.end();
    else {
      // While the disk refuses, the journals go on into the buffer: no engine may stand still for it.
      merged = this.merge.step(STEP_BYTES);
      if (this.merge.release()) this.host.wakeMain();
    }
    if (this.writer === undefined) return 0;
    this.takeEarly();
    if (writer.write(nowMs)) this.noteWritten();
    if (writer.sync(monotonicMs())) this.noteDurable();
    this.publishFigures();
    if (this.disk.retry(this.folder!, nowMs) && !this.settings!.keepsHistory) this.collect();
    if (merged >= STEP_BYTES) return 0;
    const soonMs = this.early === undefined && !this.leaving ? Infinity : NAP_MS;
    const dueMs = Math.min(writer.writeDueMs(nowMs), writer.syncDueMs(nowMs), this.disk.dueMs(nowMs), soonMs);
    const always = this.settings!.policy === "always";
    if (merged === 0 && this.merge.ready()) return this.nap(always ? SHORT_NAP_MS : dueMs);
    return merged === 0 || always ? dueMs : this.nap(dueMs);
  }

  /** The files could not be opened: what was recorded for them is for nobody. */
  private discard(): number {
    const bytes = this.merge.step(STEP_BYTES);
    if (this.merge.release()) this.host.wakeMain();
    return bytes > 0 ? 0 : Infinity;
  }

  /** Lets traffic gather; the bell's word says that this thread is awake, so nobody rings. */
  private nap(dueMs: number): number {
    this.host.nap(Math.min(NAP_MS, dueMs));
    return 0;
  }

  private noteWritten(): void {
    this.written.set(this.merge.taken);
  }

  private noteDurable(): void {
    const { positions, written } = this;
    let news = false;
    for (let k = 0; k < written.length; k++) {
      if (positions.durable(k) === written[k]) continue;
      positions.setDurable(k, written[k]);
      news = true;
    }
    if (news && this.settings!.policy === "always") this.host.wakeMain();
  }

  private publishFigures(): void {
    const { figures, writer } = this;
    figures[AofFigure.SIZE] = this.otherBytes + writer!.size + writer!.buffered;
    figures[AofFigure.BUFFER] = writer!.buffered;
    figures[AofFigure.DELAYED] = writer!.delayed;
  }

  private tell(message: FromAofTask): void {
    this.host.tell(message);
  }

  private newDisk(): DiskState {
    return new DiskState({
      warning: (line) => this.warning(line),
      state: (reason) => this.tell({ task: AOF_TASK, kind: "state", reason }),
    });
  }

  private readonly notice = (line: string) => this.tell({ task: AOF_TASK, kind: "told", level: "notice", line });
  private readonly warning = (line: string) => this.tell({ task: AOF_TASK, kind: "told", level: "warning", line });

  // ---- opening ----------------------------------------------------------------------------------------------------

  private open(): void {
    const message = this.opens.shift()!;
    try {
      this.prepare(message.place, message.settings);
      this.writer = this.newWriter(message.settings);
      if (message.anew) this.openTemporary();
      else this.openLast(message.base);
    } catch (error) {
      this.writer?.abandon();
      this.writer = undefined;
      this.discards = true;
      if (error instanceof AofError) this.tell({ task: AOF_TASK, kind: "refused", lines: error.lines });
      else if (error instanceof FileError || error instanceof SnapshotFileError) {
        this.tell({ task: AOF_TASK, kind: "refused", lines: [`Can't open the append-only file: ${error.message}`] });
      } else throw error;
      return;
    }
    this.merge.restart();
    this.figures[AofFigure.BASE_SIZE] = this.otherBytes + this.writer.size;
    this.publishFigures();
    this.tell({ task: AOF_TASK, kind: "opened", baseSeq: this.folder!.manifest.baseSeq });
  }

  /** Reads the manifest. Throws AofError and FileError. */
  private prepare(place: AofPlace, settings: AofSettings): void {
    this.settings = settings;
    this.folder = new AofFolder(this.files, place);
    this.disk = this.newDisk();
    this.folder.load(this.notice);
  }

  private newWriter(settings: AofSettings): AofWriter {
    return new AofWriter(this.files, {
      warning: this.warning,
      notice: this.notice,
      state: (reason) => this.disk.writerState(reason),
      fatal: (line) => this.tell({ task: AOF_TASK, kind: "fatal", line }),
      latency: (event, ms) => this.tell({ task: AOF_TASK, kind: "latency", event, ms }),
      syncing: (on) => this.figures[AofFigure.SYNCING] = on ? 1 : 0,
    }, settings);
  }

  /** The data is new to the folder: what comes goes beside its files. */
  private openTemporary(): void {
    const { folder, writer } = this;
    folder!.makeFolder();
    this.temporaryPath = folder!.path(folder!.temporaryIncr);
    if (this.files.stat(this.temporaryPath) !== undefined) this.tellRemoval();
    this.notice(`Creating AOF incr file ${folder!.temporaryIncr} on background rewrite`);
    this.create(this.temporaryPath);
    writer!.open(this.temporaryPath);
    this.temporary = true;
    this.otherBytes = 0;
  }

  private tellRemoval(): void {
    this.notice(`Removing the temp incr aof file ${this.folder!.temporaryIncr} in the background`);
  }

  /** Goes on behind the folder's files, which hold the data. */
  private openLast(base: EmptyBase): void {
    const { folder, writer } = this;
    this.temporary = false;
    const { manifest } = folder!;
    const { fileName } = folder!.place;
    const next = manifest.copy();
    if (manifest.parts.length === 0) {
      folder!.makeFolder();
      const part = next.addBase(fileName, base.form === "rdb");
      this.notice(`Creating AOF base file ${part.name} on server start`);
      const file = new SnapshotFile(this.files, {
        job: 0,
        ...base,
        path: folder!.path(part.name),
        folder: folder!.path("."),
        syncsAsItGoes: false,
        sizes: [],
      });
      file.finish();
    }
    const last = next.incr.at(-1);
    if (last !== undefined) this.notice(`Opening AOF incr file ${last.name} on server start`);
    const part = last ?? next.addIncr(fileName);
    if (last === undefined) {
      this.notice(`Creating AOF incr file ${part.name} on server start`);
      this.create(folder!.path(part.name));
      folder!.persist(next);
      if (folder!.unsynced !== undefined) throw folder!.unsynced;
    }
    this.otherBytes = 0;
    for (const each of next.parts) if (each !== part) this.otherBytes += folder!.sizeOf(each.name);
    writer!.open(folder!.path(part.name));
    if (!this.settings!.keepsHistory) this.collect();
  }

  /** Makes an empty file, or empties one that a crash left over. */
  private create(path: string): void {
    this.files.open(path, "write").close();
  }

  // ---- from one thread to another ---------------------------------------------------------------------------------

  /** Lets go of the files, if all that was taken is on the disk and nothing must come first. */
  private leave(nowMs: number): void {
    const { writer, merge, early } = this;
    if (this.ending || this.discards || this.opens.length > 0 || !merge.whole) return;
    let files: AofFiles | undefined;
    if (writer !== undefined) {
      if (writer.buffered > 0 || this.disk.dueMs(nowMs) !== Infinity || !writer.settle()) return;
      this.noteWritten();
      this.noteDurable();
      files = {
        place: this.folder!.place,
        settings: this.settings!,
        temporaryPath: this.temporary ? this.temporaryPath : "",
        otherBytes: this.otherBytes,
        cutSeq: this.cutSeq,
      };
      writer.abandon();
      this.writer = undefined;
    }
    if (merge.release()) this.host.wakeMain();
    this.leaving = false;
    this.early = undefined;
    this.tell({ task: AOF_TASK, kind: "left", files, taken: [...merge.taken], cuts: this.cuts, early });
  }

  /** Goes on where the other thread's task has left; what it can't open yet, it tries again. Returns ms until the next try, or 0. */
  private take(from: AofLeft, nowMs: number): number {
    const { files, taken, cuts, early } = from;
    if (files !== undefined) {
      if (this.left !== undefined && nowMs < this.takeMs) return this.takeMs - nowMs;
      try {
        this.prepare(files.place, files.settings);
        const writer = this.newWriter(files.settings);
        writer.open(files.temporaryPath || this.folder!.path(this.folder!.manifest.incr.at(-1)!.name));
        this.writer = writer;
      } catch (error) {
        if (!(error instanceof AofError) && !(error instanceof FileError)) throw error;
        if (this.left === undefined) this.warning(`Can't open the append-only file: ${error.message}`);
        this.left = from;
        this.takeMs = nowMs + TAKE_RETRY_MS;
        return TAKE_RETRY_MS;
      }
      this.left = undefined;
      this.temporary = files.temporaryPath !== "";
      this.temporaryPath = files.temporaryPath;
      this.otherBytes = files.otherBytes;
      this.cutSeq = files.cutSeq;
    }
    this.cuts = cuts;
    this.early = early;
    this.written.set(taken);
    this.merge = this.newMerge(taken);
    for (const message of this.unheard.splice(0)) this.receive(message);
    return 0;
  }

  // ---- marks ------------------------------------------------------------------------------------------------------

  private mark(mark: number): boolean {
    if (mark === Mark.CUT) this.cuts = (this.cuts + 1) | 0;
    if (this.discards) {
      this.discards = mark !== Mark.END;
      if (!this.discards && this.opens.length > 0) this.open();
    } else if (mark === Mark.END) {
      this.ending = true;
      this.end();
    } else this.cut();
    return !this.ending && (this.writer !== undefined || this.discards);
  }

  /** The journals have ended: closes the file; while the disk refuses, tries again. */
  private end(): void {
    const { writer } = this;
    if (!writer!.finish()) return;
    this.noteWritten();
    this.noteDurable();
    this.ending = false;
    if (this.temporary) {
      this.tellRemoval();
      this.removeTemporary();
    }
    this.writer = undefined;
    this.tell({ task: AOF_TASK, kind: "closed" });
    if (this.opens.length > 0) this.open();
  }

  /** Nobody will need the temporary increment. */
  private removeTemporary(): void {
    try {
      this.files.unlink(this.temporaryPath);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.warning(`Can't remove the temporary AOF incr file: ${sentence(error)}`);
    }
  }

  /** A rewrite's cut: from here on a new increment. If that can't be made, the rewrite is worth nothing, and the last one goes on. */
  private cut(): void {
    const { folder, writer } = this;
    if (this.temporary) {
      this.restartTemporary();
      return;
    }
    const next = folder!.manifest.copy();
    const part = next.addIncr(folder!.place.fileName);
    let file: OpenFile | undefined;
    try {
      this.notice(`Creating AOF incr file ${part.name} on background rewrite`);
      // Only the last increment may be cut off anywhere.
      if (!writer!.settle()) throw new FileError("EIO", "the last increment can't be completed: Input/output error");
      this.create(folder!.path(part.name));
      file = this.files.open(folder!.path(part.name), "append");
      folder!.persist(next);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (file !== undefined) closeQuietly(file);
      this.cutSeq = 0;
      this.warning(`Can't begin the AOF incr file ${part.name}: ${sentence(error)}`);
      return;
    }
    this.otherBytes += writer!.size;
    writer!.use(file, 0);
    this.merge.restart();
    this.cutSeq = part.seq;
    this.checkFolder();
  }

  /** The cut of the first rewrite, or of another try at it: what came before is in the base to come. */
  private restartTemporary(): void {
    const { folder, writer } = this;
    try {
      writer!.restart();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.cutSeq = 0;
      this.warning(`Can't begin the AOF incr file anew: ${sentence(error)}`);
      return;
    }
    this.merge.restart();
    this.cutSeq = folder!.manifest.incrSeq + 1;
  }

  /** The base of the last cut is there. */
  private rewritten(writer: AofWriter, rdb: boolean): void {
    const { folder } = this;
    const next = folder!.manifest.copy();
    const base = next.addBase(folder!.place.fileName, rdb);
    try {
      if (this.cutSeq === 0) throw new FileError("EIO", "no increment began at the cut: Input/output error");
      if (this.temporary) this.adopt(next);
      else next.retireIncr(this.cutSeq);
      folder!.persist(next);
      this.temporary = false;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.tell({
        task: AOF_TASK,
        kind: "switched",
        reason: sentence(error),
        baseSeq: folder!.manifest.baseSeq,
      });
      return;
    }
    this.otherBytes = folder!.sizeOf(base.name);
    this.figures[AofFigure.BASE_SIZE] = this.otherBytes + writer.size + writer.buffered;
    this.publishFigures();
    this.checkFolder();
    if (!this.settings!.keepsHistory) this.collect();
    this.tell({ task: AOF_TASK, kind: "switched", reason: "", baseSeq: next.baseSeq });
  }

  /** The same while nothing is journaled: the base alone is the append-only file. */
  private rewrittenClosed(place: AofPlace, rdb: boolean): void {
    const folder = new AofFolder(this.files, place);
    try {
      folder.load(this.notice);
      const next = folder.manifest.copy();
      next.addBase(place.fileName, rdb);
      next.retireIncr(Infinity);
      folder.persist(next);
      if (folder.unsynced !== undefined) throw folder.unsynced;
      folder.collect(this.notice);
      this.tell({ task: AOF_TASK, kind: "switched", reason: "", baseSeq: next.baseSeq });
    } catch (error) {
      if (!(error instanceof FileError) && !(error instanceof AofError)) throw error;
      const reason = error instanceof FileError ? sentence(error) : error.message;
      this.tell({ task: AOF_TASK, kind: "switched", reason, baseSeq: folder.manifest.baseSeq });
    }
  }

  /**
   * Gives the temporary increment its name in the manifest to come; everything older becomes history. Should that manifest not come, the
   * increment has its name already when the next one is tried.
   */
  private adopt(next: Manifest): void {
    const { folder } = this;
    const part = next.addIncr(folder!.place.fileName);
    next.retireIncr(part.seq);
    const path = folder!.path(part.name);
    if (path === this.temporaryPath) return;
    this.files.rename(this.temporaryPath, path);
    this.temporaryPath = path;
    this.notice(
      `Successfully renamed the temporary AOF incr file ${folder!.temporaryIncr} into ${part.name}`,
    );
  }

  /** After a new manifest: what only its name leads to is durable, or under `always` nobody may be told so. */
  private checkFolder(): void {
    const { folder, writer, settings } = this;
    const { unsynced } = folder!;
    if (unsynced !== undefined && settings!.policy === "always") writer!.die(sentence(unsynced));
    this.disk.note(folder!);
  }

  private collect(): void {
    const { folder, remove } = this;
    if (remove === undefined) return this.attemptCollect(() => folder!.collect(this.notice));
    if (this.removing) return;
    const paths = folder!.historyPaths;
    if (paths.length === 0) return;
    for (const path of paths) this.notice(removalLine(path));
    this.removing = true;
    remove(paths);
  }

  /** Files of the history are gone; of this folder's, unless another one has been opened meanwhile. */
  private removed(paths: readonly string[]): void {
    this.removing = false;
    if (this.writer !== undefined) this.attemptCollect(() => this.folder!.forget(paths));
  }

  private attemptCollect(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.warning(`Can't remove the history of the append-only file: ${sentence(error)}`);
    }
  }

  close(): void {
    if (this.left !== undefined) this.take(this.left, Infinity);
    const { writer } = this;
    if (writer === undefined) return;
    while (this.writer !== undefined && this.merge.step(STEP_BYTES) > 0) writer.write(monotonicMs());
    this.writer?.finish();
  }
}
