/** LLEN, LINDEX, LRANGE: a list read. */
import { Type } from "../../store/entry.ts";
import { listLength, listSeek } from "../../store/types/list.ts";
import type { Call } from "../call.ts";
import { keyAt, READ_KEY, type ShardCommand } from "../command.ts";
import { replyElements } from "./elements.ts";

export const llen: ShardCommand = {
  name: "llen",
  arity: 2,
  flags: ["readonly", "fast"],
  keys: [keyAt(1, "RO")],
  group: "list",
  since: "1.0.0",
  summary: "Counts the elements of a list.",
  complexity: "O(1)",
  syntax: "key",
  run(call: Call): void {
    const e = call.readTyped(1, Type.LIST);
    call.reply.int(e === 0 ? 0 : listLength(call.storeOf(1), e));
  },
};

export const lindex: ShardCommand = {
  name: "lindex",
  arity: 3,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "list",
  since: "1.0.0",
  summary: "Returns the element at a place in a list, counted from the head or, below zero, from the tail.",
  complexity: "O(log N) for the node and O(M) within it, with M elements in the node",
  syntax: "key index",
  run(call: Call): void {
    const e = call.readTyped(1, Type.LIST);
    if (e === 0) {
      call.reply.nil();
      return;
    }
    let index = call.int(2);
    const store = call.storeOf(1);
    const length = listLength(store, e);
    if (index < 0) index += length;
    if (index < 0 || index >= length) {
      call.reply.nil();
      return;
    }
    const { listpack } = store;
    listSeek(store, e, index);
    store.quicklists.read();
    call.reply.bulk(listpack.bytes, listpack.at, listpack.len);
  },
};

export const lrange: ShardCommand = {
  name: "lrange",
  arity: 4,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "list",
  since: "1.0.0",
  summary: "Returns the elements between two places in a list, both included.",
  complexity: "O(log N + M) with M elements returned",
  syntax: "key start stop",
  run(call: Call): void {
    let start = call.int(2);
    let stop = call.int(3);
    const e = call.readTyped(1, Type.LIST);
    if (e === 0) {
      call.reply.array(0);
      return;
    }
    const store = call.storeOf(1);
    const length = listLength(store, e);
    if (start < 0) start = Math.max(0, start + length);
    if (stop < 0) stop += length;
    if (stop >= length) stop = length - 1;
    const n = Math.max(0, stop - start + 1);
    call.reply.array(n);
    replyElements(call, store, e, start, n);
  },
};
