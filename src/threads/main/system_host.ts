/** SystemHost: the system's files as configuration and log need them; paths are latin-1 texts of their bytes. Main thread. */
import { encodeText, latin1Bytes, latin1Text } from "../../base/bytes.ts";
import type { ConfHost } from "../../config/conf_file.ts";
import type { Config, WorkingFolder } from "../../config/config.ts";
import { chdir, cwd, FileError, pid, systemFiles } from "../../runtime/mod.ts";

/** A path as the runtime wants it. */
function decoded(path: string): string {
  return new TextDecoder().decode(latin1Bytes(path));
}

/** The system's sentence behind a FileError's path and code. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message.slice(error.message.lastIndexOf(": ") + 1).trim();
}

/** All bytes of a file. Throws FileError. */
export function readWhole(path: string): Uint8Array {
  const file = systemFiles.open(path, "read");
  try {
    const bytes = new Uint8Array(file.size());
    let at = 0;
    while (at < bytes.length) {
      const n = file.read(bytes, at, bytes.length, at);
      if (n === 0) break;
      at += n;
    }
    return bytes.subarray(0, at);
  } finally {
    file.close();
  }
}

/** Replaces a file's contents so that a crash leaves the old ones or the new ones. Throws FileError. */
function writeWhole(path: string, bytes: Uint8Array): void {
  const fresh = `${path}.${pid}.tmp`;
  const file = systemFiles.open(fresh, "write");
  try {
    file.write(bytes, 0, bytes.length, 0);
    file.sync();
  } finally {
    file.close();
  }
  systemFiles.rename(fresh, path);
}

/** Appends to a file, created if missing. Throws FileError. */
export function append(path: string, bytes: Uint8Array): void {
  const file = systemFiles.open(path, "append");
  try {
    file.write(bytes, 0, bytes.length, 0);
  } finally {
    file.close();
  }
}

export const confHost: ConfHost = {
  readFile(path) {
    try {
      const status = systemFiles.stat(decoded(path));
      return status?.isDir === true ? new Uint8Array(0) : readWhole(decoded(path));
    } catch (error) {
      return reason(error);
    }
  },
  listFolder(path) {
    try {
      return systemFiles.readDir(path === "" ? "." : decoded(path)).map((name) => latin1Text(encodeText(name)));
    } catch {
      return [];
    }
  },
  tryAppend(path) {
    try {
      append(decoded(path), new Uint8Array(0));
      return undefined;
    } catch (error) {
      return reason(error);
    }
  },
};

/**
 * Writes the configuration into its file, as CONFIG REWRITE does; `path` is a latin-1 text. Returns the system's error text when that
 * fails; the file is then as it was.
 */
export function rewriteConfig(config: Config, path: string, all = false): string | undefined {
  try {
    const name = decoded(path);
    const old = systemFiles.stat(name) === undefined ? "" : latin1Text(readWhole(name));
    writeWhole(name, latin1Bytes(config.rewrite(old, [], all)));
    return undefined;
  } catch (error) {
    return reason(error);
  }
}

export const workingFolder: WorkingFolder = {
  current: () => latin1Text(encodeText(cwd())),
  change(path) {
    try {
      chdir(decoded(path));
      return undefined;
    } catch (error) {
      return error instanceof FileError ? reason(error) : "No such file or directory";
    }
  },
};
