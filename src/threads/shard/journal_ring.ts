/**
 * JournalRing: an engine's journal as a ring to the persistence thread. The engine's thread.
 *
 * Invariants:
 * 1. Nothing is lost: what the ring does not take waits in the backlog. Who drives the engine stops taking requests while `full`.
 * 2. A run, requests one behind the other in the buffer in which they came, becomes a record when another follows, when somebody asks how much
 *    was recorded, and at the latest when the buffer is given up (`endRun`).
 * 3. `publish` comes before a reply leaves the engine's thread and before a held store is given back: nobody sees a change whose record
 *    isn't counted in `recorded`.
 */
import { Backlog } from "../../ring/backlog.ts";
import type { Doorbell } from "../../ring/doorbell.ts";
import { MARK_SIZE, pieceBytes, recordSize, writeMark, writeRecord } from "../../ring/journal_records.ts";
import { RingWriter } from "../../ring/ring.ts";
import type { JournalPositions } from "../journal_positions.ts";
import { BACKGROUND, type Journal } from "./journal.ts";

/** Unpublished bytes at which the persistence thread may begin with them. */
const PUBLISH_AT = 32768;
const NO_BYTES = new Uint8Array(0);
/** Most bytes of a run; longer requests make none. */
const RUN_MAX = 16384;
/** Bytes in the backlog at which no more requests should run: a second of the heaviest writing, or one value of the usual limits. */
const BACKLOG_MAX = 32 << 20;

export class JournalRing implements Journal {
  private readonly ring: RingWriter;
  private readonly backlog = new Backlog();
  private readonly piece: number;
  private last = 0;
  private recorded = 0;
  private unpublished = 0;
  private readonly runMax: number;
  /** The run: runBuf[runFrom, runTo), requests of database `runDb`, the first of that number. Empty when both ends are the same. */
  private runBuf: Uint8Array = NO_BYTES;
  private runFrom = -1;
  private runTo = -1;
  private runDb = 0;
  private runNumber = 0;

  /** The journal of engine `engine`; `bell` wakes who reads it. */
  constructor(
    buffer: SharedArrayBuffer,
    private readonly positions: JournalPositions,
    private readonly engine: number,
    public bell: Doorbell,
  ) {
    this.ring = new RingWriter(buffer);
    this.piece = pieceBytes(this.ring.maxMessage);
    this.runMax = Math.min(RUN_MAX, this.piece);
  }

  append(
    request: number,
    db: number,
    endDb: number,
    commands: number,
    buf: Uint8Array,
    from: number,
    to: number,
    stays: boolean,
  ): void {
    if (stays && to - from <= this.runMax) this.addToRun(request, db, buf, from, to);
    else {
      this.endRun();
      this.record(request, db, endDb, commands, buf, from, to);
    }
  }

  private addToRun(request: number, db: number, buf: Uint8Array, from: number, to: number): void {
    if (from === this.runTo && buf === this.runBuf && db === this.runDb && to - this.runFrom <= this.runMax) {
      this.runTo = to;
      return;
    }
    this.endRun();
    this.runBuf = buf;
    this.runFrom = from;
    this.runTo = to;
    this.runDb = db;
    this.runNumber = request;
  }

  /** Records the run: its requests need not stand together, so they count as one command. */
  endRun(): void {
    const { runBuf, runFrom: from, runTo: to, runDb: db } = this;
    if (from === to) return;
    this.runBuf = NO_BYTES;
    this.runFrom = this.runTo = -1;
    this.record(this.runNumber, db, db, 1, runBuf, from, to);
  }

  private record(
    request: number,
    db: number,
    endDb: number,
    commands: number,
    buf: Uint8Array,
    from: number,
    to: number,
  ): void {
    const background = request === BACKGROUND;
    const number = background ? this.last : request;
    this.recorded = (this.recorded + 1) | 0;
    do {
      const len = Math.min(to - from, this.piece);
      const size = recordSize(len);
      const more = from + len < to;
      const at = this.backlog.bytes === 0 ? this.ring.reserve(size) : 0;
      if (at !== 0) {
        const { u8, i32 } = this.ring;
        writeRecord(u8, i32, at, number, background, more, db, endDb, commands, buf, from, len);
      } else {
        const place = this.backlog.reserve(size);
        const { u8, i32 } = this.backlog;
        writeRecord(u8, i32, place, number, background, more, db, endDb, commands, buf, from, len);
      }
      this.unpublished += size;
      from += len;
    } while (from < to);
    if (this.unpublished >= PUBLISH_AT) this.offer();
  }

  /** Puts a mark behind everything recorded so far, at the point of request `number`. */
  mark(number: number, mark: number): void {
    this.endRun();
    const at = this.backlog.bytes === 0 ? this.ring.reserve(MARK_SIZE) : 0;
    if (at !== 0) writeMark(this.ring.i32, at, number, mark);
    else {
      const place = this.backlog.reserve(MARK_SIZE);
      writeMark(this.backlog.i32, place, number, mark);
    }
    this.completed(number);
    this.unpublished += MARK_SIZE;
  }

  /** The engine is through with every request up to `number`. */
  completed(number: number): void {
    this.last = number;
  }

  /** Makes visible what was recorded, and says how far the engine has come. */
  publish(): void {
    this.endRun();
    if (this.unpublished > 0 || this.backlog.bytes > 0) this.offer();
    this.positions.setRecorded(this.engine, this.recorded);
    // With a backlog the records up to here aren't all visible yet.
    if (this.backlog.bytes === 0) this.positions.setDone(this.engine, this.last);
  }

  private offer(): void {
    if (this.backlog.bytes > 0) this.backlog.drain(this.ring);
    this.ring.publish();
    this.unpublished = 0;
    this.bell.ring();
  }

  /** Records so far, a 32-bit counter. */
  get count(): number {
    this.endRun();
    return this.recorded;
  }

  /** True while records wait for room in the ring. */
  get waits(): boolean {
    return this.backlog.bytes > 0;
  }

  /** True when so much waits that no more requests should run. */
  get full(): boolean {
    return this.backlog.bytes > BACKLOG_MAX;
  }

  /** Bytes that wait for room in the ring. */
  get backlogBytes(): number {
    return this.backlog.bytes;
  }

  /** Asks the persistence thread to say when it gives room back. False when it has done so already. */
  requestRoom(): boolean {
    return this.ring.requestRoom();
  }

  /** Sleeps until the persistence thread gives room back, at most `ms`. Not for the main thread. */
  waitForRoom(ms: number): void {
    this.ring.waitForRoom(ms);
  }
}
