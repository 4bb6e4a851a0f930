/** ZREM, ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX: take members out. */
import { Type } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { checkLexBound, findMembers, findScores, scoreBound } from "./bounds.ts";

export const zrem: ShardCommand = {
  name: "zrem",
  arity: -3,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "delete")],
  group: "sorted-set",
  since: "1.2.0",
  summary: "Takes members out of a sorted set; the key goes with the last one.",
  complexity: "O(M*log(N)), N the size of the sorted set and M the number of members taken out",
  syntax: "key member ...",
  history: [["2.4.0", "Takes several members."]],
  run(call: Call): void {
    const { argc, reply, buf, at, len, db } = call;
    let e = call.writeTyped(1, Type.ZSET);
    if (e === 0) {
      reply.int(0);
      return;
    }
    const store = call.storeOf(1);
    const zsets = store.zsets;
    let left = zsets.count(e);
    let removed = 0;
    for (let i = 2; i < argc && left > 0; i++) {
      if (!zsets.find(e, buf, at[i], len[i])) continue;
      removed++;
      left--;
      if (left === 0) store.deleteEntry(db, e);
      else e = zsets.remove(db, e);
    }
    told(call, "zrem", removed, left);
  },
};

export const zremrangebyrank: ShardCommand = {
  name: "zremrangebyrank",
  arity: 4,
  flags: ["write"],
  keys: [keyAt(1, "RW", "delete")],
  group: "sorted-set",
  since: "2.0.0",
  summary: "Takes the members between two ranks out of a sorted set.",
  complexity: "O(log(N)+M), N the size of the sorted set and M the number of members taken out",
  syntax: "key start:integer stop:integer",
  run(call: Call): void {
    const first = call.int(2);
    const last = call.int(3);
    const e = call.writeTyped(1, Type.ZSET);
    if (e === 0) {
      call.reply.int(0);
      return;
    }
    const n = call.storeOf(1).zsets.count(e);
    const from = Math.max(0, first < 0 ? n + first : first);
    const end = Math.min(n, (last < 0 ? n + last : last) + 1);
    removeRange(call, e, "zremrangebyrank", n, from, end);
  },
};

export const zremrangebyscore: ShardCommand = {
  name: "zremrangebyscore",
  arity: 4,
  flags: ["write"],
  keys: [keyAt(1, "RW", "delete")],
  group: "sorted-set",
  since: "1.2.0",
  summary: "Takes the members whose scores lie in an interval out of a sorted set.",
  complexity: "O(log(N)+M), N the size of the sorted set and M the number of members taken out",
  syntax: "key min:double max:double",
  run(call: Call): void {
    const min = scoreBound(call, 2);
    const max = scoreBound(call, 3);
    const e = call.writeTyped(1, Type.ZSET);
    if (e === 0) {
      call.reply.int(0);
      return;
    }
    const cursor = call.storeOf(1).zsets.cursor;
    cursor.open(e);
    findScores(call, cursor, 2, min, 3, max, false);
    removeRange(call, e, "zremrangebyscore", cursor.count, cursor.from, cursor.end);
  },
};

export const zremrangebylex: ShardCommand = {
  name: "zremrangebylex",
  arity: 4,
  flags: ["write"],
  keys: [keyAt(1, "RW", "delete")],
  group: "sorted-set",
  since: "2.8.9",
  summary: "Takes the members that lie in an interval of byte order out of a sorted set whose scores are all the same.",
  complexity: "O(log(N)+M), N the size of the sorted set and M the number of members taken out",
  syntax: "key min:string max:string",
  run(call: Call): void {
    checkLexBound(call, 2);
    checkLexBound(call, 3);
    const e = call.writeTyped(1, Type.ZSET);
    if (e === 0) {
      call.reply.int(0);
      return;
    }
    const cursor = call.storeOf(1).zsets.cursor;
    cursor.open(e);
    findMembers(call, cursor, 2, 3, false);
    removeRange(call, e, "zremrangebylex", cursor.count, cursor.from, cursor.end);
  },
};

function removeRange(call: Call, e: number, event: string, count: number, from: number, end: number): void {
  const n = Math.max(0, end - from);
  removeRanks(call.storeOf(1), call.db, e, count, from, n);
  told(call, event, n, count - n);
}

/** Removes `n` of the `count` members from rank `from` on, and the key with the last. */
export function removeRanks(store: Store, db: number, e: number, count: number, from: number, n: number): void {
  if (n === count) store.deleteEntry(db, e);
  else if (n > 0) store.zsets.removeRange(db, e, from, n);
}

/** Says what was removed from the key in argument 1, and replies. */
function told(call: Call, event: string, removed: number, left: number): void {
  if (removed > 0) {
    call.changed(1, removed);
    call.notify(NotifyClass.ZSET, event, 1);
    if (left === 0) call.notify(NotifyClass.GENERIC, "del", 1);
  }
  call.reply.int(removed);
}
