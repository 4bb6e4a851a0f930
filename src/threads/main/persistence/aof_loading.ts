/**
 * AofLoading: the keyspace from an append-only file: its base and increments in their order, each command run again. Main thread.
 *
 * Invariants:
 * 1. What stands between MULTI and EXEC runs only if EXEC is there: a transaction is there whole or not at all.
 * 2. Nothing expires and nothing is evicted while commands run again: what went then stands there as a command.
 * 3. The server answers meanwhile: reading gives way to it every SLICE_MS.
 */
import { encodeText } from "../../../base/bytes.ts";
import { CommandReader } from "../../../codec/aof/command_reader.ts";
import type { Request } from "../../../codec/resp/request.ts";
import { mayPass } from "../../../base/pace.ts";
import { FileError, monotonicMs, type OpenFile, type Socket, systemFiles } from "../../../runtime/mod.ts";
import { AofFolder, type AofPlace } from "../../persistence/aof_folder.ts";
import { AofError, type AofPart } from "../../persistence/manifest.ts";
import type { CommandEntry } from "../command_entry.ts";
import type { Server } from "../server.ts";
import { RequestBuilder } from "../request_builder.ts";
import { Gate, Session } from "../session.ts";
import { JournalMode } from "../../shard/journal.ts";

const SLICE_MS = 5;
/** Commands between two looks at the clock. */
const CLOCK_EVERY = 256;
const RDB_MAGIC = "REDIS";

/** How a file ended. */
type FileEnd = "ok" | "truncated";

export class AofLoading {
  private readonly session: Session;
  private sliceEndMs = 0;
  private readonly startedMs = monotonicMs();

  constructor(private readonly server: Server) {
    const session = new Session(0, NO_SOCKET, server.nowMs());
    session.gate |= Gate.REPLY_OFF;
    session.replyBytes = 1; // its replies are nothing: as many requests as there is room for may be in flight
    this.session = session;
  }

  /**
   * Loads the append-only file of `place`, after emptying the keyspace if `flush`. False when it can't be used: the log has the reason, in
   * Redis's words, and the server must not go on.
   */
  async load(place: AofPlace, flush: boolean): Promise<boolean> {
    const { log, shards } = this.server;
    const folder = new AofFolder(systemFiles, place);
    shards.journal(JournalMode.REPLAY, 0);
    try {
      folder.load((line) => log.notice(line));
      if (flush) await this.flush();
      await this.loadParts(folder);
      return true;
    } catch (error) {
      if (error instanceof AofError) { for (const line of error.lines) log.warning(line); }
      else if (error instanceof FileError) {
        log.warning(`Fatal error: can't read the append only file: ${error.message}`);
      } else throw error;
      return false;
    } finally {
      await this.idle();
      shards.journal(JournalMode.OFF, 0);
    }
  }

  private flush(): Promise<void> {
    const builder = new RequestBuilder();
    builder.begin(encodeText("FLUSHALL"));
    const request = builder.end();
    return this.run(this.entryOf(request, "", 0), request, "", 0);
  }

  private async loadParts(folder: AofFolder): Promise<void> {
    const { log } = this.server;
    const { parts, base } = folder.manifest;
    if (parts.length === 0) return;
    const { loading } = this.server.persistence;
    loading.totalBytes = parts.reduce((sum, part) => sum + folder.sizeOf(part.name), 0);
    const startMs = monotonicMs();
    for (const [i, part] of parts.entries()) {
      const partMs = monotonicMs();
      const end = await this.loadFile(folder, part);
      const last = i === parts.length - 1;
      if (end === "truncated" && !last) throw new AofError(["Fatal error: the truncated file is not the last file"]);
      log.notice(
        `DB loaded from ${part === base ? "base" : "incr"} file ${part.name}: ${secondsSince(partMs)} seconds`,
      );
    }
    log.notice(`DB loaded from append only file: ${secondsSince(startMs)} seconds`);
  }

  private async loadFile(folder: AofFolder, part: AofPart): Promise<FileEnd> {
    const { loading } = this.server.persistence;
    const path = folder.path(part.name);
    const file = systemFiles.open(path, "read");
    const before = loading.passedBytes;
    try {
      const size = file.size();
      let from = 0;
      if (startsWith(file, RDB_MAGIC)) {
        from = await this.loadRdb(folder, part);
        if (from < size) this.server.log.notice("Reading the remaining AOF tail...");
      }
      const reader = new CommandReader(file, from);
      const end = await this.replay(reader, part.name, before);
      loading.passedBytes = before + size;
      if (end === "ok") return "ok";
      this.truncate(path, part.name, reader.offset);
      return "truncated";
    } finally {
      file.close();
    }
  }

  /** Loads the RDB file that begins a part; returns where it ends. */
  private async loadRdb(folder: AofFolder, part: AofPart): Promise<number> {
    const { log, persistence } = this.server;
    const isBase = part === folder.manifest.base && part.name.endsWith(".rdb");
    log.notice(isBase ? "Reading RDB base file on AOF loading..." : "Reading RDB preamble from AOF file...");
    const result = await persistence.loading.rdb(folder.path(part.name), {
      flush: false,
      replace: false,
      keepExpired: true,
    });
    if (result !== undefined && result.errors.length === 0) return result.endBytes;
    throw new AofError([
      isBase
        ? `Error reading the RDB base file ${part.name}, AOF loading aborted`
        : `Error reading the RDB preamble of the AOF file ${part.name}, AOF loading aborted`,
    ]);
  }

  /** Runs a file's commands. On "truncated" the reader stands where the last whole command or transaction ends. */
  private async replay(reader: CommandReader, name: string, before: number): Promise<FileEnd> {
    const { session } = this;
    session.db = 0;
    /** Where the transaction that is being looked through begins; -1 outside. */
    let multiAt = -1;
    /** Where the transaction that runs ends. */
    let runsTo = 0;
    for (let count = 1;; count++) {
      const found = reader.next();
      if (found !== "command") {
        if (found === "bad") throw badFormat(name, reader.offset);
        if (multiAt < 0) return found === "end" ? "ok" : "truncated";
        this.server.log.warning(`Revert incomplete MULTI/EXEC transaction from AOF file ${name}`);
        reader.seek(multiAt);
        return "truncated";
      }
      const { request } = reader;
      const entry = this.entryOf(request, name, reader.startsAt);
      if (entry.name === "multi") {
        if (multiAt >= 0) throw badFormat(name, reader.startsAt);
        if (reader.offset > runsTo) multiAt = reader.startsAt;
      } else if (entry.name === "exec") {
        if (multiAt >= 0) {
          // All of it is there: once more from the start, and now each command runs.
          runsTo = reader.offset;
          reader.seek(multiAt);
          multiAt = -1;
        } else if (reader.offset > runsTo) throw badFormat(name, reader.startsAt);
      } else if (multiAt < 0) {
        if (this.server.config.int("key-load-delay") !== 0) await this.keepPace(count);
        await this.run(entry, request, name, reader.startsAt);
      }
      if (count % CLOCK_EVERY !== 0) continue;
      this.server.persistence.loading.passedBytes = before + reader.offset;
      if (monotonicMs() >= this.sliceEndMs) await this.giveWay();
    }
  }

  /** Waits until key-load-delay lets the command of that number run. */
  private async keepPace(count: number): Promise<void> {
    const { config } = this.server;
    while (!mayPass(count, config.int("key-load-delay"), monotonicMs() - this.startedMs)) await this.giveWay();
  }

  private entryOf(request: Request, name: string, offset: number): CommandEntry {
    const { commands } = this.server;
    const entry = commands.find(request.buf, request.at[0], request.len[0]);
    const sub = entry?.subcommands !== undefined && request.argc > 1
      ? commands.findSub(entry, request.buf, request.at[1], request.len[1])
      : entry;
    if (sub !== undefined && sub.accepts(request.argc)) return sub;
    const { call } = this.server.dispatcher;
    call.load(request, 0);
    throw unknownCommand(call.text(0), name, offset);
  }

  private async run(entry: CommandEntry, request: Request, name: string, offset: number): Promise<void> {
    const { server, session } = this;
    const { call } = server.dispatcher;
    call.load(request, session.db);
    if (entry.name === "select") {
      const text = call.text(1);
      const db = Number(text);
      if (!/^\d+$/.test(text) || db >= server.config.int("databases")) throw badFormat(name, offset);
      session.db = db;
      return;
    }
    if (entry.shard === undefined) {
      throw unknownCommand(call.text(0), name, offset);
    }
    if (server.shards.busy(session)) await this.room(request);
    call.load(request, session.db);
    server.shards.run(session, entry, request);
  }

  /** Waits until the shards take more. */
  private async room(request: Request): Promise<void> {
    request.hashed = false;
    while (this.server.shards.busy(this.session)) await this.giveWay();
  }

  /** Waits until every command has run. */
  private async idle(): Promise<void> {
    while (this.session.pendingCount > 0) await this.giveWay();
  }

  /** Lets what was sent be worked on, and the server answer its clients. */
  private async giveWay(): Promise<void> {
    this.server.shards.turn(monotonicMs());
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.sliceEndMs = monotonicMs() + SLICE_MS;
  }

  /** A file whose end is missing: cuts it where it is whole, if the configuration allows. */
  private truncate(path: string, name: string, wholeBytes: number): void {
    const { config, log } = this.server;
    if (!config.bool("aof-load-truncated")) {
      throw new AofError([
        `Unexpected end of file reading the append only file ${name}. You can: 1) Make a backup of your AOF file, then use ` +
        "./redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set the 'aof-load-truncated' " +
        "configuration option to yes and restart the server.",
      ]);
    }
    log.warning(`!!! Warning: short read while loading the AOF file ${name}!!!`);
    log.warning(`!!! Truncating the AOF ${name} at offset ${wholeBytes} !!!`);
    const file = systemFiles.open(path, "update");
    try {
      file.truncate(wholeBytes);
      file.sync();
    } finally {
      file.close();
    }
    log.warning(`AOF ${name} loaded anyway because aof-load-truncated is enabled`);
  }
}

function badFormat(name: string, offset: number): AofError {
  return new AofError([
    placeOf(offset),
    `Bad file format reading the append only file ${name}: make a backup of your AOF file, then use ` +
    "./redis-check-aof --fix <filename.manifest>",
  ]);
}

function unknownCommand(command: string, name: string, offset: number): AofError {
  return new AofError([placeOf(offset), `Unknown command '${command}' reading the append only file ${name}`]);
}

/** Goes before the line in Redis's words, which is then the log's last, as tools expect. */
function placeOf(offset: number): string {
  return `The command that can't be run again begins at offset ${offset} of the file`;
}

function startsWith(file: OpenFile, text: string): boolean {
  const head = new Uint8Array(text.length);
  return file.read(head, 0, head.length, 0) === head.length && new TextDecoder().decode(head) === text;
}

function secondsSince(startMs: number): string {
  return ((monotonicMs() - startMs) / 1000).toFixed(3);
}

/** The loading session is nobody's connection. */
const NO_SOCKET: Socket = {
  session: undefined,
  remoteAddress: "",
  localAddress: "",
  open: false,
  fd: -1,
  write: () => 0,
  pause() {},
  resume() {},
  shut() {},
};
