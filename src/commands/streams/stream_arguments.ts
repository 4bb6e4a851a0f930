/**
 * StreamArguments: reads the identifiers of the stream commands, and holds what one command has read. Any thread; one object an
 * engine (call.streams), so that nothing allocates.
 *
 * Source: Redis documentation, "Redis Streams", for the forms; what odd texts mean is as redis-server 7 takes them: a text ends at
 * its first zero byte, and numbers are read as C's strtoull reads them.
 */
import { ReplyError } from "../../base/reply_error.ts";
import { Uint64Parser } from "../../base/uint64.ts";
import { ID_TEXT_MAX, ID_WORDS, StreamId } from "../../structures/stream_id.ts";
import type { Arguments } from "../command.ts";

const INVALID_ID = new ReplyError("ERR Invalid stream ID specified as stream command argument");
const INVALID_START = new ReplyError("ERR invalid start ID for the interval");
const INVALID_END = new ReplyError("ERR invalid end ID for the interval");

const MINUS = 45;
const PLUS = 43;
const STAR = 42;
const OPEN = 40;
/** Redis copies an identifier into a buffer of 128 bytes. */
const LONGEST = 127;
/** Room for identifiers that a command keeps between commands. */
const LIST_KEEP = 1024 * ID_WORDS;

export class StreamArguments {
  // Identifiers that a command read or is about to use.
  readonly id = new StreamId();
  readonly start = new StreamId();
  readonly end = new StreamId();
  readonly other = new StreamId();
  /** After `readNew`: false when the sequence number is left to the server (ms-*). */
  hasSequence = true;

  /** Identifiers of any number, ID_WORDS each; `reserve` makes room. */
  list = new Int32Array(64 * ID_WORDS);
  /** The text that `format` made last. */
  readonly text = new Uint8Array(ID_TEXT_MAX);
  // Its milliseconds, and how many bytes they take with the dash: entries often come many a millisecond.
  private textMsHi = 0;
  private textMsLo = 0;
  private textMsLen = 0;

  private readonly number = new Uint64Parser();

  /** Writes an identifier to `text`; returns its length. */
  format(id: StreamId): number {
    const { text } = this;
    if (id.msLo !== this.textMsLo || id.msHi !== this.textMsHi || this.textMsLen === 0) {
      this.textMsHi = id.msHi;
      this.textMsLo = id.msLo;
      this.textMsLen = id.writeMs(text, 0);
    }
    return this.textMsLen + id.writeSequence(text, this.textMsLen);
  }

  /** Makes the list hold `n` identifiers. */
  reserve(n: number): void {
    const words = n * ID_WORDS;
    if (words > this.list.length || (this.list.length > LIST_KEEP && words <= LIST_KEEP)) {
      this.list = new Int32Array(Math.max(words, LIST_KEEP));
    }
  }

  /** Argument `i` into `id`: ms-seq or ms, which stands for ms-0. Throws ReplyError. */
  read(request: Arguments, i: number, id: StreamId): void {
    if (!this.parse(request.buf, request.at[i], request.len[i], id, 0, true, false)) throw INVALID_ID;
  }

  /** True when argument `i` is an identifier as `read` takes it, which is then in `id`. */
  isId(request: Arguments, i: number, id: StreamId): boolean {
    return this.parse(request.buf, request.at[i], request.len[i], id, 0, true, false);
  }

  /** As `read`, and takes ms-*, which `hasSequence` tells. */
  readNew(request: Arguments, i: number, id: StreamId): void {
    if (!this.parse(request.buf, request.at[i], request.len[i], id, 0, true, true)) throw INVALID_ID;
  }

  /** As `read`, and takes - and + for the least and the greatest. */
  readLoose(request: Arguments, i: number, id: StreamId): void {
    if (!this.parse(request.buf, request.at[i], request.len[i], id, 0, false, false)) throw INVALID_ID;
  }

  /** An interval's first identifier; "(" before it leaves it out. */
  readStart(request: Arguments, i: number, id: StreamId): void {
    if (this.readBound(request, i, id, 0) && !id.increment()) throw INVALID_START;
  }

  /** An interval's last identifier; "(" before it leaves it out. A bare ms stands for all of that millisecond. */
  readEnd(request: Arguments, i: number, id: StreamId): void {
    if (this.readBound(request, i, id, -1) && !id.decrement()) throw INVALID_END;
  }

  /** Reads a bound; true when it is to be left out. */
  private readBound(request: Arguments, i: number, id: StreamId, missing: number): boolean {
    const { buf } = request;
    const from = request.at[i];
    const len = request.len[i];
    const open = len > 1 && buf[from] === OPEN;
    const shift = open ? 1 : 0;
    if (!this.parse(buf, from + shift, len - shift, id, missing, open, false)) throw INVALID_ID;
    return open;
  }

  /**
   * Reads buf[from, from+len). `missing`: both words of a sequence number that is not given. `strict`: no - and +. `open`: the sequence
   * number may be *.
   */
  private parse(
    buf: Uint8Array,
    from: number,
    len: number,
    id: StreamId,
    missing: number,
    strict: boolean,
    open: boolean,
  ): boolean {
    this.hasSequence = true;
    if (len > LONGEST) return false;
    let end = from;
    let dash = -1;
    for (; end < from + len && buf[end] !== 0; end++) if (dash < 0 && buf[end] === MINUS) dash = end;
    if (end - from === 1 && (buf[from] === MINUS || buf[from] === PLUS)) {
      if (strict) return false;
      if (buf[from] === MINUS) id.setMin();
      else id.setMax();
      return true;
    }
    const { number } = this;
    if (!number.parse(buf, from, dash < 0 ? end : dash)) return false;
    const { hi, lo } = number;
    if (dash < 0) id.set(hi, lo, missing, missing);
    else if (open && end - dash === 2 && buf[dash + 1] === STAR) {
      this.hasSequence = false;
      id.set(hi, lo, 0, 0);
    } else {
      if (!number.parse(buf, dash + 1, end)) return false;
      id.set(hi, lo, number.hi, number.lo);
    }
    return true;
  }
}
