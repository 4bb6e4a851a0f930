/** ZRANDMEMBER: random members of a sorted set, which stay. */
import { OUT_OF_RANGE, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import type { Call } from "../call.ts";
import { READ_KEY, type ShardCommand } from "../command.ts";
import { randomCount } from "../random_count.ts";
import { replyPairs } from "./range.ts";

/** Half of int64: with scores the reply has twice as many elements. */
const MAX_PAIRS = 2 ** 62;

export const zrandmember: ShardCommand = {
  name: "zrandmember",
  arity: -2,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "sorted-set",
  since: "6.2.0",
  summary:
    "Returns random members of a sorted set: one, or several that differ, or (negative count) several that may repeat.",
  complexity: "O(log(N)) for each member returned",
  syntax: "key [count [WITHSCORES]]",
  tips: ["nondeterministic_output"],
  run(call: Call): void {
    const { reply, argc } = call;
    const count = argc > 2 ? randomCount(call, 2) : 1;
    if (argc > 4 || (argc === 4 && !call.is(3, "withscores"))) throw SYNTAX_ERROR;
    const withScores = argc === 4;
    if (withScores && count > MAX_PAIRS) throw OUT_OF_RANGE;
    const e = call.readTyped(1, Type.ZSET);
    const store = call.storeOf(1);
    if (e === 0 || count === 0) {
      if (argc > 2) reply.array(0);
      else reply.nil();
      return;
    }
    const cursor = store.zsets.cursor;
    cursor.open(e);
    if (argc === 2) {
      cursor.start(Math.floor(store.random() * cursor.count), false);
      cursor.next();
      reply.bulk(cursor.bytes, cursor.at, cursor.len);
    } else if (count >= cursor.count) {
      cursor.start(0, false);
      replyPairs(call, cursor, cursor.count, withScores);
    } else if (count > 0) replyDistinct(call, store, count, withScores);
    else replyAny(call, store, -count, withScores);
  },
};

/** Members that may repeat. */
function replyAny(call: Call, store: Store, n: number, withScores: boolean): void {
  const reply = call.reply;
  const cursor = store.zsets.cursor;
  const nested = withScores && reply.resp3;
  reply.array(withScores && !nested ? n * 2 : n);
  for (let k = 0; k < n; k++) {
    cursor.start(Math.floor(store.random() * cursor.count), false);
    cursor.next();
    if (nested) reply.array(2);
    reply.bulk(cursor.bytes, cursor.at, cursor.len);
    if (withScores) reply.double(cursor.score);
  }
}

/** From that many times as many members on, ranks are drawn instead of every member being looked at. */
const DRAW_FROM = 8;

/** Different members, fewer than there are; every such subset is equally likely. */
function replyDistinct(call: Call, store: Store, n: number, withScores: boolean): void {
  const reply = call.reply;
  const cursor = store.zsets.cursor;
  const count = cursor.count;
  const nested = withScores && reply.resp3;
  reply.array(withScores && !nested ? n * 2 : n);
  const ranks = n * DRAW_FROM <= count ? drawRanks(store, n, count) : pickRanks(store, n, count);
  for (const rank of ranks) {
    cursor.start(rank, false);
    cursor.next();
    if (nested) reply.array(2);
    reply.bulk(cursor.bytes, cursor.at, cursor.len);
    if (withScores) reply.double(cursor.score);
  }
}

/** `n` different ranks by repeated draws: few are in vain while most ranks are free. */
function drawRanks(store: Store, n: number, count: number): Iterable<number> {
  const drawn = new Set<number>();
  while (drawn.size < n) drawn.add(Math.floor(store.random() * count));
  return drawn;
}

/** `n` different ranks by one pass: each is taken with the chance that as many of the rest must be (Knuth, algorithm S). */
function pickRanks(store: Store, n: number, count: number): Iterable<number> {
  const ranks = new Int32Array(n);
  let taken = 0;
  for (let rank = 0; taken < n; rank++) {
    if (store.random() * (count - rank) < n - taken) ranks[taken++] = rank;
  }
  return ranks;
}
