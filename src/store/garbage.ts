/**
 * Garbage: large values that no key reaches any more, freed in bounded steps. Any thread, one at a time.
 *
 * A queue in the arena. A value's owner gives away the words that hold its roots (never the items, so giving away costs nothing);
 * `step` hands the oldest back to the code of its kind, which frees a bounded number of items and goes on there the next time.
 *
 *   node   word 0 next node | word 1 kind | word 2 a word for the sweeper, 0 at first | words 3.. the value's words
 *
 * Invariants:
 * 1. All state lies in the arena: head, tail, number of values waiting and freed, in the store's owner words.
 * 2. `add` never fails: where no memory is left for a node, the value is freed at once.
 */
import { assert } from "../base/assert.ts";
import type { Store } from "./store.ts";

/** What can be given away. */
export const GarbageKind = { KEYSPACE: 0, LIST: 1, SET: 2, ZSET: 3, HASH: 4, STREAM: 5 } as const;
export type GarbageKind = (typeof GarbageKind)[keyof typeof GarbageKind];

/**
 * Frees at least `want` items (some hundred more are fine) of the value whose words start at word index `root`; `place` is a word
 * index for its own use, 0 at first. Returns `want` less the number freed: above 0 only when nothing is left.
 */
export type Sweeper = (store: Store, root: number, place: number, want: number) => number;

const sweepers: (Sweeper | undefined)[] = [];

/** Enters the code that frees a kind; once, when its module is loaded. */
export function registerSweeper(kind: GarbageKind, sweeper: Sweeper): void {
  sweepers[kind] = sweeper;
}

/** Values of at most that many items are freed at once: cheaper than a node, and a step of that length hurts nobody. */
export const FREE_AT_ONCE = 64;

/** Owner words that a queue takes. */
export const GARBAGE_WORDS = 5;
const W_HEAD = 0;
const W_TAIL = 1;
const W_PENDING = 2;
const W_FREED = 3;
/** The sweeper's word while a value is freed at once. */
const W_PLACE = 4;

const N_NEXT = 0;
const N_KIND = 1;
const N_PLACE = 2;
const N_VALUE = 3;
/** Longest value in words. */
const MAX_VALUE_WORDS = 16;

export class Garbage {
  private readonly i32: Int32Array;

  /** `root`: word index of the queue's GARBAGE_WORDS owner words. */
  constructor(private readonly store: Store, private readonly root: number) {
    this.i32 = store.i32;
  }

  /** Values waiting (lazyfree_pending_objects). */
  get pending(): number {
    return this.i32[this.root + W_PENDING];
  }

  /** Values freed by steps since start (lazyfreed_objects). */
  get freed(): number {
    return this.i32[this.root + W_FREED];
  }

  /** The arena was started anew, and with it all that waited went: `freed` values so far. */
  restart(freed: number): void {
    this.i32[this.root + W_FREED] = freed;
  }

  /** Takes over the value whose `words` (at most 16) start at word index `from`; the caller forgets them. */
  add(kind: GarbageKind, from: number, words: number): void {
    const i32 = this.i32;
    let node: number;
    try {
      node = this.store.arena.alloc((N_VALUE + words) * 4) >> 2;
    } catch {
      this.freeNow(kind, from, words);
      return;
    }
    i32[node + N_NEXT] = 0;
    i32[node + N_KIND] = kind;
    i32[node + N_PLACE] = 0;
    for (let i = 0; i < words; i++) i32[node + N_VALUE + i] = i32[from + i];
    const tail = i32[this.root + W_TAIL];
    if (tail === 0) i32[this.root + W_HEAD] = node;
    else i32[tail + N_NEXT] = node;
    i32[this.root + W_TAIL] = node;
    i32[this.root + W_PENDING]++;
  }

  /** Frees about `want` items. Returns true when more is waiting. */
  step(want: number): boolean {
    const i32 = this.i32;
    while (i32[this.root + W_HEAD] !== 0) {
      const node = i32[this.root + W_HEAD];
      want = sweeperOf(i32[node + N_KIND])(this.store, node + N_VALUE, node + N_PLACE, want);
      if (want <= 0) return true;
      i32[this.root + W_HEAD] = i32[node + N_NEXT];
      if (i32[node + N_NEXT] === 0) i32[this.root + W_TAIL] = 0;
      this.store.arena.free(node << 2);
      i32[this.root + W_PENDING]--;
      i32[this.root + W_FREED]++;
    }
    return false;
  }

  private freeNow(kind: GarbageKind, from: number, words: number): void {
    // Freeing a keyspace frees values, which may come here in turn: the scratch word is kept for the outer one.
    const i32 = this.i32;
    const place = this.root + W_PLACE;
    const outer = i32[place];
    i32[place] = 0;
    const left = sweeperOf(kind)(this.store, from, place, Infinity);
    assert(left > 0 && words <= MAX_VALUE_WORDS, "a value freed without bound is freed to its end");
    i32[place] = outer;
  }
}

function sweeperOf(kind: number): Sweeper {
  const sweeper = sweepers[kind];
  assert(sweeper !== undefined, "a kind of garbage without sweeper");
  return sweeper;
}
