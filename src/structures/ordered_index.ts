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
import { type Arena, ArenaFull } from "../memory/arena.ts";
import { CHUNK_SIZE } from "../memory/size_classes.ts";
import { LONG_LEN, readLongLen } from "./item.ts";

/** Words of an index's root; all zero is an empty index. */
export const INDEX_WORDS = 3;

const R_TOP = 0;
const R_HEIGHT = 1;
const R_COUNT = 2;

/** 16 + 68 * 12 = 832 bytes, a size class. At 1M items 40, 52, 84 and 126 are as fast (0.6 µs an insertion); 40 takes 1 B more each. */
export const LEAF_CAPACITY = 68;
/** 8 + 31 * 20 = 628 of the size class 640. Twice as many saves one level at 1M and costs an index of 200 items 3 B each. */
export const FANOUT = 31;
const FIRST_CAPACITY = 10; // 136 bytes

// Words of a node's head.
const N_COUNT = 0;
const N_CAPACITY = 1;
const N_PREV = 2;
const N_NEXT = 3;
const LEAF_HEAD = 16;
const INNER_HEAD = 8;
const INNER_SIZE = INNER_HEAD + FANOUT * 20;

// Words of an inner node.
const INNER_REFS = INNER_HEAD / 4 + 2 * FANOUT;
const INNER_CHILDREN = INNER_REFS + FANOUT;
const INNER_COUNTS = INNER_CHILDREN + FANOUT;

/** A full node hands entries to a neighbour that has at least this share of room; else it splits. */
const SHARE_ROOM = 1 / 8;
/** Neighbours merge when together they fill at most this share, so that merge and split don't alternate. */
const MERGE_FILL = 7 / 8;

/** 31^11 leaves are more than any arena holds. */
const MAX_HEIGHT = 12;

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

export class OrderedIndex {
  /** The cursor: a leaf's address and a position in it; leaf 0 behind the last or before the first item. */
  leaf = 0;
  position = 0;

  private readonly i32: Int32Array;
  private readonly u8: Uint8Array;
  private readonly f64: Float64Array;
  // The way from the top (index height) down to the leaf (index 1) of the change under way.
  private readonly pathNode = new Int32Array(MAX_HEIGHT + 1);
  private readonly pathPos = new Int32Array(MAX_HEIGHT + 1);

  constructor(readonly arena: Arena) {
    this.i32 = arena.i32;
    this.u8 = arena.u8;
    this.f64 = new Float64Array(arena.buffer);
  }

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

  private addToPath(root: number, n: number): void {
    const i32 = this.i32;
    i32[root + R_COUNT] += n;
    for (let level = i32[root + R_HEIGHT]; level > 1; level--) {
      i32[(this.pathNode[level] >> 2) + INNER_COUNTS + this.pathPos[level]] += n;
    }
  }

  /** Tells the ancestors of the node at `level` of the noted way that its first entry is now (score, ref). */
  private tellFirst(root: number, level: number, score: number, ref: number): void {
    const height = this.i32[root + R_HEIGHT];
    while (++level <= height) {
      const node = this.pathNode[level];
      const pos = this.pathPos[level];
      this.f64[(node >> 3) + INNER_HEAD / 8 + pos] = score;
      this.i32[(node >> 2) + INNER_REFS + pos] = ref;
      if (pos > 0) return;
    }
  }

  /** Gives a full leaf, in which an entry is to go to `i`, some room: in itself, a neighbour, or by a split. One step of it. */
  private makeRoom(root: number, leaf: number, i: number): void {
    const i32 = this.i32;
    const w = leaf >> 2;
    const capacity = i32[w + N_CAPACITY];
    if (capacity < LEAF_CAPACITY) {
      this.widen(root, leaf, Math.min(capacity * 2, LEAF_CAPACITY));
      return;
    }
    // Ascending or descending insertion leaves full leaves behind: only the outermost entry moves.
    const atEnd = i === capacity && i32[w + N_NEXT] === 0;
    const atStart = i === 0 && i32[w + N_PREV] === 0;
    const height = i32[root + R_HEIGHT];
    if (height > 1 && !atEnd && !atStart && this.shareLeaf(leaf)) return;
    // The topmost full ancestor of an unbroken row of them goes first; the next round finds room in it.
    let level = 1;
    while (level < height && i32[this.pathNode[level + 1] >> 2] === FANOUT) level++;
    const n = i32[this.pathNode[level] >> 2];
    this.split(root, level, atEnd ? n - 1 : atStart ? 1 : n >> 1);
  }

  /** Replaces the top leaf by one of more capacity. */
  private widen(root: number, leaf: number, capacity: number): void {
    const next = this.newLeaf(capacity);
    const n = this.i32[leaf >> 2];
    this.i32[next >> 2] = n;
    this.moveEntries(leaf, 0, next, 0, n);
    this.i32[root + R_TOP] = next;
    this.arena.free(leaf);
  }

  /** Evens a full leaf out with a neighbour under the same parent; false when those are nearly full too. */
  private shareLeaf(leaf: number): boolean {
    const i32 = this.i32;
    const parent = this.pathNode[2] >> 2;
    const k = this.pathPos[2];
    const limit = LEAF_CAPACITY * (1 - SHARE_ROOM);
    if (k > 0) {
      const left = i32[parent + INNER_CHILDREN + k - 1];
      const has = i32[left >> 2];
      if (has <= limit) {
        const n = (LEAF_CAPACITY - has + 1) >> 1;
        this.moveEntries(leaf, 0, left, has, n);
        this.moveEntries(leaf, n, leaf, 0, LEAF_CAPACITY - n);
        this.recount(parent, k - 1, left, has + n);
        this.recount(parent, k, leaf, LEAF_CAPACITY - n);
        return true;
      }
    }
    if (k + 1 < i32[parent]) {
      const right = i32[parent + INNER_CHILDREN + k + 1];
      const has = i32[right >> 2];
      if (has <= limit) {
        const n = (LEAF_CAPACITY - has + 1) >> 1;
        this.moveEntries(right, 0, right, n, has);
        this.moveEntries(leaf, LEAF_CAPACITY - n, right, 0, n);
        this.recount(parent, k, leaf, LEAF_CAPACITY - n);
        this.recount(parent, k + 1, right, has + n);
        return true;
      }
    }
    return false;
  }

  /** Sets a leaf's count and what its parent (a word index) says of it as child `k`. */
  private recount(parent: number, k: number, leaf: number, n: number): void {
    this.i32[leaf >> 2] = n;
    this.i32[parent + INNER_COUNTS + k] = n;
    this.tellOne(parent, k, leaf, 1);
  }

  /** Copies the first entry of a node (a leaf at level 1) to where its parent (a word index) describes child `k`. */
  private tellOne(parent: number, k: number, node: number, level: number): void {
    const i32 = this.i32;
    const w = node >> 2;
    const head = level === 1 ? LEAF_HEAD : INNER_HEAD;
    this.f64[(parent >> 1) + INNER_HEAD / 8 + k] = this.f64[(node + head) >> 3];
    const refs = level === 1 ? w + LEAF_HEAD / 4 + 2 * i32[w + N_CAPACITY] : w + INNER_REFS;
    i32[parent + INNER_REFS + k] = i32[refs];
  }

  /** Moves the entries from `at` on of the node at `level` of the noted way to a new right neighbour; its parent has room. */
  private split(root: number, level: number, at: number): void {
    const i32 = this.i32;
    const node = this.pathNode[level];
    const isTop = level === i32[root + R_HEIGHT];
    const right = level === 1 ? this.newLeaf(LEAF_CAPACITY) : this.newInner();
    if (isTop) {
      let top = 0;
      try {
        top = this.newInner();
      } catch (error) {
        this.arena.free(right);
        throw error;
      }
      this.addChild(top, 0, node, level, i32[root + R_COUNT]);
      i32[root + R_TOP] = top;
      i32[root + R_HEIGHT]++;
      this.pathNode[level + 1] = top;
      this.pathPos[level + 1] = 0;
    }
    const n = i32[node >> 2];
    let below = n - at;
    if (level === 1) {
      this.moveEntries(node, at, right, 0, n - at);
      this.linkBehind(node, right);
    } else {
      this.moveChildren(node, at, right, 0, n - at);
      below = 0;
      for (let k = 0; k < n - at; k++) below += i32[(right >> 2) + INNER_COUNTS + k];
    }
    i32[node >> 2] = at;
    i32[right >> 2] = n - at;
    const parent = this.pathNode[level + 1];
    i32[(parent >> 2) + INNER_COUNTS + this.pathPos[level + 1]] -= below;
    this.addChild(parent, this.pathPos[level + 1] + 1, right, level, below);
  }

  /** Enters a node of `level` with `below` items as child `k` of an inner node that has room. */
  private addChild(parent: number, k: number, node: number, level: number, below: number): void {
    const i32 = this.i32;
    const w = parent >> 2;
    this.moveChildren(parent, k, parent, k + 1, i32[w] - k);
    i32[w]++;
    i32[w + INNER_CHILDREN + k] = node;
    i32[w + INNER_COUNTS + k] = below;
    this.tellOne(w, k, node, level);
  }

  private linkBehind(leaf: number, right: number): void {
    const i32 = this.i32;
    const next = i32[(leaf >> 2) + N_NEXT];
    i32[(right >> 2) + N_PREV] = leaf;
    i32[(right >> 2) + N_NEXT] = next;
    i32[(leaf >> 2) + N_NEXT] = right;
    if (next !== 0) i32[(next >> 2) + N_PREV] = right;
  }

  private newLeaf(capacity: number): number {
    const leaf = this.arena.alloc(LEAF_HEAD + capacity * 12);
    const w = leaf >> 2;
    this.i32[w + N_COUNT] = 0;
    this.i32[w + N_CAPACITY] = capacity;
    this.i32[w + N_PREV] = 0;
    this.i32[w + N_NEXT] = 0;
    return leaf;
  }

  private newInner(): number {
    const node = this.arena.alloc(INNER_SIZE);
    this.i32[node >> 2] = 0;
    return node;
  }

  private leafBytes(): number {
    return LEAF_HEAD + LEAF_CAPACITY * 12;
  }

  /** Copies `n` entries from leaf `a` at `i` to leaf `b` at `j`; the ranges may overlap. Counts stay. */
  private moveEntries(a: number, i: number, b: number, j: number, n: number): void {
    const from = (a >> 3) + LEAF_HEAD / 8 + i;
    this.f64.copyWithin((b >> 3) + LEAF_HEAD / 8 + j, from, from + n);
    this.moveWords(this.leafRefs(a) + i, this.leafRefs(b) + j, n);
  }

  private leafRefs(leaf: number): number {
    return (leaf >> 2) + LEAF_HEAD / 4 + 2 * this.i32[(leaf >> 2) + N_CAPACITY];
  }

  /** The same for children of inner nodes. */
  private moveChildren(a: number, i: number, b: number, j: number, n: number): void {
    const from = (a >> 3) + INNER_HEAD / 8 + i;
    this.f64.copyWithin((b >> 3) + INNER_HEAD / 8 + j, from, from + n);
    this.moveWords((a >> 2) + INNER_REFS + i, (b >> 2) + INNER_REFS + j, n);
    this.moveWords((a >> 2) + INNER_CHILDREN + i, (b >> 2) + INNER_CHILDREN + j, n);
    this.moveWords((a >> 2) + INNER_COUNTS + i, (b >> 2) + INNER_COUNTS + j, n);
  }

  private moveWords(from: number, to: number, n: number): void {
    this.i32.copyWithin(to, from, from + n);
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

  /** Throws ArenaFull unless the nodes of one insertion are sure to be had: both sizes come from slabs of one chunk. */
  private needNodes(): void {
    if (this.arena.freeChunkBytes < 2 * CHUNK_SIZE) throw new ArenaFull();
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
    const run = Math.min(n, i32[node >> 2] - rank);
    this.take(root, node, rank, run);
    return run;
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

  /** Drops empty nodes and merges thin ones from the leaf of the noted way upwards. */
  private tidy(root: number): void {
    const i32 = this.i32;
    const height = i32[root + R_HEIGHT];
    for (let level = 1; level < height; level++) {
      const node = this.pathNode[level];
      const n = i32[node >> 2];
      const capacity = level === 1 ? LEAF_CAPACITY : FANOUT;
      if (n > capacity >> 1) return;
      const parent = this.pathNode[level + 1];
      const k = this.pathPos[level + 1];
      const children = (parent >> 2) + INNER_CHILDREN;
      if (n === 0) {
        this.dropChild(root, level, k);
      } else if (k > 0 && i32[i32[children + k - 1] >> 2] + n <= capacity * MERGE_FILL) {
        this.merge(root, level, k - 1);
      } else if (k + 1 < i32[parent >> 2] && i32[i32[children + k + 1] >> 2] + n <= capacity * MERGE_FILL) {
        this.merge(root, level, k);
      } else {
        return;
      }
    }
    this.lowerTop(root);
  }

  /** While the top has no use, drops it. */
  private lowerTop(root: number): void {
    const i32 = this.i32;
    for (;;) {
      const top = i32[root + R_TOP];
      const n = i32[top >> 2];
      if (n > 1 || (n === 1 && i32[root + R_HEIGHT] === 1)) return;
      i32[root + R_TOP] = n === 0 ? 0 : i32[(top >> 2) + INNER_CHILDREN];
      i32[root + R_HEIGHT] = n === 0 ? 0 : i32[root + R_HEIGHT] - 1;
      this.arena.free(top);
      if (n === 0) return;
    }
  }

  /** Moves child k+1 of the parent at level+1 of the noted way into child k. */
  private merge(root: number, level: number, k: number): void {
    const i32 = this.i32;
    const parent = this.pathNode[level + 1] >> 2;
    const left = i32[parent + INNER_CHILDREN + k];
    const right = i32[parent + INNER_CHILDREN + k + 1];
    const has = i32[left >> 2];
    const n = i32[right >> 2];
    if (level === 1) this.moveEntries(right, 0, left, has, n);
    else this.moveChildren(right, 0, left, has, n);
    i32[left >> 2] = has + n;
    i32[parent + INNER_COUNTS + k] += i32[parent + INNER_COUNTS + k + 1];
    this.dropChild(root, level, k + 1);
  }

  /** Frees child `k`, emptied, of the parent at level+1 of the noted way. */
  private dropChild(root: number, level: number, k: number): void {
    const i32 = this.i32;
    const parent = this.pathNode[level + 1];
    const w = parent >> 2;
    const node = i32[w + INNER_CHILDREN + k];
    if (level === 1) {
      const prev = i32[(node >> 2) + N_PREV];
      const next = i32[(node >> 2) + N_NEXT];
      if (prev !== 0) i32[(prev >> 2) + N_NEXT] = next;
      if (next !== 0) i32[(next >> 2) + N_PREV] = prev;
    }
    this.arena.free(node);
    this.moveChildren(parent, k + 1, parent, k, i32[w] - k - 1);
    i32[w]--;
    if (k === 0 && i32[w] > 0) {
      this.tellFirst(root, level + 1, this.f64[(parent + INNER_HEAD) >> 3], i32[w + INNER_REFS]);
    }
  }
}
