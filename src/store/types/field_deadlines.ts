/**
 * Field deadlines: which hash has the field that expires next. Any thread, one at a time.
 *
 * One heap a store holds a node for every hash with fields that expire, by the earliest of them; so active expiry finds what is due in
 * O(log n), however many hashes wait. A node is a block of the arena, named by a word in the hash's payload:
 *
 *   word 0 database, or NO_DB | words 1..3 the heap's (structures/deadline_heap.ts) | word 4 the hash's entry
 *
 * Invariants:
 * 1. A hash has a node exactly when one of its fields expires; the node's time is that of the earliest.
 * 2. A node's entry and database are right at all times: ValueType.moved and Store.swap see to it. NO_DB: the database was flushed and
 *    the entry waits to be freed; nothing may be done to it.
 */
import type { Store } from "../store.ts";

const NODE_WORDS = 5;
const N_DB = 0;
const N_POSITION = 1;
const N_ENTRY = 4;
/** Position of a node that is not in the heap. */
const OUTSIDE = -1;

/** Makes a node with a time and enters it. Throws ArenaFull, with nothing changed. */
export function addNode(store: Store, db: number, e: number, time: number): number {
  const node = store.arena.alloc(NODE_WORDS * 4);
  place(store, node, db, e);
  try {
    store.deadlines.insert(store.fieldDeadlines, node, time);
  } catch (error) {
    store.arena.free(node);
    throw error;
  }
  return node;
}

/** Says where a node's hash is. */
export function place(store: Store, node: number, db: number, e: number): void {
  store.i32[(node >> 2) + N_DB] = db;
  store.i32[(node >> 2) + N_ENTRY] = e;
}

/** Gives a node the time of the earliest field. */
export function setNodeTime(store: Store, node: number, time: number): void {
  if (store.deadlines.time(node) !== time) store.deadlines.update(store.fieldDeadlines, node, time);
}

/** Takes a node out and frees it. */
export function dropNode(store: Store, node: number): void {
  if (store.i32[(node >> 2) + N_POSITION] !== OUTSIDE) store.deadlines.remove(store.fieldDeadlines, node);
  store.arena.free(node);
}

/** The hash whose turn it is at `now`, or 0; `nodeDb` tells its database. Leaves out, for good, what was flushed. */
export function nextDue(store: Store, now: number): number {
  for (;;) {
    const node = store.deadlines.first(store.fieldDeadlines);
    if (node === 0 || store.deadlines.time(node) > now) return 0;
    if (store.i32[(node >> 2) + N_DB] >= 0) return node;
    store.deadlines.remove(store.fieldDeadlines, node);
    store.i32[(node >> 2) + N_POSITION] = OUTSIDE;
  }
}

export function nodeDb(store: Store, node: number): number {
  return store.i32[(node >> 2) + N_DB];
}

export function nodeEntry(store: Store, node: number): number {
  return store.i32[(node >> 2) + N_ENTRY];
}
