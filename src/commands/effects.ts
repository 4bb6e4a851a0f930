/**
 * Effects: what the journal is to hold of the request that runs: whole commands in RESP, as an append-only file has them, that do to a
 * copy of the keyspace what the request did to this one, whenever they are run. One object an engine; any thread.
 *
 * A command that is such an effect of itself says nothing: when it changed something, the request is taken as it stands. One that
 * depends on time, on randomness or on how values happen to lie in memory says its effect, after its change:
 *
 *   const { effects } = call;
 *   if (effects.on) {
 *     effects.begin(3);
 *     effects.text("PEXPIREAT");
 *     effects.arg(1);
 *     effects.number(whenMs);
 *   }
 *
 * Invariants:
 * 1. out[from, to) are `commands` whole commands in the order of the changes, and the SELECTs between those of different databases.
 *    The first belongs to `db`; behind the last `endDb` is selected.
 * 2. Keys that expire or are evicted while a request runs stand there too, where it happened; they are not the command's own word.
 * 3. Replaying runs with expiry off (`Store.expiryEnabled`): what expires does so by the DEL or HDEL that is recorded.
 */
import { assert } from "../base/assert.ts";
import { copyWords, WORDWISE_MIN } from "../base/byte_words.ts";
import { LOOP_COPY_MAX, viewOf } from "../base/bytes.ts";
import { decimalLength, writeDecimal } from "../base/decimal.ts";
import { MAX_DOUBLE_CHARS, writeDouble } from "../base/doubles.ts";
import { INT64_TEXT_MAX, writeInt64 } from "../base/int64_text.ts";
import type { Call } from "./call.ts";

const START_BYTES = 16384;
/** A buffer that one huge request grew is given up above this. */
const KEEP_BYTES = 1 << 20;

const INT64_MAX = 2n ** 63n - 1n;

/** Up to this size the buffer doubles when it grows. */
const DOUBLE_MAX = 1 << 26;

const ZERO = 48;
const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;
/** Bytes of "*<n>\r\n" and "$<n>\r\n", at most. */
const HEAD_MAX = 20;

export class Effects {
  /** True when someone journals; commands need to say nothing otherwise. */
  on = false;
  commands = 0;
  db = 0;
  endDb = 0;

  private buf: Uint8Array = new Uint8Array(START_BYTES);
  private pos = 0;
  /** A request that is all there is, in the buffer in which it came: the most frequent effect by far is not copied here. */
  private placed: Uint8Array | undefined;
  private placedFrom = 0;
  private placedTo = 0;
  /** The running command has said its effect. */
  private said = false;
  /** `call.changes` before the running command. */
  private before = 0;
  /** Arguments that the command begun last still lacks. */
  private lacking = 0;
  /** Over `buf`: the views that `viewOf` remembers are few, and the commands' own. */
  private view = new DataView(this.buf.buffer);
  private readonly number64 = new Uint8Array(Math.max(INT64_TEXT_MAX, MAX_DOUBLE_CHARS));

  constructor(private readonly call: Call) {}

  // ---- for the frame in which commands run ------------------------------------------------------------------------

  /** A command begins. */
  open(): void {
    this.said = false;
    this.before = this.call.changes;
  }

  /** The command that began last has run: unless it said its effect or changed nothing, the request is its effect. */
  close(): void {
    assert(this.lacking === 0, "an effect lacks arguments");
    if (!this.said && this.call.changes !== this.before) this.request();
  }

  /** True when what was collected is the running request's own bytes. */
  get asGiven(): boolean {
    return this.placed !== undefined;
  }

  /** Where what was collected lies: good until the request's bytes go. */
  get out(): Uint8Array {
    return this.placed ?? this.buf;
  }

  get from(): number {
    return this.placed === undefined ? 0 : this.placedFrom;
  }

  get to(): number {
    return this.placed === undefined ? this.pos : this.placedTo;
  }

  /** Forgets what was collected. */
  clear(): void {
    this.pos = 0;
    this.placed = undefined;
    this.commands = 0;
    if (this.buf.length > KEEP_BYTES) this.use(new Uint8Array(START_BYTES));
  }

  private use(buf: Uint8Array): void {
    this.buf = buf;
    this.view = new DataView(buf.buffer);
  }

  // ---- for commands -----------------------------------------------------------------------------------------------

  /** Nothing of what the running command changed is for the journal, beyond what it says. */
  none(): void {
    this.said = true;
  }

  /** The request as it stands is an effect of the running command. */
  request(): void {
    this.said = true;
    const { start } = this.call;
    if (start >= 0) this.asItCame(start);
    else this.anew();
  }

  /** The request, which lies in its buffer as RESP from `start` on. */
  private asItCame(start: number): void {
    const { buf, at, len, argc, db } = this.call;
    // A client may end lines by other bytes than CRLF, as long as a CR ends the numbers.
    buf[at[0] - (len[0] < 10 ? 5 : 4 + decimalLength(len[0]))] = LF;
    for (let i = 0; i < argc; i++) {
      const to = at[i];
      buf[to - 1] = LF;
      putEnd(buf, to + len[i]);
    }
    const first = this.commands === 0;
    this.enter(db);
    this.placed = buf;
    this.placedFrom = start;
    this.placedTo = at[argc - 1] + len[argc - 1] + 2;
    if (!first) this.copyPlaced();
  }

  /** Copies the request that still lies in its own buffer to what was collected. */
  private copyPlaced(): void {
    const size = this.placedTo - this.placedFrom;
    this.ensure(size);
    this.copy(this.pos, this.placed!, this.placedFrom, size);
    this.pos += size;
    this.placed = undefined;
  }

  /** The request's arguments in new RESP. */
  private anew(): void {
    const { call } = this;
    const { buf: src, at, len, argc } = call;
    let size = HEAD_MAX;
    for (let i = 0; i < argc; i++) size += len[i] + HEAD_MAX;
    this.ensure(size);
    this.start(argc, call.db);
    const { buf } = this;
    for (let i = 0; i < argc; i++) {
      const n = len[i];
      buf[this.pos++] = DOLLAR;
      const to = putLine(buf, this.pos, n);
      this.copy(to, src, at[i], n);
      this.pos = putEnd(buf, to + n);
    }
    this.lacking = 0;
  }

  /** Begins a command of `argc` arguments with its name; each of them follows by one of the functions below. */
  begin(argc: number, db = this.call.db): void {
    this.said = true;
    this.start(argc, db);
  }

  /** An argument of the request. */
  arg(i: number): void {
    const { call } = this;
    this.bytes(call.buf, call.at[i], call.len[i]);
  }

  /** The arguments of the request from the i-th up to but not including the end-th. */
  args(i: number, end: number): void {
    for (; i < end; i++) this.arg(i);
  }

  bytes(src: Uint8Array, from: number, len: number): void {
    this.head(len);
    this.copy(this.pos, src, from, len);
    this.tail(len);
  }

  /** An argument that lies in src[from, to) as a bulk string already: of a reply, say. */
  framed(src: Uint8Array, from: number, to: number): void {
    this.ensure(to - from);
    this.copy(this.pos, src, from, to - from);
    this.pos += to - from;
    this.lacking--;
  }

  /** ASCII or latin-1 text. */
  text(s: string): void {
    const len = s.length;
    this.head(len);
    const { buf, pos } = this;
    for (let i = 0; i < len; i++) buf[pos + i] = s.charCodeAt(i);
    this.tail(len);
  }

  /** A whole number; beyond 2^53 the int64 nearest to it. */
  number(n: number): void {
    if (!Number.isSafeInteger(n)) {
      const big = BigInt(n);
      this.text((big > INT64_MAX ? INT64_MAX : big).toString());
      return;
    }
    const len = decimalLength(n);
    this.head(len);
    writeDecimal(this.buf, this.pos, n, len);
    this.tail(len);
  }

  /** The signed 64-bit integer of these halves. */
  int64(hi: number, lo: number): void {
    this.bytes(this.number64, 0, writeInt64(this.number64, 0, hi, lo));
  }

  /** A double in the digits that read back as it. */
  double(d: number): void {
    this.bytes(this.number64, 0, writeDouble(this.number64, 0, d));
  }

  /** The key in argument `i` is removed: DEL, or UNLINK when `lazy`, the value of the lazyfree directive that applies. */
  deleted(i: number, lazy: number): void {
    this.ofKey(lazy !== 0 ? "UNLINK" : "DEL", i);
  }

  /** A command that takes nothing but the key in argument `i`. */
  ofKey(name: string, i: number): void {
    this.begin(2);
    this.text(name);
    this.arg(i);
  }

  // ---- for what happens beside the commands -----------------------------------------------------------------------

  /** A key goes because it expired or was evicted; `lazy` as for `deleted`. */
  removed(lazy: number, db: number, key: Uint8Array, from: number, len: number): void {
    this.start(2, db);
    this.text(lazy !== 0 ? "UNLINK" : "DEL");
    this.bytes(key, from, len);
  }

  /** A field of the hash at the given key goes because it expired. */
  fieldRemoved(
    db: number,
    key: Uint8Array,
    keyFrom: number,
    keyLen: number,
    field: Uint8Array,
    from: number,
    len: number,
  ): void {
    this.start(3, db);
    this.text("HDEL");
    this.bytes(key, keyFrom, keyLen);
    this.bytes(field, from, len);
  }

  // ---- framing ----------------------------------------------------------------------------------------------------

  private start(argc: number, db: number): void {
    this.enter(db);
    this.frame(argc);
  }

  /** A command of database `db` begins. */
  private enter(db: number): void {
    assert(this.lacking === 0, "an effect lacks arguments");
    if (this.placed !== undefined) this.copyPlaced();
    if (this.commands++ === 0) this.db = db;
    else if (this.endDb !== db) {
      this.frame(2);
      this.text("SELECT");
      this.number(db);
    }
    this.endDb = db;
  }

  private frame(argc: number): void {
    this.lacking = argc;
    this.ensure(HEAD_MAX);
    this.buf[this.pos++] = STAR;
    this.pos = putLine(this.buf, this.pos, argc);
  }

  /** The head of an argument, and room for its bytes. */
  private head(len: number): void {
    this.ensure(len + HEAD_MAX);
    this.buf[this.pos++] = DOLLAR;
    this.pos = putLine(this.buf, this.pos, len);
  }

  private tail(len: number): void {
    this.pos = putEnd(this.buf, this.pos + len);
    this.lacking--;
  }

  /** Copies src[from, from+len) to buf[at...], where there is room. */
  private copy(at: number, src: Uint8Array, from: number, len: number): void {
    const { buf } = this;
    if (len > LOOP_COPY_MAX) buf.set(src.subarray(from, from + len), at);
    else if (len >= WORDWISE_MIN) copyWords(this.view, at, viewOf(src), from, len);
    else for (let i = 0; i < len; i++) buf[at + i] = src[from + i];
  }

  private ensure(n: number): void {
    const need = this.pos + n;
    if (need <= this.buf.length) return;
    // What is huge is one value, which nothing follows.
    const next = new Uint8Array(need > DOUBLE_MAX ? need + START_BYTES : Math.max(need, this.buf.length * 2));
    next.set(this.buf.subarray(0, this.pos));
    this.use(next);
  }
}

/** Writes a number and the end of its line at buf[at...]; returns where that ends. */
function putLine(buf: Uint8Array, at: number, n: number): number {
  if (n < 10) buf[at++] = ZERO + n;
  else if (n < 100) {
    const tens = (n / 10) | 0;
    buf[at] = ZERO + tens;
    buf[at + 1] = ZERO + n - tens * 10;
    at += 2;
  } else {
    const len = decimalLength(n);
    writeDecimal(buf, at, n, len);
    at += len;
  }
  return putEnd(buf, at);
}

function putEnd(buf: Uint8Array, at: number): number {
  buf[at] = CR;
  buf[at + 1] = LF;
  return at + 2;
}
