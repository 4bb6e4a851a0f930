/**
 * INCREX: an increment within bounds that sets or removes the key's expiry too.
 *
 * Source: Redis 8.8 documentation, "INCREX". Integers are added in BigInt, floats as INCRBYFLOAT adds them; floats are compared by
 * the sign of their difference, so that what prints alike is equal.
 */
import { latin1Bytes, latin1Text } from "../../base/bytes.ts";
import { SUM_OK } from "../../base/long_doubles.ts";
import { NOT_FLOAT, NOT_INTEGER, OVERFLOW, ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { EMBSTR_MAX, Encoding, Type } from "../../store/entry.ts";
import { NO_EXPIRY } from "../../store/store.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { expiryArgument, ExpiryForm, expiryForm } from "./expiry_argument.ts";
import { INT64_MAX, INT64_MIN, NAN_OR_INFINITY, replaceNumber } from "./incr.ts";

/** For an expiry that stays. */
const KEEP = -2;

const BOUNDS_CROSSED = new ReplyError("ERR LBOUND can't be greater than UBOUND");

/** Bytes of an entry beyond key and value, at most. */
const ENTRY_OVERHEAD = 64;

/** What a request asks for; numbers are positions of arguments, 0 where there is none. */
interface Options {
  increment: number;
  float: boolean;
  lower: number;
  upper: number;
  saturate: boolean;
  form: ExpiryForm;
  expiryAt: number;
  persist: boolean;
  onlyWithoutExpiry: boolean;
}

/** Arithmetic of one mode, on values of its own kind. */
interface Arithmetic<T> {
  /** The value that a text spells; throws the mode's error. */
  parse(text: string): T;
  /** Throws what cannot be represented. */
  add(a: T, b: T): T;
  negate(a: T): T;
  compare(a: T, b: T): number;
  print(a: T): string;
}

export const increx: ShardCommand = {
  name: "increx",
  arity: -2,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "access", "update")],
  group: "string",
  since: "8.8.0",
  summary:
    "Adds to the number that a key holds, 0 where there is none, within bounds, and sets or removes the key's expiry.",
  complexity: "O(1)",
  syntax:
    "key [BYFLOAT float:double | BYINT integer:integer] [LBOUND lowerbound] [UBOUND upperbound] [SATURATE] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] [ENX]",
  run(call: Call): void {
    const options = parseOptions(call);
    if (options.float) increment(call, options, floats(call));
    else increment(call, options, integers);
  },
};

function parseOptions(call: Call): Options {
  const o: Options = {
    increment: 0,
    float: false,
    lower: 0,
    upper: 0,
    saturate: false,
    form: ExpiryForm.NONE,
    expiryAt: 0,
    persist: false,
    onlyWithoutExpiry: false,
  };
  for (let i = 2; i < call.argc; i++) {
    const more = i + 1 < call.argc;
    const form = expiryForm(call, i);
    if (call.is(i, "saturate")) o.saturate = true;
    else if (call.is(i, "enx")) o.onlyWithoutExpiry = true;
    else if (call.is(i, "persist") && o.form === ExpiryForm.NONE) o.persist = true;
    else if (!more) throw SYNTAX_ERROR;
    else if ((call.is(i, "byint") || call.is(i, "byfloat")) && o.increment === 0) {
      o.float = call.is(i, "byfloat");
      o.increment = ++i;
    } else if (call.is(i, "lbound") && o.lower === 0) o.lower = ++i;
    else if (call.is(i, "ubound") && o.upper === 0) o.upper = ++i;
    else if (form !== ExpiryForm.NONE && o.form === ExpiryForm.NONE && !o.persist) {
      o.form = form;
      o.expiryAt = ++i;
    } else throw SYNTAX_ERROR;
  }
  if (o.onlyWithoutExpiry && o.form === ExpiryForm.NONE) throw SYNTAX_ERROR;
  return o;
}

function increment<T>(call: Call, o: Options, math: Arithmetic<T>): void {
  const by = math.parse(o.increment === 0 ? "1" : call.text(o.increment));
  const lower = o.lower === 0 ? undefined : math.parse(call.text(o.lower));
  const upper = o.upper === 0 ? undefined : math.parse(call.text(o.upper));
  if (lower !== undefined && upper !== undefined && math.compare(lower, upper) > 0) throw BOUNDS_CROSSED;
  const expiry = o.form === ExpiryForm.NONE ? NO_EXPIRY : expiryArgument(call, o.expiryAt, o.form, "increx");
  const e = call.writeTyped(1, Type.STRING);
  const store = call.storeOf(1);
  let current = math.parse("0");
  if (e !== 0) {
    store.open(e);
    current = math.parse(latin1Text(store.u8, store.valueAt, store.valueAt + store.valueLen));
  }
  let next = math.add(current, by);
  let bound: T | undefined;
  if (upper !== undefined && math.compare(next, upper) > 0) bound = upper;
  else if (lower !== undefined && math.compare(next, lower) < 0) bound = lower;
  else bound = limitOf(math, next);
  if (bound !== undefined && !o.saturate) {
    replyNumbers(call, o, math.print(current), math.print(math.parse("0")));
    return;
  }
  let applied = by;
  if (bound !== undefined) {
    next = bound;
    applied = math.add(bound, math.negate(current));
    if (limitOf(math, applied) !== undefined) throw OVERFLOW;
  }
  const text = math.print(next);
  // The entry may be made anew twice, for the number and for the expiry.
  call.needRoom(1, 2 * (call.len[1] + text.length + ENTRY_OVERHEAD));
  storeNumber(call, o, e, text, expiry);
  replyNumbers(call, o, text, math.print(applied));
}

/** The type's limit that an integer passes, if it does; floats that pass theirs are refused when added. */
function limitOf<T>(math: Arithmetic<T>, value: T): T | undefined {
  if (typeof value !== "bigint") return undefined;
  return value > INT64_MAX
    ? math.parse(INT64_MAX.toString())
    : value < INT64_MIN
    ? math.parse(INT64_MIN.toString())
    : undefined;
}

/** Stores the sum at the key in argument 1, whose entry is `e`, and treats its expiry as told. */
function storeNumber(call: Call, o: Options, e: number, text: string, expiry: number): void {
  const store = call.storeOf(1);
  const raw = text.length <= EMBSTR_MAX ? Encoding.EMBSTR : Encoding.RAW;
  let entry = replaceNumber(call, e, text.length, o.float ? raw : Encoding.INT);
  for (let i = 0; i < text.length; i++) store.u8[store.valueAt + i] = text.charCodeAt(i);
  call.changed(1);
  call.notify(NotifyClass.STRING, o.float ? "incrbyfloat" : "incrby", 1);
  const had = store.expiry(entry) !== NO_EXPIRY;
  if (o.form !== ExpiryForm.NONE && !(o.onlyWithoutExpiry && had)) {
    entry = store.setExpiry(call.db, entry, expiry);
    call.notify(NotifyClass.GENERIC, "expire", 1);
    if (call.effects.on) recordNumber(call, text, expiry);
  } else if (o.persist && had) {
    entry = store.setExpiry(call.db, entry, NO_EXPIRY);
    call.notify(NotifyClass.GENERIC, "persist", 1);
    if (call.effects.on) recordNumber(call, text, NO_EXPIRY);
  } else if (call.effects.on) recordNumber(call, text, KEEP);
}

/** Records the sum as a SET, which older servers know too, with `expiry` as it is now. */
function recordNumber(call: Call, text: string, expiry: number): void {
  const { effects } = call;
  effects.begin(expiry === NO_EXPIRY ? 3 : expiry === KEEP ? 4 : 5);
  effects.text("SET");
  effects.arg(1);
  effects.text(text);
  if (expiry === NO_EXPIRY) return;
  effects.text(expiry === KEEP ? "KEEPTTL" : "PXAT");
  if (expiry !== KEEP) effects.number(expiry);
}

function replyNumbers(call: Call, o: Options, value: string, applied: string): void {
  call.reply.array(2);
  for (const text of [value, applied]) {
    if (!o.float) call.reply.bigInt(BigInt(text));
    else if (call.reply.resp3) call.reply.text(`,${text}\r\n`);
    else call.reply.bulkText(text);
  }
}

/** Sums may pass int64: that is a bound like others. */
const integers: Arithmetic<bigint> = {
  parse(text) {
    if (!/^(0|-?[1-9][0-9]*)$/.test(text)) throw NOT_INTEGER;
    const value = BigInt(text);
    if (value > INT64_MAX || value < INT64_MIN) throw NOT_INTEGER;
    return value;
  },
  add: (a, b) => a + b,
  negate: (a) => -a,
  compare: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
  print: (a) => a.toString(),
};

/** Long doubles as the texts they print as. */
function floats(call: Call): Arithmetic<string> {
  const sum = (a: string, b: string, error: ReplyError) => {
    const x = latin1Bytes(a);
    const y = latin1Bytes(b);
    if (call.sum.add(x, 0, x.length, y, 0, y.length) !== SUM_OK) throw error;
    return latin1Text(call.sum.text, 0, call.sum.length);
  };
  const negate = (a: string) => (a.startsWith("-") ? a.slice(1) : a === "0" ? a : "-" + a);
  return {
    parse: (text) => sum(text, "0", NOT_FLOAT),
    add: (a, b) => sum(a, b, NAN_OR_INFINITY),
    negate,
    compare: (a, b) => {
      const difference = sum(a, negate(b), NAN_OR_INFINITY);
      return difference === "0" ? 0 : difference.startsWith("-") ? -1 : 1;
    },
    print: (a) => a,
  };
}
