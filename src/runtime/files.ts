/**
 * Files: the synchronous, positional file interface that persistence is built on. Any thread.
 *
 * `Files` is an interface so that tests can put a disk that fails, tears or forgets behind the same code;
 * `systemFiles` is the real one.
 *
 * 1. Every failure is a FileError with the system's name for it; nothing else is thrown.
 * 2. `write` writes everything or throws; after a throw the file may hold a part of it.
 * 3. A new name or a removed one is only durable after `syncDir` of its folder; contents only after `sync`.
 */

import * as fs from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { errorCode, errorText } from "./errors.ts";

/** Why the system refused; `code` is its name for it, such as "ENOSPC", and the message ends in its sentence. */
export class FileError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * "read": must exist. "write": created or emptied. "update": read and write, created if missing. "append": created if
 * missing, every write goes to the end whatever its position. "new": must not exist.
 */
export type OpenMode = "read" | "write" | "update" | "append" | "new";

/** An open file. Positions and sizes are in bytes. */
export interface OpenFile {
  readonly path: string;
  /** Fills buf[from, to) from `position`; returns how many bytes, fewer only at the file's end, 0 behind it. */
  read(buf: Uint8Array, from: number, to: number, position: number): number;
  /** Writes buf[from, to) at `position`. */
  write(buf: Uint8Array, from: number, to: number, position: number): void;
  size(): number;
  truncate(sizeBytes: number): void;
  /** Contents and size to the disk, without the times: fdatasync(2). */
  sync(): void;
  /** Idempotent. */
  close(): void;
}

export interface FileStatus {
  readonly sizeBytes: number;
  readonly isDir: boolean;
  readonly modifiedMs: number;
}

export interface Files {
  open(path: string, mode: OpenMode): OpenFile;
  /** Replaces what is at `to`, atomically within one file system. */
  rename(from: string, to: string): void;
  unlink(path: string): void;
  /** Also the folders above it; no error if it is there. */
  makeDir(path: string): void;
  removeDir(path: string): void;
  /** Names in a folder, in no order. */
  readDir(path: string): string[];
  /** Undefined if there is nothing at `path`. */
  stat(path: string): FileStatus | undefined;
  /** Makes names created, renamed or removed in the folder durable. */
  syncDir(path: string): void;
  /** The whole file as UTF-8. */
  readText(path: string): string;
  /** Puts `text` at `path` so that a crash leaves the old file or the new one, durable when this returns. */
  writeTextAtomic(path: string, text: string): void;
}

/** The operating system's files. */
export const systemFiles: Files = {
  open(path, mode) {
    return new SystemFile(path, attempt("open", path, () => fs.openSync(path, FLAGS[mode], FILE_MODE)));
  },
  rename(from, to) {
    attempt("rename", from, () => fs.renameSync(from, to));
  },
  unlink(path) {
    attempt("unlink", path, () => fs.unlinkSync(path));
  },
  makeDir(path) {
    attempt("mkdir", path, () => fs.mkdirSync(path, { recursive: true, mode: DIR_MODE }));
  },
  removeDir(path) {
    attempt("rmdir", path, () => fs.rmdirSync(path));
  },
  readDir(path) {
    return attempt("readdir", path, () => fs.readdirSync(path));
  },
  stat(path) {
    try {
      const { size, mtimeMs, mode } = fs.statSync(path);
      return { sizeBytes: size, modifiedMs: mtimeMs, isDir: (mode & S_IFMT) === S_IFDIR };
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw fileError("stat", path, error);
    }
  },
  syncDir(path) {
    const fd = attempt("open", path, () => fs.openSync(path, "r"));
    try {
      attempt("fsync", path, () => fs.fsyncSync(fd));
    } finally {
      fs.closeSync(fd);
    }
  },
  readText(path) {
    return attempt("read", path, () => fs.readFileSync(path, "utf8"));
  },
  writeTextAtomic(path, text) {
    writeAtomic(systemFiles, path, new TextEncoder().encode(text));
  },
};

/**
 * The atomic replacement behind `writeTextAtomic`, over any `Files`: a temporary file beside the target, synced, renamed
 * over it, and the folder synced. The temporary file is removed if any step fails.
 */
export function writeAtomic(files: Files, path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    const file = files.open(temporary, "write");
    try {
      file.write(bytes, 0, bytes.length, 0);
      file.sync();
    } finally {
      file.close();
    }
    files.rename(temporary, path);
  } catch (error) {
    if (files.stat(temporary) !== undefined) files.unlink(temporary);
    throw error;
  }
  files.syncDir(dirname(path));
}

class SystemFile implements OpenFile {
  readonly path: string;
  #fd: number;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  read(buf: Uint8Array, from: number, to: number, position: number): number {
    let at = from;
    try {
      while (at < to) {
        const count = fs.readSync(this.#openFd(), buf, at, to - at, position + at - from);
        if (count === 0) break;
        at += count;
      }
    } catch (error) {
      throw fileError("read", this.path, error);
    }
    return at - from;
  }

  write(buf: Uint8Array, from: number, to: number, position: number): void {
    let at = from;
    try {
      while (at < to) at += fs.writeSync(this.#openFd(), buf, at, to - at, position + at - from);
    } catch (error) {
      throw fileError("write", this.path, error);
    }
  }

  size(): number {
    return attempt("stat", this.path, () => fs.fstatSync(this.#openFd()).size);
  }

  truncate(sizeBytes: number): void {
    attempt("truncate", this.path, () => fs.ftruncateSync(this.#openFd(), sizeBytes));
  }

  sync(): void {
    attempt("fsync", this.path, () => fs.fdatasyncSync(this.#openFd()));
  }

  close(): void {
    if (this.#fd === -1) return;
    const fd = this.#fd;
    this.#fd = -1;
    attempt("close", this.path, () => fs.closeSync(fd));
  }

  #openFd(): number {
    if (this.#fd === -1) throw new FileError("EBADF", `${this.path}: the file was closed`);
    return this.#fd;
  }
}

const FLAGS: Record<OpenMode, number> = {
  read: fs.constants.O_RDONLY,
  write: fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_TRUNC,
  update: fs.constants.O_RDWR | fs.constants.O_CREAT,
  append: fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_APPEND,
  new: fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL,
};

/** Redis's modes for what it creates, before the umask. */
const FILE_MODE = 0o644;
const DIR_MODE = 0o755;

// <sys/stat.h>.
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;

function attempt<T>(action: string, path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw fileError(action, path, error);
  }
}

function fileError(action: string, path: string, error: unknown): FileError {
  if (error instanceof FileError) return error;
  const code = errorCode(error);
  return new FileError(code, `${action} ${path}: ${errorText(code)}`);
}
