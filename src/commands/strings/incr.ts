/** INCR, DECR, INCRBY, DECRBY and INCRBYFLOAT: arithmetic on numbers that strings spell. */
import { copyBytes } from "../../base/bytes.ts";
import { decimalLength, writeDecimal } from "../../base/decimal.ts";
import { SUM_NOT_FINITE, SUM_OK } from "../../base/long_doubles.ts";
import { NOT_FLOAT, NOT_INTEGER, OVERFLOW, ReplyError } from "../../base/reply_error.ts";
import { EMBSTR_MAX, Encoding, Type } from "../../store/entry.ts";
import { NO_EXPIRY } from "../../store/store.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";

const DECREMENT_OVERFLOW = new ReplyError("ERR decrement would overflow");
export const NAN_OR_INFINITY = new ReplyError("ERR increment would produce NaN or Infinity");

export const INT64_MAX = 2n ** 63n - 1n;
export const INT64_MIN = -(2n ** 63n);

/** The text of 0, which a key that does not exist counts as. */
const ZERO_TEXT = Uint8Array.of(48);

export const incr: ShardCommand = {
  name: "incr",
  arity: 2,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "access", "update")],
  group: "string",
  since: "1.0.0",
  summary: "Adds one to the integer that a key holds, 0 where there is none.",
  complexity: "O(1)",
  syntax: "key",
  run(call: Call): void {
    add(call, 1);
  },
};

export const decr: ShardCommand = {
  name: "decr",
  arity: 2,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "access", "update")],
  group: "string",
  since: "1.0.0",
  summary: "Takes one from the integer that a key holds, 0 where there is none.",
  complexity: "O(1)",
  syntax: "key",
  run(call: Call): void {
    add(call, -1);
  },
};

export const incrby: ShardCommand = {
  name: "incrby",
  arity: 3,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "access", "update")],
  group: "string",
  since: "1.0.0",
  summary: "Adds to the integer that a key holds, 0 where there is none.",
  complexity: "O(1)",
  syntax: "key increment",
  run(call: Call): void {
    const n = call.int64(2);
    if (n.safe) add(call, n.value);
    else addBig(call, n.toBigInt());
  },
};

export const decrby: ShardCommand = {
  name: "decrby",
  arity: 3,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "access", "update")],
  group: "string",
  since: "1.0.0",
  summary: "Takes from the integer that a key holds, 0 where there is none.",
  complexity: "O(1)",
  syntax: "key decrement",
  run(call: Call): void {
    const n = call.int64(2);
    if (n.safe) {
      add(call, -n.value);
      return;
    }
    const decrement = n.toBigInt();
    if (decrement === INT64_MIN) throw DECREMENT_OVERFLOW;
    addBig(call, -decrement);
  },
};

export const incrbyfloat: ShardCommand = {
  name: "incrbyfloat",
  arity: 3,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "access", "update")],
  group: "string",
  since: "2.6.0",
  summary: "Adds to the floating-point number that a key holds, 0 where there is none.",
  complexity: "O(1)",
  syntax: "key increment:double",
  run(call: Call): void {
    const { buf, at, len, sum } = call;
    const e = call.writeTyped(1, Type.STRING);
    const store = call.storeOf(1);
    let result: number;
    if (e === 0) result = sum.add(ZERO_TEXT, 0, 1, buf, at[2], at[2] + len[2]);
    else {
      store.open(e);
      result = sum.add(store.u8, store.valueAt, store.valueAt + store.valueLen, buf, at[2], at[2] + len[2]);
    }
    if (result !== SUM_OK) throw result === SUM_NOT_FINITE ? NAN_OR_INFINITY : NOT_FLOAT;
    replaceNumber(call, e, sum.length, sum.length <= EMBSTR_MAX ? Encoding.EMBSTR : Encoding.RAW);
    copyBytes(store.u8, store.valueAt, sum.text, 0, sum.length);
    call.changed(1);
    call.notify(NotifyClass.STRING, "incrbyfloat", 1);
    if (call.effects.on) {
      const { effects } = call;
      effects.begin(4);
      effects.text("SET");
      effects.arg(1);
      effects.bytes(sum.text, 0, sum.length);
      effects.text("KEEPTTL");
    }
    call.reply.bulk(sum.text, 0, sum.length);
  },
};

/** Adds a safe integer to the one at the key in argument 1. */
function add(call: Call, increment: number): void {
  const e = call.writeTyped(1, Type.STRING);
  const store = call.storeOf(1);
  let sum = increment;
  if (e !== 0) {
    store.open(e);
    const n = call.number;
    if (!n.parse(store.u8, store.valueAt, store.valueAt + store.valueLen)) throw NOT_INTEGER;
    sum += n.value;
    if (!n.safe || !Number.isSafeInteger(sum)) {
      addBig(call, BigInt(increment));
      return;
    }
  }
  const length = decimalLength(sum);
  replaceNumber(call, e, length, Encoding.INT);
  writeDecimal(store.u8, store.valueAt, sum, length);
  call.changed(1);
  call.notify(NotifyClass.STRING, "incrby", 1);
  call.reply.int(sum);
}

/** As `add`, beyond 2^53. */
function addBig(call: Call, increment: bigint): void {
  const e = call.writeTyped(1, Type.STRING);
  const store = call.storeOf(1);
  let sum = increment;
  if (e !== 0) {
    store.open(e);
    if (!call.number.parse(store.u8, store.valueAt, store.valueAt + store.valueLen)) throw NOT_INTEGER;
    sum += call.number.toBigInt();
  }
  if (sum > INT64_MAX || sum < INT64_MIN) throw OVERFLOW;
  const text = sum.toString();
  replaceNumber(call, e, text.length, Encoding.INT);
  for (let i = 0; i < text.length; i++) store.u8[store.valueAt + i] = text.charCodeAt(i);
  call.changed(1);
  call.notify(NotifyClass.STRING, "incrby", 1);
  call.reply.bigInt(sum);
}

/**
 * Makes the string at the key in argument 1, whose entry is `e` (0: none yet), `length` undefined bytes; an expiry stays. Leaves
 * its store open. Returns the entry.
 */
export function replaceNumber(call: Call, e: number, length: number, encoding: Encoding): number {
  const store = call.storeOf(1);
  if (e === 0) {
    return store.create(call.db, call.buf, call.at[1], call.len[1], Type.STRING, encoding, length, NO_EXPIRY);
  }
  const next = store.valueLen === length ? e : store.resizeValue(call.db, e, length);
  store.setEncoding(next, encoding);
  return next;
}
