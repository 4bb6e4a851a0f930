/** Parts of strings, and their lengths: STRLEN, GETRANGE, SUBSTR, SETRANGE, APPEND. */
import { copyBytes } from "../../base/bytes.ts";
import { ReplyError } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { NO_EXPIRY } from "../../store/store.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, READ_KEY, type ShardCommand } from "../command.ts";
import { checkLength, growString } from "./growth.ts";

const OFFSET_OUT_OF_RANGE = new ReplyError("ERR offset is out of range");

export const strlen: ShardCommand = {
  name: "strlen",
  arity: 2,
  flags: ["readonly", "fast"],
  keys: [keyAt(1, "RO")],
  group: "string",
  since: "2.2.0",
  summary: "Returns the length of the string that a key holds, in bytes.",
  complexity: "O(1)",
  syntax: "key",
  run(call: Call): void {
    const e = call.readTyped(1, Type.STRING);
    call.reply.int(e === 0 ? 0 : lengthOf(call, e));
  },
};

export const getrange: ShardCommand = {
  name: "getrange",
  arity: 4,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "string",
  since: "2.4.0",
  summary: "Returns a part of the string that a key holds.",
  complexity: "O(N) where N is the length of the part.",
  syntax: "key start end",
  run: replyRange,
};

export const substr: ShardCommand = {
  name: "substr",
  arity: 4,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "string",
  since: "1.0.0",
  summary: "Returns a part of the string that a key holds.",
  complexity: "O(N) where N is the length of the part.",
  syntax: "key start end",
  deprecated: { since: "2.0.0", replacedBy: "`GETRANGE`" },
  docFlags: ["deprecated"],
  run: replyRange,
};

export const setrange: ShardCommand = {
  name: "setrange",
  arity: 4,
  flags: ["write", "denyoom"],
  keys: [keyAt(1, "RW", "update")],
  group: "string",
  since: "2.2.0",
  summary: "Overwrites a part of a string, which grows with zero bytes where it is too short.",
  complexity: "O(1), not counting the copying of the bytes given.",
  syntax: "key offset value",
  run(call: Call): void {
    const offset = call.int(2);
    if (offset < 0) throw OFFSET_OUT_OF_RANGE;
    const len = call.len[3];
    const e = call.writeTyped(1, Type.STRING);
    if (len === 0) {
      call.reply.int(e === 0 ? 0 : lengthOf(call, e));
      return;
    }
    checkLength(call, offset + len);
    const store = call.storeOf(1);
    growString(call, store, e, offset + len);
    copyBytes(store.u8, store.valueAt + offset, call.buf, call.at[3], len);
    call.changed(1);
    call.notify(NotifyClass.STRING, "setrange", 1);
    call.reply.int(store.valueLen);
  },
};

export const append: ShardCommand = {
  name: "append",
  arity: 3,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "insert")],
  group: "string",
  since: "2.0.0",
  summary: "Adds bytes at the end of a string, which is made when there is none.",
  complexity: "O(1) amortized, not counting the copying of the bytes given.",
  syntax: "key value",
  run(call: Call): void {
    const { buf, at, len } = call;
    const e = call.writeTyped(1, Type.STRING);
    const store = call.storeOf(1);
    if (e === 0) store.setString(call.db, buf, at[1], len[1], buf, at[2], len[2], NO_EXPIRY);
    else {
      const old = lengthOf(call, e);
      checkLength(call, old + len[2]);
      growString(call, store, e, old + len[2]);
      copyBytes(store.u8, store.valueAt + old, buf, at[2], len[2]);
    }
    call.changed(1);
    call.notify(NotifyClass.STRING, "append", 1);
    call.reply.int(store.valueLen);
  },
};

/** Length of the string in entry `e` of the key in argument 1. Leaves its store open. */
function lengthOf(call: Call, e: number): number {
  const store = call.storeOf(1);
  store.open(e);
  return store.valueLen;
}

function replyRange(call: Call): void {
  let start = call.int(2);
  let end = call.int(3);
  const e = call.readTyped(1, Type.STRING);
  const length = e === 0 ? 0 : lengthOf(call, e);
  if (start < 0 && end < 0 && start > end) end = start - 1;
  else {
    if (start < 0) start = Math.max(0, start + length);
    if (end < 0) end = Math.max(0, end + length);
    if (end >= length) end = length - 1;
  }
  const store = call.storeOf(1);
  if (start > end) call.reply.bulk(call.buf, 0, 0);
  else call.reply.bulk(store.u8, store.valueAt + start, end - start + 1);
}
