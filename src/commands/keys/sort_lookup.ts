/**
 * SortLookup: the values that BY and GET patterns of SORT refer to.
 *
 *   weight_*         the string of the key whose name has the element in the star's place
 *   object_*->field  the same for a field of a hash
 *   #                the element itself
 */
import { copyBytes } from "../../base/bytes.ts";
import { Type } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import type { Arguments } from "../command.ts";
import { type Call, NotifyClass } from "../call.ts";

const STAR = 0x2a;
const HASH_SIGN = 0x23;
const MINUS = 0x2d;
const GREATER = 0x3e;

/** Place of the star in argument `i`, from its start, or -1. */
export function starOf(request: Arguments, i: number): number {
  for (let k = 0; k < request.len[i]; k++) if (request.buf[request.at[i] + k] === STAR) return k;
  return -1;
}

/** True for the pattern "#". */
export function isElement(request: Arguments, i: number): boolean {
  return request.len[i] === 1 && request.buf[request.at[i]] === HASH_SIGN;
}

export class SortLookup {
  /** After `find` returned true: the value's bytes, good until the next command on that store's values. */
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  len = 0;

  private readonly star: number;
  private readonly itself: boolean;
  /** The key's part of the pattern ends here, and the field begins there; `field` of 0 bytes: no hash is meant. */
  private readonly keyEnd: number;
  private readonly fieldAt: number;
  private readonly fieldLen: number;
  private name = new Uint8Array(128);

  /** For the pattern in argument `i`. */
  constructor(private readonly call: Call, private readonly i: number) {
    this.star = starOf(call, i);
    this.itself = isElement(call, i);
    const from = call.at[i];
    const end = from + call.len[i];
    let keyEnd = end;
    // The arrow counts only behind the star, and when something follows it.
    for (let p = from + this.star + 1; this.star >= 0 && p + 2 < end; p++) {
      if (call.buf[p] === MINUS && call.buf[p + 1] === GREATER) {
        keyEnd = p;
        break;
      }
    }
    this.keyEnd = keyEnd;
    this.fieldAt = keyEnd + 2;
    this.fieldLen = Math.max(0, end - this.fieldAt);
  }

  /** Finds the value for an element; false when there is none. */
  find(element: Uint8Array, at: number, len: number): boolean {
    if (this.itself) {
      this.bytes = element;
      this.at = at;
      this.len = len;
      return true;
    }
    if (this.star < 0) return false;
    const { call } = this;
    const nameLen = this.makeName(element, at, len);
    const store = call.storeOfName(this.name, 0, nameLen);
    const e = store.find(call.db, this.name, 0, nameLen);
    if (e !== 0) call.hits++;
    else {
      call.misses++;
      if ((call.notifyMask & NotifyClass.MISS) !== 0) {
        call.notifier?.event(NotifyClass.MISS, "keymiss", call.db, this.name, 0, nameLen);
      }
    }
    return e !== 0 && (this.fieldLen > 0 ? this.readField(store, e) : this.readString(store, e));
  }

  private makeName(element: Uint8Array, at: number, len: number): number {
    const { call, star } = this;
    const from = call.at[this.i];
    const tail = this.keyEnd - (from + star + 1);
    const nameLen = star + len + tail;
    if (nameLen > this.name.length) this.name = new Uint8Array(nameLen * 2);
    copyBytes(this.name, 0, call.buf, from, star);
    copyBytes(this.name, star, element, at, len);
    copyBytes(this.name, star + len, call.buf, from + star + 1, tail);
    return nameLen;
  }

  private readString(store: Store, e: number): boolean {
    if (store.type(e) !== Type.STRING) return false;
    store.open(e);
    this.bytes = store.u8;
    this.at = store.valueAt;
    this.len = store.valueLen;
    return true;
  }

  private readField(store: Store, e: number): boolean {
    const { hashes } = store;
    if (store.type(e) !== Type.HASH) return false;
    if (!hashes.find(e, this.call.buf, this.fieldAt, this.fieldLen) || hashes.isStale(hashes.expiry)) return false;
    this.bytes = hashes.bytes;
    this.at = hashes.at;
    this.len = hashes.len;
    return true;
  }
}
