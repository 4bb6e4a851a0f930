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
  raiseDense,
  setForm,
  writeHeader,
} from "../../structures/hyperloglog.ts";
import { Registers } from "../../structures/hyperloglog_registers.ts";
import { GROWTH_MAX, Raised, writeEmptySparse } from "../../structures/hyperloglog_sparse.ts";
import { lenSize } from "../../structures/item.ts";
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
 * are, with nothing changed. Registers must come in their order unless the raiser is rewound.
 */
export function raise(call: Call, store: Store, e: number, register: number, rank: number): number {
  if (formOf(store.u8, store.valueAt) === Form.DENSE) {
    return raiseDense(store.u8, store.valueAt, register, rank) ? e : NOT_RAISED;
  }
  const raiser = call.raiser;
  const limit = call.limits.hllSparseMaxBytes - HEADER_SIZE;
  const runs = store.valueAt + HEADER_SIZE;
  const size = store.valueLen - HEADER_SIZE;
  let raised = raiser.raise(store.u8, runs, runs + size, roomFor(store, e) - HEADER_SIZE, limit, register, rank);
  if (raised === Raised.NO_ROOM) {
    e = store.resizeValue(call.db, e, HEADER_SIZE + size + GROWTH_MAX);
    const moved = store.valueAt + HEADER_SIZE;
    raised = raiser.raise(store.u8, moved, moved + size, size + GROWTH_MAX, limit, register, rank);
  }
  if (raised === Raised.UNCHANGED) return NOT_RAISED;
  if (raised === Raised.CORRUPT) throw CORRUPT;
  if (raised === Raised.PROMOTE) {
    e = toDense(call, store, e);
    raiseDense(store.u8, store.valueAt, register, rank);
    return e;
  }
  if (raised === store.valueLen - HEADER_SIZE) return e;
  // Runs that grew where they are lie behind the value's end until this: an entry that has much room to spare must not move now.
  const spare = raised > store.valueLen - HEADER_SIZE ? 1 : 0;
  return store.resizeValue(call.db, e, HEADER_SIZE + raised, spare);
}

/** Bytes that the open value can take where it is, with the length's own bytes as they are. */
function roomFor(store: Store, e: number): number {
  const grown = store.valueLen + GROWTH_MAX;
  if (lenSize(grown) !== lenSize(store.valueLen)) return store.valueLen;
  return Math.min(grown, e + store.arena.usable(e) - store.valueAt);
}

/** Gives the open sparse entry `e` the dense form; returns the entry, which may be new. Throws CORRUPT with nothing changed. */
export function toDense(call: Call, store: Store, e: number): number {
  // Scratch of its own: `call.registers` may be what is being written to this entry.
  const registers = new Registers();
  if (!registers.merge(store.u8, store.valueAt, store.valueLen)) throw CORRUPT;
  const next = store.resizeValue(call.db, e, DENSE_SIZE);
  setForm(store.u8, store.valueAt, Form.DENSE);
  registers.writeDense(store.u8, store.valueAt);
  return next;
}
