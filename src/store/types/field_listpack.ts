/**
 * FieldListpack: the fields of a small hash in a listpack, with or without expiry. Any thread, one at a time.
 *
 *   LISTPACK    field, value, field, value, ...
 *   LISTPACKEX  4 bytes: the hash's own deadline (field_deadlines.ts) | a listpack of field, value, expiry in ms (0: none), ...
 *               by expiry, those without at the end (as Redis 7.4 has it, whose files hold the listpack as it lies here)
 *
 * The functions below change payloads in place; the caller makes room.
 */
import type { Listpack } from "../../structures/listpack.ts";
import { Encoding } from "../entry.ts";
import { NO_EXPIRY } from "../store.ts";

/** Bytes before the listpack of a LISTPACKEX. */
export const EX_HEADER = 4;
/** Bytes of the entry of an expiry of 0. */
export const NO_TTL_SIZE = 2;

/** The listpack of a payload. */
export function listpackAt(payload: number, encoding: Encoding): number {
  return encoding === Encoding.LISTPACKEX ? payload + EX_HEADER : payload;
}

/** Entries a field takes. */
export function entriesPerField(encoding: Encoding): number {
  return encoding === Encoding.LISTPACKEX ? 3 : 2;
}

/** The expiry in the entry at `p`, ms since 1970 or NO_EXPIRY. */
export function readExpiry(listpack: Listpack, p: number): number {
  listpack.read(p);
  return listpack.value === 0 ? NO_EXPIRY : listpack.value;
}

/** The earliest expiry of a LISTPACKEX's listpack, or NO_EXPIRY. */
export function firstExpiry(listpack: Listpack, lp: number): number {
  const p = listpack.first(lp);
  return p === 0 ? NO_EXPIRY : readExpiry(listpack, listpack.skip(listpack.skip(p)));
}

/** Number of fields of a LISTPACKEX whose expiry is `now` or earlier. */
export function countDue(listpack: Listpack, lp: number, now: number): number {
  let n = 0;
  for (let p = listpack.first(lp); p !== 0; n++) {
    const ttl = listpack.skip(listpack.skip(p));
    const expiry = readExpiry(listpack, ttl);
    if (expiry === NO_EXPIRY || expiry > now) break;
    p = listpack.next(ttl);
  }
  return n;
}

/** Moves the three entries at `p`, whose expiry was just written, to where invariant order wants them. */
export function sortIn(u8: Uint8Array, listpack: Listpack, lp: number, p: number, expiry: number): void {
  const end = listpack.end(lp);
  const behind = skipField(listpack, p);
  let to = listpack.first(lp);
  while (to !== end) {
    if (to === p) {
      to = behind;
      continue;
    }
    const other = readExpiry(listpack, listpack.skip(listpack.skip(to)));
    if (expiry !== NO_EXPIRY && (other === NO_EXPIRY || other > expiry)) break;
    to = skipField(listpack, to);
  }
  if (to < p) rotate(u8, to, p, behind);
  else if (to > behind) rotate(u8, p, behind, to);
}

function skipField(listpack: Listpack, p: number): number {
  return listpack.skip(listpack.skip(listpack.skip(p)));
}

/** Exchanges the neighbours [from, middle) and [middle, to), which may differ in length, by three reversals. */
function rotate(u8: Uint8Array, from: number, middle: number, to: number): void {
  reverse(u8, from, middle);
  reverse(u8, middle, to);
  reverse(u8, from, to);
}

function reverse(u8: Uint8Array, from: number, to: number): void {
  for (to--; from < to; from++, to--) {
    const b = u8[from];
    u8[from] = u8[to];
    u8[to] = b;
  }
}
