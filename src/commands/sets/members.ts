/** SMEMBERS and SSCAN: a set's members, all at once or in steps. */
import { writeInt64 } from "../../base/int64_text.ts";
import type { Reply } from "../../codec/resp/reply.ts";
import { Encoding, Type } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import { memberAt, memberLen } from "../../store/types/member.ts";
import { setCount } from "../../store/types/set.ts";
import { SetCursor } from "../../store/types/set_cursor.ts";
import type { Call } from "../call.ts";
import { keyAt, READ_KEY, type ShardCommand } from "../command.ts";
import { closeScan, parseCursor } from "../scan_cursor.ts";
import { emptyScan, ScanOptions } from "../scan_options.ts";

export const smembers: ShardCommand = {
  name: "smembers",
  arity: 2,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "set",
  since: "1.0.0",
  summary: "Returns all members of a set.",
  complexity: "O(N) with N members in the set",
  syntax: "key",
  tips: ["nondeterministic_output_order"],
  run(call: Call): void {
    const e = call.readTyped(1, Type.SET);
    if (e === 0) call.reply.set(0);
    else replyMembers(call.reply, call.storeOf(1), e);
  },
};

/** Writes all members of a set as a reply of type set. */
export function replyMembers(reply: Reply, store: Store, e: number): void {
  reply.set(setCount(store, e));
  const { listpack, intset, members, u8 } = store;
  const value = store.valueAt;
  switch (store.encoding(e)) {
    case Encoding.INTSET:
      for (let i = 0, n = intset.count(value); i < n; i++) replyInt(reply, store, value, i);
      return;
    case Encoding.LISTPACK:
      for (let p = listpack.first(value); p !== 0; p = listpack.next(p)) {
        listpack.readBytes(p);
        reply.bulk(listpack.bytes, listpack.at, listpack.len);
      }
      return;
    default:
      for (let place = members.walk(value >> 2, 0);; place = members.walk(value >> 2, place)) {
        const found = members.found;
        for (let k = 0; k < members.foundCount; k++) reply.bulk(u8, memberAt(u8, found[k]), memberLen(u8, found[k]));
        if (place === 0) return;
      }
  }
}

/** Writes integer number `index` of the intset at `is` as a bulk string. */
export function replyInt(reply: Reply, store: Store, is: number, index: number): void {
  const { intset, digits } = store;
  intset.get(is, index);
  reply.bulk(digits, 0, writeInt64(digits, 0, intset.hi, intset.lo));
}

export const sscan: ShardCommand = {
  name: "sscan",
  arity: -3,
  flags: ["readonly"],
  keys: [keyAt(1, "RO", "access")],
  group: "set",
  since: "2.8.0",
  summary: "Goes through the members of a set in steps.",
  complexity: "O(1) a call; O(N) for a whole pass, with N members in the set",
  syntax: "key cursor [MATCH pattern] [COUNT count]",
  tips: ["nondeterministic_output"],
  run(call: Call): void {
    const { reply } = call;
    let cursor = parseCursor(call, 2);
    const e = call.readTyped(1, Type.SET);
    if (e === 0) {
      emptyScan(reply);
      return;
    }
    const options = new ScanOptions(call, 3, false);
    const store = call.storeOf(1);
    const place = reply.openArray();
    let n = 0;
    if (store.encoding(e) !== Encoding.HASHTABLE) {
      const small = new SetCursor();
      small.open(store, e);
      while (small.next()) {
        if (!options.matches(small.bytes, small.at, small.len)) continue;
        reply.bulk(small.bytes, small.at, small.len);
        n++;
      }
      closeScan(reply, place, n, 0);
      return;
    }
    store.open(e);
    const root = store.valueAt >> 2;
    const { members, u8 } = store;
    let met = 0;
    for (let steps = options.steps; steps > 0 && met < options.count; steps--) {
      cursor = members.scan(root, cursor);
      met += members.foundCount;
      for (let k = 0; k < members.foundCount; k++) {
        const at = memberAt(u8, members.found[k]);
        const len = memberLen(u8, members.found[k]);
        if (!options.matches(u8, at, len)) continue;
        reply.bulk(u8, at, len);
        n++;
      }
      if (cursor === 0) break;
    }
    closeScan(reply, place, n, cursor);
  },
};
