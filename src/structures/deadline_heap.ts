/**
 * DeadlineHeap: things with a time, the earliest first, in an arena. Any thread, one at a time.
 *
 * A binary heap of node addresses. A node is the owner's block, whose first four words are
 *
 *   word 0 the owner's | word 1 position in the heap | words 2, 3 time in ms, low word first
 *
 * so that a node finds its own place and every operation is O(log n). One object serves all heaps of an arena; a heap itself is
 * HEAP_WORDS words that its owner places (`root`, a word index), all zero when empty: address of the array, number of nodes.
 *
 * Invariants:
 * 1. array[i] is no later than array[2i+1] and array[2i+2]; the node at array[i] has position i.
 * 2. An empty heap has no array.
 * 3. `insert` is the only operation that can throw ArenaFull, and then has changed nothing.
 */
import type { Arena } from "../memory/arena.ts";

/** Words of a heap's root. */
export const HEAP_WORDS = 2;
/** Bytes of a node that belong to the heap, with the owner's word 0. */
export const NODE_SIZE = 16;

const R_ARRAY = 0;
const R_COUNT = 1;
const N_POSITION = 1;
const N_LOW = 2;
const N_HIGH = 3;
const TWO_32 = 4294967296;
const FIRST_SIZE = 16;

export class DeadlineHeap {
  private readonly i32: Int32Array;

  constructor(private readonly arena: Arena) {
    this.i32 = arena.i32;
  }

  count(root: number): number {
    return this.i32[root + R_COUNT];
  }

  /** The node with the earliest time, or 0. */
  first(root: number): number {
    return this.i32[root + R_COUNT] === 0 ? 0 : this.i32[this.i32[root + R_ARRAY] >> 2];
  }

  /** Node number `i` of `count`, in no order that matters. */
  nodeAt(root: number, i: number): number {
    return this.i32[(this.i32[root + R_ARRAY] >> 2) + i];
  }

  /** A node's time, ms; below 2^53. */
  time(node: number): number {
    return this.i32[(node >> 2) + N_HIGH] * TWO_32 + (this.i32[(node >> 2) + N_LOW] >>> 0);
  }

  /** Number of nodes whose time is `now` or earlier. Time: proportional to that number. */
  countDue(root: number, now: number): number {
    return this.i32[root + R_COUNT] === 0 ? 0 : this.dueBelow(root, 0, now);
  }

  private dueBelow(root: number, at: number, now: number): number {
    if (at >= this.i32[root + R_COUNT] || this.time(this.nodeAt(root, at)) > now) return 0;
    return 1 + this.dueBelow(root, 2 * at + 1, now) + this.dueBelow(root, 2 * at + 2, now);
  }

  /** Bytes of the array. */
  bytes(root: number): number {
    return this.i32[root + R_ARRAY] === 0 ? 0 : this.arena.usable(this.i32[root + R_ARRAY]);
  }

  /** Enters a node with a time, ms, 0 <= time < 2^53. Throws ArenaFull. */
  insert(root: number, node: number, time: number): void {
    const i32 = this.i32;
    const n = i32[root + R_COUNT];
    const array = i32[root + R_ARRAY];
    if (array === 0) i32[root + R_ARRAY] = this.arena.alloc(FIRST_SIZE);
    else if (n * 4 === this.arena.usable(array)) i32[root + R_ARRAY] = this.arena.realloc(array, n * 8);
    i32[root + R_COUNT] = n + 1;
    this.setTime(node, time);
    this.rise(root, n, node);
  }

  /** Gives a node of the heap another time. */
  update(root: number, node: number, time: number): void {
    const earlier = time < this.time(node);
    this.setTime(node, time);
    const at = this.i32[(node >> 2) + N_POSITION];
    if (earlier) this.rise(root, at, node);
    else this.sink(root, at, node);
  }

  /** Takes a node out; its memory stays. */
  remove(root: number, node: number): void {
    const i32 = this.i32;
    const array = i32[root + R_ARRAY] >> 2;
    const n = --i32[root + R_COUNT];
    const at = i32[(node >> 2) + N_POSITION];
    const last = i32[array + n];
    if (n === 0) this.release(root);
    else if (last !== node) {
      const parent = (at - 1) >> 1;
      if (at > 0 && this.before(last, i32[array + parent])) this.rise(root, at, last);
      else this.sink(root, at, last);
    }
  }

  /** Says that a node's bytes were copied to this address: the heap points there from now on. */
  moved(root: number, node: number): void {
    this.i32[(this.i32[root + R_ARRAY] >> 2) + this.i32[(node >> 2) + N_POSITION]] = node;
  }

  /** Forgets all nodes, which stay the owner's. */
  release(root: number): void {
    if (this.i32[root + R_ARRAY] !== 0) this.arena.free(this.i32[root + R_ARRAY]);
    this.i32[root + R_ARRAY] = 0;
    this.i32[root + R_COUNT] = 0;
  }

  private setTime(node: number, time: number): void {
    this.i32[(node >> 2) + N_LOW] = time | 0;
    this.i32[(node >> 2) + N_HIGH] = Math.floor(time / TWO_32);
  }

  private before(a: number, b: number): boolean {
    const i32 = this.i32;
    const high = i32[(a >> 2) + N_HIGH] - i32[(b >> 2) + N_HIGH];
    return high !== 0 ? high < 0 : i32[(a >> 2) + N_LOW] >>> 0 < i32[(b >> 2) + N_LOW] >>> 0;
  }

  private put(array: number, at: number, node: number): void {
    this.i32[array + at] = node;
    this.i32[(node >> 2) + N_POSITION] = at;
  }

  /** Puts a node at `at` or above. */
  private rise(root: number, at: number, node: number): void {
    const array = this.i32[root + R_ARRAY] >> 2;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.i32[array + parent];
      if (!this.before(node, above)) break;
      this.put(array, at, above);
      at = parent;
    }
    this.put(array, at, node);
  }

  /** Puts a node at `at` or below. */
  private sink(root: number, at: number, node: number): void {
    const i32 = this.i32;
    const array = i32[root + R_ARRAY] >> 2;
    const n = i32[root + R_COUNT];
    for (;;) {
      let child = 2 * at + 1;
      if (child >= n) break;
      if (child + 1 < n && this.before(i32[array + child + 1], i32[array + child])) child++;
      const below = i32[array + child];
      if (!this.before(below, node)) break;
      this.put(array, at, below);
      at = child;
    }
    this.put(array, at, node);
  }
}
