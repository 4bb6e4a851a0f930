/** ZADD, ZINCRBY: give members scores. */
import { ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { NO_EXPIRY } from "../../store/store.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { scoreArgument } from "./bounds.ts";

const NX_AND_XX = new ReplyError("ERR XX and NX options at the same time are not compatible");
const GT_LT_NX = new ReplyError("ERR GT, LT, and/or NX options at the same time are not compatible");
const INCR_ONE = new ReplyError("ERR INCR option supports a single increment-element pair");
const NOT_A_NUMBER = new ReplyError("ERR resulting score is not a number (NaN)");

/** Options of ZADD, as bits. */
export const AddOption = { NX: 1, XX: 2, GT: 4, LT: 8, CH: 16, INCR: 32 } as const;

// What became of one member.
const IGNORED = 0;
const UNCHANGED = 1;
const UPDATED = 2;
const ADDED = 3;

/** Bytes that a new member takes beyond its own: item, table and index; an upper bound for `needRoom`. */
const MEMBER_OVERHEAD = 96;

export const zadd: ShardCommand = {
  name: "zadd",
  arity: -4,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "update")],
  group: "sorted-set",
  since: "1.2.0",
  summary: "Gives members of a sorted set their scores, adding those that are new; options restrict what is done.",
  complexity: "O(log(N)) for each member, N the size of the sorted set",
  syntax: "key [NX | XX] [GT | LT] [CH] [INCR] <score:double member> ...",
  history: [
    ["2.4.0", "Takes several members."],
    ["3.0.2", "Options `XX`, `NX`, `CH` and `INCR`."],
    ["6.2.0", "Options `GT` and `LT`."],
  ],
  run(call: Call): void {
    addOrIncrement(call, 0);
  },
};

export const zincrby: ShardCommand = {
  name: "zincrby",
  arity: 4,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "access", "update")],
  group: "sorted-set",
  since: "1.2.0",
  summary: "Adds to a member's score; a member that is new starts from 0.",
  complexity: "O(log(N)), N the size of the sorted set",
  syntax: "key increment:integer member",
  run(call: Call): void {
    addOrIncrement(call, AddOption.INCR);
  },
};

function addOrIncrement(call: Call, options: number): void {
  const { argc } = call;
  let i = 2;
  for (; i < argc; i++) {
    const option = addOption(call, i);
    if (option === 0) break;
    options |= option;
  }
  const pairs = (argc - i) / 2;
  if (pairs === 0 || (argc - i) % 2 !== 0) throw SYNTAX_ERROR;
  if ((options & AddOption.NX) !== 0 && (options & AddOption.XX) !== 0) throw NX_AND_XX;
  const directions = options & (AddOption.GT | AddOption.LT);
  if (directions !== 0 && ((options & AddOption.NX) !== 0 || directions === (AddOption.GT | AddOption.LT))) {
    throw GT_LT_NX;
  }
  if ((options & AddOption.INCR) !== 0 && pairs > 1) throw INCR_ONE;
  if (pairs === 1) {
    const score = scoreArgument(call, i);
    addMembers(call, options, i, 2, 1, score);
    return;
  }
  for (let k = i; k < argc; k += 2) scoreArgument(call, k);
  addMembers(call, options, i, 2, pairs, 0);
}

function addOption(call: Call, i: number): number {
  // Scores start with a digit, a sign or a point far more often than with a letter.
  if (call.len[i] === 0 || call.buf[call.at[i]] < 65) return 0;
  if (call.is(i, "nx")) return AddOption.NX;
  if (call.is(i, "xx")) return AddOption.XX;
  if (call.is(i, "gt")) return AddOption.GT;
  if (call.is(i, "lt")) return AddOption.LT;
  if (call.is(i, "ch")) return AddOption.CH;
  return call.is(i, "incr") ? AddOption.INCR : 0;
}

/**
 * Gives `n` members their scores and replies. Member k is the last of each `step` arguments from `first` on. The only member's score
 * is `score`; of several, each has its own before it (checked by the caller), or `scores` holds them.
 */
export function addMembers(
  call: Call,
  options: number,
  first: number,
  step: number,
  n: number,
  score: number,
  scores?: Float64Array,
): void {
  const { reply, limits, db, buf, at, len } = call;
  const increment = (options & AddOption.INCR) !== 0;
  let e = call.writeTyped(1, Type.ZSET);
  const store = call.storeOf(1);
  const zsets = store.zsets;
  if (e === 0 && (options & AddOption.XX) !== 0) {
    if (increment) reply.nil();
    else reply.int(0);
    return;
  }
  const last = first + step - 1;
  let bytes = n * MEMBER_OVERHEAD;
  let longest = 0;
  for (let k = 0, i = last; k < n; k++, i += step) {
    bytes += len[i];
    if (len[i] > longest) longest = len[i];
  }
  call.needRoom(1, bytes);
  if (e === 0) e = zsets.create(db, buf, at[1], len[1], n, longest, limits, NO_EXPIRY);
  let added = 0;
  let updated = 0;
  let outcome = IGNORED;
  for (let k = 0, i = last; k < n; k++, i += step) {
    if (scores !== undefined) score = scores[k];
    else if (n > 1) score = scoreArgument(call, i - 1);
    if (!zsets.find(e, buf, at[i], len[i])) {
      if ((options & AddOption.XX) !== 0) {
        outcome = IGNORED;
        continue;
      }
      e = zsets.add(db, e, buf, at[i], len[i], score, limits);
      outcome = ADDED;
      added++;
      continue;
    }
    const old = zsets.score;
    outcome = IGNORED;
    if ((options & AddOption.NX) !== 0) continue;
    if (increment) {
      score += old;
      if (score !== score) throw NOT_A_NUMBER;
    }
    if ((options & AddOption.LT) !== 0 && score >= old) continue;
    if ((options & AddOption.GT) !== 0 && score <= old) continue;
    outcome = UNCHANGED;
    if (score === old) continue;
    e = zsets.setScore(db, e, buf, at[i], len[i], score);
    outcome = UPDATED;
    updated++;
  }
  if (increment) {
    if (outcome === IGNORED) reply.nil();
    else reply.double(score);
  } else reply.int((options & AddOption.CH) !== 0 ? added + updated : added);
  if (added + updated === 0) return;
  call.changed(1, added + updated);
  call.notify(NotifyClass.ZSET, increment ? "zincr" : "zadd", 1);
}
