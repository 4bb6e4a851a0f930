/**
 * CommandReader: the commands of an append-only file, one by one, through a window. Any thread.
 *
 * Between commands there may be annotations: lines that begin with "#" ("#TS:1700000000", the time of what follows), which are passed over.
 * Source: Redis documentation, "Redis persistence", and redis-server's files.
 */
import { Parsed, Request } from "../resp/request.ts";

/** Where the bytes come from: fills buf[from, to) from `position` and returns how many, fewer only at the end. */
export interface ByteSource {
  read(buf: Uint8Array, from: number, to: number, position: number): number;
}

/** What `next` found. "truncated": the file ends within a command. "bad": there is no command here. */
export type Found = "command" | "end" | "truncated" | "bad";

const WINDOW_BYTES = 1 << 20;
/** Redis reads values as large as an int says. */
const MAX_BULK = 0x7fffffff;
const LF = 10;
const HASH = 35;
const STAR = 42;

export class CommandReader {
  /** The command that `next` found; good until the next call. */
  readonly request = new Request();
  /** Where the command found last begins, and what is behind it: bytes from the file's start. */
  startsAt: number;
  offset: number;

  private buf: Uint8Array = new Uint8Array(WINDOW_BYTES);
  /** The window's first byte in the file, and what of it is filled. */
  private base: number;
  private filled = 0;

  /** Reads from byte `from` on. */
  constructor(private readonly source: ByteSource, from: number) {
    this.startsAt = this.offset = this.base = from;
  }

  /** Goes on at another place: one where a command begins. */
  seek(offset: number): void {
    this.offset = offset;
    if (offset >= this.base && offset <= this.base + this.filled) return;
    this.base = offset;
    this.filled = 0;
  }

  /** Finds the next command. After anything but "command", `offset` is behind the last whole one. */
  next(): Found {
    for (;;) {
      const from = this.offset - this.base;
      if (from === this.filled && !this.more()) return "end";
      const at = this.offset - this.base;
      const first = this.buf[at];
      if (first === HASH) {
        const end = this.buf.subarray(at, this.filled).indexOf(LF);
        if (end >= 0) this.offset += end + 1;
        else if (!this.more()) return "truncated";
        continue;
      }
      if (first !== STAR) return "bad";
      this.request.restart();
      const parsed = this.request.parse(this.buf, at, this.filled, MAX_BULK, true);
      if (parsed === Parsed.REQUEST) {
        this.startsAt = this.offset;
        this.offset = this.base + this.request.next;
        return "command";
      }
      if (parsed !== Parsed.INCOMPLETE) return "bad";
      if (!this.more()) return "truncated";
    }
  }

  /** Reads on, with the unread bytes at the window's start. False at the file's end. */
  private more(): boolean {
    const kept = this.base + this.filled - this.offset;
    if (this.offset > this.base) this.buf.copyWithin(0, this.offset - this.base, this.filled);
    this.base = this.offset;
    this.filled = kept;
    if (kept === this.buf.length) {
      const wider = new Uint8Array(this.buf.length * 2);
      wider.set(this.buf);
      this.buf = wider;
    } else if (kept < WINDOW_BYTES / 2 && this.buf.length > WINDOW_BYTES) {
      this.buf = this.buf.slice(0, WINDOW_BYTES);
    }
    const count = this.source.read(this.buf, kept, this.buf.length, this.base + kept);
    this.filled += count;
    return count > 0;
  }
}
