/**
 * Request: one command's arguments as offsets into the bytes they arrived in, and the parser that finds them. Main thread.
 *
 * Source: Redis serialization protocol specification; limits and error texts as redis-server gives them.
 *
 * Invariants:
 * 1. Arguments are never copied here: buf[at[i], at[i] + len[i]) is argument i.
 * 2. Parsing resumes where it stopped: arguments found stay found while the bytes before `resumeAt` stay in place relative
 *    to the request's start, so a request that trickles in costs no more than its length.
 */
import { latin1Bytes, latin1Text } from "../../base/bytes.ts";
import { parseSafeInteger } from "../../base/integers.ts";

/** Longest inline command, and longest line that announces a length (Redis: PROTO_INLINE_MAX_SIZE). */
const LINE_MAX = 65536;
const UNAUTHENTICATED_ARGS = 10;
const UNAUTHENTICATED_BULK = 16384;
const INT_MAX = 2147483647;
/** Capacity for arguments is not taken on an announcement's word beyond this many. */
const TRUSTED_ARGS = 1024;

export const Parsed = { INCOMPLETE: 0, REQUEST: 1, EMPTY: 2, ERROR: 3 } as const;
export type Parsed = (typeof Parsed)[keyof typeof Parsed];

export class Request {
  buf: Uint8Array = new Uint8Array(0);
  argc = 0;
  at = new Int32Array(16);
  len = new Int32Array(16);

  /** Hash of argument 1 as a key, when the receiver computed it ahead (`hashed`). */
  keyHash = 0;
  hashed = false;

  /** After REQUEST: where it begins in `buf` as a RESP array, -1 if it came otherwise. Only the ends of lines there may be other bytes than CRLF. */
  start = -1;
  /** After REQUEST and EMPTY: the place behind what was parsed. */
  next = 0;
  /** After INCOMPLETE: how many bytes from the request's start are needed before parsing again can help. */
  needed = 0;
  /** After ERROR: the text behind "Protocol error: ". */
  error = "";

  // Resumption; meaningful while `announced` is not -1.
  private announced = -1;
  private resumeAt = 0;

  /** True when arguments of an unfinished request are held here. */
  get partial(): boolean {
    return this.announced !== -1;
  }

  /** Forgets an unfinished request. */
  restart(): void {
    this.announced = -1;
    this.argc = 0;
  }

  /**
   * Parses one request from buf[from, to). For a request that was INCOMPLETE before, `from` is its start again (`buf` may be
   * another buffer with the same bytes). `maxBulk`: proto-max-bulk-len; `trusted` false applies Redis's limits for clients
   * that have not authenticated.
   */
  parse(buf: Uint8Array, from: number, to: number, maxBulk: number, trusted: boolean): Parsed {
    this.buf = buf;
    this.start = from;
    if (this.announced === -1) {
      this.argc = 0;
      if (from >= to) {
        this.needed = 1;
        return Parsed.INCOMPLETE;
      }
      if (buf[from] !== 42) return this.parseInline(buf, from, to);
      const end = lineEnd(buf, from, to);
      if (end < 0) return this.wantLine(from, to, "too big mbulk count string");
      let count = buf[from + 1] - 48;
      if (end !== from + 2 || count < 1 || count > 9) {
        count = parseSafeInteger(buf, from + 1, end);
        if (!(count <= INT_MAX)) return this.fail("invalid multibulk length");
        if (count <= 0) {
          this.next = end + 2;
          return Parsed.EMPTY;
        }
        if (count > UNAUTHENTICATED_ARGS && !trusted) return this.fail("unauthenticated multibulk length");
      }
      this.announced = count;
      this.resumeAt = end + 2 - from;
      if (count > this.at.length && this.at.length < TRUSTED_ARGS) this.widen(Math.min(count, TRUSTED_ARGS));
    }
    let i = from + this.resumeAt;
    const announced = this.announced;
    const at = this.at;
    const len = this.len;
    let argc = this.argc;
    while (argc < announced) {
      if (i >= to) return this.suspend(i - from, argc, i - from + 1);
      if (buf[i] !== 36) {
        // As in Redis, a line is judged when all of it is there.
        if (lineEnd(buf, i, to) < 0) return this.wantCount(i, from, to, argc);
        return this.fail(`expected '$', got '${printable(buf[i])}'`);
      }
      // Most lengths have one or two digits: read them without the general parser.
      let n: number;
      let end: number;
      if (i + 3 < to && buf[i + 2] === 13) {
        n = buf[i + 1] - 48;
        end = i + 2;
      } else if (i + 4 < to && buf[i + 3] === 13) {
        n = (buf[i + 1] - 48) * 10 + buf[i + 2] - 48;
        end = i + 3;
        if (buf[i + 1] < 49 || buf[i + 1] > 57 || buf[i + 2] < 48 || buf[i + 2] > 57) n = -1;
      } else {
        end = lineEnd(buf, i, to);
        if (end < 0) return this.wantCount(i, from, to, argc);
        n = parseSafeInteger(buf, i + 1, end);
      }
      if (!(n >= 0 && n <= maxBulk) || (end === i + 2 && n > 9)) return this.fail("invalid bulk length");
      if (n > UNAUTHENTICATED_BULK && !trusted) return this.fail("unauthenticated bulk length");
      const start = end + 2;
      if (start + n + 2 > to) return this.suspend(i - from, argc, start + n + 2 - from);
      if (argc === this.at.length) {
        this.widen(Math.min(announced, argc * 2));
        this.at[argc] = start;
        this.len[argc] = n;
        this.argc = ++argc;
        this.resumeAt = start + n + 2 - from;
        return this.parse(buf, from, to, maxBulk, trusted); // goes on with the wider arrays
      }
      at[argc] = start;
      len[argc] = n;
      argc++;
      i = start + n + 2;
    }
    this.announced = -1;
    this.argc = argc;
    this.next = i;
    return Parsed.REQUEST;
  }

  /** Moves the offsets of a request that stays in place while its buffer's start moves by `delta` bytes. */
  shift(delta: number): void {
    for (let i = 0; i < this.argc; i++) this.at[i] += delta;
  }

  private suspend(resumeAt: number, argc: number, needed: number): Parsed {
    this.resumeAt = resumeAt;
    this.argc = argc;
    this.needed = needed;
    return Parsed.INCOMPLETE;
  }

  /** The line at `i` that announces an argument's length is not all there. */
  private wantCount(i: number, from: number, to: number, argc: number): Parsed {
    if (to - i > LINE_MAX) return this.fail("too big bulk count string");
    return this.suspend(i - from, argc, to - from + 1);
  }

  private wantLine(from: number, to: number, error: string): Parsed {
    if (to - from > LINE_MAX) return this.fail(error);
    this.needed = to - from + 1;
    return Parsed.INCOMPLETE;
  }

  private fail(error: string): Parsed {
    this.restart();
    this.error = error;
    return Parsed.ERROR;
  }

  private widen(capacity: number): void {
    const at = new Int32Array(capacity);
    const len = new Int32Array(capacity);
    at.set(this.at);
    len.set(this.len);
    this.at = at;
    this.len = len;
  }

  private parseInline(buf: Uint8Array, from: number, to: number): Parsed {
    let end = from;
    while (end < to && buf[end] !== 10) end++;
    if (end === to) return this.wantLine(from, to, "too big inline request");
    if (end - from > LINE_MAX) return this.fail("too big inline request");
    this.next = end + 1;
    if (end > from && buf[end - 1] === 13) end--;
    const args = splitInline(latin1Text(buf, from, end));
    if (args === undefined) return this.fail("unbalanced quotes in request");
    if (args.length === 0) return Parsed.EMPTY;
    this.load(args.map(latin1Bytes));
    return Parsed.REQUEST;
  }

  /** Makes this request the given arguments (cold: inline commands, commands that the server itself runs). */
  load(args: readonly Uint8Array[]): void {
    let size = 0;
    for (const arg of args) size += arg.length;
    const buf = new Uint8Array(size);
    if (args.length > this.at.length) this.widen(args.length);
    let at = 0;
    for (let i = 0; i < args.length; i++) {
      buf.set(args[i], at);
      this.at[i] = at;
      this.len[i] = args[i].length;
      at += args[i].length;
    }
    this.buf = buf;
    this.start = -1;
    this.argc = args.length;
  }
}

/** The place of the CR that ends the line at `from`, when the LF behind it is there too; else -1. */
function lineEnd(buf: Uint8Array, from: number, to: number): number {
  for (let i = from; i < to; i++) {
    if (buf[i] === 13) return i + 1 < to ? i : -1;
    if (i - from > LINE_MAX) return -1;
  }
  return -1;
}

function printable(c: number): string {
  return String.fromCharCode(c);
}

const ESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };

/** Splits an inline command as a shell would, with Redis's quoting; undefined when quotes are unbalanced. */
export function splitInline(line: string): string[] | undefined {
  const args: string[] = [];
  const isSpace = (c: string) => c === " " || (c >= "\t" && c <= "\r");
  let i = 0;
  for (;;) {
    while (i < line.length && (isSpace(line[i]) || line[i] === "\0")) i++;
    if (i >= line.length) return args;
    let arg = "";
    let quote = "";
    for (;; i++) {
      const c = i < line.length ? line[i] : "";
      if (quote === "") {
        // Vertical tabs and form feeds stand before a word like blanks, but do not end one.
        if (c === "" || c === "\0" || (isSpace(c) && c !== "\v" && c !== "\f")) break;
        if (c === '"' || c === "'") quote = c;
        else arg += c;
        continue;
      }
      if (c === "") return undefined;
      if (c === quote) {
        const after = i + 1 < line.length ? line[i + 1] : "";
        if (after !== "" && !isSpace(after)) return undefined;
        i++;
        break;
      }
      if (c === "\\" && quote === '"') {
        const hex = line.slice(i + 1, i + 4);
        if (/^x[0-9a-fA-F]{2}$/.test(hex)) {
          arg += String.fromCharCode(parseInt(hex.slice(1), 16));
          i += 3;
        } else if (i + 1 < line.length) {
          const e = line[++i];
          arg += ESCAPES[e] ?? e;
        } else return undefined;
      } else if (c === "\\" && quote === "'" && line[i + 1] === "'") {
        arg += "'";
        i++;
      } else arg += c;
    }
    args.push(arg);
  }
}
