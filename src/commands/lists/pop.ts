/** LPOP, RPOP and LMPOP: elements taken from an end. */
import { ReplyError, SYNTAX_ERROR, wrongArity } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { listLength } from "../../store/types/list.ts";
import type { Call } from "../call.ts";
import { keyAt, keysCounted, type ShardCommand } from "../command.ts";
import { endArgument, popElement, popElements } from "./elements.ts";

const NOT_POSITIVE = new ReplyError("ERR value is out of range, must be positive");
const NUMKEYS_RANGE = new ReplyError("ERR numkeys should be greater than 0");
const COUNT_RANGE = new ReplyError("ERR count should be greater than 0");
/** The largest int64, as a double: counts beyond it are not integers to begin with. */
const INT64_MAX = 9223372036854775807;

export const lpop: ShardCommand = {
  name: "lpop",
  arity: -2,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "access", "delete")],
  group: "list",
  since: "1.0.0",
  summary: "Takes the first element, or several, from a list; the key goes with the last one.",
  complexity: "O(N) with N elements taken",
  syntax: "key [count]",
  history: [["6.2.0", "Takes a count."]],
  run(call: Call): void {
    pop(call, true, "lpop");
  },
};

export const rpop: ShardCommand = {
  name: "rpop",
  arity: -2,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "access", "delete")],
  group: "list",
  since: "1.0.0",
  summary: "Takes the last element, or several, from a list; the key goes with the last one.",
  complexity: "O(N) with N elements taken",
  syntax: "key [count]",
  history: [["6.2.0", "Takes a count."]],
  run(call: Call): void {
    pop(call, false, "rpop");
  },
};

function pop(call: Call, atHead: boolean, name: string): void {
  if (call.argc === 2) {
    const e = call.writeTyped(1, Type.LIST);
    if (e === 0) call.reply.nil();
    else popElement(call, 1, e, atHead);
    return;
  }
  if (call.argc > 3) throw wrongArity(name);
  const count = call.int(2, 0, INT64_MAX, NOT_POSITIVE);
  const e = call.writeTyped(1, Type.LIST);
  if (e === 0) call.reply.nilArray();
  else if (count === 0) call.reply.array(0);
  else popElements(call, 1, e, atHead, count);
}

export const lmpop: ShardCommand = {
  name: "lmpop",
  arity: -4,
  flags: ["write", "movablekeys"],
  keys: [keysCounted(1, "RW", "access", "delete")],
  group: "list",
  since: "7.0.0",
  summary: "Takes elements from an end of the first list that is not empty among several.",
  complexity: "O(N+M) with N keys given and M elements taken",
  syntax: "numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
  run(call: Call): void {
    const keys = keysArgument(call, 1);
    const atHead = endArgument(call, 2 + keys);
    const count = countArgument(call, 3 + keys);
    if (!popFirstOf(call, 2, keys, atHead, count)) call.reply.nilArray();
  },
};

/** The number of keys in argument `i`, behind which they and at least one argument more follow. */
export function keysArgument(call: Call, i: number): number {
  const keys = call.int(i, 1, INT64_MAX, NUMKEYS_RANGE);
  if (i + 1 + keys >= call.argc) throw SYNTAX_ERROR;
  return keys;
}

/** The arguments from `i` on: [COUNT count], 1 unless given. */
export function countArgument(call: Call, i: number): number {
  if (i === call.argc) return 1;
  if (!call.is(i, "count") || i + 1 === call.argc) throw SYNTAX_ERROR;
  const count = call.int(i + 1, 1, INT64_MAX, COUNT_RANGE);
  if (i + 2 < call.argc) throw SYNTAX_ERROR;
  return count;
}

/**
 * Pops up to `count` elements from the first list that exists among the `keys` keys from argument `first` on, and
 * replies with its key and an array of them. False, and nothing is replied, when there is none. Throws WRONGTYPE for a
 * key before that.
 */
export function popFirstOf(call: Call, first: number, keys: number, atHead: boolean, count: number): boolean {
  for (let i = first; i < first + keys; i++) {
    const e = call.writeTyped(i, Type.LIST);
    if (e === 0) continue;
    call.reply.array(2);
    call.reply.bulk(call.buf, call.at[i], call.len[i]);
    const length = listLength(call.storeOf(i), e);
    popElements(call, i, e, atHead, count);
    if (call.effects.on) recordPop(call, i, atHead, Math.min(length, count));
    return true;
  }
  return false;
}

/** Records that `count` elements of the list in argument `i` went. */
function recordPop(call: Call, i: number, atHead: boolean, count: number): void {
  const { effects } = call;
  effects.begin(3);
  effects.text(atHead ? "LPOP" : "RPOP");
  effects.arg(i);
  effects.number(count);
}
