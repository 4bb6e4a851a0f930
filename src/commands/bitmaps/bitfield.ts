/**
 * BITFIELD and BITFIELD_RO: integers of any width at any bit offset.
 *
 * The operations are read twice: once to check all of them and to know how long the string must be, once to run them. Fields of
 * up to 52 bits with operands below 2^52 are computed in doubles, which hold their sums exactly; the rest in BigInt.
 */
import { equalsIgnoreCase } from "../../base/bytes.ts";
import type { Int64Parser } from "../../base/integers.ts";
import { ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import { readField, writeField } from "../../structures/bits.ts";
import { type Call, NotifyClass } from "../call.ts";
import { type Arguments, keyAt, type KeyList, READ_KEY, type ShardCommand } from "../command.ts";
import { KeyUse } from "../key_specs.ts";
import { growString } from "../strings/growth.ts";
import { fieldOffset } from "./bit_offset.ts";

const BAD_TYPE = new ReplyError(
  "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
);
const BAD_OVERFLOW = new ReplyError("ERR Invalid OVERFLOW type specified");
const ONLY_GET = new ReplyError("ERR BITFIELD_RO only supports the GET subcommand");

const GET = 0;
const SET = 1;
const INCRBY = 2;

const WRAP = 0;
const SAT = 1;
const FAIL = 2;

const UNSIGNED_MAX_BITS = 63;
const SIGNED_MAX_BITS = 64;
/** Sums of a field and an operand below 2^52 are exact in doubles. */
const EXACT_BITS = 52;
const EXACT = 2 ** EXACT_BITS;
const LOW_BITS = 32;

export const bitfield: ShardCommand = {
  name: "bitfield",
  arity: -2,
  flags: ["write", "denyoom"],
  keys: [{
    ...keyAt(1, "RW", "access", "update", "variable_flags"),
    notes: "This command allows both access and modification of the key",
  }],
  findKeys,
  group: "bitmap",
  since: "3.2.0",
  summary: "Reads, sets and increments integers of any width within a string.",
  complexity: "O(1) for each subcommand given",
  syntax:
    "key [GET encoding offset:integer | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding offset:integer value:integer | INCRBY encoding offset:integer increment> [GET encoding offset:integer | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding offset:integer value:integer | INCRBY encoding offset:integer increment> ...]]",
  run(call: Call): void {
    const length = check(call);
    if (length === 0) {
      runReading(call);
      return;
    }
    const e = call.writeTyped(1, Type.STRING);
    const store = call.storeOf(1);
    const grown = growString(call, store, e, length);
    const changes = runAll(call, store, grown);
    if (changes === 0) {
      // Nothing was set (OVERFLOW FAIL), which Redis counts as no change; the string has grown all the same.
      if (grown && call.effects.on) call.effects.request();
      return;
    }
    call.changed(1, changes);
    call.notify(NotifyClass.STRING, "setbit", 1);
  },
};

export const bitfieldRo: ShardCommand = {
  name: "bitfield_ro",
  arity: -2,
  flags: ["readonly", "fast"],
  keys: READ_KEY,
  group: "bitmap",
  since: "6.0.0",
  summary: "Reads integers of any width within a string.",
  complexity: "O(1) for each subcommand given",
  syntax: "key [GET encoding offset:integer [GET encoding offset:integer ...]]",
  run(call: Call): void {
    if (check(call) > 0) throw ONLY_GET;
    runReading(call);
  },
};

/** Checks all operations; returns how many bytes the string must have for those that write, 0 when none does. */
function check(call: Call): number {
  let length = 0;
  for (let i = 2; i < call.argc; i += width(call, i)) {
    const kind = kindOf(call, i);
    if (kind < 0) {
      overflowOf(call, i + 1);
      continue;
    }
    const bits = bitsOf(call, i + 1);
    const offset = fieldOffset(call, i + 2, bits);
    if (kind === GET) continue;
    call.int64(i + 3);
    length = Math.max(length, Math.floor((offset + bits - 1) / 8) + 1);
  }
  return length;
}

function runReading(call: Call): void {
  const e = call.readTyped(1, Type.STRING);
  const store = call.storeOf(1);
  if (e !== 0) store.open(e);
  else store.valueLen = 0; // no string reads as an empty one
  runAll(call, store, false);
}

/** Runs all operations on the string that `store` has open and replies; returns the number of changes. */
function runAll(call: Call, store: Store, grown: boolean): number {
  let changes = 0;
  let overflow = WRAP;
  let replies = 0;
  for (let i = 2; i < call.argc; i += width(call, i)) if (kindOf(call, i) >= 0) replies++;
  call.reply.array(replies);
  for (let i = 2; i < call.argc; i += width(call, i)) {
    const kind = kindOf(call, i);
    if (kind < 0) {
      overflow = overflowOf(call, i + 1);
      continue;
    }
    const bits = bitsOf(call, i + 1);
    const signed = isSigned(call, i + 1);
    const offset = fieldOffset(call, i + 2, bits);
    const operand = kind === GET ? null : call.int64(i + 3);
    if (bits <= EXACT_BITS && (operand === null || (operand.value < EXACT && operand.value > -EXACT))) {
      const value = operand === null ? 0 : operand.value;
      if (runExact(call, store, kind, signed, bits, offset, value, overflow, grown)) changes++;
    } else if (runWide(call, store, kind, signed, bits, offset, operand, overflow, grown)) changes++;
  }
  return changes;
}

/** One operation in doubles; true when it changed something. */
function runExact(
  call: Call,
  store: Store,
  kind: number,
  signed: boolean,
  bits: number,
  offset: number,
  operand: number,
  overflow: number,
  grown: boolean,
): boolean {
  const size = 2 ** bits;
  const max = signed ? size / 2 - 1 : size - 1;
  const min = signed ? -size / 2 : 0;
  let old = readField(store.u8, store.valueAt, store.valueLen, offset, bits);
  if (old > max) old -= size;
  if (kind === GET) {
    call.reply.int(old);
    return false;
  }
  let next = kind === SET ? operand : old + operand;
  if (next > max || next < min) {
    if (overflow === FAIL) {
      call.reply.nil();
      return false;
    }
    // A negative number SET to an unsigned field counts as a huge one.
    if (overflow === SAT) next = next > max || (kind === SET && !signed) ? max : min;
    else {
      next -= Math.floor(next / size) * size;
      if (next > max) next -= size;
    }
  }
  writeField(store.u8, store.valueAt, offset, bits, next < 0 ? next + size : next);
  call.reply.int(kind === SET ? old : next);
  return grown || old !== next;
}

/** One operation in BigInt; true when it changed something. */
function runWide(
  call: Call,
  store: Store,
  kind: number,
  signed: boolean,
  bits: number,
  offset: number,
  operand: Int64Parser | null,
  overflow: number,
  grown: boolean,
): boolean {
  const { u8, valueAt, valueLen } = store;
  const size = 1n << BigInt(bits);
  const max = signed ? size / 2n - 1n : size - 1n;
  const min = signed ? -size / 2n : 0n;
  const highBits = Math.max(0, bits - LOW_BITS);
  const lowBits = bits - highBits;
  const high = highBits === 0 ? 0 : readField(u8, valueAt, valueLen, offset, highBits);
  let old = (BigInt(high) << BigInt(lowBits)) +
    BigInt(readField(u8, valueAt, valueLen, offset + highBits, lowBits));
  if (old > max) old -= size;
  if (operand === null) {
    call.reply.bigInt(old);
    return false;
  }
  let next = operand.toBigInt();
  if (kind === INCRBY) next += old;
  if (next > max || next < min) {
    if (overflow === FAIL) {
      call.reply.nil();
      return false;
    }
    if (overflow === SAT) {
      // As Redis does: what lies 2^63 or more below the maximum saturates there, for its difference wraps around.
      const high = next > max || (kind === SET && (!signed || (bits < SIGNED_MAX_BITS && max - next >= 2n ** 63n)));
      next = high ? max : min;
    } else next = signed ? BigInt.asIntN(bits, next) : BigInt.asUintN(bits, next);
  }
  const raw = BigInt.asUintN(bits, next);
  if (highBits > 0) writeField(u8, valueAt, offset, highBits, Number(raw >> BigInt(lowBits)));
  writeField(u8, valueAt, offset + highBits, lowBits, Number(BigInt.asUintN(lowBits, raw)));
  call.reply.bigInt(kind === SET ? old : next);
  return grown || old !== next;
}

/** What argument `i` begins: GET, SET or INCRBY with its arguments, or OVERFLOW: -1. Throws on anything else. */
function kindOf(call: Call, i: number): number {
  const left = call.argc - i - 1;
  if (left >= 2 && call.is(i, "get")) return GET;
  if (left >= 3 && call.is(i, "set")) return SET;
  if (left >= 3 && call.is(i, "incrby")) return INCRBY;
  if (left >= 1 && call.is(i, "overflow")) return -1;
  throw SYNTAX_ERROR;
}

/** Arguments of the operation that begins at `i`, its name included. */
function width(call: Call, i: number): number {
  const kind = kindOf(call, i);
  return kind < 0 ? 2 : kind === GET ? 3 : 4;
}

function overflowOf(call: Call, i: number): number {
  if (call.is(i, "wrap")) return WRAP;
  if (call.is(i, "sat")) return SAT;
  if (call.is(i, "fail")) return FAIL;
  throw BAD_OVERFLOW;
}

const LETTER_I = 105;
const LETTER_U = 117;

function isSigned(call: Call, i: number): boolean {
  return call.buf[call.at[i]] === LETTER_I;
}

/** Width of the type in argument `i`: i1 to i64 or u1 to u63. */
function bitsOf(call: Call, i: number): number {
  const { buf, at, len, number } = call;
  const letter = len[i] === 0 ? 0 : buf[at[i]];
  if (letter !== LETTER_I && letter !== LETTER_U) throw BAD_TYPE;
  if (!number.parse(buf, at[i] + 1, at[i] + len[i])) throw BAD_TYPE;
  const bits = number.value;
  if (bits < 1 || bits > (letter === LETTER_I ? SIGNED_MAX_BITS : UNSIGNED_MAX_BITS)) throw BAD_TYPE;
  return bits;
}

/** BITFIELD only reads the key unless SET or INCRBY is among its operations. */
function findKeys(request: Arguments, keys: KeyList): void {
  const { buf, at, len, argc } = request;
  let writes = false;
  for (let i = 2; i < argc && !writes; i++) {
    if (equalsIgnoreCase(buf, at[i], len[i], "get") && i + 2 < argc) i += 2;
    else if (equalsIgnoreCase(buf, at[i], len[i], "overflow") && i + 1 < argc) i += 1;
    else writes = true;
  }
  keys.add(1, writes ? KeyUse.RW | KeyUse.access | KeyUse.update : KeyUse.RO | KeyUse.access);
}
