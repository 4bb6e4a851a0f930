/** Transfer: copies and moves of whole values between names, databases and shards' stores. */
import { copyBytes } from "../../base/bytes.ts";
import { Type } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import { valueTypeOf } from "../../store/value_type.ts";
import { type Call, NotifyClass } from "../call.ts";

/**
 * Makes the key in argument `i`, in database `db` of its store, hold a copy of entry `e` of `from`, expiry included, whatever it
 * held before. Returns the new entry. Throws ArenaFull with nothing changed.
 */
export function copyEntry(call: Call, from: Store, e: number, i: number, db: number): number {
  const { buf, at, len } = call;
  const to = call.storeOf(i);
  // As in Redis, the name is new even where it stood for another value.
  const replaces = to.tellsNew && to.exists(db, buf, at[i], len[i]);
  const copy = copyValue(from, e, to, db, buf, at[i], len[i]);
  if (replaces) call.notify(NotifyClass.NEW, "new", i, db);
  return copy;
}

function copyValue(
  from: Store,
  e: number,
  to: Store,
  db: number,
  key: Uint8Array,
  keyAt: number,
  keyLen: number,
): number {
  const expiry = from.expiry(e);
  const type = from.type(e);
  if (type !== Type.STRING) return valueTypeOf(type).copy(from, e, to, db, key, keyAt, keyLen, expiry);
  from.open(e);
  const valueAt = from.valueAt;
  const valueLen = from.valueLen;
  const copy = to.reserve(db, key, keyAt, keyLen, type, from.encoding(e), valueLen, expiry);
  copyBytes(to.u8, to.valueAt, from.u8, valueAt, valueLen);
  return copy;
}

/**
 * Moves entry `e` of `fromDb`, the key in argument `from`, to the key in argument `to` of `toDb`, with expiry and access clock and
 * whatever that held before. Throws ArenaFull with nothing changed.
 */
export function moveEntry(call: Call, e: number, from: number, fromDb: number, to: number, toDb: number): void {
  const source = call.storeOf(from);
  const target = call.storeOf(to);
  if (source === target) {
    source.move(fromDb, e, toDb, call.buf, call.at[to], call.len[to]);
    return;
  }
  const copy = copyEntry(call, source, e, to, toDb);
  target.setClock(copy, source.clockOf(e));
  source.deleteEntry(fromDb, e);
}
