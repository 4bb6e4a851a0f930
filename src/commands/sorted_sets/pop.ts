/** ZPOPMIN, ZPOPMAX, ZMPOP: take members out at either end. `popPairs` also serves clients that block on a sorted set. */
import { ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, keysCounted, type ShardCommand } from "../command.ts";
import { removeRanks } from "./remove.ts";

const NOT_POSITIVE = new ReplyError("ERR value is out of range, must be positive");
const NUMKEYS_NOT_POSITIVE = new ReplyError("ERR numkeys should be greater than 0");
const COUNT_NOT_POSITIVE = new ReplyError("ERR count should be greater than 0");

export const zpopmin: ShardCommand = {
  name: "zpopmin",
  arity: -2,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "access", "delete")],
  group: "sorted-set",
  since: "5.0.0",
  summary: "Takes the members with the lowest scores out of a sorted set and returns them.",
  complexity: "O(log(N)*M), N the size of the sorted set and M the number of members taken out",
  syntax: "key [count]",
  run(call: Call): void {
    pop(call, false);
  },
};

export const zpopmax: ShardCommand = {
  name: "zpopmax",
  arity: -2,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "access", "delete")],
  group: "sorted-set",
  since: "5.0.0",
  summary: "Takes the members with the highest scores out of a sorted set and returns them.",
  complexity: "O(log(N)*M), N the size of the sorted set and M the number of members taken out",
  syntax: "key [count]",
  run(call: Call): void {
    pop(call, true);
  },
};

function pop(call: Call, max: boolean): void {
  const { reply } = call;
  if (call.argc > 3) throw SYNTAX_ERROR;
  const several = call.argc === 3;
  const count = several ? call.int(2, 0, Infinity, NOT_POSITIVE) : 1;
  const e = call.writeTyped(1, Type.ZSET);
  if (e === 0 || count === 0) {
    reply.array(0);
    return;
  }
  const n = Math.min(count, call.storeOf(1).zsets.count(e));
  const nested = several && reply.resp3;
  reply.array(nested ? n : n * 2);
  popPairs(call, 1, e, n, max, nested);
}

/**
 * Takes `n` members (at least one, at most all) with the lowest or highest scores out of zset `e`, the key in argument `i`: writes each
 * with its score, as an array of two when `nested`, and tells of the change. The array around them is the caller's.
 */
export function popPairs(call: Call, i: number, e: number, n: number, max: boolean, nested: boolean): void {
  const { reply } = call;
  const store = call.storeOf(i);
  const cursor = store.zsets.cursor;
  cursor.open(e);
  const count = cursor.count;
  cursor.start(max ? count - 1 : 0, max);
  for (let k = 0; k < n; k++) {
    cursor.next();
    if (nested) reply.array(2);
    reply.bulk(cursor.bytes, cursor.at, cursor.len);
    reply.double(cursor.score);
  }
  removeRanks(store, call.db, e, count, max ? count - n : 0, n);
  call.changed(i, n);
  call.notify(NotifyClass.ZSET, max ? "zpopmax" : "zpopmin", i);
  if (n === count) call.notify(NotifyClass.GENERIC, "del", i);
}

export const zmpop: ShardCommand = {
  name: "zmpop",
  arity: -4,
  flags: ["write", "movablekeys"],
  keys: [keysCounted(1, "RW", "access", "delete")],
  group: "sorted-set",
  since: "7.0.0",
  summary: "Takes members with the lowest or highest scores out of the first of several sorted sets that is not empty.",
  complexity:
    "O(K)+O(M*log(N)), K the number of keys, N the size of the sorted set and M the number of members taken out",
  syntax: "numkeys key ... <MIN | MAX> [COUNT count]",
  run(call: Call): void {
    const arguments_ = parseMpop(call, 1);
    if (!popFirst(call, 2, arguments_)) call.reply.nilArray();
  },
};

/** What ZMPOP and BZMPOP are asked for. */
export interface MpopArguments {
  readonly keys: number;
  readonly max: boolean;
  readonly count: number;
}

/** Parses `numkeys key ... MIN|MAX [COUNT count]` from argument `i` on. */
export function parseMpop(call: Call, i: number): MpopArguments {
  const { argc } = call;
  const keys = call.int(i, 1, Infinity, NUMKEYS_NOT_POSITIVE);
  const where = i + 1 + keys;
  if (where >= argc) throw SYNTAX_ERROR;
  const max = call.is(where, "max");
  if (!max && !call.is(where, "min")) throw SYNTAX_ERROR;
  let count = -1;
  for (let k = where + 1; k < argc; k += 2) {
    if (count !== -1 || k + 1 >= argc || !call.is(k, "count")) throw SYNTAX_ERROR;
    count = call.int(k + 1, 1, Infinity, COUNT_NOT_POSITIVE);
  }
  return { keys, max, count: count === -1 ? 1 : count };
}

/** Serves ZMPOP from the first zset among the keys from argument `first` on, with its reply; false when there is none. */
export function popFirst(call: Call, first: number, wanted: MpopArguments): boolean {
  const { reply, buf, at, len } = call;
  for (let i = first; i < first + wanted.keys; i++) {
    const e = call.writeTyped(i, Type.ZSET);
    if (e === 0) continue;
    const n = Math.min(wanted.count, call.storeOf(i).zsets.count(e));
    reply.array(2);
    reply.bulk(buf, at[i], len[i]);
    reply.array(n);
    popPairs(call, i, e, n, wanted.max, true);
    if (call.effects.on) {
      const { effects } = call;
      effects.begin(3);
      effects.text(wanted.max ? "ZPOPMAX" : "ZPOPMIN");
      effects.arg(i);
      effects.number(n);
    }
    return true;
  }
  return false;
}
