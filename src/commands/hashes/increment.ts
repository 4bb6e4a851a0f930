/** HINCRBY and HINCRBYFLOAT: arithmetic on the numbers that fields spell. */
import { writeInt64 } from "../../base/int64_text.ts";
import { SUM_LEFT_INVALID, SUM_NOT_FINITE, SUM_OK, SUM_RIGHT_INVALID } from "../../base/long_doubles.ts";
import { NOT_FLOAT, OVERFLOW, ReplyError } from "../../base/reply_error.ts";
import { NO_EXPIRY } from "../../store/store.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { findField, needFieldRoom, writeHash } from "./lookup.ts";
import { setField } from "./set.ts";

const FIELD_NOT_INTEGER = new ReplyError("ERR hash value is not an integer");
const FIELD_NOT_FLOAT = new ReplyError("ERR hash value is not a float");
const INCREMENT_NOT_FINITE = new ReplyError("ERR value is NaN or Infinity");
const RESULT_NOT_FINITE = new ReplyError("ERR increment would produce NaN or Infinity");

const TWO_31 = 2147483648;
const TWO_32 = 4294967296;
/** The text of 0, which a field that does not exist counts as. */
const ZERO_TEXT = Uint8Array.of(48);

export const hincrby: ShardCommand = {
  name: "hincrby",
  arity: 4,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "access", "update")],
  group: "hash",
  since: "2.0.0",
  summary: "Adds to the integer in a field of a hash, 0 where there is none.",
  complexity: "O(1)",
  syntax: "key field increment:integer",
  run(call: Call): void {
    const increment = call.int64(3);
    let { hi, lo } = increment;
    const found = writeHash(call);
    needFieldRoom(call, 2);
    const store = call.storeOf(1);
    const { hashes, number, digits } = store;
    const met = findField(call, store, found, 2);
    if (met) {
      if (!number.parse(hashes.bytes, hashes.at, hashes.at + hashes.len)) throw FIELD_NOT_INTEGER;
      const low = (lo >>> 0) + (number.lo >>> 0);
      const high = hi + number.hi + (low > 0xffffffff ? 1 : 0);
      if (high < -TWO_31 || high >= TWO_31) throw OVERFLOW;
      hi = high;
      lo = low | 0;
    }
    const len = writeInt64(digits, 0, hi, lo);
    setField(call, met, 2, digits, 0, len);
    call.changed(1);
    call.notify(NotifyClass.HASH, "hincrby", 1);
    const sum = hi * TWO_32 + (lo >>> 0);
    if (Number.isSafeInteger(sum)) call.reply.int(sum);
    else call.reply.bigInt((BigInt(hi) << 32n) | BigInt(lo >>> 0));
  },
};

export const hincrbyfloat: ShardCommand = {
  name: "hincrbyfloat",
  arity: 4,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "access", "update")],
  group: "hash",
  since: "2.6.0",
  summary: "Adds to the floating-point number in a field of a hash, 0 where there is none.",
  complexity: "O(1)",
  syntax: "key field increment:double",
  run(call: Call): void {
    const { buf, at, len, sum } = call;
    const to = at[3] + len[3];
    // The increment alone is judged before the key is looked at; with nothing in the field this is the sum already.
    const alone = sum.add(ZERO_TEXT, 0, 1, buf, at[3], to);
    if (alone === SUM_RIGHT_INVALID) throw NOT_FLOAT;
    if (alone !== SUM_OK) throw INCREMENT_NOT_FINITE;
    const found = writeHash(call);
    needFieldRoom(call, 2);
    const store = call.storeOf(1);
    const { hashes } = store;
    const met = findField(call, store, found, 2);
    if (met) {
      const result = sum.add(hashes.bytes, hashes.at, hashes.at + hashes.len, buf, at[3], to);
      if (result === SUM_LEFT_INVALID) throw FIELD_NOT_FLOAT;
      if (result === SUM_NOT_FINITE) throw RESULT_NOT_FINITE;
    }
    const { expiry } = hashes;
    setField(call, met, 2, sum.text, 0, sum.length);
    call.changed(1);
    call.notify(NotifyClass.HASH, "hincrbyfloat", 1);
    if (call.effects.on) recordSum(call, met ? expiry : NO_EXPIRY);
    call.reply.bulk(sum.text, 0, sum.length);
  },
};

/** Records the sum as the value of the field, which keeps its `expiry`. */
function recordSum(call: Call, expiry: number): void {
  const { effects, sum } = call;
  effects.begin(4);
  effects.text("HSET");
  effects.args(1, 3);
  effects.bytes(sum.text, 0, sum.length);
  if (expiry === NO_EXPIRY) return;
  effects.begin(6);
  effects.text("HPEXPIREAT");
  effects.arg(1);
  effects.number(expiry);
  effects.text("FIELDS");
  effects.text("1");
  effects.arg(2);
}
