/** LMOVE and RPOPLPUSH: an element taken from an end of one list and added at an end of another, or of the same. */
import { Type } from "../../store/entry.ts";
import { createList, listGrow, listLength, listPop, listPush, listReadEnd } from "../../store/types/list.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { elementsRemoved, endArgument, popEvent } from "./elements.ts";

const MOVE_KEYS = [keyAt(1, "RW", "access", "delete"), keyAt(2, "RW", "insert")];

export const lmove: ShardCommand = {
  name: "lmove",
  arity: 5,
  flags: ["write", "denyoom"],
  keys: MOVE_KEYS,
  group: "list",
  since: "6.2.0",
  summary: "Takes an element from an end of a list, adds it at an end of another or the same, and returns it.",
  complexity: "O(1)",
  syntax: "source destination <LEFT | RIGHT> <LEFT | RIGHT>",
  run(call: Call): void {
    const fromHead = endArgument(call, 3);
    const toHead = endArgument(call, 4);
    if (!moveElement(call, fromHead, toHead)) call.reply.nil();
  },
};

export const rpoplpush: ShardCommand = {
  name: "rpoplpush",
  arity: 3,
  flags: ["write", "denyoom"],
  keys: MOVE_KEYS,
  group: "list",
  since: "1.2.0",
  summary: "Takes the last element of a list, adds it at the head of another or the same, and returns it.",
  complexity: "O(1)",
  syntax: "source destination",
  deprecated: { since: "6.2.0", replacedBy: "`LMOVE` with the `RIGHT` and `LEFT` arguments" },
  docFlags: ["deprecated"],
  run(call: Call): void {
    if (!moveElement(call, false, true)) call.reply.nil();
  },
};

/**
 * Moves an element from the list of the key in argument 1 to that in argument 2, which is made if need be, and replies
 * with it. False, and nothing is replied, when there is no source. Throws WRONGTYPE.
 */
export function moveElement(call: Call, fromHead: boolean, toHead: boolean): boolean {
  const { db, reply, limits, buf, at, len } = call;
  let source = call.writeTyped(1, Type.LIST);
  if (source === 0) return false;
  let target = call.writeTyped(2, Type.LIST);
  const from = call.storeOf(1);
  const to = call.storeOf(2);
  const { listpack } = from;
  listReadEnd(from, source, fromHead);
  const size = listpack.len;
  // The reply holds the copy of the element that goes to the target.
  reply.bulk(listpack.bytes, listpack.at, size);
  const element = reply.pos - size - 2;
  const same = from === to && source === target;
  if (same) {
    // As Redis does, taken first; it must then not fail to come back.
    call.needRoom(2, size);
    listPop(from, source, fromHead);
  }
  const created = target === 0;
  if (created) target = createList(to, db, buf, at[2], len[2], 0);
  try {
    target = listGrow(to, db, target, size, 1, limits);
    target = listPush(to, db, target, toHead, reply.buf, element, size, limits);
  } catch (error) {
    if (created) to.delete(db, buf, at[2], len[2]);
    throw error;
  }
  if (same) source = target;
  else listPop(from, source, fromHead);
  call.changed(2, 0);
  call.notify(NotifyClass.LIST, toHead ? "lpush" : "rpush", 2);
  elementsRemoved(call, 1, source, listLength(from, source), 1, popEvent(fromHead));
  return true;
}
