/** LPOS: where in a list an element stands. */
import { ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { listLength, listSeek } from "../../store/types/list.ts";
import type { Call } from "../call.ts";
import { READ_KEY, type ShardCommand } from "../command.ts";

const RANK_ZERO = new ReplyError(
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
    "or use negative to start from the end of the list",
);
const RANK_OUT_OF_RANGE = new ReplyError(
  "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
);
const COUNT_NEGATIVE = new ReplyError("ERR COUNT can't be negative");
const MAXLEN_NEGATIVE = new ReplyError("ERR MAXLEN can't be negative");

/** No COUNT given: a single place is replied, not an array. */
const SINGLE = -1;

export const lpos: ShardCommand = {
  name: "lpos",
  arity: -3,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "list",
  since: "6.0.6",
  summary: "Returns the places in a list of elements that equal a value.",
  complexity: "O(N) with N elements looked at",
  syntax: "key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
  run(call: Call): void {
    let rank = 1;
    let count = SINGLE;
    let maxLen = 0;
    for (let i = 3; i < call.argc; i++) {
      if (i + 1 === call.argc) throw SYNTAX_ERROR;
      if (call.is(i, "rank")) {
        rank = rankArgument(call, ++i);
        if (rank === 0) throw RANK_ZERO;
      } else if (call.is(i, "count")) count = call.int(++i, 0, Infinity, COUNT_NEGATIVE);
      else if (call.is(i, "maxlen")) maxLen = call.int(++i, 0, Infinity, MAXLEN_NEGATIVE);
      else throw SYNTAX_ERROR;
    }
    const e = call.readTyped(1, Type.LIST);
    if (e === 0) {
      if (count === SINGLE) call.reply.nil();
      else call.reply.array(0);
      return;
    }
    positions(call, e, rank, count, maxLen === 0 ? Infinity : maxLen);
  },
};

/** Argument `i` as a rank: not the one int64 that has no opposite. */
function rankArgument(call: Call, i: number): number {
  const n = call.int64(i);
  if (n.hi === -0x80000000 && n.lo === 0) throw RANK_OUT_OF_RANGE;
  return n.value;
}

/** Replies with the places of matches from the rank-th on, looking at most at `maxLen` elements. */
function positions(call: Call, e: number, rank: number, count: number, maxLen: number): void {
  const { reply } = call;
  const store = call.storeOf(1);
  const { quicklists } = store;
  const length = listLength(store, e);
  const backwards = rank < 0;
  const looked = Math.min(length, maxLen);
  let skip = Math.abs(rank) - 1;
  store.listpack.setNeedle(call.buf, call.at[2], call.len[2]);
  listSeek(store, e, backwards ? length - 1 : 0);
  const place = count === SINGLE ? 0 : reply.openArray();
  let found = 0;
  for (let k = 0; k < looked; k++) {
    if (k > 0) {
      if (backwards) quicklists.prev();
      else quicklists.next();
    }
    if (!quicklists.isNeedle() || skip-- > 0) continue;
    reply.int(backwards ? length - 1 - k : k);
    found++;
    if (count === SINGLE) return;
    if (found === count) break;
  }
  if (count === SINGLE) reply.nil();
  else reply.closeArray(place, found);
}
