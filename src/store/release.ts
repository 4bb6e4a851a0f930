/** Release: gives back the memory that a collection's payload points to. One function a type, entered by its family. */
import { type Encoding, encodingOf, Type, typeOf } from "./entry.ts";
import type { Store } from "./store.ts";

/** Frees what the payload at `store.valueAt` owns outside the entry. */
export type ReleaseValue = (store: Store, payload: number, encoding: Encoding) => void;

const byType: (ReleaseValue | undefined)[] = [];

/** Enters the function of a type; once, when the type's module is loaded. */
export function registerRelease(type: Type, release: ReleaseValue): void {
  byType[type] = release;
}

/** Frees what an entry's value owns outside the entry itself; strings own nothing. */
export function releaseValue(store: Store, e: number): void {
  const word0 = store.i32[e >> 2];
  if (typeOf(word0) === Type.STRING) return;
  store.open(e);
  byType[typeOf(word0)]?.(store, store.valueAt, encodingOf(word0));
}
