/** HyperLogLogs as strings at keys: checked, made, raised and turned dense. */
import { ReplyError } from "../../base/reply_error.ts";
import { Encoding, Type } from "../../store/entry.ts";
import { NO_EXPIRY, type Store } from "../../store/store.ts";
import {
  DENSE_SIZE,
  Form,
  formOf,
  HEADER_SIZE,
  isHyperLogLog,
  mergeRanks,
  raiseDense,
  setForm,
  writeDense,
  writeHeader,
} from "../../structures/hyperloglog.ts";
import { REGISTERS } from "../../structures/hyperloglog_hash.ts";
import { GROWTH_MAX, Raised, raiseSparse, writeEmptySparse } from "../../structures/hyperloglog_sparse.ts";
import type { Call } from "../call.ts";

const NOT_HYPERLOGLOG = new ReplyError("WRONGTYPE Key is not a valid HyperLogLog string value.");
export const CORRUPT = new ReplyError("INVALIDOBJ Corrupted HLL object detected");

const EMPTY_SPARSE_SIZE = HEADER_SIZE + 2;

/** Opens entry `e`, a string; throws unless it holds a HyperLogLog. */
export function openChecked(store: Store, e: number): void {
  store.open(e);
  if (!isHyperLogLog(store.u8, store.valueAt, store.valueLen)) throw NOT_HYPERLOGLOG;
}

/** Makes an empty one at the key in argument 1; leaves its store open. Returns its entry. */
export function create(call: Call): number {
  const { buf, at, len } = call;
  const store = call.storeOf(1);
  const e = store.reserve(
    call.db,
    buf,
    at[1],
    len[1],
    Type.STRING,
    Encoding.RAW,
    EMPTY_SPARSE_SIZE,
    NO_EXPIRY,
  );
  writeHeader(store.u8, store.valueAt, Form.SPARSE);
  writeEmptySparse(store.u8, store.valueAt + HEADER_SIZE);
  return e;
}

/** A register was not raised: it was high enough. */
export const NOT_RAISED = 0;

/**
 * Raises a register of the open entry `e`; returns the entry, which may be new, or NOT_RAISED. Throws CORRUPT when sparse registers
 * are, with nothing changed.
 */
export function raise(call: Call, store: Store, e: number, register: number, rank: number): number {
  if (formOf(store.u8, store.valueAt) === Form.DENSE) {
    return raiseDense(store.u8, store.valueAt, register, rank) ? e : NOT_RAISED;
  }
  const limit = call.limits.hllSparseMaxBytes - HEADER_SIZE;
  const runs = store.valueAt + HEADER_SIZE;
  const size = store.valueLen - HEADER_SIZE;
  let raised = raiseSparse(store.u8, runs, runs + size, size, limit, register, rank);
  if (raised === Raised.NO_ROOM) {
    e = store.resizeValue(call.db, e, HEADER_SIZE + size + GROWTH_MAX);
    const moved = store.valueAt + HEADER_SIZE;
    raised = raiseSparse(store.u8, moved, moved + size, size + GROWTH_MAX, limit, register, rank);
  }
  if (raised === Raised.UNCHANGED) return NOT_RAISED;
  if (raised === Raised.CORRUPT) throw CORRUPT;
  if (raised === Raised.PROMOTE) {
    e = toDense(call, store, e);
    raiseDense(store.u8, store.valueAt, register, rank);
    return e;
  }
  return raised === store.valueLen - HEADER_SIZE ? e : store.resizeValue(call.db, e, HEADER_SIZE + raised);
}

/** Gives the open sparse entry `e` the dense form; returns the entry, which may be new. Throws CORRUPT with nothing changed. */
export function toDense(call: Call, store: Store, e: number): number {
  const ranks = new Uint8Array(REGISTERS);
  if (!mergeRanks(store.u8, store.valueAt, store.valueLen, ranks)) throw CORRUPT;
  const next = store.resizeValue(call.db, e, DENSE_SIZE);
  setForm(store.u8, store.valueAt, Form.DENSE);
  writeDense(store.u8, store.valueAt, ranks);
  return next;
}
