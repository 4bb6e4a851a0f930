/** SRANDMEMBER: random members of a set, which stay. */
import { SYNTAX_ERROR } from "../../base/reply_error.ts";
import type { Reply } from "../../codec/resp/reply.ts";
import { Encoding, Type } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import { memberAt, memberLen } from "../../store/types/member.ts";
import { setCount } from "../../store/types/set.ts";
import { SetCursor } from "../../store/types/set_cursor.ts";
import { sampleTable } from "../../structures/table_sample.ts";
import type { Call } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { randomCount } from "../random_count.ts";
import { replyInt } from "./members.ts";

/** Writes a random member of a set that is not empty as a bulk string. */
export function replyRandomMember(reply: Reply, store: Store, e: number): void {
  store.open(e);
  const value = store.valueAt;
  const { listpack, members, u8 } = store;
  switch (store.encoding(e)) {
    case Encoding.INTSET:
      replyInt(reply, store, value, Math.floor(store.random() * store.intset.count(value)));
      return;
    case Encoding.LISTPACK:
      listpack.readBytes(listpack.seek(value, Math.floor(store.random() * listpack.count(value))));
      reply.bulk(listpack.bytes, listpack.at, listpack.len);
      return;
    default: {
      const item = members.random(value >> 2, store.random);
      reply.bulk(u8, memberAt(u8, item), memberLen(u8, item));
    }
  }
}

export const srandmember: ShardCommand = {
  name: "srandmember",
  arity: -2,
  flags: ["readonly"],
  keys: [keyAt(1, "RO", "access")],
  group: "set",
  since: "1.0.0",
  summary: "Returns random members of a set: one, or several that differ, or (negative count) several that may repeat.",
  complexity: "O(1) without count, else O(N) with the absolute value of count",
  syntax: "key [count]",
  tips: ["nondeterministic_output"],
  history: [["2.6.0", "Takes a count."]],
  run(call: Call): void {
    const { reply } = call;
    if (call.argc > 3) throw SYNTAX_ERROR;
    const several = call.argc === 3;
    const count = several ? randomCount(call, 2) : 1;
    const e = call.readTyped(1, Type.SET);
    const store = call.storeOf(1);
    if (e === 0) {
      if (several) reply.array(0);
      else reply.nil();
    } else if (!several) replyRandomMember(reply, store, e);
    else if (count >= 0) replyDistinct(reply, store, e, count);
    else {
      reply.array(-count);
      for (let k = 0; k > count; k--) replyRandomMember(reply, store, e);
    }
  },
};

/** Writes `count` different members, or all when there are no more. */
function replyDistinct(reply: Reply, store: Store, e: number, count: number): void {
  const size = setCount(store, e);
  const n = Math.min(size, count);
  reply.array(n);
  if (n < size && store.encoding(e) === Encoding.HASHTABLE) {
    const items = sampleTable(store.members, store.valueAt >> 2, n, store.random);
    const u8 = store.u8;
    for (let k = 0; k < n; k++) reply.bulk(u8, memberAt(u8, items[k]), memberLen(u8, items[k]));
    return;
  }
  const members = new SetCursor();
  members.open(store, e);
  let left = size;
  for (let wanted = n; wanted > 0; left--) {
    members.next();
    // Every subset is equally likely: see sampleTable.
    if (store.random() * left >= wanted) continue;
    reply.bulk(members.bytes, members.at, members.len);
    wanted--;
  }
}
