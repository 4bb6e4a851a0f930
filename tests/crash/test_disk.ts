/**
 * The disk of a server under test: the system's files, with failures and sudden ends at named points. `faulty_server.ts` puts it behind
 * a whole server; production code knows nothing of it.
 *
 * - Faults: the file named by RINGSHARD_TEST_FAULTS, a JSON list of Fault, is read anew at each operation, so that a test can break and
 *   mend the disk under a running server.
 * - A stop: RINGSHARD_TEST_STOP, the JSON of a Stop, kills the process at the n-th call of an operation on a kind of file.
 * - A power cut: with `powerCut` the stop also takes away what the disk had not been told to keep: bytes since a file's last sync, and
 *   names created, renamed or removed since the folder's.
 *
 * Invariant: what a power cut takes of the names is the newest part of them: no file system in use forgets the older change only.
 */
import * as fs from "node:fs";
import { basename, dirname } from "node:path";
import process from "node:process";
import { FileError, type Files, type OpenFile, type OpenMode } from "../../src/runtime/mod.ts";

export type Operation = "open" | "write" | "truncate" | "sync" | "rename" | "unlink" | "makeDir" | "syncDir";

/** Operations whose path matches `path`, a regular expression on the last part of it (of a rename: of either). */
export interface Point {
  readonly operation: Operation;
  readonly path: string;
}

export interface Fault extends Point {
  /** The system's name for the error, such as "ENOSPC". */
  readonly code: string;
  /** Of a write: this share of the bytes is written before. */
  readonly share?: number;
}

export interface Stop extends Point {
  /** Which call of them; 1 is the first. */
  readonly call: number;
  /** "half": of a write, a part of its bytes. */
  readonly when: "before" | "after" | "half";
  readonly powerCut: boolean;
  /** Chooses how much a power cut and a half write leave: [0, 1). */
  readonly share: number;
}

export const FAULTS = "RINGSHARD_TEST_FAULTS";
export const STOP = "RINGSHARD_TEST_STOP";
/** Printed before the process is killed. */
export const STOPPED = "stopped by the test's disk";
/** What a folder's names were before they became durable is kept in here, as hard links. */
export const ATTIC = ".attic";

const SENTENCES: Record<string, string> = {
  ENOSPC: "No space left on device",
  EIO: "Input/output error",
  EROFS: "Read-only file system",
  EACCES: "Permission denied",
};

/** Takes a change of names back. */
interface Undo {
  readonly folder: string;
  readonly run: () => void;
  /** Link that is not needed once the change is durable. */
  readonly kept?: string;
}

export class TestDisk implements Files {
  private readonly stop: Stop | undefined;
  private readonly faultsPath = process.env[FAULTS];
  private calls = 0;
  private links = 0;
  /** Names the links of this disk: each thread of a server has one. */
  private readonly tag = crypto.randomUUID().slice(0, 8);
  private readonly undos: Undo[] = [];
  /** By path, the size that a power cut leaves of files written since. */
  readonly dirty = new Map<string, number>();

  constructor(private readonly system: Files) {
    const text = process.env[STOP];
    this.stop = text === undefined ? undefined : JSON.parse(text);
  }

  // ---- points -----------------------------------------------------------------------------------------------------

  /** Runs an operation, unless it is to fail or to be the last. `half` does a share of it. */
  at(operation: Operation, paths: readonly string[], run: () => void, half: (share: number) => void = () => {}): void {
    const fault = this.faults().find((each) => matches(each, operation, paths));
    if (fault !== undefined) {
      if (fault.share !== undefined) half(fault.share);
      throw new FileError(fault.code, `${operation} ${paths[0]}: ${SENTENCES[fault.code]}`);
    }
    const { stop } = this;
    if (stop === undefined || !matches(stop, operation, paths) || ++this.calls !== stop.call) return run();
    if (stop.when === "half") half(stop.share);
    else if (stop.when === "after") run();
    this.die(stop, paths[0]);
  }

  private faults(): readonly Fault[] {
    if (this.faultsPath === undefined) return [];
    try {
      return JSON.parse(fs.readFileSync(this.faultsPath, "utf8"));
    } catch {
      return []; // no file, so nothing is broken
    }
  }

  private die(stop: Stop, path: string): never {
    if (stop.powerCut) this.cutPower(stop.share);
    fs.writeSync(2, `${STOPPED} ${stop.when} ${stop.operation} of ${basename(path)}\n`);
    process.kill(process.pid, "SIGKILL");
    while (true) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }

  private cutPower(share: number): void {
    for (const [path, durable] of this.dirty) {
      const size = fs.existsSync(path) ? fs.statSync(path).size : 0;
      if (size > durable) fs.truncateSync(path, durable + Math.floor((size - durable) * share));
    }
    const stays = Math.floor(this.undos.length * share);
    while (this.undos.length > stays) this.undos.pop()!.run();
  }

  // ---- names ------------------------------------------------------------------------------------------------------

  /** Another name for what is at `path`, so that it can come back; undefined if nothing is there. */
  private keep(path: string): string | undefined {
    if (this.stop?.powerCut !== true || !fs.existsSync(path)) return undefined;
    const attic = `${dirname(path)}/${ATTIC}`;
    fs.mkdirSync(attic, { recursive: true });
    const link = `${attic}/${process.pid}.${this.tag}.${this.links++}`;
    fs.linkSync(path, link);
    return link;
  }

  private changed(undo: Undo): void {
    if (this.stop?.powerCut === true) this.undos.push(undo);
  }

  open(path: string, mode: OpenMode): OpenFile {
    let file: OpenFile | undefined;
    this.at("open", [path], () => {
      const isNew = mode !== "read" && !fs.existsSync(path);
      file = this.system.open(path, mode);
      if (isNew) this.changed({ folder: dirname(path), run: () => fs.rmSync(path, { force: true }) });
    });
    return new TestFile(this, file!);
  }

  rename(from: string, to: string): void {
    this.at("rename", [from, to], () => {
      const kept = this.keep(to);
      this.system.rename(from, to);
      const size = this.dirty.get(from);
      this.dirty.delete(from);
      if (size === undefined) this.dirty.delete(to);
      else this.dirty.set(to, size);
      this.changed({
        folder: dirname(to),
        kept,
        run: () => {
          fs.renameSync(to, from);
          if (kept !== undefined) fs.renameSync(kept, to);
        },
      });
    });
  }

  unlink(path: string): void {
    this.at("unlink", [path], () => {
      const kept = this.keep(path);
      this.system.unlink(path);
      this.changed({ folder: dirname(path), kept, run: () => fs.renameSync(kept!, path) });
    });
  }

  makeDir(path: string): void {
    this.at("makeDir", [path], () => this.system.makeDir(path));
  }

  syncDir(path: string): void {
    this.at("syncDir", [path], () => {
      this.system.syncDir(path);
      const folder = path.replace(/\/\.$/, "");
      for (let i = this.undos.length - 1; i >= 0; i--) {
        const { folder: of, kept } = this.undos[i];
        if (of !== folder) continue;
        if (kept !== undefined) fs.rmSync(kept, { force: true });
        this.undos.splice(i, 1);
      }
    });
  }

  removeDir(path: string): void {
    this.system.removeDir(path);
  }
  readDir(path: string): string[] {
    return this.system.readDir(path);
  }
  stat(path: string): ReturnType<Files["stat"]> {
    return this.system.stat(path);
  }
  readText(path: string): string {
    return this.system.readText(path);
  }
  writeTextAtomic(path: string, text: string): void {
    this.system.writeTextAtomic(path, text);
  }
}

class TestFile implements OpenFile {
  readonly path: string;

  constructor(private readonly disk: TestDisk, private readonly file: OpenFile) {
    this.path = file.path;
  }

  /** The size so far is what a power cut leaves, unless less was known to be safe. */
  private touch(): void {
    if (!this.disk.dirty.has(this.path)) this.disk.dirty.set(this.path, this.file.size());
  }

  read(buf: Uint8Array, from: number, to: number, position: number): number {
    return this.file.read(buf, from, to, position);
  }

  write(buf: Uint8Array, from: number, to: number, position: number): void {
    const write = (end: number) => {
      this.touch();
      this.file.write(buf, from, end, position);
    };
    this.disk.at("write", [this.path], () => write(to), (share) => write(from + Math.floor((to - from) * share)));
  }

  size(): number {
    return this.file.size();
  }

  truncate(sizeBytes: number): void {
    this.disk.at("truncate", [this.path], () => this.file.truncate(sizeBytes));
  }

  sync(): void {
    this.disk.at("sync", [this.path], () => {
      this.file.sync();
      this.disk.dirty.delete(this.path);
    });
  }

  close(): void {
    this.file.close();
  }
}

function matches(point: Point, operation: Operation, paths: readonly string[]): boolean {
  const pattern = new RegExp(point.path);
  return point.operation === operation && paths.some((path) => pattern.test(basename(path.replace(/\/\.$/, ""))));
}

/** Makes `files`, an object that everyone shares, the disk of this thread. */
export function install(files: Files): void {
  const disk = new TestDisk({ ...files });
  for (const name of ["open", "rename", "unlink", "makeDir", "syncDir"] as const) {
    Object.assign(files, { [name]: disk[name].bind(disk) });
  }
}
