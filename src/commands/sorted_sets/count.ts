/** ZCOUNT, ZLEXCOUNT: how many members lie in an interval. */
import { Type } from "../../store/entry.ts";
import type { Call } from "../call.ts";
import { READ_KEY, type ShardCommand } from "../command.ts";
import { checkLexBound, findMembers, findScores, scoreBound } from "./bounds.ts";

export const zcount: ShardCommand = {
  name: "zcount",
  arity: 4,
  flags: ["readonly", "fast"],
  keys: READ_KEY,
  group: "sorted-set",
  since: "2.0.0",
  summary: "Returns the number of members whose scores lie in an interval.",
  complexity: "O(log(N))",
  syntax: "key min:double max:double",
  run(call: Call): void {
    const min = scoreBound(call, 2);
    const max = scoreBound(call, 3);
    const e = call.readTyped(1, Type.ZSET);
    if (e === 0) {
      call.reply.int(0);
      return;
    }
    const cursor = call.storeOf(1).zsets.cursor;
    cursor.open(e);
    findScores(call, cursor, 2, min, 3, max, false);
    call.reply.int(cursor.end - cursor.from);
  },
};

export const zlexcount: ShardCommand = {
  name: "zlexcount",
  arity: 4,
  flags: ["readonly", "fast"],
  keys: READ_KEY,
  group: "sorted-set",
  since: "2.8.9",
  summary: "Returns the number of members in an interval of byte order, of a sorted set whose scores are all the same.",
  complexity: "O(log(N))",
  syntax: "key min:string max:string",
  run(call: Call): void {
    checkLexBound(call, 2);
    checkLexBound(call, 3);
    const e = call.readTyped(1, Type.ZSET);
    if (e === 0) {
      call.reply.int(0);
      return;
    }
    const cursor = call.storeOf(1).zsets.cursor;
    cursor.open(e);
    findMembers(call, cursor, 2, 3, false);
    call.reply.int(cursor.end - cursor.from);
  },
};
