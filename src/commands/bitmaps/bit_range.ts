/** BITCOUNT and BITPOS: bits counted and looked for, in all of a string or a range of its bytes or bits. */
import { ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { countBitRange, countBits, findBit } from "../../structures/bits.ts";
import type { Call } from "../call.ts";
import { READ_KEY, type ShardCommand } from "../command.ts";

const BAD_BIT = new ReplyError("ERR The bit argument must be 1 or 0.");

export const bitcount: ShardCommand = {
  name: "bitcount",
  arity: -2,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "bitmap",
  since: "2.6.0",
  summary: "Counts the set bits of a string or a part of it.",
  complexity: "O(N)",
  syntax: "key [start end [BYTE | BIT]]",
  history: [["7.0.0", "Added the `BYTE|BIT` option."]],
  run(call: Call): void {
    if (call.argc === 3 || call.argc > 5) throw SYNTAX_ERROR;
    const whole = call.argc === 2;
    const start = whole ? 0 : call.int(2);
    const end = whole ? -1 : call.int(3);
    const byBit = call.argc === 5 && isBitUnit(call, 4);
    const e = call.readTyped(1, Type.STRING);
    const store = call.storeOf(1);
    if (e !== 0) store.open(e);
    const len = e === 0 ? 0 : store.valueLen;
    if (whole) {
      call.reply.int(countBits(store.u8, store.i32, store.valueAt, len));
      return;
    }
    const total = byBit ? len * 8 : len;
    const first = start < 0 ? Math.max(0, start + total) : start;
    const last = Math.min(end < 0 ? Math.max(0, end + total) : end, total - 1);
    if (first > last || (start < 0 && end < 0 && start > end)) call.reply.int(0);
    else if (byBit) call.reply.int(countBitRange(store.u8, store.i32, store.valueAt, first, last));
    else call.reply.int(countBits(store.u8, store.i32, store.valueAt + first, last - first + 1));
  },
};

export const bitpos: ShardCommand = {
  name: "bitpos",
  arity: -3,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "bitmap",
  since: "2.8.7",
  summary: "Finds the first bit of a string, or of a part of it, that is set or not set.",
  complexity: "O(N)",
  syntax: "key bit [start [end [BYTE | BIT]]]",
  history: [["7.0.0", "Added the `BYTE|BIT` option."]],
  run(call: Call): void {
    const bit = call.int(2);
    if (bit !== 0 && bit !== 1) throw BAD_BIT;
    if (call.argc > 6) throw SYNTAX_ERROR;
    const start = call.argc > 3 ? call.int(3) : 0;
    const byBit = call.argc === 6 && isBitUnit(call, 5);
    const endGiven = call.argc > 4;
    const end = endGiven ? call.int(4) : -1;
    const e = call.readTyped(1, Type.STRING);
    if (e === 0) {
      // No string is an endless one of zeros.
      call.reply.int(bit === 1 ? -1 : 0);
      return;
    }
    const store = call.storeOf(1);
    store.open(e);
    const total = byBit ? store.valueLen * 8 : store.valueLen;
    let first = start < 0 ? Math.max(0, start + total) : start;
    let last = Math.min(end < 0 ? Math.max(0, end + total) : end, total - 1);
    if (first > last) {
      call.reply.int(-1);
      return;
    }
    if (!byBit) {
      first *= 8;
      last = last * 8 + 7;
    }
    const found = findBit(store.u8, store.i32, store.valueAt, first, last, bit);
    // Without an end, zeros go on behind the string.
    call.reply.int(found < 0 && bit === 0 && !endGiven ? last + 1 : found);
  },
};

function isBitUnit(call: Call, i: number): boolean {
  if (call.is(i, "bit")) return true;
  if (call.is(i, "byte")) return false;
  throw SYNTAX_ERROR;
}
