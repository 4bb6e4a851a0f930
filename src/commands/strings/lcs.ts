/**
 * LCS: the longest common subsequence of two strings.
 *
 * The textbook table of lengths, of which Redis keeps all N * M words, is here two rows of words and, when the subsequence
 * itself is asked for, one bit a cell: whether the way back leads up. The same requests are refused as by Redis, so that the
 * table's bits take at most a 32nd of proto-max-bulk-len.
 */
import { ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import type { Call } from "../call.ts";
import { keysFrom, type ShardCommand } from "../command.ts";

const NOT_STRINGS = new ReplyError("ERR The specified keys must contain string values");
const LENGTH_AND_INDEXES = new ReplyError("ERR If you want both the length and indexes, please just use IDX.");
const TOO_LARGE = new ReplyError("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");

/** Bytes of one cell of Redis's table, by which it refuses. */
const CELL_SIZE = 4;

export const lcs: ShardCommand = {
  name: "lcs",
  arity: -3,
  flags: ["readonly"],
  keys: [keysFrom(1, 1, 1, "RO", "access")],
  routing: "keys",
  group: "string",
  since: "7.0.0",
  summary: "Finds the longest common subsequence of two strings.",
  complexity: "O(N*M) where N and M are the lengths of the strings.",
  syntax: "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len:integer] [WITHMATCHLEN]",
  run(call: Call): void {
    const ea = call.read(1);
    const eb = call.read(2);
    const storeA = call.storeOf(1);
    const storeB = call.storeOf(2);
    if ((ea !== 0 && storeA.type(ea) !== Type.STRING) || (eb !== 0 && storeB.type(eb) !== Type.STRING)) {
      throw NOT_STRINGS;
    }
    let wantLength = false;
    let wantIndexes = false;
    let withMatchLength = false;
    let minMatchLength = 0;
    for (let i = 3; i < call.argc; i++) {
      if (call.is(i, "idx")) wantIndexes = true;
      else if (call.is(i, "len")) wantLength = true;
      else if (call.is(i, "withmatchlen")) withMatchLength = true;
      else if (call.is(i, "minmatchlen") && i + 1 < call.argc) minMatchLength = Math.max(0, call.int(++i));
      else throw SYNTAX_ERROR;
    }
    if (wantIndexes && wantLength) throw LENGTH_AND_INDEXES;
    const a = new Operand();
    const b = new Operand();
    if (ea !== 0) {
      storeA.open(ea);
      a.load(storeA.u8, storeA.valueAt, storeA.valueLen);
    }
    if (eb !== 0) {
      storeB.open(eb);
      b.load(storeB.u8, storeB.valueAt, storeB.valueLen);
    }
    if ((a.len + 1) * (b.len + 1) * CELL_SIZE > call.limits.maxBulk) throw TOO_LARGE;
    if (wantLength) {
      call.reply.int(fillTable(a, b, null));
      return;
    }
    const ups = new Uint8Array(((a.len * b.len) >> 3) + 1);
    const length = fillTable(a, b, ups);
    if (wantIndexes) replyRanges(call, a, b, ups, length, minMatchLength, withMatchLength);
    else replySubsequence(call, a, b, ups, length);
  },
};

/** Where one of the strings lies. */
class Operand {
  u8: Uint8Array = new Uint8Array(0);
  at = 0;
  len = 0;

  load(u8: Uint8Array, at: number, len: number): void {
    this.u8 = u8;
    this.at = at;
    this.len = len;
  }
}

/**
 * Length of the longest common subsequence. With `ups`, bit i * b.len + j (both from 0) is set where the prefixes a[0, i) and
 * b[0, j+1) have a longer one than a[0, i+1) and b[0, j).
 */
function fillTable(a: Operand, b: Operand, ups: Uint8Array | null): number {
  const row = new Uint32Array(b.len + 1);
  // A copy with nothing before it keeps the inner loop, nearly all of LCS's work, to one index.
  const bytes = b.u8.slice(b.at, b.at + b.len);
  let cell = 0;
  for (let i = 0; i < a.len; i++) {
    const byte = a.u8[a.at + i];
    let diagonal = 0;
    let left = 0;
    for (let j = 0; j < bytes.length; j++, cell++) {
      const up = row[j + 1];
      if (byte === bytes[j]) left = diagonal + 1;
      else if (up > left) {
        left = up;
        if (ups !== null) ups[cell >> 3] |= 1 << (cell & 7);
      }
      row[j + 1] = left;
      diagonal = up;
    }
  }
  return row[b.len];
}

function isUp(ups: Uint8Array, cell: number): boolean {
  return (ups[cell >> 3] & (1 << (cell & 7))) !== 0;
}

function replySubsequence(call: Call, a: Operand, b: Operand, ups: Uint8Array, length: number): void {
  const result = new Uint8Array(length);
  let i = a.len;
  let j = b.len;
  let n = length;
  while (i > 0 && j > 0) {
    if (a.u8[a.at + i - 1] === b.u8[b.at + j - 1]) {
      result[--n] = a.u8[a.at + i - 1];
      i--;
      j--;
    } else if (isUp(ups, (i - 1) * b.len + j - 1)) i--;
    else j--;
  }
  call.reply.bulk(result, 0, length);
}

/** Replies the runs of matching bytes, last one first. */
function replyRanges(
  call: Call,
  a: Operand,
  b: Operand,
  ups: Uint8Array,
  length: number,
  minMatchLength: number,
  withMatchLength: boolean,
): void {
  const reply = call.reply;
  reply.map(2);
  reply.bulkText("matches");
  const place = reply.openArray();
  let ranges = 0;
  let i = a.len;
  let j = b.len;
  let run = 0; // bytes of the run that ends at i and j
  for (;;) {
    const match = i > 0 && j > 0 && a.u8[a.at + i - 1] === b.u8[b.at + j - 1];
    if (match) {
      i--;
      j--;
      run++;
      continue;
    }
    if (run > 0 && run >= minMatchLength) {
      ranges++;
      reply.array(withMatchLength ? 3 : 2);
      replyPair(call, i, i + run - 1);
      replyPair(call, j, j + run - 1);
      if (withMatchLength) reply.int(run);
    }
    run = 0;
    if (i === 0 || j === 0) break;
    if (isUp(ups, (i - 1) * b.len + j - 1)) i--;
    else j--;
  }
  reply.closeArray(place, ranges);
  reply.bulkText("len");
  reply.int(length);
}

function replyPair(call: Call, from: number, to: number): void {
  call.reply.array(2);
  call.reply.int(from);
  call.reply.int(to);
}
