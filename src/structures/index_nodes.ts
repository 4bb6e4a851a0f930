/**
 * IndexNodes: the nodes of ordered indices (ordered_index.ts, which draws them): how they get room by widening, sharing and splitting, and how
 * they go by merging. Any thread, one at a time. The part of OrderedIndex that compares no items.
 *
 * A change notes its way from the top to a leaf in `pathNode` and `pathPos`; what is here works along that way.
 */
import { type Arena, ArenaFull } from "../memory/arena.ts";
import { CHUNK_SIZE } from "../memory/size_classes.ts";

/** Words of an index's root; all zero is an empty index. */
export const INDEX_WORDS = 3;

export const R_TOP = 0;
export const R_HEIGHT = 1;
export const R_COUNT = 2;

/** 16 + 68 * 12 = 832 bytes, a size class. At 1M items 40, 52, 84 and 126 are as fast (0.6 µs an insertion); 40 takes 1 B more each. */
export const LEAF_CAPACITY = 68;
/** 8 + 31 * 20 = 628 of the size class 640. Twice as many saves one level at 1M and costs an index of 200 items 3 B each. */
export const FANOUT = 31;
export const FIRST_CAPACITY = 10; // 136 bytes

// Words of a node's head.
export const N_COUNT = 0;
export const N_CAPACITY = 1;
export const N_PREV = 2;
export const N_NEXT = 3;
/** Entries that a loop moves faster than copyWithin. */
const LOOP_MAX = 48;

export const LEAF_HEAD = 16;
export const INNER_HEAD = 8;
export const INNER_SIZE = INNER_HEAD + FANOUT * 20;

// Words of an inner node.
export const INNER_REFS = INNER_HEAD / 4 + 2 * FANOUT;
export const INNER_CHILDREN = INNER_REFS + FANOUT;
export const INNER_COUNTS = INNER_CHILDREN + FANOUT;

/** A full node hands entries to a neighbour that has at least this share of room; else it splits. */
export const SHARE_ROOM = 1 / 8;
/** Neighbours merge when together they fill at most this share, so that merge and split don't alternate. */
export const MERGE_FILL = 7 / 8;

/** 31^11 leaves are more than any arena holds. */
export const MAX_HEIGHT = 12;

export class IndexNodes {
  protected readonly i32: Int32Array;
  protected readonly u8: Uint8Array;
  protected readonly f64: Float64Array;
  // The way from the top (index height) down to the leaf (index 1) of the change under way.
  protected readonly pathNode = new Int32Array(MAX_HEIGHT + 1);
  protected readonly pathPos = new Int32Array(MAX_HEIGHT + 1);

  constructor(readonly arena: Arena) {
    this.i32 = arena.i32;
    this.u8 = arena.u8;
    this.f64 = new Float64Array(arena.buffer);
  }

  protected addToPath(root: number, n: number): void {
    const i32 = this.i32;
    i32[root + R_COUNT] += n;
    for (let level = i32[root + R_HEIGHT]; level > 1; level--) {
      i32[(this.pathNode[level] >> 2) + INNER_COUNTS + this.pathPos[level]] += n;
    }
  }

  /** Tells the ancestors of the node at `level` of the noted way that its first entry is now (score, ref). */
  protected tellFirst(root: number, level: number, score: number, ref: number): void {
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
  protected makeRoom(root: number, leaf: number, i: number): void {
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
  protected widen(root: number, leaf: number, capacity: number): void {
    const next = this.newLeaf(capacity);
    const n = this.i32[leaf >> 2];
    this.i32[next >> 2] = n;
    this.moveEntries(leaf, 0, next, 0, n);
    this.i32[root + R_TOP] = next;
    this.arena.free(leaf);
  }

  /** Evens a full leaf out with a neighbour under the same parent; false when those are nearly full too. */
  protected shareLeaf(leaf: number): boolean {
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
  protected recount(parent: number, k: number, leaf: number, n: number): void {
    this.i32[leaf >> 2] = n;
    this.i32[parent + INNER_COUNTS + k] = n;
    this.tellOne(parent, k, leaf, 1);
  }

  /** Copies the first entry of a node (a leaf at level 1) to where its parent (a word index) describes child `k`. */
  protected tellOne(parent: number, k: number, node: number, level: number): void {
    const i32 = this.i32;
    const w = node >> 2;
    const head = level === 1 ? LEAF_HEAD : INNER_HEAD;
    this.f64[(parent >> 1) + INNER_HEAD / 8 + k] = this.f64[(node + head) >> 3];
    const refs = level === 1 ? w + LEAF_HEAD / 4 + 2 * i32[w + N_CAPACITY] : w + INNER_REFS;
    i32[parent + INNER_REFS + k] = i32[refs];
  }

  /** Moves the entries from `at` on of the node at `level` of the noted way to a new right neighbour; its parent has room. */
  protected split(root: number, level: number, at: number): void {
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
  protected addChild(parent: number, k: number, node: number, level: number, below: number): void {
    const i32 = this.i32;
    const w = parent >> 2;
    this.moveChildren(parent, k, parent, k + 1, i32[w] - k);
    i32[w]++;
    i32[w + INNER_CHILDREN + k] = node;
    i32[w + INNER_COUNTS + k] = below;
    this.tellOne(w, k, node, level);
  }

  protected linkBehind(leaf: number, right: number): void {
    const i32 = this.i32;
    const next = i32[(leaf >> 2) + N_NEXT];
    i32[(right >> 2) + N_PREV] = leaf;
    i32[(right >> 2) + N_NEXT] = next;
    i32[(leaf >> 2) + N_NEXT] = right;
    if (next !== 0) i32[(next >> 2) + N_PREV] = right;
  }

  protected newLeaf(capacity: number): number {
    const leaf = this.arena.alloc(LEAF_HEAD + capacity * 12);
    const w = leaf >> 2;
    this.i32[w + N_COUNT] = 0;
    this.i32[w + N_CAPACITY] = capacity;
    this.i32[w + N_PREV] = 0;
    this.i32[w + N_NEXT] = 0;
    return leaf;
  }

  protected newInner(): number {
    const node = this.arena.alloc(INNER_SIZE);
    this.i32[node >> 2] = 0;
    return node;
  }

  protected leafBytes(): number {
    return LEAF_HEAD + LEAF_CAPACITY * 12;
  }

  /** Copies `n` entries from leaf `a` at `i` to leaf `b` at `j`; the ranges may overlap. Counts stay. */
  protected moveEntries(a: number, i: number, b: number, j: number, n: number): void {
    this.moveDoubles((a >> 3) + LEAF_HEAD / 8 + i, (b >> 3) + LEAF_HEAD / 8 + j, n);
    this.moveWords(this.leafRefs(a) + i, this.leafRefs(b) + j, n);
  }

  protected leafRefs(leaf: number): number {
    return (leaf >> 2) + LEAF_HEAD / 4 + 2 * this.i32[(leaf >> 2) + N_CAPACITY];
  }

  /** The same for children of inner nodes. */
  protected moveChildren(a: number, i: number, b: number, j: number, n: number): void {
    this.moveDoubles((a >> 3) + INNER_HEAD / 8 + i, (b >> 3) + INNER_HEAD / 8 + j, n);
    this.moveWords((a >> 2) + INNER_REFS + i, (b >> 2) + INNER_REFS + j, n);
    this.moveWords((a >> 2) + INNER_CHILDREN + i, (b >> 2) + INNER_CHILDREN + j, n);
    this.moveWords((a >> 2) + INNER_COUNTS + i, (b >> 2) + INNER_COUNTS + j, n);
  }

  // Down and few, as when the first entry of a leaf goes: a loop is faster than the call.

  private moveDoubles(from: number, to: number, n: number): void {
    const f64 = this.f64;
    if (to > from || n > LOOP_MAX) f64.copyWithin(to, from, from + n);
    else for (let k = 0; k < n; k++) f64[to + k] = f64[from + k];
  }

  protected moveWords(from: number, to: number, n: number): void {
    const i32 = this.i32;
    if (to > from || n > LOOP_MAX) i32.copyWithin(to, from, from + n);
    else for (let k = 0; k < n; k++) i32[to + k] = i32[from + k];
  }

  /** Throws ArenaFull unless the nodes of one insertion are sure to be had: both sizes come from slabs of one chunk. */
  protected needNodes(): void {
    if (this.arena.freeChunkBytes < 2 * CHUNK_SIZE) throw new ArenaFull();
  }

  /** Drops empty nodes and merges thin ones from the leaf of the noted way upwards. */
  protected tidy(root: number): void {
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
  protected lowerTop(root: number): void {
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
  protected merge(root: number, level: number, k: number): void {
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
  protected dropChild(root: number, level: number, k: number): void {
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
