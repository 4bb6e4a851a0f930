/**
 * DiskState: whether the disk takes what the append-only file needs: the writer's failures, and those to sync the folder after a new
 * manifest, which is tried again. The thread of its task.
 *
 * Invariant: while the folder is not synced nothing that only the new manifest leads to is durable, and its predecessor's files stay.
 */
import { monotonicMs } from "../../runtime/mod.ts";
import type { AofFolder } from "./aof_folder.ts";
import { sentence } from "./aof_writer.ts";

/** How soon the folder is synced again, as with writes. */
const RETRY_MS = 1000;

export interface DiskEvents {
  warning(line: string): void;
  /** Why clients must not write (the system's sentence), "" when they may again. */
  state(reason: string): void;
}

export class DiskState {
  private writer = "";
  private folder = "";
  private retryMs = 0;
  private told = "";

  constructor(private readonly events: DiskEvents) {}

  /** What the writer says of itself. */
  writerState(reason: string): void {
    this.writer = reason;
    this.tell();
  }

  /** After `of.persist` or `of.sync`: takes note of what came of it. */
  note(of: AofFolder): void {
    const reason = of.unsynced === undefined ? "" : sentence(of.unsynced);
    if (reason !== "" && this.folder === "") this.events.warning(`Fail to fsync the AOF directory: ${reason}`);
    this.folder = reason;
    this.retryMs = monotonicMs() + RETRY_MS;
    this.tell();
  }

  /** Tries to sync the folder again if that is due. True when it has just worked. */
  retry(of: AofFolder, nowMs: number): boolean {
    if (this.folder === "" || nowMs < this.retryMs) return false;
    of.sync();
    this.note(of);
    return this.folder === "";
  }

  /** ms until the next try. */
  dueMs(nowMs: number): number {
    return this.folder === "" ? Infinity : Math.max(1, this.retryMs - nowMs);
  }

  private tell(): void {
    const reason = this.writer || this.folder;
    if (reason === this.told) return;
    this.told = reason;
    this.events.state(reason);
  }
}
