/**
 * SnapshotFile: a snapshot's file while it is written: header, entries and the databases that they are in, trailer; then onto the disk
 * (`sync`) and into its place (`placeSnapshot`). The persistence thread, and main for what it writes itself.
 *
 * Every failure is a SnapshotFileError whose message is the line that Redis logs; the file is then the caller's to abandon.
 */
import { encodeText } from "../../base/bytes.ts";
import { Crc64 } from "../../codec/crc64.ts";
import { RdbOpcode } from "../../codec/rdb/format.ts";
import { RdbWriter } from "../../codec/rdb/writer.ts";
import { FileError, type Files, type OpenFile } from "../../runtime/mod.ts";
import type { SnapshotJob } from "./snapshot_job.ts";

/** Bytes gathered for one write(2): what takes a tenth of a millisecond with its checksum, since main may wait for it. */
const BUFFER = 1 << 16;
/** Redis's REDIS_AUTOSYNC_BYTES: so much is synced at a time, so that no sync takes long. */
const SYNC_EVERY = 4 << 20;

export class SnapshotFileError extends Error {}

export class SnapshotFile {
  private readonly buf = new Uint8Array(BUFFER);
  private used = 0;
  private position = 0;
  private synced = 0;
  private db = -1;
  /** Databases whose size has been written. */
  private readonly sized = new Set<number>();
  private readonly crc = new Crc64();
  private readonly file: OpenFile;
  private readonly frame = new RdbWriter();

  /** Creates the temporary file and begins it. */
  constructor(private readonly files: Files, private readonly job: SnapshotJob) {
    try {
      this.file = files.open(job.temporary, "write");
    } catch (error) {
      const name = job.temporary.slice(job.temporary.lastIndexOf("/") + 1);
      throw new SnapshotFileError(
        `Failed opening the temp RDB file ${name} (in server root dir ${job.folder}) for saving: ${reason(error)}`,
      );
    }
    if (job.form === "commands") {
      if (job.stampS !== undefined) this.putText(`#TS:${job.stampS}\r\n`);
      return;
    }
    const head = encodeText(`REDIS${String(job.version).padStart(4, "0")}`);
    this.frame.raw(head, 0, head.length);
    for (const [name, value] of job.aux) {
      this.frame.byte(RdbOpcode.AUX);
      for (const text of [name, value]) {
        const bytes = encodeText(text);
        this.frame.string(bytes, 0, bytes.length);
      }
    }
    this.putFrame();
  }

  /** Takes buf[from, from + len): entries of database `db`, or a piece of one. */
  append(buf: Uint8Array, from: number, len: number, db: number): void {
    if (db !== this.db) this.select(db);
    this.put(buf, from, len);
  }

  private putText(text: string): void {
    const bytes = encodeText(text);
    this.put(bytes, 0, bytes.length);
  }

  private select(db: number): void {
    this.db = db;
    if (this.job.form === "commands") {
      this.putText(`*2\r\n$6\r\nSELECT\r\n$${String(db).length}\r\n${db}\r\n`);
      return;
    }
    this.frame.byte(RdbOpcode.SELECT_DB);
    this.frame.len(db);
    if (!this.sized.has(db) && db < this.job.sizes.length) {
      this.sized.add(db);
      const [keys, expiring] = this.job.sizes[db];
      this.frame.byte(RdbOpcode.RESIZE_DB);
      this.frame.len(keys);
      this.frame.len(expiring);
    }
    this.putFrame();
  }

  private putFrame(): void {
    this.put(this.frame.buf, 0, this.frame.pos);
    this.frame.clear();
  }

  private put(buf: Uint8Array, from: number, len: number): void {
    const end = from + len;
    while (from < end) {
      const n = Math.min(end - from, BUFFER - this.used);
      this.buf.set(buf.subarray(from, from + n), this.used);
      this.used += n;
      from += n;
      if (this.used === BUFFER) this.write();
    }
  }

  /** Hands the buffer to the system. */
  private write(): void {
    if (this.job.form === "rdb" && this.job.checksum) this.crc.update(this.buf, 0, this.used);
    step("write", () => this.file.write(this.buf, 0, this.used, this.position));
    this.position += this.used;
    this.used = 0;
  }

  /** True when so much was written that a part of it is to be synced: by `sync`, or by somebody else, who says `syncing`. */
  get syncDue(): boolean {
    return this.job.syncsAsItGoes && this.position - this.synced >= SYNC_EVERY;
  }

  sync(): void {
    this.syncing();
    syncSnapshot(this.file);
  }

  /** What was written so far is being synced. */
  syncing(): void {
    this.synced = this.position;
  }

  /** Ends the file and closes it. Returns its size in bytes; not all of it is on the disk. */
  end(): number {
    if (this.job.form === "rdb") this.putTrailer();
    if (this.used > 0) this.write();
    closeSnapshot(this.file);
    return this.position;
  }

  /** Ends the file, makes it durable and puts it in its place. Returns its size in bytes. */
  finish(): number {
    if (this.job.form === "rdb") this.putTrailer();
    if (this.used > 0) this.write();
    this.sync();
    closeSnapshot(this.file);
    placeSnapshot(this.files, this.job);
    return this.position;
  }

  private putTrailer(): void {
    this.frame.byte(RdbOpcode.EOF);
    this.putFrame();
    this.write();
    const { hi, lo } = this.crc;
    for (const half of [lo, hi]) {
      for (let k = 0; k < 4; k++) this.buf[this.used++] = this.job.checksum ? half >>> (8 * k) : 0;
    }
  }

  /** Closes and removes the temporary file; the disk's answers don't matter any more. */
  abandon(): void {
    for (const action of [() => this.file.close(), () => this.files.unlink(this.job.temporary)]) {
      try {
        action();
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
      }
    }
  }
}

/** Opens a snapshot's file that somebody else writes, to sync it. */
export function openSnapshot(files: Files, temporary: string): OpenFile {
  try {
    return files.open(temporary, "read");
  } catch (error) {
    throw new SnapshotFileError(`Write error while saving DB to the disk(fsync): ${reason(error)}`);
  }
}

/** Makes durable what was written to a snapshot's file. */
export function syncSnapshot(file: OpenFile): void {
  step("fsync", () => file.sync());
}

function closeSnapshot(file: OpenFile): void {
  step("fclose", () => file.close());
}

/** Where a snapshot's file is written, and where it belongs. */
export type SnapshotPlace = Pick<SnapshotJob, "temporary" | "path" | "folder">;

/** Puts a file that is durable in its place. */
export function placeSnapshot(files: Files, { temporary, path, folder }: SnapshotPlace): void {
  try {
    files.rename(temporary, path);
  } catch (error) {
    throw new SnapshotFileError(
      `Error moving temp DB file ${temporary} on the final destination ${path} (in server root dir ${folder}): ` +
        reason(error),
    );
  }
  try {
    files.syncDir(folder);
  } catch (error) {
    throw new SnapshotFileError(`Failed to fsync directory while saving DB: ${reason(error)}`);
  }
}

function step(operation: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw new SnapshotFileError(`Write error while saving DB to the disk(${operation}): ${reason(error)}`);
  }
}

/** The system's sentence. */
function reason(error: unknown): string {
  if (!(error instanceof FileError)) throw error;
  return error.message.slice(error.message.lastIndexOf(": ") + 2);
}
