/**
 * ValueType: what the store must be able to do with a collection without knowing it: free it, copy it, weigh it. One
 * object a type, entered by the module that implements the type's structure (src/store/types/).
 */
import { type Encoding, encodingOf, type Type, typeOf } from "./entry.ts";
import type { Store } from "./store.ts";

export interface ValueType {
  /** Frees what the payload at `payload` (byte address) owns outside the entry; bounded work: large values go to store.garbage. */
  release(store: Store, payload: number, encoding: Encoding): void;
  /** Makes the key in `to` hold a copy of entry `e` of `from` (which may be the same store). Returns the new entry. */
  copy(
    from: Store,
    e: number,
    to: Store,
    toDb: number,
    key: Uint8Array,
    keyFrom: number,
    keyLen: number,
    expiry: number,
  ): number;
  /** Bytes that the value owns outside the entry, estimated from `samples` elements (0: all). */
  bytes(store: Store, e: number, samples: number): number;
  /** The entry now lies at `e`, in database `db`: renews what points to it from outside, if anything does. */
  moved?(store: Store, db: number, e: number): void;
  /** Number of elements. */
  count(store: Store, e: number): number;
}

const byType: (ValueType | undefined)[] = [];

/** Enters a type; once, when its module is loaded. */
export function registerValueType(type: Type, valueType: ValueType): void {
  byType[type] = valueType;
}

/** The operations of a collection type. */
export function valueTypeOf(type: Type): ValueType {
  const found = byType[type];
  if (found === undefined) throw new Error(`no value type ${type}`);
  return found;
}

/** Frees what a collection's entry owns outside itself. */
export function releaseValue(store: Store, e: number): void {
  const word0 = store.i32[e >> 2];
  store.open(e);
  valueTypeOf(typeOf(word0)).release(store, store.valueAt, encodingOf(word0));
}
