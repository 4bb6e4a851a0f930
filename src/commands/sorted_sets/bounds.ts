/** Bounds: how sorted-set commands name an interval of scores ("1", "(1", "-inf") or of members ("[a", "(a", "-", "+"). */
import { parseDouble, parseScoreBound } from "../../base/doubles.ts";
import { NOT_FLOAT, ReplyError } from "../../base/reply_error.ts";
import type { ZsetCursor } from "../../store/types/zset_cursor.ts";
import { Seek } from "../../structures/ordered_index.ts";
import type { Call } from "../call.ts";

const NOT_SCORE_BOUND = new ReplyError("ERR min or max is not a float");
const NOT_LEX_BOUND = new ReplyError("ERR min or max not valid string range item");

const OPEN = 0x28; // (
const CLOSED = 0x5b; // [
const PLUS = 0x2b;
const MINUS = 0x2d;

/** Argument `i` as a score. */
export function scoreArgument(call: Call, i: number, error: ReplyError = NOT_FLOAT): number {
  const score = parseDouble(call.buf, call.at[i], call.at[i] + call.len[i]);
  if (score !== score) throw error;
  return score;
}

/** True when the bound in argument `i` leaves its own value out. */
function isOpen(call: Call, i: number): boolean {
  return call.len[i] > 0 && call.buf[call.at[i]] === OPEN;
}

/** The value of the score bound in argument `i`. */
export function scoreBound(call: Call, i: number): number {
  const from = call.at[i];
  const to = from + call.len[i];
  const score = parseScoreBound(call.buf, isOpen(call, i) ? from + 1 : from, to);
  if (score !== score) throw NOT_SCORE_BOUND;
  return score;
}

/** Throws unless argument `i` is a bound of members. */
export function checkLexBound(call: Call, i: number): void {
  const len = call.len[i];
  const first = len === 0 ? 0 : call.buf[call.at[i]];
  if (first === OPEN || first === CLOSED) return;
  if ((first !== PLUS && first !== MINUS) || len !== 1) throw NOT_LEX_BOUND;
}

/** Number of members before the interval whose lower bound is argument `i`, of value `min`. */
export function rankOfMinScore(call: Call, cursor: ZsetCursor, i: number, min: number): number {
  return cursor.seek(isOpen(call, i) ? Seek.AFTER_SCORE : Seek.BEFORE_SCORE, min, call.buf, 0, 0);
}

/** Number of members up to the end of the interval whose upper bound is argument `i`, of value `max`. */
export function rankBehindMaxScore(call: Call, cursor: ZsetCursor, i: number, max: number): number {
  return cursor.seek(isOpen(call, i) ? Seek.BEFORE_SCORE : Seek.AFTER_SCORE, max, call.buf, 0, 0);
}

/** The same for a lower bound of members. */
export function rankOfMinLex(call: Call, cursor: ZsetCursor, i: number): number {
  return lexRank(call, cursor, i, isOpen(call, i) ? Seek.AFTER_LEX : Seek.BEFORE_LEX);
}

/** The same for an upper bound of members. */
export function rankBehindMaxLex(call: Call, cursor: ZsetCursor, i: number): number {
  return lexRank(call, cursor, i, isOpen(call, i) ? Seek.BEFORE_LEX : Seek.AFTER_LEX);
}

function lexRank(call: Call, cursor: ZsetCursor, i: number, mode: Seek): number {
  const first = call.buf[call.at[i]];
  if (first === MINUS) return 0;
  if (first === PLUS) return cursor.count;
  return cursor.seek(mode, NaN, call.buf, call.at[i] + 1, call.len[i] - 1);
}
