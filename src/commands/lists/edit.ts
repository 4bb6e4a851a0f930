/** LSET, LINSERT, LREM, LTRIM: a list changed in place. */
import { INDEX_OUT_OF_RANGE, NO_SUCH_KEY, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import {
  listGrow,
  listInsert,
  listLength,
  listRemoveHere,
  listRemoveRange,
  listReplace,
  listSeek,
  listShrink,
} from "../../store/types/list.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { elementsRemoved } from "./elements.ts";

export const lset: ShardCommand = {
  name: "lset",
  arity: 4,
  flags: ["write", "denyoom"],
  keys: [keyAt(1, "RW", "update")],
  group: "list",
  since: "1.0.0",
  summary: "Gives the element at a place in a list another value.",
  complexity: "O(log N) for the node and O(M) within it, with M elements in the node",
  syntax: "key index element",
  run(call: Call): void {
    const { buf, at, len, db, limits } = call;
    let e = call.writeTyped(1, Type.LIST);
    if (e === 0) throw NO_SUCH_KEY;
    let index = call.int(2);
    const store = call.storeOf(1);
    const length = listLength(store, e);
    if (index < 0) index += length;
    if (index < 0 || index >= length) throw INDEX_OUT_OF_RANGE;
    e = listGrow(store, db, e, len[3], 1, limits);
    e = listReplace(store, db, e, index, buf, at[3], len[3], limits);
    listShrink(store, db, e, limits);
    call.reply.ok();
    call.changed(1);
    call.notify(NotifyClass.LIST, "lset", 1);
  },
};

export const linsert: ShardCommand = {
  name: "linsert",
  arity: 5,
  flags: ["write", "denyoom"],
  keys: [keyAt(1, "RW", "insert")],
  group: "list",
  since: "2.2.0",
  summary: "Inserts an element before or after the first one that equals the pivot.",
  complexity: "O(N) with N elements up to the pivot",
  syntax: "key <BEFORE | AFTER> pivot element",
  run(call: Call): void {
    const { buf, at, len, db, limits } = call;
    const behind = call.is(2, "after");
    if (!behind && !call.is(2, "before")) throw SYNTAX_ERROR;
    let e = call.writeTyped(1, Type.LIST);
    if (e === 0) {
      call.reply.int(0);
      return;
    }
    const store = call.storeOf(1);
    // Redis chooses the encoding before it looks for the pivot.
    e = listGrow(store, db, e, len[4], 1, limits);
    store.listpack.setNeedle(buf, at[3], len[3]);
    listSeek(store, e, 0);
    if (!store.quicklists.seekNeedle()) {
      call.reply.int(-1);
      return;
    }
    e = listInsert(store, db, e, behind, buf, at[4], len[4], limits);
    call.reply.int(listLength(store, e));
    call.changed(1);
    call.notify(NotifyClass.LIST, "linsert", 1);
  },
};

export const lrem: ShardCommand = {
  name: "lrem",
  arity: 4,
  flags: ["write"],
  keys: [keyAt(1, "RW", "delete")],
  group: "list",
  since: "1.0.0",
  summary:
    "Removes the elements that equal a value: the first ones, with a count below zero the last ones, with zero all.",
  complexity: "O(N+M) with N elements in the list and M removed",
  syntax: "key count element",
  run(call: Call): void {
    const count = call.int(2);
    const e = call.writeTyped(1, Type.LIST);
    if (e === 0) {
      call.reply.int(0);
      return;
    }
    const store = call.storeOf(1);
    const length = listLength(store, e);
    store.listpack.setNeedle(call.buf, call.at[3], call.len[3]);
    const removed = count < 0 ? removeLast(store, e, length, -count) : removeFirst(store, e, count || Infinity);
    if (removed > 0) elementsRemoved(call, 1, e, length - removed, removed, "lrem");
    call.reply.int(removed);
  },
};

/** Removes the first `count` elements that are the needle; returns how many there were. */
function removeFirst(store: Store, e: number, count: number): number {
  let removed = 0;
  listSeek(store, e, 0);
  while (store.quicklists.seekNeedle()) {
    const more = listRemoveHere(store, e);
    if (++removed === count || !more) break;
  }
  return removed;
}

/** Removes the last `count` elements that are the needle; returns how many there were. */
function removeLast(store: Store, e: number, length: number, count: number): number {
  const { quicklists } = store;
  let removed = 0;
  let index = length - 1;
  listSeek(store, e, index);
  for (;;) {
    const found = quicklists.isNeedle();
    if (found) {
      listRemoveHere(store, e);
      if (++removed === count) return removed;
    }
    if (--index < 0) return removed;
    if (found) listSeek(store, e, index);
    else quicklists.prev();
  }
}

export const ltrim: ShardCommand = {
  name: "ltrim",
  arity: 4,
  flags: ["write"],
  keys: [keyAt(1, "RW", "delete")],
  group: "list",
  since: "1.0.0",
  summary: "Removes all elements but those between two places in a list, both included.",
  complexity: "O(N) with N elements removed",
  syntax: "key start stop",
  run(call: Call): void {
    let start = call.int(2);
    let stop = call.int(3);
    const e = call.writeTyped(1, Type.LIST);
    call.reply.ok();
    if (e === 0) return;
    const store = call.storeOf(1);
    const length = listLength(store, e);
    if (start < 0) start = Math.max(0, start + length);
    if (stop < 0) stop += length;
    if (stop >= length) stop = length - 1;
    const left = Math.max(0, stop - start + 1);
    // A list that goes as a whole is freed by deleting its key.
    if (left > 0) {
      listRemoveRange(store, e, stop + 1, length - 1 - stop);
      listRemoveRange(store, e, 0, start);
    }
    elementsRemoved(call, 1, e, left, length - left, "ltrim");
  },
};
