/**
 * AofWriter: the increment that is being written: gathers commands, writes and syncs them by the policy, and survives a disk that refuses.
 * The thread of its task.
 *
 * Invariants:
 * 1. The file's first `size` bytes are the sequence of commands up to some point of it. After a write that failed it is cut back to that, or if
 *    that fails too, what was written counts.
 * 2. What could not be written stays in the buffer and is tried again; nothing is lost while the process lives.
 * 3. Every write goes to the file's end, so that a second server on the same folder by mistake writes over nothing, as with Redis.
 */
import { copyBytes } from "../../base/bytes.ts";
import { blockThread, FileError, type Files, monotonicMs, type OpenFile, wallMs } from "../../runtime/mod.ts";
import type { AofSettings } from "./aof_messages.ts";

/** Gathered before it is written: large enough that a write's fixed cost (5 µs) is little. */
const BUFFER_BYTES = 1 << 20;
/** appendfsync everysec. */
const SYNC_EVERY_MS = 1000;
/** How soon a write that failed is tried again, as in Redis. */
const RETRY_MS = 1000;
/** A sync that takes longer counts as delayed, as in Redis. */
const DELAYED_MS = 2000;

/** What a writer tells. */
export interface WriterEvents {
  warning(line: string): void;
  notice(line: string): void;
  /** Writing works no more (the system's sentence), or again (""). */
  state(reason: string): void;
  /** Under `always`: the disk refused. */
  fatal(line: string): void;
  latency(event: string, ms: number): void;
  syncing(on: boolean): void;
}

export class AofWriter {
  /** Bytes of the file that are whole. */
  size = 0;
  /** Syncs that took too long. */
  delayed = 0;

  private buf: Uint8Array = new Uint8Array(BUFFER_BYTES);
  private length = 0;
  private file: OpenFile | undefined;
  /** True when bytes were written since the last sync. */
  private unsynced = false;
  private lastSyncMs = 0;
  /** The system's sentence while writing fails, and while syncing does; "" otherwise. */
  private writeFailure = "";
  private syncFailure = "";
  private retryMs = 0;
  private dead = false;
  private stampedS = 0;

  constructor(private readonly files: Files, private readonly events: WriterEvents, public settings: AofSettings) {}

  /** Bytes that wait to be written. */
  get buffered(): number {
    return this.length;
  }

  /** Goes on in the file at `path`, at its end. Throws FileError. */
  open(path: string): void {
    const file = this.files.open(path, "append");
    this.use(file, file.size());
  }

  /** Goes on in a file of `size` bytes that is open for appending; the one before, in which all is settled, is closed. */
  use(file: OpenFile, size: number): void {
    this.close();
    this.file = file;
    this.size = size;
    this.lastSyncMs = monotonicMs();
  }

  /** Begins the file again: what it holds and what waits is for nobody. Throws FileError; then nothing has changed. */
  restart(): void {
    this.file!.truncate(0);
    this.size = this.length = 0;
    this.unsynced = true;
    this.setFailures("", this.syncFailure);
  }

  append(buf: Uint8Array, from: number, len: number): void {
    if (this.length + len > this.buf.length) this.widen(len);
    copyBytes(this.buf, this.length, buf, from, len);
    this.length += len;
  }

  private widen(len: number): void {
    let size = this.buf.length * 2;
    while (size < this.length + len) size *= 2;
    const wider = new Uint8Array(size);
    wider.set(this.buf.subarray(0, this.length));
    this.buf = wider;
  }

  /** A command begins: with aof-timestamp-enabled, says the time if its second is new. */
  stamp(): void {
    if (!this.settings.timestamps) return;
    const nowS = Math.floor(wallMs() / 1000);
    if (nowS <= this.stampedS) return;
    this.stampedS = nowS;
    const bytes = new TextEncoder().encode(`#TS:${nowS}\r\n`);
    this.append(bytes, 0, bytes.length);
  }

  /** Writes what was gathered. True when nothing waits any more. */
  write(nowMs: number): boolean {
    if (this.length === 0) return true;
    if (this.dead || (this.writeFailure !== "" && nowMs < this.retryMs)) return false;
    const start = monotonicMs();
    if (this.settings.flushSleepUs > 0) blockThread(this.settings.flushSleepUs / 1000);
    try {
      this.file!.write(this.buf, 0, this.length, this.size);
    } catch (error) {
      this.failed(error, nowMs);
      return false;
    }
    this.tellLatency("aof-write", start);
    this.size += this.length;
    this.length = 0;
    if (this.buf.length > BUFFER_BYTES) this.buf = new Uint8Array(BUFFER_BYTES);
    this.unsynced = true;
    if (this.writeFailure !== "") {
      this.events.warning("AOF write error looks solved, Redis can write again.");
      this.setFailures("", this.syncFailure);
    }
    return true;
  }

  /** What a failed write left at the end of the file stays there; the rest will follow it. */
  private keepShortWrite(): void {
    const written = this.file!.size() - this.size;
    if (written <= 0 || written > this.length) return;
    this.buf.copyWithin(0, written, this.length);
    this.length -= written;
    this.size += written;
    this.unsynced = true;
  }

  private setFailures(write: string, sync: string): void {
    const before = this.writeFailure || this.syncFailure;
    this.writeFailure = write;
    this.syncFailure = sync;
    const now = write || sync;
    if (now !== before) this.events.state(now);
  }

  private failed(error: unknown, nowMs: number): void {
    if (!(error instanceof FileError)) throw error;
    this.retryMs = nowMs + RETRY_MS;
    const reason = sentence(error);
    if (this.writeFailure === "") this.events.warning(`Error writing to the AOF file: ${reason}`);
    try {
      this.file!.truncate(this.size);
    } catch (second) {
      if (!(second instanceof FileError)) throw second;
      this.events.warning(
        "Could not remove short write from the append-only file.  Redis may refuse to load the AOF the next time it " +
          `starts.  ftruncate: ${sentence(second)}`,
      );
      this.keepShortWrite();
    }
    if (this.settings.policy === "always") {
      this.dead = true;
      this.events.fatal(
        "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...",
      );
      return;
    }
    this.setFailures(reason, this.syncFailure);
  }

  /**
   * Syncs if the policy wants it now. True when everything written is on the disk, or counts as if, as under `always` while syncs are
   * to be skipped.
   */
  sync(nowMs: number): boolean {
    if (!this.unsynced) return !this.dead;
    const { policy, skipsSync } = this.settings;
    if (this.dead) return false;
    if (policy === "no") {
      this.setFailures(this.writeFailure, ""); // nobody asks for syncs any more
      return false;
    }
    if (skipsSync) return policy === "always";
    if (policy === "everysec" && nowMs - this.lastSyncMs < SYNC_EVERY_MS) return false;
    return this.syncNow(nowMs);
  }

  /** ms until the next sync is due, Infinity without one. */
  syncDueMs(nowMs: number): number {
    const { policy, skipsSync } = this.settings;
    if (!this.unsynced || this.dead || policy === "no" || skipsSync) return Infinity;
    return policy === "always" ? 0 : Math.max(0, this.lastSyncMs + SYNC_EVERY_MS - nowMs);
  }

  /** ms until a write is worth trying. */
  writeDueMs(nowMs: number): number {
    if (this.length === 0 || this.dead) return Infinity;
    return this.writeFailure !== "" ? Math.max(1, this.retryMs - nowMs) : 0;
  }

  private syncNow(nowMs: number): boolean {
    const start = monotonicMs();
    this.events.syncing(true);
    try {
      this.file!.sync();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.lastSyncMs = nowMs;
      if (this.settings.policy === "always") this.die(sentence(error));
      else {
        this.events.warning(`Fail to fsync the AOF file: ${sentence(error)}`);
        this.setFailures(this.writeFailure, sentence(error));
      }
      return false;
    } finally {
      this.events.syncing(false);
    }
    const tookMs = monotonicMs() - start;
    if (tookMs > DELAYED_MS) this.delayed++;
    this.tellLatency("aof-fsync-always", start);
    this.setFailures(this.writeFailure, "");
    this.unsynced = false;
    this.lastSyncMs = start;
    return true;
  }

  /** Under `always`: what was written can't be made durable (`reason`), so nothing counts as that any more. */
  die(reason: string): void {
    this.dead = true;
    this.events.fatal(`Can't persist AOF for fsync error when the AOF fsync policy is 'always': ${reason}. Exiting...`);
  }

  private tellLatency(event: string, startMs: number): void {
    const { latencyMs } = this.settings;
    if (latencyMs === 0) return;
    const ms = Math.floor(monotonicMs() - startMs);
    if (ms >= latencyMs) this.events.latency(event, ms);
  }

  /** Writes and syncs everything, whatever the policy. False when the disk refuses; the rest then stays here. */
  settle(): boolean {
    if (this.file === undefined) return true;
    this.retryMs = 0; // now, whenever the next try was due
    return this.write(monotonicMs()) && (!this.unsynced || this.syncNow(monotonicMs()));
  }

  /** The same, and closes the file. */
  finish(): boolean {
    if (!this.settle()) return false;
    this.close();
    return true;
  }

  /** Closes the file without more. */
  abandon(): void {
    this.close();
    this.length = 0;
  }

  private close(): void {
    const { file } = this;
    this.file = undefined;
    if (file !== undefined) closeQuietly(file);
  }
}

/** Closes a file in which nothing unsynced matters; so neither does what the system says to it. */
export function closeQuietly(file: OpenFile): void {
  try {
    file.close();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
  }
}

/** The system's sentence in a FileError: "No space left on device". */
export function sentence(error: FileError): string {
  return error.message.slice(error.message.lastIndexOf(": ") + 2);
}
