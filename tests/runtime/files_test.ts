/**
 * The system's files: contracts of `Files` that persistence rests on.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { FileError, systemFiles as files } from "../../src/runtime/mod.ts";
import { tempDir, test } from "../harness.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function codeOf(fn: () => unknown): string {
  return (assertThrows(fn, FileError) as FileError).code;
}

test("files: positional writes and reads, size and truncation", () => {
  const path = `${tempDir()}/data`;
  const file = files.open(path, "update");
  file.write(text("hello world"), 0, 11, 0);
  file.write(text("xWORLDx"), 1, 6, 6);
  assertEquals(file.size(), 11);
  const buf = new Uint8Array(20);
  assertEquals(file.read(buf, 2, 20, 0), 11);
  assertEquals(new TextDecoder().decode(buf.slice(2, 13)), "hello WORLD");
  assertEquals(file.read(buf, 0, 5, 11), 0);
  file.truncate(5);
  file.sync();
  file.close();
  file.close();
  assertEquals(files.readText(path), "hello");
  assertEquals(codeOf(() => file.size()), "EBADF");
});

test("files: what each mode does with what is there", () => {
  const path = `${tempDir()}/data`;
  assertEquals(codeOf(() => files.open(path, "read")), "ENOENT");
  files.open(path, "new").close();
  assertEquals(codeOf(() => files.open(path, "new")), "EEXIST");
  const written = files.open(path, "write");
  written.write(text("abc"), 0, 3, 0);
  written.close();
  const appended = files.open(path, "append");
  appended.write(text("def"), 0, 3, 0);
  appended.close();
  assertEquals(files.readText(path), "abcdef");
  files.open(path, "update").close();
  assertEquals(files.stat(path)?.sizeBytes, 6);
  files.open(path, "write").close();
  assertEquals(files.stat(path)?.sizeBytes, 0);
});

test("files: folders, names and their errors", () => {
  const dir = tempDir();
  files.makeDir(`${dir}/a/b`);
  files.makeDir(`${dir}/a/b`);
  assertEquals(files.stat(`${dir}/a`)?.isDir, true);
  assertEquals(files.stat(`${dir}/none`), undefined);
  files.open(`${dir}/a/one`, "new").close();
  files.rename(`${dir}/a/one`, `${dir}/a/two`);
  files.syncDir(`${dir}/a`);
  assertEquals(files.readDir(`${dir}/a`).sort(), ["b", "two"]);
  assertEquals(codeOf(() => files.removeDir(`${dir}/a`)), "ENOTEMPTY");
  assertEquals(codeOf(() => files.unlink(`${dir}/a/one`)), "ENOENT");
  assertEquals(codeOf(() => files.makeDir(`${dir}/a/two/c`)), "ENOTDIR");
  files.unlink(`${dir}/a/two`);
  files.removeDir(`${dir}/a/b`);
  assertEquals(files.readDir(`${dir}/a`), []);
});

test("files: atomic replacement leaves no temporary file, also when it fails", () => {
  const dir = tempDir();
  files.writeTextAtomic(`${dir}/conf`, "first");
  files.writeTextAtomic(`${dir}/conf`, "second, longer");
  assertEquals(files.readText(`${dir}/conf`), "second, longer");
  files.makeDir(`${dir}/taken`);
  assert(["EISDIR", "EEXIST", "ENOTEMPTY"].includes(codeOf(() => files.writeTextAtomic(`${dir}/taken`, "x"))));
  assertEquals(files.readDir(dir).sort(), ["conf", "taken"]);
});

test("files: a full disk is ENOSPC", () => {
  // A device that is always full, where there is one.
  if (files.stat("/dev/full") === undefined) return;
  const file = files.open("/dev/full", "update");
  const error = assertThrows(() => file.write(text("x"), 0, 1, 0), FileError) as FileError;
  file.close();
  assertEquals([error.code, error.message], ["ENOSPC", "write /dev/full: No space left on device"]);
});
