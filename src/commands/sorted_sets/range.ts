/**
 * ZRANGE and its older forms, ZRANGESTORE: members by rank, score or byte order.
 *
 * Every form comes down to ranks: an interval is two searches, the walk starts at a rank, and an offset is an addition.
 */
import { ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import type { ZsetCursor } from "../../store/types/zset_cursor.ts";
import { ZsetBuilder } from "../../store/types/zset_builder.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, READ_KEY, type ShardCommand } from "../command.ts";
import { checkLexBound, findMembers, findScores, scoreBound } from "./bounds.ts";

const LIMIT_BY_RANK = new ReplyError(
  "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
);
const SCORES_BY_LEX = new ReplyError("ERR syntax error, WITHSCORES not supported in combination with BYLEX");

// What a range goes by; ANY lets the arguments say.
const ANY = 0;
const RANK = 1;
const SCORE = 2;
const LEX = 3;

// Its direction, likewise.
const UPWARDS = 1;
const DOWNWARDS = 2;

export const zrange: ShardCommand = {
  name: "zrange",
  arity: -4,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "sorted-set",
  since: "1.2.0",
  summary: "Returns the members of a sorted set in an interval of ranks, scores or byte order.",
  complexity: "O(log(N)+M), N the size of the sorted set and M the number of members returned",
  syntax: "key start:string stop:string [BYSCORE | BYLEX] [REV] [LIMIT offset:integer count:integer] [WITHSCORES]",
  history: [["6.2.0", "Options `REV`, `BYSCORE`, `BYLEX` and `LIMIT`."]],
  run(call: Call): void {
    range(call, ANY, ANY, false);
  },
};

export const zrevrange: ShardCommand = {
  name: "zrevrange",
  arity: -4,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "sorted-set",
  since: "1.2.0",
  summary: "Returns the members of a sorted set in an interval of ranks, the highest score first.",
  complexity: "O(log(N)+M), N the size of the sorted set and M the number of members returned",
  syntax: "key start:integer stop:integer [WITHSCORES]",
  deprecated: { since: "6.2.0", replacedBy: "`ZRANGE` with the `REV` argument" },
  run(call: Call): void {
    range(call, RANK, DOWNWARDS, false);
  },
};

export const zrangebyscore: ShardCommand = {
  name: "zrangebyscore",
  arity: -4,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "sorted-set",
  since: "1.0.5",
  summary: "Returns the members of a sorted set whose scores lie in an interval.",
  complexity: "O(log(N)+M), N the size of the sorted set and M the number of members returned",
  syntax: "key min:double max:double [WITHSCORES] [LIMIT offset:integer count:integer]",
  deprecated: { since: "6.2.0", replacedBy: "`ZRANGE` with the `BYSCORE` argument" },
  history: [["2.0.0", "Option `WITHSCORES`."]],
  run(call: Call): void {
    range(call, SCORE, UPWARDS, false);
  },
};

export const zrevrangebyscore: ShardCommand = {
  name: "zrevrangebyscore",
  arity: -4,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "sorted-set",
  since: "2.2.0",
  summary: "Returns the members of a sorted set whose scores lie in an interval, the highest score first.",
  complexity: "O(log(N)+M), N the size of the sorted set and M the number of members returned",
  syntax: "key max:double min:double [WITHSCORES] [LIMIT offset:integer count:integer]",
  deprecated: { since: "6.2.0", replacedBy: "`ZRANGE` with the `REV` and `BYSCORE` arguments" },
  history: [["2.1.6", "A bound can leave its own value out."]],
  run(call: Call): void {
    range(call, SCORE, DOWNWARDS, false);
  },
};

export const zrangebylex: ShardCommand = {
  name: "zrangebylex",
  arity: -4,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "sorted-set",
  since: "2.8.9",
  summary: "Returns the members in an interval of byte order, of a sorted set whose scores are all the same.",
  complexity: "O(log(N)+M), N the size of the sorted set and M the number of members returned",
  syntax: "key min:string max:string [LIMIT offset:integer count:integer]",
  deprecated: { since: "6.2.0", replacedBy: "`ZRANGE` with the `BYLEX` argument" },
  run(call: Call): void {
    range(call, LEX, UPWARDS, false);
  },
};

export const zrevrangebylex: ShardCommand = {
  name: "zrevrangebylex",
  arity: -4,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "sorted-set",
  since: "2.8.9",
  summary:
    "Returns the members in an interval of byte order, the last first, of a sorted set whose scores are all the same.",
  complexity: "O(log(N)+M), N the size of the sorted set and M the number of members returned",
  syntax: "key max:string min:string [LIMIT offset:integer count:integer]",
  deprecated: { since: "6.2.0", replacedBy: "`ZRANGE` with the `REV` and `BYLEX` arguments" },
  run(call: Call): void {
    range(call, LEX, DOWNWARDS, false);
  },
};

export const zrangestore: ShardCommand = {
  name: "zrangestore",
  arity: -5,
  flags: ["write", "denyoom"],
  keys: [keyAt(1, "OW", "update"), keyAt(2, "RO", "access")],
  group: "sorted-set",
  since: "6.2.0",
  summary: "Makes a key hold the members of a sorted set in an interval of ranks, scores or byte order.",
  complexity: "O(log(N)+M*log(M)), N the size of the sorted set and M the number of members stored",
  syntax: "dst:key src:key min:string max:string [BYSCORE | BYLEX] [REV] [LIMIT offset:integer count:integer]",
  run(call: Call): void {
    range(call, ANY, ANY, true);
  },
};

/** All forms. The source key is argument 1, or 2 with `store`; the bounds follow it. */
function range(call: Call, by: number, direction: number, store: boolean): void {
  const { argc } = call;
  const source = store ? 2 : 1;
  let withScores = false;
  let offset = 0;
  let limit = -1;
  for (let i = source + 3; i < argc; i++) {
    if (!store && call.is(i, "withscores")) withScores = true;
    else if (i + 2 < argc && call.is(i, "limit")) {
      offset = call.int(i + 1);
      limit = call.int(i + 2);
      i += 2;
    } else if (direction === ANY && call.is(i, "rev")) direction = DOWNWARDS;
    else if (by === ANY && call.is(i, "bylex")) by = LEX;
    else if (by === ANY && call.is(i, "byscore")) by = SCORE;
    else throw SYNTAX_ERROR;
  }
  if (by === ANY) by = RANK;
  if (limit !== -1 && by === RANK) throw LIMIT_BY_RANK;
  if (withScores && by === LEX) throw SCORES_BY_LEX;
  const reverse = direction === DOWNWARDS;
  const swapped = reverse && by !== RANK;
  const min = source + (swapped ? 2 : 1);
  const max = source + (swapped ? 1 : 2);
  let first = 0;
  let last = 0;
  if (by === RANK) {
    first = call.int(min);
    last = call.int(max);
  } else if (by === SCORE) {
    first = scoreBound(call, min);
    last = scoreBound(call, max);
  } else {
    checkLexBound(call, min);
    checkLexBound(call, max);
  }

  const e = call.readTyped(source, Type.ZSET);
  const cursor = call.storeOf(source).zsets.cursor;
  let n = 0;
  if (e !== 0) {
    cursor.open(e);
    const count = cursor.count;
    if (by === RANK) {
      if (first < 0) first = Math.max(0, count + first);
      if (last < 0) last = count + last;
      n = Math.min(last, count - 1) - first + 1;
      cursor.start(reverse ? count - 1 - first : first, reverse, withScores || store);
    } else {
      if (by === SCORE) findScores(call, cursor, min, first, max, last, reverse);
      else findMembers(call, cursor, min, max, reverse);
      n = offset < 0 ? 0 : cursor.end - cursor.from - offset;
      if (limit >= 0 && n > limit) n = limit;
      cursor.start(reverse ? cursor.end - 1 - offset : cursor.from + offset, reverse, withScores || store);
    }
    if (n < 0) n = 0;
  }
  if (store) storeRange(call, cursor, n);
  else replyPairs(call, cursor, n, withScores);
}

/** Replies the next `n` members of a walk; with scores as pairs in RESP3, flat in RESP2. */
export function replyPairs(call: Call, cursor: ZsetCursor, n: number, withScores: boolean): void {
  const reply = call.reply;
  if (!withScores) {
    reply.array(n);
    for (let k = 0; k < n; k++) {
      cursor.next();
      reply.bulk(cursor.bytes, cursor.at, cursor.len);
    }
    return;
  }
  const nested = reply.resp3;
  reply.array(nested ? n : n * 2);
  for (let k = 0; k < n; k++) {
    cursor.next();
    if (nested) reply.array(2);
    reply.bulk(cursor.bytes, cursor.at, cursor.len);
    reply.double(cursor.score);
  }
}

/** Bytes that a member takes on average, its own included; an estimate for `needRoom`. */
const MEMBER_BYTES = 80;

/** Makes the key in argument 1 hold the next `n` members of a walk, and replies their number. */
function storeRange(call: Call, cursor: ZsetCursor, n: number): void {
  const target = call.storeOf(1);
  call.needRoom(1, n * MEMBER_BYTES);
  const builder = new ZsetBuilder(target);
  try {
    // Gathering moves no cursor: it inserts into another index (structures/ordered_index.ts, invariant 6).
    for (let k = 0; k < n && cursor.next(); k++) builder.add(cursor.bytes, cursor.at, cursor.len, cursor.score);
  } catch (error) {
    builder.discard();
    throw error;
  }
  finishStore(call, 1, builder, "zrangestore", 1);
}

/** Makes the key in argument `i` hold what was gathered (nothing: deletes it), tells of it and replies the number of members. */
export function finishStore(call: Call, i: number, builder: ZsetBuilder, event: string, changes: number): void {
  const { buf, at, len, db, reply } = call;
  const n = builder.count;
  if (n > 0) {
    builder.finish(db, buf, at[i], len[i], call.limits);
    call.changed(i, changes);
    call.notify(NotifyClass.ZSET, event, i);
  } else deleteTarget(call, i);
  reply.int(n);
}

/** Deletes the key in argument `i`, where a command without result would have stored it. */
export function deleteTarget(call: Call, i: number): void {
  if (!call.storeOf(i).delete(call.db, call.buf, call.at[i], call.len[i])) return;
  call.changed(i);
  call.notify(NotifyClass.GENERIC, "del", i);
}
