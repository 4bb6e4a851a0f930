/** ZRANK, ZREVRANK: a member's place in the order of scores. */
import { SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { Seek } from "../../structures/ordered_index.ts";
import type { Call } from "../call.ts";
import { READ_KEY, type ShardCommand } from "../command.ts";

export const zrank: ShardCommand = {
  name: "zrank",
  arity: -3,
  flags: ["readonly", "fast"],
  keys: READ_KEY,
  group: "sorted-set",
  since: "2.0.0",
  summary: "Returns how many members of a sorted set come before a member.",
  complexity: "O(log(N))",
  syntax: "key member [WITHSCORE]",
  history: [["7.2.0", "Option `WITHSCORE`."]],
  run(call: Call): void {
    replyRank(call, false);
  },
};

export const zrevrank: ShardCommand = {
  name: "zrevrank",
  arity: -3,
  flags: ["readonly", "fast"],
  keys: READ_KEY,
  group: "sorted-set",
  since: "2.0.0",
  summary: "Returns how many members of a sorted set come behind a member.",
  complexity: "O(log(N))",
  syntax: "key member [WITHSCORE]",
  history: [["7.2.0", "Option `WITHSCORE`."]],
  run(call: Call): void {
    replyRank(call, true);
  },
};

function replyRank(call: Call, reverse: boolean): void {
  const { reply, buf, at, len } = call;
  if (call.argc > 4 || (call.argc === 4 && !call.is(3, "withscore"))) throw SYNTAX_ERROR;
  const withScore = call.argc === 4;
  const e = call.readTyped(1, Type.ZSET);
  const zsets = call.storeOf(1).zsets;
  if (e === 0 || !zsets.find(e, buf, at[2], len[2])) {
    if (withScore) reply.nilArray();
    else reply.nil();
    return;
  }
  const score = zsets.score;
  const cursor = zsets.cursor;
  cursor.open(e);
  const rank = cursor.seek(Seek.BEFORE_MEMBER, score, buf, at[2], len[2]);
  if (withScore) reply.array(2);
  reply.int(reverse ? cursor.count - 1 - rank : rank);
  if (withScore) reply.double(score);
}
