/**
 * JournalRing: an engine's journal as a ring to the persistence thread. The engine's thread.
 *
 * Invariants:
 * 1. Nothing is lost: what the ring does not take waits in the backlog. Who drives the engine stops taking requests while `full`.
 * 2. `publish` comes before a reply leaves the engine's thread and before a held store is given back: nobody sees a change whose record
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
/** Bytes in the backlog at which no more requests should run: a second of the heaviest writing, or one value of the usual limits. */
const BACKLOG_MAX = 32 << 20;

export class JournalRing implements Journal {
  private readonly ring: RingWriter;
  private readonly backlog = new Backlog();
  private readonly piece: number;
  private last = 0;
  private recorded = 0;
  private unpublished = 0;

  /** The journal of engine `engine`; `bell` wakes who reads it. */
  constructor(
    buffer: SharedArrayBuffer,
    private readonly positions: JournalPositions,
    private readonly engine: number,
    public bell: Doorbell,
  ) {
    this.ring = new RingWriter(buffer);
    this.piece = pieceBytes(this.ring.maxMessage);
  }

  append(
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
