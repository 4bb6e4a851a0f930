/**
 * AofFolder: the folder of an append-only file: its manifest and what becomes of the files in it. Any thread, one at a time.
 *
 * Invariants:
 * 1. The manifest on the disk names only files that exist with everything they must hold: it is replaced (written, synced, renamed, folder
 *    synced) after its new files are there, and before old ones are removed.
 * 2. `manifest` is the one on the disk. While `unsynced`, a crash of the machine may bring its predecessor back, whose files therefore stay.
 */
import { latin1Bytes, latin1Text } from "../../base/bytes.ts";
import { FileError, type Files } from "../../runtime/mod.ts";
import { AofError, Manifest } from "./manifest.ts";

/** Where an append-only file lies: directives dir, appenddirname, appendfilename. */
export interface AofPlace {
  readonly dir: string;
  readonly folderName: string;
  readonly fileName: string;
}

const MANIFEST_SUFFIX = ".manifest";
const TEMPORARY = "temp-";

export class AofFolder {
  manifest = new Manifest();
  /** Why the manifest's name may not be durable; undefined when it is. */
  unsynced: FileError | undefined;
  private readonly folder: string;

  constructor(private readonly files: Files, readonly place: AofPlace) {
    this.folder = `${place.dir}/${place.folderName}`;
  }

  /** Path of a file in the folder. */
  path(name: string): string {
    return `${this.folder}/${name}`;
  }

  /** The increment that is not in the manifest before the first base is. */
  get temporaryIncr(): string {
    return `${TEMPORARY}${this.place.fileName}.incr`;
  }

  /**
   * Reads the manifest, if there is one, and takes over a single-file AOF of older servers. Throws AofError, and FileError when the disk
   * refuses. `told` gets log lines.
   */
  load(told: (line: string) => void): void {
    const path = this.path(this.place.fileName + MANIFEST_SUFFIX);
    const exists = this.files.stat(path) !== undefined;
    this.manifest = exists ? Manifest.parse(latin1Text(readAll(this.files, path))) : new Manifest();
    this.takeOver(told);
  }

  private takeOver(told: (line: string) => void): void {
    const { place, files, manifest } = this;
    const old = `${place.dir}/${place.fileName}`;
    if (files.stat(old) === undefined || files.stat(old)!.isDir) return;
    const { base, incr } = manifest;
    const begun = base !== undefined && base.name === place.fileName && incr.length === 0 &&
      files.stat(this.path(base.name)) === undefined;
    if (!begun && (base !== undefined || incr.length > 0)) return;
    if (!begun) {
      const next = new Manifest();
      next.base = { name: place.fileName, seq: 1 };
      next.baseSeq = 1;
      this.persist(next);
      if (this.unsynced !== undefined) throw this.unsynced;
    }
    files.rename(old, this.path(place.fileName));
    files.syncDir(this.folder);
    told(
      `Successfully migrated an old-style AOF file (${place.fileName}) into the AOF directory (${place.folderName}).`,
    );
  }

  /** Makes `next` the manifest, durably but for `unsynced`. Throws FileError; the old one is then still in force. */
  persist(next: Manifest): void {
    const { files } = this;
    this.makeFolder();
    const name = this.place.fileName + MANIFEST_SUFFIX;
    const temporary = this.path(TEMPORARY + name);
    const bytes = latin1Bytes(next.format());
    const file = files.open(temporary, "write");
    try {
      file.write(bytes, 0, bytes.length, 0);
      file.sync();
    } finally {
      file.close();
    }
    files.rename(temporary, this.path(name));
    this.manifest = next;
    this.sync();
  }

  /** Makes the manifest's name durable; `unsynced` says whether that worked. */
  sync(): void {
    this.unsynced = undefined;
    try {
      this.files.syncDir(this.folder);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.unsynced = error;
    }
  }

  /** Paths of the files of the history, which nobody needs; none while a crash may bring the manifest back that needs them. */
  get historyPaths(): string[] {
    return this.unsynced === undefined ? this.manifest.history.map((part) => this.path(part.name)) : [];
  }

  /** Takes files that are gone out of the history. Throws FileError. */
  forget(paths: readonly string[]): void {
    const next = this.manifest.copy();
    next.history = next.history.filter((part) => !paths.includes(this.path(part.name)));
    if (next.history.length < this.manifest.history.length) this.persist(next);
  }

  /** Removes the files of the history, then their entries. What can't be removed stays in the history. Throws FileError. */
  collect(told: (line: string) => void): void {
    const paths = this.historyPaths;
    for (const path of paths) told(removalLine(path));
    this.forget(removeAll(this.files, paths));
  }

  /** Size of a file of the manifest. Throws AofError when it is missing. */
  sizeOf(name: string): number {
    const status = this.files.stat(this.path(name));
    if (status !== undefined) return status.sizeBytes;
    throw new AofError([`Unable to obtain the AOF file ${name} length. stat: No such file or directory`]);
  }

  /** Makes the folder, durably, if it is not there. Throws FileError. */
  makeFolder(): void {
    if (this.files.stat(this.folder) !== undefined) return;
    this.files.makeDir(this.folder);
    this.files.syncDir(this.place.dir);
  }
}

/** What the log says when a file of the history goes. */
export function removalLine(path: string): string {
  return `Removing the history file ${path.slice(path.lastIndexOf("/") + 1)} in the background`;
}

/** Removes files; returns those that are gone. */
export function removeAll(files: Files, paths: readonly string[]): string[] {
  return paths.filter((path) => {
    try {
      files.unlink(path);
      return true;
    } catch (error) {
      return error instanceof FileError && error.code === "ENOENT";
    }
  });
}

function readAll(files: Files, path: string): Uint8Array {
  const file = files.open(path, "read");
  try {
    const bytes = new Uint8Array(file.size());
    return bytes.subarray(0, file.read(bytes, 0, bytes.length, 0));
  } finally {
    file.close();
  }
}
