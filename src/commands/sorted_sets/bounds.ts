/** Bounds: how sorted-set commands name an interval of scores ("1", "(1", "-inf") or of members ("[a", "(a", "-", "+"). */
import { compareBytes } from "../../base/bytes.ts";
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

/**
 * Finds the ranks of the members whose scores lie between arguments `i` and `j`, of values `min` and `max`: cursor.from and cursor.end.
 * `reverse` says in which direction they are going to be walked.
 */
export function findScores(
  call: Call,
  cursor: ZsetCursor,
  i: number,
  min: number,
  j: number,
  max: number,
  reverse: boolean,
): void {
  const { buf } = call;
  // The side where the walk begins is sought last: the cursor is there then.
  if (reverse) cursor.from = rankOfMin(cursor, min, isOpen(call, i), buf);
  if (max === Infinity && !isOpen(call, j)) cursor.end = cursor.count;
  else cursor.end = cursor.seek(isOpen(call, j) ? Seek.BEFORE_SCORE : Seek.AFTER_SCORE, max, buf, 0, 0);
  if (!reverse) cursor.from = rankOfMin(cursor, min, isOpen(call, i), buf);
  if (cursor.end < cursor.from) cursor.end = cursor.from;
}

function rankOfMin(cursor: ZsetCursor, min: number, open: boolean, buf: Uint8Array): number {
  if (min === -Infinity && !open) return 0;
  return cursor.seek(open ? Seek.AFTER_SCORE : Seek.BEFORE_SCORE, min, buf, 0, 0);
}

/**
 * The same for members between the bounds in arguments `i` and `j`. The result means something only where all scores are the same. For
 * others a listpack is searched from the end where a walk starts, so that it is at least what Redis answers.
 */
export function findMembers(call: Call, cursor: ZsetCursor, i: number, j: number, reverse: boolean): void {
  const count = cursor.count;
  cursor.from = 0;
  cursor.end = 0;
  if (!cursor.inListpack) {
    const from = lexRank(call, cursor, i, false);
    const end = lexRank(call, cursor, j, true);
    cursor.from = from;
    cursor.end = end > from ? end : from;
  } else if (!isEmptyLex(call, i, j) && !isBelow(call, cursor, i, count - 1) && !isAbove(call, cursor, j, 0)) {
    if (reverse) {
      let end = count;
      while (end > 0 && isAbove(call, cursor, j, end - 1)) end--;
      let from = end;
      while (from > 0 && !isBelow(call, cursor, i, from - 1)) from--;
      cursor.from = from;
      cursor.end = end;
    } else {
      let from = 0;
      while (from < count && isBelow(call, cursor, i, from)) from++;
      let end = from;
      while (end < count && !isAbove(call, cursor, j, end)) end++;
      cursor.from = from;
      cursor.end = end;
    }
  }
}

/** Number of members before the interval that the lower bound in argument `i` begins, or up to the end of what it bounds above. */
function lexRank(call: Call, cursor: ZsetCursor, i: number, upper: boolean): number {
  const first = call.buf[call.at[i]];
  if (first === MINUS) return 0;
  if (first === PLUS) return cursor.count;
  const mode = (first === OPEN) === upper ? Seek.BEFORE_LEX : Seek.AFTER_LEX;
  return cursor.seek(mode, NaN, call.buf, call.at[i] + 1, call.len[i] - 1);
}

/** True when no member can lie between the bounds in arguments `i` and `j`. */
function isEmptyLex(call: Call, i: number, j: number): boolean {
  const { buf, at, len } = call;
  const [min, max] = [buf[at[i]], buf[at[j]]];
  if (min === PLUS || max === MINUS) return true;
  if (min === MINUS || max === PLUS) return false;
  const c = compareBytes(buf, at[i] + 1, len[i] - 1, buf, at[j] + 1, len[j] - 1);
  return c > 0 || (c === 0 && (min === OPEN || max === OPEN));
}

/** True when the member of a rank lies below the lower bound in argument `i`. */
function isBelow(call: Call, cursor: ZsetCursor, i: number, rank: number): boolean {
  const first = call.buf[call.at[i]];
  if (first === MINUS || first === PLUS) return first === PLUS;
  const c = compareAt(call, cursor, i, rank);
  return c < 0 || (c === 0 && first === OPEN);
}

/** True when the member of a rank lies above the upper bound in argument `i`. */
function isAbove(call: Call, cursor: ZsetCursor, i: number, rank: number): boolean {
  const first = call.buf[call.at[i]];
  if (first === MINUS || first === PLUS) return first === MINUS;
  const c = compareAt(call, cursor, i, rank);
  return c > 0 || (c === 0 && first === OPEN);
}

function compareAt(call: Call, cursor: ZsetCursor, i: number, rank: number): number {
  cursor.start(rank, false);
  cursor.next();
  return compareBytes(cursor.bytes, cursor.at, cursor.len, call.buf, call.at[i] + 1, call.len[i] - 1);
}
