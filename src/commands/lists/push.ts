/** LPUSH, RPUSH, LPUSHX, RPUSHX: elements added at the head or tail. */
import { Encoding, Type } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import { createList, listGrow, listLength, listPushAll } from "../../store/types/list.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";

/** Bytes that an element takes at most beside its own, while a node is rebuilt. */
const ELEMENT_OVERHEAD = 16;

const PUSH_COMPLEXITY = "O(1) for each element";

export const lpush: ShardCommand = {
  name: "lpush",
  arity: -3,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "insert")],
  group: "list",
  since: "1.0.0",
  summary: "Puts elements before the head of a list, one after the other; the list is made if it does not exist.",
  complexity: PUSH_COMPLEXITY,
  syntax: "key element [element ...]",
  history: [["2.4.0", "Takes several elements."]],
  run(call: Call): void {
    push(call, true, false);
  },
};

export const rpush: ShardCommand = {
  name: "rpush",
  arity: -3,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "insert")],
  group: "list",
  since: "1.0.0",
  summary: "Puts elements behind the tail of a list, which is made if it does not exist.",
  complexity: PUSH_COMPLEXITY,
  syntax: "key element [element ...]",
  history: [["2.4.0", "Takes several elements."]],
  run(call: Call): void {
    push(call, false, false);
  },
};

export const lpushx: ShardCommand = {
  name: "lpushx",
  arity: -3,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "insert")],
  group: "list",
  since: "2.2.0",
  summary: "Puts elements before the head of a list that exists.",
  complexity: PUSH_COMPLEXITY,
  syntax: "key element [element ...]",
  history: [["4.0.0", "Takes several elements."]],
  run(call: Call): void {
    push(call, true, true);
  },
};

export const rpushx: ShardCommand = {
  name: "rpushx",
  arity: -3,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "insert")],
  group: "list",
  since: "2.2.0",
  summary: "Puts elements behind the tail of a list that exists.",
  complexity: PUSH_COMPLEXITY,
  syntax: "key element [element ...]",
  history: [["4.0.0", "Takes several elements."]],
  run(call: Call): void {
    push(call, false, true);
  },
};

function push(call: Call, atHead: boolean, onlyExisting: boolean): void {
  const { buf, at, len, argc, db, limits } = call;
  let e = call.writeTyped(1, Type.LIST);
  if (e === 0 && onlyExisting) {
    call.reply.int(0);
    return;
  }
  const elements = argc - 2;
  const store = call.storeOf(1);
  if (elements === 1 && e !== 0 && store.encoding(e) === Encoding.QUICKLIST) {
    // The most frequent push needs nothing made ready, and the root tells the length.
    const { quicklists } = store;
    store.open(e);
    const root = store.valueAt >> 2;
    quicklists.push(root, atHead, buf, at[2], len[2], limits.listMaxListpackSize);
    call.reply.int(quicklists.tree.count(root));
  } else {
    let bytes = 0;
    for (let i = 2; i < argc; i++) bytes += len[i];
    // One element is stored whole or not at all anyway.
    if (elements > 1) call.needRoom(1, bytes + elements * ELEMENT_OVERHEAD);
    const created = e === 0;
    if (created) e = createList(store, db, buf, at[1], len[1], createRoom(call, store));
    try {
      e = listGrow(store, db, e, bytes, elements, limits);
      e = listPushAll(store, db, e, atHead, buf, at, len, 2, argc, limits);
    } catch (error) {
      if (created) store.delete(db, buf, at[1], len[1]);
      throw error;
    }
    call.reply.int(listLength(store, e));
  }
  call.changed(1, elements);
  call.notify(NotifyClass.LIST, atHead ? "lpush" : "rpush", 1);
}

/** Room to make a new list with, for a single small element: what it takes, so that the entry need not move. */
function createRoom(call: Call, store: Store): number {
  const len = call.len[2];
  return call.argc === 3 && len < 1024 ? store.listpack.encode(call.buf, call.at[2], len) : 0;
}
