/**
 * IdTree: a B+ tree keyed by 128-bit stream identifiers in an arena: the blocks of a stream, the pending entries of a consumer
 * group and of its consumers. Any thread, one at a time.
 *
 * One IdTree object serves all trees in one arena whose entries have as many words of value; a tree itself is ID_TREE_WORDS words
 * that its owner places (`root`, a word index). An entry is named by the index of its first word: ID_WORDS of the identifier, then
 * the value, which the owner reads and writes. It is good until the tree changes.
 *
 *   root   top node, height (1: the top is a leaf), entries
 *   leaf   count, capacity, previous leaf, next leaf | entries
 *   inner  count, unused | for each child an identifier, none of the child's being smaller | children
 *
 * Invariants:
 * 1. Entries are strictly ascending; leaves are linked in that order.
 * 2. All leaves are at the same depth; no node is empty; an inner top has at least two children.
 * 3. Child k of an inner node holds the identifiers from its own (k > 0; the first is not looked at) up to, not including, the next's.
 * 4. A leaf that is not the top has the full capacity; the top leaf grows by doubling, so that small trees stay small.
 * 5. `insert` that throws ArenaFull has changed nothing; `remove` never allocates.
 * 6. Only seeking and stepping move the cursor; a change of the same tree ends it.
 */
import type { Arena } from "../memory/arena.ts";
import { ID_WORDS, StreamId } from "./stream_id.ts";

/** Words of a tree's root; all zero is an empty tree. */
export const ID_TREE_WORDS = 3;

const R_TOP = 0;
const R_HEIGHT = 1;
const R_COUNT = 2;

// Words of a node's head.
const N_COUNT = 0;
const N_CAPACITY = 1;
const N_PREV = 2;
const N_NEXT = 3;
const LEAF_HEAD = 4;

/** A size class; 28 to 63 entries a leaf. */
const LEAF_BYTES = 1024;
/** (2 + 25 * 5) words of the size class 512. */
const FANOUT = 25;
const INNER_IDS = 2;
const INNER_CHILDREN = INNER_IDS + FANOUT * ID_WORDS;
const INNER_BYTES = 512;
const FIRST_CAPACITY = 2;

/** A node this thin looks for a neighbour to merge with, if both together leave a quarter of it free. */
const THIN = 1 / 4;
const MERGE_FILL = 3 / 4;

/** Every inner node but the top has been split from a full one: no arena holds 25^7 leaves, thinned or not. */
const MAX_HEIGHT = 16;

export class IdTree {
  /** Words of an entry. */
  readonly stride: number;
  private readonly i32: Int32Array;
  private readonly leafCapacity: number;
  // The cursor.
  private leaf = 0;
  private position = 0;
  // The way from the top (index height) down to the leaf (index 1) of the change under way, and nodes ready for it.
  private readonly pathNode = new Int32Array(MAX_HEIGHT + 1);
  private readonly pathPos = new Int32Array(MAX_HEIGHT + 1);
  private readonly spare = new Int32Array(MAX_HEIGHT + 2);
  /** Where the identifiers of the node being entered start; and the same for the next level. */
  private readonly bound = new StreamId();
  private readonly upper = new StreamId();

  constructor(private readonly arena: Arena, valueWords: number) {
    this.i32 = arena.i32;
    this.stride = ID_WORDS + valueWords;
    this.leafCapacity = Math.floor((LEAF_BYTES / 4 - LEAF_HEAD) / this.stride);
  }

  /** Number of entries. */
  count(root: number): number {
    return this.i32[root + R_COUNT];
  }

  /** Bytes of the nodes, for MEMORY USAGE; of large trees estimated from a leaf's usual fill. */
  bytes(root: number): number {
    const i32 = this.i32;
    const height = i32[root + R_HEIGHT];
    if (height === 0) return 0;
    if (height === 1) return this.arena.usable(i32[root + R_TOP]);
    const leaves = Math.ceil(i32[root + R_COUNT] / (this.leafCapacity * 0.9));
    return leaves * LEAF_BYTES + Math.ceil(leaves / (FANOUT * 0.9)) * INNER_BYTES;
  }

  // ---- looking up -------------------------------------------------------------------------------------------------

  /** The entry of an identifier, or 0. Leaves the cursor where it is. */
  find(root: number, id: StreamId): number {
    const i32 = this.i32;
    let node = i32[root + R_TOP] >> 2;
    if (node === 0) return 0;
    for (let level = i32[root + R_HEIGHT]; level > 1; level--) {
      node = i32[node + INNER_CHILDREN + this.childFor(node, id)] >> 2;
    }
    const entry = node + LEAF_HEAD + this.placeIn(node, id) * this.stride;
    return this.isIn(node, entry) && id.compareAt(i32, entry) === 0 ? entry : 0;
  }

  private isIn(leaf: number, entry: number): boolean {
    return entry < leaf + LEAF_HEAD + this.i32[leaf + N_COUNT] * this.stride;
  }

  /** The first entry not before an identifier, or 0; the cursor is there. */
  seekFrom(root: number, id: StreamId): number {
    const node = this.leafFor(root, id);
    if (node === 0) return 0;
    return this.settle(node, this.placeIn(node, id));
  }

  /** The last entry not behind an identifier, or 0; the cursor is there. */
  seekTo(root: number, id: StreamId): number {
    const node = this.leafFor(root, id);
    if (node === 0) return 0;
    const place = this.placeIn(node, id);
    const entry = node + LEAF_HEAD + place * this.stride;
    if (this.isIn(node, entry) && id.compareAt(this.i32, entry) === 0) return this.settle(node, place);
    this.leaf = node;
    this.position = place;
    return this.previous();
  }

  /** The first entry, or 0; the cursor is there. */
  first(root: number): number {
    const i32 = this.i32;
    let node = i32[root + R_TOP] >> 2;
    if (node === 0) return 0;
    for (let level = i32[root + R_HEIGHT]; level > 1; level--) node = i32[node + INNER_CHILDREN] >> 2;
    return this.settle(node, 0);
  }

  /** The last entry, or 0; the cursor is there. */
  last(root: number): number {
    const i32 = this.i32;
    let node = i32[root + R_TOP] >> 2;
    if (node === 0) return 0;
    for (let level = i32[root + R_HEIGHT]; level > 1; level--) node = i32[node + INNER_CHILDREN + i32[node] - 1] >> 2;
    return this.settle(node, i32[node + N_COUNT] - 1);
  }

  /** The entry behind the cursor's, which moves to it, or 0. */
  next(): number {
    return this.settle(this.leaf, this.position + 1);
  }

  /** The entry before the cursor's, which moves to it, or 0. */
  previous(): number {
    if (this.position > 0) return this.settle(this.leaf, this.position - 1);
    const prev = this.i32[this.leaf + N_PREV];
    return prev === 0 ? 0 : this.settle(prev, this.i32[prev + N_COUNT] - 1);
  }

  /** Entries of the leaf that the cursor is in. */
  get leafLength(): number {
    return this.leaf === 0 ? 0 : this.i32[this.leaf + N_COUNT];
  }

  /** Puts the cursor on a leaf's place, or on the next leaf's first when that is behind its last; returns the entry there, or 0. */
  private settle(leaf: number, position: number): number {
    if (position === this.i32[leaf + N_COUNT]) {
      leaf = this.i32[leaf + N_NEXT];
      if (leaf === 0) return 0;
      position = 0;
    }
    this.leaf = leaf;
    this.position = position;
    return leaf + LEAF_HEAD + position * this.stride;
  }

  /** The child of an inner node that an identifier belongs to. */
  private childFor(node: number, id: StreamId): number {
    const i32 = this.i32;
    let lo = 1;
    let hi = i32[node + N_COUNT];
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (id.compareAt(i32, node + INNER_IDS + mid * ID_WORDS) >= 0) lo = mid + 1;
      else hi = mid;
    }
    return lo - 1;
  }

  /** The place of the first entry of a leaf that is not before an identifier, 0..count. */
  private placeIn(leaf: number, id: StreamId): number {
    const { i32, stride } = this;
    const entries = leaf + LEAF_HEAD;
    let lo = 0;
    let hi = i32[leaf + N_COUNT];
    // What is added comes behind all there is, nearly always.
    if (hi > 0 && id.compareAt(i32, entries + (hi - 1) * stride) > 0) return hi;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (id.compareAt(i32, entries + mid * stride) > 0) lo = mid + 1;
      else hi = mid;
    }
    return lo;
  }

  /** Goes down to the leaf that an identifier belongs to, noting the way; 0 in an empty tree. */
  private leafFor(root: number, id: StreamId): number {
    const i32 = this.i32;
    let node = i32[root + R_TOP] >> 2;
    for (let level = i32[root + R_HEIGHT]; level > 1; level--) {
      const k = this.childFor(node, id);
      this.pathNode[level] = node;
      this.pathPos[level] = k;
      node = i32[node + INNER_CHILDREN + k] >> 2;
    }
    this.pathNode[1] = node;
    return node;
  }

  // ---- inserting --------------------------------------------------------------------------------------------------

  /** Makes an entry for an identifier, which has none; its value is undefined. Throws ArenaFull. */
  insert(root: number, id: StreamId): number {
    const { i32, stride } = this;
    if (i32[root + R_TOP] === 0) {
      i32[root + R_TOP] = this.newLeaf(FIRST_CAPACITY) << 2;
      i32[root + R_HEIGHT] = 1;
    }
    let leaf = this.leafFor(root, id);
    let place = this.placeIn(leaf, id);
    const n = i32[leaf + N_COUNT];
    if (n === i32[leaf + N_CAPACITY]) {
      if (n < this.leafCapacity) leaf = this.widen(root, leaf);
      else {
        const right = this.split(root, leaf, place, id);
        const left = i32[leaf + N_COUNT];
        if (place > left || i32[right + N_COUNT] === 0) {
          place -= left;
          leaf = right;
        }
      }
    }
    const entry = leaf + LEAF_HEAD + place * stride;
    i32.copyWithin(entry + stride, entry, leaf + LEAF_HEAD + i32[leaf + N_COUNT] * stride);
    i32[leaf + N_COUNT]++;
    i32[root + R_COUNT]++;
    id.store(i32, entry);
    return entry;
  }

  /** Word index of a new leaf. */
  private newLeaf(capacity: number): number {
    const bytes = capacity === this.leafCapacity ? LEAF_BYTES : (LEAF_HEAD + capacity * this.stride) * 4;
    const leaf = this.arena.alloc(bytes) >> 2;
    this.i32[leaf + N_COUNT] = 0;
    this.i32[leaf + N_CAPACITY] = capacity;
    this.i32[leaf + N_PREV] = 0;
    this.i32[leaf + N_NEXT] = 0;
    return leaf;
  }

  /** Gives the only leaf twice its capacity. */
  private widen(root: number, leaf: number): number {
    const i32 = this.i32;
    const capacity = i32[leaf + N_CAPACITY];
    const next = this.newLeaf(Math.min(capacity * 2, this.leafCapacity));
    i32.copyWithin(next + LEAF_HEAD, leaf + LEAF_HEAD, leaf + LEAF_HEAD + capacity * this.stride);
    i32[next + N_COUNT] = i32[leaf + N_COUNT];
    i32[root + R_TOP] = next << 2;
    this.arena.free(leaf << 2);
    return next;
  }

  /** Splits the full leaf at the end of the noted way, so that an entry can be made at `place`; returns the right part. */
  private split(root: number, leaf: number, place: number, id: StreamId): number {
    const { i32, stride } = this;
    this.takeSpares(root);
    const right = this.spare[1];
    const next = i32[leaf + N_NEXT];
    const n = i32[leaf + N_COUNT];
    // Behind all others the full leaf stays full: a tree that grows there has no half-empty leaves.
    const cut = place === n && next === 0 ? n : n >> 1;
    i32.copyWithin(right + LEAF_HEAD, leaf + LEAF_HEAD + cut * stride, leaf + LEAF_HEAD + n * stride);
    i32[leaf + N_COUNT] = cut;
    i32[right + N_COUNT] = n - cut;
    i32[right + N_PREV] = leaf;
    i32[right + N_NEXT] = next;
    i32[leaf + N_NEXT] = right;
    if (next !== 0) i32[next + N_PREV] = right;
    if (cut === n) this.bound.copy(id);
    else this.bound.load(i32, right + LEAF_HEAD);
    this.enter(root, right);
    return right;
  }

  /** Makes ready the nodes that a split of the leaf at the end of the noted way needs; all or none. Throws ArenaFull. */
  private takeSpares(root: number): void {
    const height = this.i32[root + R_HEIGHT];
    // A node for each level up to the first one with room, and a new top above all when there is none.
    let needed = 1;
    while (needed < height && this.i32[this.pathNode[needed + 1] + N_COUNT] === FANOUT) needed++;
    if (needed === height) needed++;
    let taken = 0;
    try {
      while (taken < needed) {
        this.spare[taken + 1] = taken === 0 ? this.newLeaf(this.leafCapacity) : this.newInner();
        taken++;
      }
    } catch (error) {
      for (; taken > 0; taken--) this.arena.free(this.spare[taken] << 2);
      throw error;
    }
  }

  private newInner(): number {
    const node = this.arena.alloc(INNER_BYTES) >> 2;
    this.i32[node + N_COUNT] = 0;
    return node;
  }

  /** Enters a node, whose identifiers start at `bound`, behind the leaf at the end of the noted way. */
  private enter(root: number, child: number): void {
    const { i32, bound, upper } = this;
    const height = i32[root + R_HEIGHT];
    for (let level = 2; level <= height; level++) {
      const node = this.pathNode[level];
      const k = this.pathPos[level] + 1;
      if (i32[node + N_COUNT] < FANOUT) {
        this.putChild(node, k, child);
        return;
      }
      const right = this.spare[level];
      if (k === FANOUT) {
        this.putChild(right, 0, child);
      } else {
        const cut = FANOUT >> 1;
        upper.load(i32, node + INNER_IDS + cut * ID_WORDS);
        this.moveChildren(node, cut, right, 0, FANOUT - cut);
        i32[node + N_COUNT] = cut;
        i32[right + N_COUNT] = FANOUT - cut;
        if (k <= cut) this.putChild(node, k, child);
        else this.putChild(right, k - cut, child);
        bound.copy(upper);
      }
      child = right;
    }
    const top = this.spare[height + 1];
    i32[top + INNER_CHILDREN] = i32[root + R_TOP];
    i32[top + N_COUNT] = 1;
    this.putChild(top, 1, child);
    i32[root + R_TOP] = top << 2;
    i32[root + R_HEIGHT] = height + 1;
  }

  /** Puts a child, whose identifiers start at `bound`, at place `k` of an inner node with room. */
  private putChild(node: number, k: number, child: number): void {
    const i32 = this.i32;
    this.moveChildren(node, k, node, k + 1, i32[node + N_COUNT] - k);
    i32[node + N_COUNT]++;
    i32[node + INNER_CHILDREN + k] = child << 2;
    this.bound.store(i32, node + INNER_IDS + k * ID_WORDS);
  }

  /** Copies children [from, from+n) of one inner node to place `to` of another or the same. */
  private moveChildren(source: number, from: number, target: number, to: number, n: number): void {
    const i32 = this.i32;
    const ids = source + INNER_IDS + from * ID_WORDS;
    i32.copyWithin(target + INNER_IDS + to * ID_WORDS, ids, ids + n * ID_WORDS);
    const children = source + INNER_CHILDREN + from;
    i32.copyWithin(target + INNER_CHILDREN + to, children, children + n);
  }

  // ---- removing ---------------------------------------------------------------------------------------------------

  /** Takes out the entry of an identifier; false when it has none. */
  remove(root: number, id: StreamId): boolean {
    const { i32, stride } = this;
    const leaf = this.leafFor(root, id);
    if (leaf === 0) return false;
    const entry = leaf + LEAF_HEAD + this.placeIn(leaf, id) * stride;
    if (!this.isIn(leaf, entry) || id.compareAt(i32, entry) !== 0) return false;
    i32.copyWithin(entry, entry + stride, leaf + LEAF_HEAD + i32[leaf + N_COUNT] * stride);
    i32[leaf + N_COUNT]--;
    i32[root + R_COUNT]--;
    this.tidy(root);
    return true;
  }

  /** Takes out the entries that share a leaf with the first one; returns how many, 0 in an empty tree. For freeing in bounded steps. */
  removeFirstLeaf(root: number): number {
    const i32 = this.i32;
    let node = i32[root + R_TOP] >> 2;
    if (node === 0) return 0;
    for (let level = i32[root + R_HEIGHT]; level > 1; level--) {
      this.pathNode[level] = node;
      this.pathPos[level] = 0;
      node = i32[node + INNER_CHILDREN] >> 2;
    }
    this.pathNode[1] = node;
    const n = i32[node + N_COUNT];
    i32[node + N_COUNT] = 0;
    i32[root + R_COUNT] -= n;
    this.tidy(root);
    return n;
  }

  /** Drops empty nodes and merges thin ones from the leaf of the noted way upwards. */
  private tidy(root: number): void {
    const i32 = this.i32;
    const height = i32[root + R_HEIGHT];
    for (let level = 1; level < height; level++) {
      const n = i32[this.pathNode[level] + N_COUNT];
      const capacity = level === 1 ? this.leafCapacity : FANOUT;
      if (n > capacity * THIN) return;
      const parent = this.pathNode[level + 1];
      const k = this.pathPos[level + 1];
      const children = parent + INNER_CHILDREN;
      if (n === 0) {
        this.dropChild(level, k);
      } else if (k > 0 && i32[(i32[children + k - 1] >> 2) + N_COUNT] + n <= capacity * MERGE_FILL) {
        this.merge(level, k - 1);
      } else if (
        k + 1 < i32[parent + N_COUNT] && i32[(i32[children + k + 1] >> 2) + N_COUNT] + n <= capacity * MERGE_FILL
      ) {
        this.merge(level, k);
      } else return;
    }
    this.lowerTop(root);
  }

  /** While the top has no use, drops it. */
  private lowerTop(root: number): void {
    const i32 = this.i32;
    for (;;) {
      const top = i32[root + R_TOP] >> 2;
      const n = i32[top + N_COUNT];
      if (n > 1 || (n === 1 && i32[root + R_HEIGHT] === 1)) return;
      i32[root + R_TOP] = n === 0 ? 0 : i32[top + INNER_CHILDREN];
      i32[root + R_HEIGHT] = n === 0 ? 0 : i32[root + R_HEIGHT] - 1;
      this.arena.free(top << 2);
      if (n === 0) return;
    }
  }

  /** Moves what child k+1 of the parent at level+1 of the noted way holds into child k. */
  private merge(level: number, k: number): void {
    const { i32, stride } = this;
    const parent = this.pathNode[level + 1];
    const left = i32[parent + INNER_CHILDREN + k] >> 2;
    const right = i32[parent + INNER_CHILDREN + k + 1] >> 2;
    const has = i32[left + N_COUNT];
    const n = i32[right + N_COUNT];
    if (level === 1) {
      const entries = right + LEAF_HEAD;
      i32.copyWithin(left + LEAF_HEAD + has * stride, entries, entries + n * stride);
    } else {
      this.moveChildren(right, 0, left, has, n);
      // The first child's bound was not looked at until now.
      const bound = parent + INNER_IDS + (k + 1) * ID_WORDS;
      i32.copyWithin(left + INNER_IDS + has * ID_WORDS, bound, bound + ID_WORDS);
    }
    i32[left + N_COUNT] = has + n;
    this.dropChild(level, k + 1);
  }

  /** Frees child `k`, emptied, of the parent at level+1 of the noted way. */
  private dropChild(level: number, k: number): void {
    const i32 = this.i32;
    const parent = this.pathNode[level + 1];
    const node = i32[parent + INNER_CHILDREN + k] >> 2;
    if (level === 1) {
      const prev = i32[node + N_PREV];
      const next = i32[node + N_NEXT];
      if (prev !== 0) i32[prev + N_NEXT] = next;
      if (next !== 0) i32[next + N_PREV] = prev;
    }
    this.arena.free(node << 2);
    this.moveChildren(parent, k + 1, parent, k, i32[parent + N_COUNT] - k - 1);
    i32[parent + N_COUNT]--;
  }
}
