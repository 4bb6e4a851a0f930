/** GEOADD: gives members of a sorted set the scores of points. */
import { SYNTAX_ERROR } from "../../base/reply_error.ts";
import type { Call } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { addMembers, AddOption } from "../sorted_sets/add.ts";
import { scoreArgument } from "../sorted_sets/bounds.ts";
import { longitudeArgument } from "./distance.ts";
import { scoreOfPoint } from "./geohash.ts";

export const geoadd: ShardCommand = {
  name: "geoadd",
  arity: -5,
  flags: ["write", "denyoom"],
  keys: [keyAt(1, "RW", "update")],
  group: "geo",
  since: "3.2.0",
  summary: "Adds members with their places on earth to a geospatial index, which is a sorted set.",
  complexity: "O(log(N)) for each member, N the size of the sorted set",
  syntax: "key [NX | XX] [CH] <longitude:double latitude:double member> ...",
  history: [["6.2.0", "Options `CH`, `NX` and `XX`."]],
  run(call: Call): void {
    const { argc } = call;
    let options = 0;
    let first = 2;
    for (; first < argc; first++) {
      if (call.is(first, "nx")) options |= AddOption.NX;
      else if (call.is(first, "xx")) options |= AddOption.XX;
      else if (call.is(first, "ch")) options |= AddOption.CH;
      else break;
    }
    const n = (argc - first) / 3;
    const both = AddOption.NX | AddOption.XX;
    if ((argc - first) % 3 !== 0 || n === 0 || (options & both) === both) throw SYNTAX_ERROR;
    const before = call.changes;
    if (n === 1) addMembers(call, options, first, 3, 1, scoreArgumentOfPoint(call, first));
    else {
      const scores = new Float64Array(n);
      for (let k = 0; k < n; k++) scores[k] = scoreArgumentOfPoint(call, first + 3 * k);
      addMembers(call, options, first, 3, n, 0, scores);
    }
    if (call.effects.on && call.changes !== before) recordScores(call, first);
  },
};

/** Records the scores in place of the points, whose longitudes and latitudes begin at argument `first`. */
function recordScores(call: Call, first: number): void {
  const { effects, argc } = call;
  effects.begin(first + 2 * (argc - first) / 3);
  effects.text("ZADD");
  effects.args(1, first);
  for (let i = first; i < argc; i += 3) {
    effects.number(scoreArgumentOfPoint(call, i));
    effects.arg(i + 2);
  }
}

/** The score of the point whose longitude is argument `i` and whose latitude is the next. */
function scoreArgumentOfPoint(call: Call, i: number): number {
  return scoreOfPoint(longitudeArgument(call, i), scoreArgument(call, i + 1));
}
