/** PFDEBUG and PFSELFTEST: HyperLogLogs looked into and tried. */
import { ReplyError } from "../../base/reply_error.ts";
import { Encoding, Type } from "../../store/entry.ts";
import {
  DENSE_SIZE,
  denseRank,
  Form,
  formOf,
  HEADER_SIZE,
  raiseDense,
  writeHeader,
} from "../../structures/hyperloglog.ts";
import { INDEX_BITS, registerOf, REGISTERS } from "../../structures/hyperloglog_hash.ts";
import { Registers } from "../../structures/hyperloglog_registers.ts";
import { describeSparse, Raised, SparseRaiser, writeEmptySparse } from "../../structures/hyperloglog_sparse.ts";
import type { Call } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { openChecked, toDense } from "./value.ts";

const NO_KEY = new ReplyError("ERR The specified key does not exist");
const NOT_SPARSE = new ReplyError("ERR HLL encoding is not sparse");

export const pfdebug: ShardCommand = {
  name: "pfdebug",
  arity: 3,
  flags: ["write", "denyoom", "admin"],
  keys: [keyAt(2, "RW", "access")],
  group: "hyperloglog",
  since: "2.8.9",
  summary: "Looks into a HyperLogLog: its registers, its form, its runs; or makes it dense.",
  complexity: "N/A",
  syntax: "subcommand key",
  docFlags: ["syscmd"],
  run(call: Call): void {
    let e = call.write(2);
    if (e === 0) throw NO_KEY;
    const store = call.storeOf(2);
    if (store.type(e) !== Type.STRING) call.writeTyped(2, Type.STRING);
    openChecked(store, e);
    store.setEncoding(e, Encoding.RAW);
    const sparse = formOf(store.u8, store.valueAt) === Form.SPARSE;
    const reply = call.reply;
    if (call.is(1, "getreg") || call.is(1, "todense")) {
      if (sparse) {
        e = toDense(call, store, e);
        call.changed(2);
      }
      if (call.is(1, "todense")) {
        reply.int(sparse ? 1 : 0);
        return;
      }
      reply.array(REGISTERS);
      for (let r = 0; r < REGISTERS; r++) reply.int(denseRank(store.u8, store.valueAt, r));
    } else if (call.is(1, "decode")) {
      if (!sparse) throw NOT_SPARSE;
      reply.bulkText(describeSparse(store.u8, store.valueAt + HEADER_SIZE, store.valueAt + store.valueLen));
    } else if (call.is(1, "encoding")) reply.simple(sparse ? "sparse" : "dense");
    else throw new ReplyError(`ERR Unknown PFDEBUG subcommand '${call.text(1)}'`);
  },
};

export const pfselftest: ShardCommand = {
  name: "pfselftest",
  arity: 1,
  flags: ["admin"],
  routing: "any",
  group: "hyperloglog",
  since: "2.8.9",
  summary: "Tries HyperLogLogs: registers that keep what is written, forms that agree, estimates that are close.",
  complexity: "N/A",
  syntax: "",
  docFlags: ["syscmd"],
  run(call: Call): void {
    const failure = registersFail() ?? estimatesFail();
    if (failure !== undefined) throw new ReplyError(`ERR TESTFAILED ${failure}`);
    call.reply.ok();
  },
};

/** Ranks written to every register in turn must be read back, and leave the neighbours alone. */
function registersFail(): string | undefined {
  const bytes = new Uint8Array(DENSE_SIZE + 1);
  const expected = new Uint8Array(REGISTERS);
  writeHeader(bytes, 0, Form.DENSE);
  for (let round = 1; round <= 3; round++) {
    for (let r = 0; r < REGISTERS; r++) {
      const rank = (r * 7 + round * 13) & 63;
      if (rank > expected[r]) expected[r] = rank;
      raiseDense(bytes, 0, r, rank);
    }
    for (let r = 0; r < REGISTERS; r++) {
      if (denseRank(bytes, 0, r) !== expected[r]) return `Register ${r} should be ${expected[r]}`;
    }
  }
  return bytes[DENSE_SIZE] === 0 ? undefined : "Written behind the last register";
}

/** Elements tried by PFSELFTEST: enough to pass from sparse through all of the estimator's ranges but the last. */
const TRIED = 200_000;
/** Six standard errors of 1.04 / sqrt(16384), and a few elements where the numbers are small. */
const TOLERANCE = (6 * 1.04) / Math.sqrt(REGISTERS);
const SLACK = 10;
const SPARSE_ROOM = 3000;

/** The sparse and the dense form must give the same estimate, and one near the truth. */
function estimatesFail(): string | undefined {
  const registers = new Registers();
  const raiser = new SparseRaiser();
  const dense = new Uint8Array(DENSE_SIZE + 1);
  writeHeader(dense, 0, Form.DENSE);
  const sparse = new Uint8Array(SPARSE_ROOM);
  writeHeader(sparse, 0, Form.SPARSE);
  writeEmptySparse(sparse, HEADER_SIZE);
  let end = HEADER_SIZE + 2;
  let promoted = false;
  const element = new Uint8Array(8);
  let check = 1;
  for (let n = 1; n <= TRIED; n++) {
    for (let i = 0, rest = n; i < 4; i++, rest >>= 8) element[i] = rest;
    const place = registerOf(element, 0, 8);
    const register = place & (REGISTERS - 1);
    const rank = place >> INDEX_BITS;
    raiseDense(dense, 0, register, rank);
    if (!promoted) {
      const room = SPARSE_ROOM - HEADER_SIZE;
      raiser.rewind();
      const raised = raiser.raise(sparse, HEADER_SIZE, end, room, room, register, rank);
      if (raised >= 0) end = HEADER_SIZE + raised;
      else promoted = raised !== Raised.UNCHANGED;
    }
    if (n !== check) continue;
    check *= 2;
    const estimated = registers.estimateOf(dense, 0, DENSE_SIZE);
    if (Math.abs(estimated - n) > n * TOLERANCE + SLACK) return `${estimated} estimated for ${n} elements`;
    registers.clear();
    registers.merge(dense, 0, DENSE_SIZE);
    if (registers.estimate() !== estimated) return `Dense and united registers disagree at ${n} elements`;
    if (!promoted && registers.estimateOf(sparse, 0, end) !== estimated) {
      return `Sparse and dense registers disagree at ${n} elements`;
    }
  }
  return undefined;
}
