/**
 * SnapshotTask: makes one file of what the engines send of a snapshot. The persistence thread, or main, which lets that one sync the file
 * (threads/main/persistence/snapshot_driver.ts).
 *
 * Invariants:
 * 1. Pieces of one entry are never parted: while a ring's last message was not whole, only that ring is read.
 * 2. The file is at its place only complete and on the disk; whatever fails before leaves the old file alone and removes ours.
 * 3. Messages of a job that is over are dropped; one of a job not yet begun stays in its ring.
 * 4. A file that somebody else syncs is not begun while anything is asked of him: all answers are of the file under way.
 */
import { SNAPSHOT_WORDS, SnapshotMessage } from "../../ring/snapshot_messages.ts";
import { RingReader } from "../../ring/ring.ts";
import type { Files } from "../../runtime/mod.ts";
import { SnapshotFile, SnapshotFileError } from "./snapshot_file.ts";
import {
  type BeginSnapshot,
  DURABLE_TASK,
  type FromSnapshotTask,
  SNAPSHOT_TASK,
  type ToDurableTask,
  type ToSnapshotTask,
} from "./snapshot_job.ts";
import type { Task, TaskHost } from "./task.ts";

/**
 * Bytes taken from the rings before other tasks have their turn: some tenths of a millisecond of checksums and writing. Behind that a nap:
 * where cores are few this thread takes one from main or from a client, and the scheduler lets go who works on for some milliseconds, which
 * would show in the latency.
 */
const STEP_BYTES = 1 << 17;
const NAP_MS = 0.1;
const NONE = -1;
/** Syncs asked of somebody else that may be unanswered: beyond that the disk is behind, and the rings wait. */
const ASKED_MAX = 3;

export class SnapshotTask implements Task {
  readonly name = SNAPSHOT_TASK;
  private readonly rings: readonly RingReader[];
  private file: SnapshotFile | undefined;
  private job = 0;
  /** The ring whose entry is not yet whole. */
  private inside = NONE;
  private readonly finished: boolean[];
  private entries = 0;
  private sizeBytes = 0;
  /** Questions to who syncs the file that are not yet answered. */
  private asked = 0;
  /** The file when it is complete and the last question is to put it in its place. */
  private ended: SnapshotFile | undefined;
  /** The next job, which waits for answers of the one before. */
  private next: BeginSnapshot | undefined;
  private begun: BeginSnapshot | undefined;

  /** `durable` takes messages for the durable task of another thread, whose answers come by `receive`; without it the files are synced here. */
  constructor(
    private readonly host: TaskHost,
    private readonly files: Files,
    private readonly durable?: (message: ToDurableTask) => void,
  ) {
    this.rings = host.setup.snapshots.map((buffer) => new RingReader(buffer));
    this.finished = this.rings.map(() => false);
  }

  receive(message: ToSnapshotTask): void {
    if (message.kind === "abandon") {
      if (message.job === this.next?.job) this.next = undefined;
      if (message.job === this.job) this.drop();
    } else if (message.kind === "begin") {
      this.drop();
      if (this.asked === 0) this.begin(message);
      else this.next = message;
    } else this.answered(message.line);
  }

  private begin(job: BeginSnapshot): void {
    this.next = undefined;
    this.begun = job;
    this.job = job.job;
    this.inside = NONE;
    this.entries = 0;
    this.finished.fill(false);
    this.attempt(() => {
      this.file = new SnapshotFile(this.files, job);
      this.durable?.({ task: DURABLE_TASK, kind: "hold", temporary: job.temporary });
    });
  }

  /** The oldest question is answered: `line` says what went wrong, also with those before it. */
  private answered(line: string): void {
    this.asked--;
    const { ended } = this;
    if (this.file !== undefined) {
      if (line !== "") this.fail(line);
    } else if (ended !== undefined && this.asked === 0) {
      this.ended = undefined;
      if (line === "") this.done();
      else {
        ended.abandon();
        this.fail(line);
      }
    }
    if (this.asked === 0 && this.next !== undefined) this.begin(this.next);
  }

  ready(): boolean {
    return this.asked < ASKED_MAX && this.rings.some((ring) => ring.ready());
  }

  step(): number {
    if (this.asked >= ASKED_MAX) return Infinity;
    let budget = STEP_BYTES;
    let took = true;
    while (took && budget > 0) {
      took = false;
      for (let k = 0; k < this.rings.length; k++) {
        if (this.inside !== NONE && this.inside !== k) continue;
        const bytes = this.take(k, budget);
        if (bytes > 0) took = true;
        budget -= bytes;
      }
    }
    if (budget === STEP_BYTES) return Infinity;
    this.host.nap(NAP_MS);
    return 0;
  }

  /** Takes what is in a ring; returns about how many bytes. */
  private take(k: number, budget: number): number {
    const ring = this.rings[k];
    const { i32, u8 } = ring;
    let bytes = 0;
    for (let at = ring.peek(); at !== 0 && bytes < budget; at = ring.peek()) {
      const w = at >> 2;
      const job = i32[w + 2];
      if (job > this.job) break;
      if (job === this.job && this.file !== undefined) {
        if (i32[w + 1] === SnapshotMessage.END) this.endOf(k, i32[w + 4]);
        else if (i32[w + 1] === SnapshotMessage.FAILED) this.fail("Not enough memory for another snapshot");
        else {
          const from = at + SNAPSHOT_WORDS * 4;
          this.attempt(() => this.append(this.file!, u8, from, i32[w + 3], i32[w + 4] >> 1));
          this.inside = (i32[w + 4] & 1) === 0 && this.file !== undefined ? k : NONE;
        }
      }
      bytes += i32[w];
      ring.advance();
    }
    ring.release();
    return bytes;
  }

  private endOf(k: number, entries: number): void {
    this.finished[k] = true;
    this.entries += entries;
    if (!this.finished.every((each) => each)) return;
    this.attempt(() => {
      this.sizeBytes = this.durable === undefined ? this.file!.finish() : this.file!.end();
      this.ended = this.file;
      this.file = undefined;
      if (this.durable === undefined) return this.done();
      const { temporary, path, folder } = this.begun!;
      this.ask({ task: DURABLE_TASK, kind: "place", temporary, path, folder });
    });
  }

  private done(): void {
    this.ended = undefined;
    const { job, entries, sizeBytes } = this;
    this.tell({ task: SNAPSHOT_TASK, kind: "done", job, entries, sizeBytes });
  }

  private append(file: SnapshotFile, buf: Uint8Array, from: number, len: number, db: number): void {
    file.append(buf, from, len, db);
    if (!file.syncDue) return;
    if (this.durable === undefined) return file.sync();
    file.syncing();
    this.ask({ task: DURABLE_TASK, kind: "sync", temporary: this.begun!.temporary });
  }

  private ask(message: ToDurableTask): void {
    this.asked++;
    this.durable!(message);
  }

  private attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof SnapshotFileError)) throw error;
      this.fail(error.message);
    }
  }

  private fail(line: string): void {
    this.drop();
    this.tell({ task: SNAPSHOT_TASK, kind: "failed", job: this.job, line });
  }

  private tell(message: FromSnapshotTask): void {
    this.host.tell(message);
  }

  /** Gives up the file under way; one that is being put in its place goes there. */
  private drop(): void {
    if (this.file !== undefined) {
      this.file.abandon();
      this.durable?.({ task: DURABLE_TASK, kind: "forget" });
    }
    this.file = undefined;
    this.inside = NONE;
  }

  close(): void {
    this.drop();
  }
}
