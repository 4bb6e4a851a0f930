/** The append-only file's parts: manifests as Redis writes and refuses them, commands read at every cut, disks that fail. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { latin1Bytes, latin1Text } from "../../src/base/bytes.ts";
import { CommandReader } from "../../src/codec/aof/command_reader.ts";
import { FileError, type Files, type OpenFile, systemFiles } from "../../src/runtime/mod.ts";
import { AofFolder } from "../../src/threads/persistence/aof_folder.ts";
import type { AofSettings } from "../../src/threads/persistence/aof_messages.ts";
import { AofWriter } from "../../src/threads/persistence/aof_writer.ts";
import { AofError, Manifest } from "../../src/threads/persistence/manifest.ts";
import { encodeRequest } from "../client.ts";
import { tempDir, test } from "../harness.ts";

test("a manifest reads back as it was written, names with blanks and accents too", () => {
  const manifest = new Manifest();
  manifest.addBase("my file é.aof", true);
  manifest.addIncr("my file é.aof");
  manifest.addBase("my file é.aof", false);
  manifest.addIncr("my file é.aof");
  manifest.retireIncr(2);
  assertEquals(
    manifest.format(),
    'file "my file \\xc3\\xa9.aof.2.base.aof" seq 2 type b\n' +
      'file "my file \\xc3\\xa9.aof.1.incr.aof" seq 1 type h\n' +
      'file "my file \\xc3\\xa9.aof.1.base.rdb" seq 1 type h\n' +
      'file "my file \\xc3\\xa9.aof.2.incr.aof" seq 2 type i\n',
  );
  const back = Manifest.parse(manifest.format());
  assertEquals(back.parts, manifest.parts);
  assertEquals(back.history, manifest.history);
  assertEquals([back.baseSeq, back.incrSeq], [2, 2]);
});

test("a manifest that redis-server refuses is refused in its words", () => {
  const cases: [text: string, why: string, line?: number][] = [
    ["", "Found an empty AOF manifest"],
    ["hello\n", "Invalid AOF manifest file format", 1],
    ["\n", "Invalid AOF manifest file format", 1],
    ["file a seq x type b\n", "Invalid AOF manifest file format", 1],
    ["file a seq 0 type i\n", "Invalid AOF manifest file format", 1],
    ["file a seq 1 type i extra\n", "Invalid AOF manifest file format", 1],
    ["file a seq 1 type z\n", "Unknown AOF file type", 1],
    ["file a/b seq 1 type b\n", "File can't be a path, just a filename", 1],
    ["file a seq 1 type b\nfile b seq 2 type b\n", "Found duplicate base file information", 2],
    ["file a seq 2 type i\nfile b seq 1 type i\n", "Found a non-monotonic sequence number", 2],
    ["file a seq 2 type i", "The AOF manifest file contains too long line"],
  ];
  for (const [text, why, line] of cases) {
    const error = assertThrows(() => Manifest.parse(text), AofError);
    const place = line === undefined
      ? []
      : [`Reading the manifest file, at line ${line}\n`, `>>> '${text.split("\n")[line - 1]}'\n`];
    assertEquals(error.lines, ["\n*** FATAL AOF MANIFEST FILE ERROR ***\n", ...place, `${why}\n`]);
  }
  assertEquals(Manifest.parse("# note\nseq 3 type i file a foo bar\n").incr, [{ name: "a", seq: 3 }]);
});

test("a single-file AOF of older servers is taken over, also when the first try ended half-way", () => {
  const dir = tempDir();
  const place = { dir, folderName: "folder", fileName: "old.aof" };
  const file = systemFiles.open(`${dir}/old.aof`, "write");
  const bytes = encodeRequest(["SET", "a", "1"]);
  file.write(bytes, 0, bytes.length, 0);
  file.close();
  const lines: string[] = [];
  new AofFolder(systemFiles, place).load((line) => lines.push(line));
  // The manifest is there, but the file has not moved: as a crash between the two leaves it.
  systemFiles.rename(`${dir}/folder/old.aof`, `${dir}/old.aof`);
  const folder = new AofFolder(systemFiles, place);
  folder.load((line) => lines.push(line));
  assertEquals(
    lines,
    Array(2).fill("Successfully migrated an old-style AOF file (old.aof) into the AOF directory (folder)."),
  );
  assertEquals(folder.manifest.parts, [{ name: "old.aof", seq: 1 }]);
  assertEquals(folder.sizeOf("old.aof"), bytes.length);
});

function source(bytes: Uint8Array) {
  return {
    read(buf: Uint8Array, from: number, to: number, position: number): number {
      const piece = bytes.subarray(position, position + to - from);
      buf.set(piece, from);
      return piece.length;
    },
  };
}

test("commands are read at every cut of a file: whole ones, and where the last of them ends", () => {
  const commands = [["SET", "a", "1"], ["DEL", "b"], ["SET", "large", "x".repeat(300)]];
  const ends: number[] = [0];
  let text = "";
  for (const args of commands) {
    text += "#TS:1700000000\r\n" + latin1Text(encodeRequest(args));
    ends.push(text.length);
  }
  const bytes = latin1Bytes(text);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const reader = new CommandReader(source(bytes.subarray(0, cut)), 0);
    let count = 0;
    let found = reader.next();
    for (; found === "command"; found = reader.next()) {
      assertEquals(
        latin1Text(reader.request.buf, reader.request.at[1], reader.request.at[1] + 1),
        commands[count][1][0],
      );
      count++;
    }
    const whole = ends.filter((end) => end <= cut).length - 1;
    assertEquals(count, whole, `cut at ${cut}`);
    const atEnd = cut === ends[whole] || cut === ends[whole] + "#TS:1700000000\r\n".length;
    assertEquals(found, atEnd ? "end" : "truncated", `cut at ${cut}`);
  }
});

test("a value larger than the reader's window, and going back to an earlier command", () => {
  const value = "v".repeat(3_000_000);
  const bytes = latin1Bytes(latin1Text(encodeRequest(["SET", "a", value])) + latin1Text(encodeRequest(["DEL", "b"])));
  const reader = new CommandReader(source(bytes), 0);
  for (let round = 0; round < 2; round++) {
    assertEquals(reader.next(), "command");
    assertEquals(reader.request.len[2], value.length);
    assertEquals(reader.next(), "command");
    assertEquals(reader.request.argc, 2);
    assertEquals(reader.next(), "end");
    reader.seek(0);
  }
});

test("what is no command is told from what is not all there", () => {
  for (const text of ["SET a 1\r\n", "*0\r\n", "*-1\r\n", "*x\r\n", "*1\r\n+OK\r\n", "*2\r\n$1\r\na\r\n$-1\r\n"]) {
    assertEquals(new CommandReader(source(latin1Bytes(text)), 0).next(), "bad", text);
  }
});

/** Files that fail when told to; a write that fails leaves half of it behind. */
class FailingFiles implements Files {
  fails: "write" | "sync" | undefined;
  cutsFail = false;
  syncs = 0;

  open(path: string, mode: Parameters<Files["open"]>[1]): OpenFile {
    const file = systemFiles.open(path, mode);
    const refuse = (what: string) => {
      if (this.fails === what) throw new FileError("ENOSPC", `${what} ${path}: No space left on device`);
    };
    return {
      path,
      read: (buf, from, to, position) => file.read(buf, from, to, position),
      write: (buf, from, to, position) => {
        if (this.fails === "write") file.write(buf, from, from + ((to - from) >> 1), position);
        refuse("write");
        file.write(buf, from, to, position);
      },
      size: () => file.size(),
      truncate: (size) => {
        if (this.cutsFail) throw new FileError("EIO", `truncate ${path}: Input/output error`);
        file.truncate(size);
      },
      sync: () => {
        refuse("sync");
        this.syncs++;
        file.sync();
      },
      close: () => file.close(),
    };
  }
  rename = systemFiles.rename;
  unlink = systemFiles.unlink;
  makeDir = systemFiles.makeDir;
  removeDir = systemFiles.removeDir;
  readDir = systemFiles.readDir;
  stat = systemFiles.stat;
  syncDir = systemFiles.syncDir;
  readText = systemFiles.readText;
  writeTextAtomic = systemFiles.writeTextAtomic;
}

function writerAt(path: string, policy: AofSettings["policy"]) {
  const files = new FailingFiles();
  const told: string[] = [];
  const writer = new AofWriter(files, {
    warning: (line) => told.push(line),
    notice: (line) => told.push(line),
    state: (reason) => told.push(`state ${reason}`),
    fatal: (line) => told.push(`fatal ${line}`),
    latency: () => {},
    syncing: () => {},
  }, { policy, skipsSync: false, timestamps: false, keepsHistory: false, latencyMs: 0, flushSleepUs: 0 });
  writer.open(path);
  const append = (text: string) => writer.append(latin1Bytes(text), 0, text.length);
  return { files, told, writer, append };
}

test("a full disk: the file stays whole, nothing is lost, and writing goes on when there is room", () => {
  const path = `${tempDir()}/incr`;
  const { files, told, writer, append } = writerAt(path, "everysec");
  append("first,");
  assert(writer.write(0));
  files.fails = "write";
  append("second,");
  assert(!writer.write(0));
  append("third,");
  assert(!writer.write(500), "it is not tried again at once");
  assertEquals(systemFiles.readText(path), "first,");
  assertEquals(told, ["Error writing to the AOF file: No space left on device", "state No space left on device"]);
  assert(!writer.write(1500));
  files.fails = undefined;
  assert(writer.write(3000));
  assertEquals(told.slice(2), ["AOF write error looks solved, Redis can write again.", "state "]);
  assertEquals(systemFiles.readText(path), "first,second,third,");
  assert(writer.finish());
});

test("a full disk that can't even be cut back: what a write left stays, and the rest follows it", () => {
  const path = `${tempDir()}/incr`;
  const { files, told, writer, append } = writerAt(path, "everysec");
  files.fails = "write";
  files.cutsFail = true;
  append("0123456789");
  assert(!writer.write(0));
  assertEquals(systemFiles.readText(path), "01234");
  assertEquals(told[1].startsWith("Could not remove short write from the append-only file."), true);
  append("abc");
  files.fails = undefined;
  assert(writer.write(3000) && writer.finish());
  assertEquals(systemFiles.readText(path), "0123456789abc");
});

test("two servers by mistake on one folder write over nothing of each other", () => {
  const path = `${tempDir()}/incr`;
  const [one, other] = [writerAt(path, "no"), writerAt(path, "no")];
  for (const text of ["a,", "b,"]) {
    for (const { writer, append } of [one, other]) {
      append(text);
      assert(writer.write(0));
    }
  }
  assertEquals(systemFiles.readText(path), "a,a,b,b,");
  assert(one.writer.finish() && other.writer.finish());
});

test("under always a disk that refuses is fatal, and nothing counts as synced any more", () => {
  for (const fails of ["write", "sync"] as const) {
    const { files, told, writer, append } = writerAt(`${tempDir()}/incr`, "always");
    append("first,");
    assert(writer.write(0) && writer.sync(0));
    files.fails = fails;
    append("second,");
    assert(!(writer.write(0) && writer.sync(0)));
    files.fails = undefined;
    append("third,");
    assert(!(writer.write(5000) && writer.sync(5000)));
    assertEquals(told.filter((line) => line.startsWith("fatal")).length, 1, fails);
  }
});

test("no-appendfsync-on-rewrite: while something is rewritten nobody waits for a sync", () => {
  for (const [policy, counts] of [["always", true], ["everysec", false]] as const) {
    const { files, writer, append } = writerAt(`${tempDir()}/incr`, policy);
    writer.settings = { ...writer.settings, skipsSync: true };
    append("x");
    assert(writer.write(0));
    assertEquals(writer.sync(Infinity), counts);
    assertEquals(files.syncs, 0);
    writer.settings = { ...writer.settings, skipsSync: false };
    assert(writer.sync(Infinity));
    assertEquals(files.syncs, 1);
    assert(writer.finish());
  }
});

test("everysec syncs once a second, no never, always each time", () => {
  for (const [policy, expected] of [["everysec", 1], ["no", 0], ["always", 3]] as const) {
    const { files, writer, append } = writerAt(`${tempDir()}/incr`, policy);
    const start = performance.now();
    for (const ms of [10, 20, 1500]) {
      append("x");
      assert(writer.write(start + ms));
      writer.sync(start + ms);
    }
    assertEquals(files.syncs, expected, policy);
    assert(writer.finish());
  }
});
