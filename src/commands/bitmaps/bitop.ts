/** BITOP: a string made of others by a bitwise operation. */
import { copyBytes } from "../../base/bytes.ts";
import { ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Encoding, Type } from "../../store/entry.ts";
import { NO_EXPIRY } from "../../store/store.ts";
import { BitOperation } from "../../structures/bit_combiner.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, keysFrom, type ShardCommand } from "../command.ts";

const NOT_TAKES_ONE = new ReplyError("ERR BITOP NOT must be called with a single source key.");

const NAMES: readonly (readonly [name: string, operation: BitOperation])[] = [
  ["and", BitOperation.AND],
  ["or", BitOperation.OR],
  ["xor", BitOperation.XOR],
  ["not", BitOperation.NOT],
  ["diff", BitOperation.DIFF],
  ["diff1", BitOperation.DIFF1],
  ["andor", BitOperation.ANDOR],
  ["one", BitOperation.ONE],
];

export const bitop: ShardCommand = {
  name: "bitop",
  arity: -4,
  flags: ["write", "denyoom"],
  keys: [keyAt(2, "OW", "update"), keysFrom(3, -1, 1, "RO", "access")],
  routing: "keys",
  group: "bitmap",
  since: "2.6.0",
  summary: "Combines strings by a bitwise operation and stores the result.",
  complexity: "O(N)",
  syntax: "<AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE> destkey key [key ...]",
  history: [["8.2.0", "Added the `DIFF`, `DIFF1`, `ANDOR`, and `ONE` operations."]],
  run(call: Call): void {
    const operation = operationOf(call);
    const combiner = call.bits;
    combiner.clear();
    const target = call.write(2);
    let aliased = false;
    for (let i = 3; i < call.argc; i++) {
      const e = call.readTyped(i, Type.STRING);
      const store = call.storeOf(i);
      if (e !== 0) store.open(e);
      combiner.add(store.u8, store.valueAt, e === 0 ? 0 : store.valueLen);
      aliased ||= e !== 0 && e === target && call.same(i, 2);
    }
    const length = combiner.length;
    if (length > 0) {
      storeResult(call, operation, aliased);
      call.changed(2);
      call.notify(NotifyClass.STRING, "set", 2);
    } else if (target !== 0) {
      call.storeOf(2).deleteEntry(call.db, target);
      call.changed(2);
      call.notify(NotifyClass.GENERIC, "del", 2);
    }
    call.reply.int(length);
  },
};

function operationOf(call: Call): BitOperation {
  for (let k = 0; k < NAMES.length; k++) {
    const [name, operation] = NAMES[k];
    if (!call.is(1, name)) continue;
    if (operation === BitOperation.NOT && call.argc !== 4) throw NOT_TAKES_ONE;
    if (operation >= BitOperation.DIFF && operation <= BitOperation.ANDOR && call.argc < 5) {
      throw new ReplyError(`ERR BITOP ${name.toUpperCase()} must be called with at least two source keys.`);
    }
    return operation;
  }
  throw SYNTAX_ERROR;
}

/** Makes the target hold the combined strings. When it is one of them, the result is made elsewhere first. */
function storeResult(call: Call, operation: BitOperation, aliased: boolean): void {
  const { buf, at, len, db } = call;
  const store = call.storeOf(2);
  const length = call.bits.length;
  if (!aliased) {
    store.reserve(db, buf, at[2], len[2], Type.STRING, Encoding.RAW, length, NO_EXPIRY);
    call.bits.write(operation, store.u8, store.valueAt);
    return;
  }
  const made = store.arena.alloc(length);
  try {
    call.bits.write(operation, store.u8, made);
    store.reserve(db, buf, at[2], len[2], Type.STRING, Encoding.RAW, length, NO_EXPIRY);
    copyBytes(store.u8, store.valueAt, store.u8, made, length);
  } finally {
    store.arena.free(made);
  }
}
