/**
 * JournalMerge: the engines' journals as one sequence of commands: the order in which all requests ran. Persistence thread.
 *
 * Requests have numbers in main's order. A record may go when no engine can still bring one with a smaller number: an engine with a record in
 * its ring has none before that one's number, an empty one none up to its watermark, which is
 *
 *   issued, read first,   if `done` has reached `sent`: everything sent to it so far is done
 *   done                  otherwise
 *
 * Invariants:
 * 1. What was emitted is always a prefix of the order of requests over all shards. Background work comes behind the request that it
 *    followed in its shard; only requests with the same keys could tell the difference.
 * 2. The commands of one request, in however many records, stand together: in MULTI and EXEC when there are several.
 *    So do those of several requests between BEGIN and COMMIT.
 * 3. A mark, which every ring has at the same request's place, parts what was recorded before that request from what came after it.
 */
import { latin1Bytes } from "../../base/bytes.ts";
import {
  hasMore,
  isBackground,
  isPlain,
  JournalKind,
  markOf,
  recordBytes,
  recordBytesAt,
  recordCommands,
  recordDb,
  recordEndDb,
  recordKind,
  recordNumber,
} from "../../ring/journal_records.ts";
import { RingReader } from "../../ring/ring.ts";
import type { JournalPositions } from "../journal_positions.ts";
import { Mark } from "./aof_messages.ts";

/** Takes the sequence. */
export interface JournalSink {
  /** A whole command, or several that stand together, or a part of either, begins here: the place for an annotation. */
  begin(): void;
  append(buf: Uint8Array, from: number, len: number): void;
  /** Every record before the mark has been appended, and none behind it. False: nothing behind it goes in this step. */
  mark(mark: number): boolean;
}

const MULTI = latin1Bytes("*1\r\n$5\r\nMULTI\r\n");
const EXEC = latin1Bytes("*1\r\n$4\r\nEXEC\r\n");
const NONE = -1;

/** Of what stands between Mark.BEGIN and Mark.COMMIT: nothing of it was emitted yet, or MULTI was. */
const Bracket = { NONE: 0, OPEN: 1, BEGUN: 2 } as const;
type Bracket = (typeof Bracket)[keyof typeof Bracket];

export class JournalMerge {
  /** Records taken from each ring that stand complete with all that belongs to their request, as `recorded` counts them. */
  readonly taken: Int32Array;
  private readonly readers: readonly RingReader[];
  private readonly watermark: Int32Array;
  private readonly heads: Int32Array;
  /** Rings whose records make up what is being emitted, and which of them is next. */
  private readonly group: number[] = [];
  private next = 0;
  /** True in the middle of a record that comes in pieces. */
  private inRecord = false;
  private wrapped = false;
  private bracket: Bracket = Bracket.NONE;
  /** Records taken between BEGIN and COMMIT. */
  private readonly uncommitted: Int32Array;
  /** The database selected where the file ends; NONE where it begins. */
  private db = NONE;

  /** `taken`: where it goes on from when another merge has taken so much from the same rings and was `whole`. */
  constructor(
    rings: readonly SharedArrayBuffer[],
    private readonly positions: JournalPositions,
    private readonly sink: JournalSink,
    taken?: readonly number[],
  ) {
    this.readers = rings.map((ring) => new RingReader(ring));
    this.taken = taken === undefined ? new Int32Array(rings.length) : Int32Array.from(taken);
    this.uncommitted = new Int32Array(rings.length);
    this.watermark = new Int32Array(rings.length);
    this.heads = new Int32Array(rings.length);
  }

  /** The next command goes to the beginning of a file: it selects its database. */
  restart(): void {
    this.db = NONE;
  }

  /** True when nothing that was emitted needs more behind it. */
  get whole(): boolean {
    return this.group.length === 0 && this.bracket === Bracket.NONE;
  }

  /** True when a record is there, though it may have to wait for others. */
  ready(): boolean {
    return this.readers.some((reader) => reader.ready());
  }

  /**
   * Emits what may go, until about `maxBytes` were appended. Returns the bytes; `maxBytes` or more when there may be more. The rings'
   * room stays taken until `release`.
   */
  step(maxBytes: number): number {
    let bytes = 0;
    this.look();
    const alone = this.readers.length === 1;
    while (bytes < maxBytes) {
      if (this.group.length === 0) {
        if (alone && this.bracket === Bracket.NONE) bytes += this.passPlain(maxBytes - bytes);
        if (!this.choose()) break;
      }
      const emitted = this.emit();
      if (emitted < 0) break;
      bytes += emitted;
    }
    return bytes;
  }

  /** Gives the rings' room back. True when a producer asked to be told. */
  release(): boolean {
    let wanted = false;
    for (const reader of this.readers) if (reader.release()) wanted = true;
    return wanted;
  }

  private look(): void {
    const { positions, watermark } = this;
    const issued = positions.issued;
    for (let k = 0; k < watermark.length; k++) {
      const sent = positions.sent(k);
      const done = positions.done(k);
      watermark[k] = ((done - sent) | 0) >= 0 && ((issued - done) | 0) > 0 ? issued : done;
    }
  }

  /** Emits plain records of the only ring, of which none waits for another: what `choose` and `emit` would do, and most of the traffic. */
  private passPlain(maxBytes: number): number {
    const reader = this.readers[0];
    const { i32, u8 } = reader;
    let bytes = 0;
    let records = 0;
    for (let at = reader.peek(); at !== 0 && isPlain(i32, at) && bytes < maxBytes; at = reader.peek()) {
      this.sink.begin();
      if (recordDb(i32, at) !== this.db) this.select(recordDb(i32, at));
      this.db = recordEndDb(i32, at);
      const size = recordBytes(i32, at);
      this.sink.append(u8, recordBytesAt(at), size);
      bytes += size;
      records++;
      reader.advance();
    }
    this.taken[0] += records;
    return bytes;
  }

  /** Chooses the records that come next; false when none may go yet. */
  private choose(): boolean {
    const { readers, heads, group } = this;
    const count = readers.length;
    let first = NONE;
    for (let k = 0; k < count; k++) {
      heads[k] = readers[k].peek();
      if (heads[k] === 0) continue;
      if (first === NONE || ((this.numberOf(k) - this.numberOf(first)) | 0) < 0) first = k;
    }
    if (first === NONE) return false;
    const number = this.numberOf(first);
    if (count > 1) {
      for (let k = 0; k < count; k++) {
        if (heads[k] === 0 && ((this.watermark[k] - number) | 0) < 0) return false;
      }
    }
    let commands = 0;
    for (let k = 0; k < count; k++) {
      if (heads[k] === 0 || this.numberOf(k) !== number) continue;
      const { i32 } = readers[k];
      if (recordKind(i32, heads[k]) !== JournalKind.MARK && isBackground(i32, heads[k])) continue;
      group.push(k);
      commands += recordCommands(i32, heads[k]);
    }
    if (group.length === 0) {
      // Background work alone is left behind that request: its commands are independent of each other.
      group.push(first);
      commands = 1;
    }
    this.next = 0;
    if (recordKind(readers[group[0]].i32, heads[group[0]]) === JournalKind.MARK) {
      const mark = markOf(readers[group[0]].i32, heads[group[0]]);
      for (const k of group) readers[k].advance();
      group.length = 0;
      if (mark === Mark.BEGIN) this.bracket = Bracket.OPEN;
      else if (mark === Mark.COMMIT) this.commit();
      else if (!this.sink.mark(mark)) return false;
      return this.choose();
    }
    this.wrapped = this.bracket === Bracket.NONE && commands > 1;
    if (this.bracket !== Bracket.BEGUN) this.sink.begin();
    if (this.wrapped || this.bracket === Bracket.OPEN) this.sink.append(MULTI, 0, MULTI.length);
    if (this.bracket === Bracket.OPEN) this.bracket = Bracket.BEGUN;
    return true;
  }

  /** What was emitted since Mark.BEGIN is complete. */
  private commit(): void {
    if (this.bracket === Bracket.BEGUN) this.sink.append(EXEC, 0, EXEC.length);
    this.bracket = Bracket.NONE;
    for (let k = 0; k < this.taken.length; k++) this.taken[k] += this.uncommitted[k];
    this.uncommitted.fill(0);
  }

  private numberOf(k: number): number {
    return recordNumber(this.readers[k].i32, this.heads[k]);
  }

  /** Emits the next piece of the group; returns its bytes, or -1 when that is not there yet. */
  private emit(): number {
    const k = this.group[this.next];
    const reader = this.readers[k];
    const at = reader.peek();
    if (at === 0) return -1;
    const { i32, u8 } = reader;
    if (!this.inRecord) {
      if (recordDb(i32, at) !== this.db) this.select(recordDb(i32, at));
      this.db = recordEndDb(i32, at);
    }
    const bytes = recordBytes(i32, at);
    this.sink.append(u8, recordBytesAt(at), bytes);
    this.inRecord = hasMore(i32, at);
    reader.advance();
    if (this.inRecord) return bytes;
    if (++this.next === this.group.length) {
      if (this.wrapped) this.sink.append(EXEC, 0, EXEC.length);
      const counts = this.bracket === Bracket.NONE ? this.taken : this.uncommitted;
      for (const ring of this.group) counts[ring]++;
      this.group.length = 0;
    }
    return bytes;
  }

  private select(db: number): void {
    const text = String(db);
    const bytes = latin1Bytes(`*2\r\n$6\r\nSELECT\r\n$${text.length}\r\n${text}\r\n`);
    this.sink.append(bytes, 0, bytes.length);
  }
}
