/** SETBIT and GETBIT: single bits of strings. */
import { ReplyError } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, READ_KEY, type ShardCommand } from "../command.ts";
import { growString } from "../strings/growth.ts";
import { bitOffset } from "./bit_offset.ts";

const BAD_BIT = new ReplyError("ERR bit is not an integer or out of range");

export const setbit: ShardCommand = {
  name: "setbit",
  arity: 4,
  flags: ["write", "denyoom"],
  keys: [keyAt(1, "RW", "access", "update")],
  group: "bitmap",
  since: "2.2.0",
  summary: "Sets or clears a bit of a string, which grows where it is too short, and returns the bit it was.",
  complexity: "O(1)",
  syntax: "key offset:integer value:integer",
  run(call: Call): void {
    const offset = bitOffset(call, 2);
    const bit = call.int(3, 0, 1, BAD_BIT);
    const byte = Math.floor(offset / 8);
    const e = call.writeTyped(1, Type.STRING);
    const store = call.storeOf(1);
    const grown = growString(call, store, e, byte + 1);
    const u8 = store.u8;
    const at = store.valueAt + byte;
    const mask = 0x80 >> (offset % 8);
    const old = (u8[at] & mask) === 0 ? 0 : 1;
    if (grown || old !== bit) {
      u8[at] ^= old === bit ? 0 : mask;
      call.changed(1);
      call.notify(NotifyClass.STRING, "setbit", 1);
    }
    call.reply.int(old);
  },
};

export const getbit: ShardCommand = {
  name: "getbit",
  arity: 3,
  flags: ["readonly", "fast"],
  keys: READ_KEY,
  group: "bitmap",
  since: "2.2.0",
  summary: "Returns a bit of a string, 0 behind its end.",
  complexity: "O(1)",
  syntax: "key offset:integer",
  run(call: Call): void {
    const offset = bitOffset(call, 2);
    const e = call.readTyped(1, Type.STRING);
    const byte = Math.floor(offset / 8);
    let bit = 0;
    if (e !== 0) {
      const store = call.storeOf(1);
      store.open(e);
      if (byte < store.valueLen) bit = (store.u8[store.valueAt + byte] >> (7 - (offset % 8))) & 1;
    }
    call.reply.int(bit);
  },
};
