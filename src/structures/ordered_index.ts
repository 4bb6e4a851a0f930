/**
 * OrderedIndex: B+ tree with subtree counts over scored items (structures/item.ts, kind SCORED) in an arena: items ordered by
 * score, ties by the bytes of their members. Any thread, one at a time.
 *
 * One OrderedIndex object serves all indices in one arena; an index itself is INDEX_WORDS words that its owner places (`root`, a
 * word index). The items are the owner's. An item's score is kept twice, in the item and in its leaf, because a search that had
 * to read it through the item's address would miss the cache at every step.
 *
 *   root   top node, height (1: the top is a leaf), items
 *   leaf   count, capacity, previous leaf, next leaf | scores (8 bytes each) | item addresses (4 bytes each)
 *   inner  count, unused | for each child: score of its first item (8) | address of that item | child | items below it
 *
 * Invariants:
 * 1. Entries are strictly ascending by (score, member); leaves are linked in that order.
 * 2. All leaves are at the same depth; every node has at least one entry; an inner top has at least two children.
 * 3. What an inner node says of a child's first item and of its number of items is exact.
 * 4. A leaf that is not the top has LEAF_CAPACITY; the top leaf grows by doubling, so that small indices stay small.
 * 5. A method that throws ArenaFull has changed neither the entries nor their order; removal never allocates.
 * 6. The cursor (`leaf`, `position`) is moved by seeking only; it is good until the index changes.
 *
 * Source: D. Comer, "The Ubiquitous B-Tree" (1979); sharing with a neighbour before splitting is the B* variant, which raises the
 * fill after random insertion from 69 % to 85 %.
 */
import { assert } from "../base/assert.ts";
import { compareBytes } from "../base/bytes.ts";
import {
  FANOUT,
  FIRST_CAPACITY,
  IndexNodes,
  INNER_CHILDREN,
  INNER_COUNTS,
  INNER_HEAD,
  INNER_REFS,
  INNER_SIZE,
  LEAF_CAPACITY,
  LEAF_HEAD,
  N_CAPACITY,
  N_NEXT,
  N_PREV,
  R_COUNT,
  R_HEIGHT,
  R_TOP,
} from "./index_nodes.ts";
import { LONG_LEN, readLongLen } from "./item.ts";

export { FANOUT, INDEX_WORDS, LEAF_CAPACITY } from "./index_nodes.ts";

/** Where a seek stops. The member modes compare score, then member; the lex modes compare members only. */
export const Seek = {
  BEFORE_SCORE: 0,
  AFTER_SCORE: 1,
  BEFORE_MEMBER: 2,
  AFTER_MEMBER: 3,
  BEFORE_LEX: 4,
  AFTER_LEX: 5,
} as const;
export type Seek = (typeof Seek)[keyof typeof Seek];

export class OrderedIndex extends IndexNodes {
  /** The cursor: a leaf's address and a position in it; leaf 0 behind the last or before the first item. */
  leaf = 0;
  position = 0;

  count(root: number): number {
    return this.i32[root + R_COUNT];
  }

  /** Bytes of all nodes, for MEMORY USAGE; estimated from the fill of the leaves at both ends. */
  overheadBytes(root: number): number {
    const i32 = this.i32;
    const height = i32[root + R_HEIGHT];
    if (height === 0) return 0;
    if (height === 1) return this.arena.usable(i32[root + R_TOP]);
    const leaves = Math.ceil(i32[root + R_COUNT] / (LEAF_CAPACITY * 0.8));
    return leaves * this.leafBytes() + Math.ceil(leaves / (FANOUT * 0.75)) * INNER_SIZE;
  }

  // ---- seeking ----------------------------------------------------------------------------------------------------

  /** Number of items before the place that the mode and the key name; moves the cursor to the item there. */
  seek(root: number, mode: Seek, score: number, buf: Uint8Array, from: number, len: number): number {
    const i32 = this.i32;
    let node = i32[root + R_TOP];
    if (node === 0) {
      this.leaf = 0;
      return 0;
    }
    let rank = 0;
    for (let level = i32[root + R_HEIGHT]; level > 1; level--) {
      const i = this.childFor(node, mode, score, buf, from, len);
      const w = node >> 2;
      const counts = w + INNER_COUNTS;
      for (let k = 0; k < i; k++) rank += i32[counts + k];
      node = i32[w + INNER_CHILDREN + i];
    }
    const i = this.placeIn(node, mode, score, buf, from, len);
    this.settle(node, i);
    return rank + i;
  }

  /** Moves the cursor to the item with `rank` items before it; returns its address, or 0 when there is none. */
  seekRank(root: number, rank: number): number {
    const i32 = this.i32;
    if (rank < 0 || rank >= i32[root + R_COUNT]) {
      this.leaf = 0;
      return 0;
    }
    let node = i32[root + R_TOP];
    for (let level = i32[root + R_HEIGHT]; level > 1; level--) {
      const counts = (node >> 2) + INNER_COUNTS;
      let i = 0;
      while (rank >= i32[counts + i]) rank -= i32[counts + i++];
      node = i32[(node >> 2) + INNER_CHILDREN + i];
    }
    this.leaf = node;
    this.position = rank;
    return this.item();
  }

  /** The address of the item under the cursor; 0 when the cursor is at neither. */
  item(): number {
    const leaf = this.leaf;
    if (leaf === 0) return 0;
    const w = leaf >> 2;
    return this.i32[w + LEAF_HEAD / 4 + 2 * this.i32[w + N_CAPACITY] + this.position];
  }

  /** The score of the item under the cursor, which must be at one. */
  score(): number {
    return this.f64[(this.leaf >> 3) + LEAF_HEAD / 8 + this.position];
  }

  /** Moves the cursor up; returns the item there, or 0 behind the last. */
  next(): number {
    if (this.leaf === 0) return 0;
    this.settle(this.leaf, this.position + 1);
    return this.item();
  }

  /** Moves the cursor down; returns the item there, or 0 before the first. */
  previous(): number {
    if (this.leaf === 0) return 0;
    if (this.position > 0) this.position--;
    else {
      this.leaf = this.i32[(this.leaf >> 2) + N_PREV];
      if (this.leaf !== 0) this.position = this.i32[this.leaf >> 2] - 1;
    }
    return this.item();
  }

  private settle(leaf: number, i: number): void {
    const w = leaf >> 2;
    if (i < this.i32[w]) {
      this.leaf = leaf;
      this.position = i;
    } else {
      this.leaf = this.i32[w + N_NEXT];
      this.position = 0;
    }
  }

  /** True when the entry (d, ref) lies before the place that the mode and the key name. */
  private isBefore(
    d: number,
    ref: number,
    mode: Seek,
    score: number,
    buf: Uint8Array,
    from: number,
    len: number,
  ): boolean {
    if (d !== score && mode < Seek.BEFORE_LEX) return d < score;
    if (mode < Seek.BEFORE_MEMBER) return mode === Seek.AFTER_SCORE;
    const c = this.compareMember(ref, buf, from, len);
    return c < 0 || (c === 0 && (mode & 1) !== 0);
  }

  private compareMember(ref: number, buf: Uint8Array, from: number, len: number): number {
    const u8 = this.u8;
    const at = ref + 8;
    if (u8[at] === LONG_LEN) return compareBytes(u8, at + 5, readLongLen(u8, at), buf, from, len);
    return compareBytes(u8, at + 1, u8[at], buf, from, len);
  }

  /** The child of an inner node below which the place lies (its last place may be the next child's first). */
  private childFor(node: number, mode: Seek, score: number, buf: Uint8Array, from: number, len: number): number {
    const scores = (node >> 3) + INNER_HEAD / 8;
    const refs = (node >> 2) + INNER_REFS;
    let lo = 1;
    let hi = this.i32[node >> 2];
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (this.isBefore(this.f64[scores + mid], this.i32[refs + mid], mode, score, buf, from, len)) lo = mid + 1;
      else hi = mid;
    }
    return lo - 1;
  }

  /** The place in a leaf, 0..count. */
  private placeIn(leaf: number, mode: Seek, score: number, buf: Uint8Array, from: number, len: number): number {
    const w = leaf >> 2;
    const scores = (leaf >> 3) + LEAF_HEAD / 8;
    const refs = w + LEAF_HEAD / 4 + 2 * this.i32[w + N_CAPACITY];
    let lo = 0;
    let hi = this.i32[w];
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (this.isBefore(this.f64[scores + mid], this.i32[refs + mid], mode, score, buf, from, len)) lo = mid + 1;
      else hi = mid;
    }
    return lo;
  }

  // ---- inserting --------------------------------------------------------------------------------------------------

  /** Enters an item, in whose place (score, member) none may be. Throws ArenaFull. */
  insert(root: number, ref: number): void {
    const i32 = this.i32;
    const u8 = this.u8;
    const score = this.f64[ref >> 3];
    const long = u8[ref + 8] === LONG_LEN;
    const from = ref + (long ? 13 : 9);
    const len = long ? readLongLen(u8, ref + 8) : u8[ref + 8];
    if (i32[root + R_TOP] === 0) {
      i32[root + R_TOP] = this.newLeaf(FIRST_CAPACITY);
      i32[root + R_HEIGHT] = 1;
    }
    for (;;) {
      const leaf = this.descend(root, score, u8, from, len);
      const i = this.placeIn(leaf, Seek.BEFORE_MEMBER, score, u8, from, len);
      if (i32[leaf >> 2] < i32[(leaf >> 2) + N_CAPACITY]) {
        this.put(root, leaf, i, score, ref);
        return;
      }
      this.makeRoom(root, leaf, i);
    }
  }

  /** Enters an item that is greater than all: in ascending order this makes full leaves, without a search. Throws ArenaFull. */
  append(root: number, ref: number): void {
    const i32 = this.i32;
    if (i32[root + R_TOP] === 0) {
      i32[root + R_TOP] = this.newLeaf(FIRST_CAPACITY);
      i32[root + R_HEIGHT] = 1;
    }
    for (;;) {
      let node = i32[root + R_TOP];
      for (let level = i32[root + R_HEIGHT]; level > 1; level--) {
        this.pathNode[level] = node;
        this.pathPos[level] = i32[node >> 2] - 1;
        node = i32[(node >> 2) + INNER_CHILDREN + i32[node >> 2] - 1];
      }
      this.pathNode[1] = node;
      const n = i32[node >> 2];
      if (n < i32[(node >> 2) + N_CAPACITY]) {
        this.put(root, node, n, this.f64[ref >> 3], ref);
        return;
      }
      this.makeRoom(root, node, n);
    }
  }

  /** Goes down to the leaf where a key lies or belongs, noting the way. */
  private descend(root: number, score: number, buf: Uint8Array, from: number, len: number): number {
    const i32 = this.i32;
    let node = i32[root + R_TOP];
    for (let level = i32[root + R_HEIGHT]; level > 1; level--) {
      const i = this.childFor(node, Seek.AFTER_MEMBER, score, buf, from, len);
      this.pathNode[level] = node;
      this.pathPos[level] = i;
      node = i32[(node >> 2) + INNER_CHILDREN + i];
    }
    this.pathNode[1] = node;
    return node;
  }

  /** Enters an entry at `i` of a leaf that has room, at the end of the noted way. */
  private put(root: number, leaf: number, i: number, score: number, ref: number): void {
    const i32 = this.i32;
    const f64 = this.f64;
    const w = leaf >> 2;
    const n = i32[w];
    const scores = (leaf >> 3) + LEAF_HEAD / 8;
    const refs = w + LEAF_HEAD / 4 + 2 * i32[w + N_CAPACITY];
    for (let k = n; k > i; k--) {
      f64[scores + k] = f64[scores + k - 1];
      i32[refs + k] = i32[refs + k - 1];
    }
    f64[scores + i] = score;
    i32[refs + i] = ref;
    i32[w] = n + 1;
    this.addToPath(root, 1);
    if (i === 0) this.tellFirst(root, 1, score, ref);
  }

  // ---- changing a score, removing ---------------------------------------------------------------------------------

  /** Gives an entered item another score, in the item too. Throws ArenaFull when it has to move and room is short. */
  update(root: number, ref: number, score: number): void {
    const { i32, f64, u8 } = this;
    const long = u8[ref + 8] === LONG_LEN;
    const from = ref + (long ? 13 : 9);
    const len = long ? readLongLen(u8, ref + 8) : u8[ref + 8];
    const old = f64[ref >> 3];
    const leaf = this.descend(root, old, u8, from, len);
    const i = this.placeIn(leaf, Seek.BEFORE_MEMBER, old, u8, from, len);
    const scores = (leaf >> 3) + LEAF_HEAD / 8;
    const refs = this.leafRefs(leaf);
    assert(i < i32[leaf >> 2] && i32[refs + i] === ref, "the item is in the index");
    const n = i32[leaf >> 2];
    const afterLeft = i > 0
      ? this.isBefore(f64[scores + i - 1], i32[refs + i - 1], Seek.BEFORE_MEMBER, score, u8, from, len)
      : i32[(leaf >> 2) + N_PREV] === 0;
    const beforeRight = i + 1 < n
      ? !this.isBefore(f64[scores + i + 1], i32[refs + i + 1], Seek.BEFORE_MEMBER, score, u8, from, len)
      : i32[(leaf >> 2) + N_NEXT] === 0;
    if (afterLeft && beforeRight) {
      f64[ref >> 3] = score;
      f64[scores + i] = score;
      if (i === 0) this.tellFirst(root, 1, score, ref);
      return;
    }
    this.needNodes();
    this.take(root, leaf, i, 1);
    f64[ref >> 3] = score;
    this.insert(root, ref);
  }

  /** Takes out an item, which must be in the index; its memory stays. */
  remove(root: number, ref: number): void {
    const u8 = this.u8;
    const long = u8[ref + 8] === LONG_LEN;
    const from = ref + (long ? 13 : 9);
    const len = long ? readLongLen(u8, ref + 8) : u8[ref + 8];
    const score = this.f64[ref >> 3];
    const leaf = this.descend(root, score, u8, from, len);
    const i = this.placeIn(leaf, Seek.BEFORE_MEMBER, score, u8, from, len);
    assert(i < this.i32[leaf >> 2] && this.i32[this.leafRefs(leaf) + i] === ref, "the item is in the index");
    this.take(root, leaf, i, 1);
  }

  /**
   * Takes out items from `rank` on that lie in one leaf, at most `n` of them; returns how many. Their addresses were read before,
   * by the cursor. For a range: repeat until `n` are gone.
   */
  removeRun(root: number, rank: number, n: number): number {
    const i = this.descendToRank(root, rank);
    const leaf = this.pathNode[1];
    const run = Math.min(n, this.i32[leaf >> 2] - i);
    this.take(root, leaf, i, run);
    return run;
  }

  /** Takes out the item at `rank`, which exists; returns its address. */
  removeRank(root: number, rank: number): number {
    const i = this.descendToRank(root, rank);
    const leaf = this.pathNode[1];
    const ref = this.i32[this.leafRefs(leaf) + i];
    this.take(root, leaf, i, 1);
    return ref;
  }

  /** Goes down to the leaf of the item at `rank`, noting the way; returns its place there. */
  private descendToRank(root: number, rank: number): number {
    const i32 = this.i32;
    let node = i32[root + R_TOP];
    for (let level = i32[root + R_HEIGHT]; level > 1; level--) {
      const counts = (node >> 2) + INNER_COUNTS;
      let i = 0;
      while (rank >= i32[counts + i]) rank -= i32[counts + i++];
      this.pathNode[level] = node;
      this.pathPos[level] = i;
      node = i32[(node >> 2) + INNER_CHILDREN + i];
    }
    this.pathNode[1] = node;
    return rank;
  }

  /** Gives back all nodes; the items stay the owner's. The root is then an empty index. */
  release(root: number): void {
    while (this.releaseSome(root, LEAF_CAPACITY) > 0);
  }

  /** Takes out at most about `n` of the first items and returns how many (0: the index is empty). For freeing in bounded steps. */
  releaseSome(root: number, n: number): number {
    let gone = 0;
    while (gone < n && this.i32[root + R_COUNT] > 0) gone += this.removeRun(root, 0, LEAF_CAPACITY);
    return gone;
  }

  /** Takes the entries [i, i+n) out of a leaf at the end of the noted way. */
  private take(root: number, leaf: number, i: number, n: number): void {
    const i32 = this.i32;
    const left = i32[leaf >> 2] - n;
    this.moveEntries(leaf, i + n, leaf, i, left - i);
    i32[leaf >> 2] = left;
    this.addToPath(root, -n);
    if (left > 0 && i === 0) {
      this.tellFirst(root, 1, this.f64[(leaf + LEAF_HEAD) >> 3], i32[this.leafRefs(leaf)]);
    }
    this.tidy(root);
  }
}
