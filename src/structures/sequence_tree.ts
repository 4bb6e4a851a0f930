/**
 * SequenceTree: a counted B+ tree over the blocks ("leaves") of a long sequence: finds the leaf of element i, and makes
 * and drops leaves anywhere, in O(log n). It knows of a leaf only an address, a number of elements and one word of its
 * owner. Any thread, one at a time.
 *
 *   root     ROOT_WORDS words that the owner places: topmost branch (0: empty) | elements | leaves
 *   branch   256 bytes = 64 words:
 *            word 0 number of children, 1..20 | word 1 level (0: the children are leaves) | words 2, 3 unused
 *            20 words child addresses | 20 words elements below each child | 20 words the owner's word of each leaf
 *
 * One tree object serves all trees in one arena. It holds a position: the path from the top to one leaf of one tree,
 * set by first, last or seek, and moved by what changes the tree through it. Another tree's use, or the next command,
 * ends it.
 *
 * Invariants:
 * 1. A branch's count for a child is the sum of the counts in that child; the root's count is the sum over the top.
 * 2. No branch is empty, and the top has two children unless its level is 0.
 * 3. All leaves are at the same depth. Branches that deletions thinned out are not joined: each still stands for leaves
 *    of some kilobytes, and what pushes and pops at the ends leave behind is full or gone.
 * 4. An operation that throws ArenaFull has changed nothing.
 */
import { assert } from "../base/assert.ts";
import { Arena } from "../memory/arena.ts";

/** Words of a tree's root; all zero is an empty tree. */
export const ROOT_WORDS = 3;
const R_TOP = 0;
const R_COUNT = 1;
const R_LEAVES = 2;

const BRANCH_BYTES = 256;
const FANOUT = 20;
const B_COUNT = 0;
const B_LEVEL = 1;
const B_REF = 4;
const B_ELEMENTS = B_REF + FANOUT;
const B_WORD = B_ELEMENTS + FANOUT;

/**
 * Every level but the top may be thin, yet a split needs 20 children: 2^31 bytes hold no 32 levels of 256-byte
 * branches.
 */
const MAX_LEVELS = 32;

export class SequenceTree {
  /** After `seek`: the element's number within the leaf. */
  within = 0;

  private readonly i32: Int32Array;
  // The position: word indices of the branches by level (0 next to the leaves), and the child taken in each.
  private top = 0;
  private readonly branches = new Int32Array(MAX_LEVELS);
  private readonly places = new Int32Array(MAX_LEVELS);
  private readonly spare = new Int32Array(MAX_LEVELS);
  /** Word index of the leaf's place in its branch, to which B_REF, B_ELEMENTS and B_WORD are added: branches[0] + places[0]. */
  private leafPlace = 0;

  constructor(private readonly arena: Arena) {
    this.i32 = arena.i32;
  }

  /** Number of elements. */
  count(root: number): number {
    return this.i32[root + R_COUNT];
  }

  /** Number of leaves. */
  leafCount(root: number): number {
    return this.i32[root + R_LEAVES];
  }

  // ---- position -----------------------------------------------------------------------------------------------------

  /** To the first leaf; false when there is none. */
  first(root: number): boolean {
    return this.descend(root, false);
  }

  /** To the last leaf; false when there is none. */
  last(root: number): boolean {
    return this.descend(root, true);
  }

  private descend(root: number, toLast: boolean): boolean {
    const top = this.i32[root + R_TOP];
    if (top === 0) return false;
    this.top = this.i32[(top >> 2) + B_LEVEL];
    this.descendFrom(top >> 2, this.top, toLast);
    return true;
  }

  private descendFrom(b: number, level: number, toLast: boolean): void {
    const i32 = this.i32;
    for (;; level--) {
      const k = toLast ? i32[b + B_COUNT] - 1 : 0;
      this.branches[level] = b;
      this.places[level] = k;
      if (level === 0) {
        this.leafPlace = b + k;
        return;
      }
      b = i32[b + B_REF + k] >> 2;
    }
  }

  /** To the leaf of element `index`, 0 <= index < count; `within` is its number there. */
  seek(root: number, index: number): void {
    const i32 = this.i32;
    let b = i32[root + R_TOP] >> 2;
    let level = i32[b + B_LEVEL];
    this.top = level;
    for (;; level--) {
      let k = 0;
      let w = b + B_ELEMENTS;
      while (index >= i32[w]) {
        index -= i32[w++];
        k++;
      }
      this.branches[level] = b;
      this.places[level] = k;
      if (level === 0) {
        this.leafPlace = b + k;
        break;
      }
      b = i32[b + B_REF + k] >> 2;
    }
    this.within = index;
  }

  /** To the leaf behind; false (and the position stays) when there is none. */
  next(): boolean {
    return this.step(1);
  }

  /** To the leaf before; false (and the position stays) when there is none. */
  prev(): boolean {
    return this.step(-1);
  }

  private step(direction: number): boolean {
    const i32 = this.i32;
    for (let level = 0; level <= this.top; level++) {
      const b = this.branches[level];
      const k = this.places[level] + direction;
      if (k < 0 || k >= i32[b + B_COUNT]) continue;
      this.places[level] = k;
      if (level > 0) this.descendFrom(i32[b + B_REF + k] >> 2, level - 1, direction < 0);
      else this.leafPlace = b + k;
      return true;
    }
    return false;
  }

  /** Address of the leaf at the position. */
  get leaf(): number {
    return this.i32[this.leafPlace + B_REF];
  }

  /** Number of elements of the leaf at the position. */
  get leafElements(): number {
    return this.i32[this.leafPlace + B_ELEMENTS];
  }

  /** The owner's word of the leaf at the position. */
  get leafWord(): number {
    return this.i32[this.leafPlace + B_WORD];
  }

  /** Replaces address and word of the leaf at the position. */
  setLeaf(leaf: number, word: number): void {
    this.i32[this.leafPlace + B_REF] = leaf;
    this.i32[this.leafPlace + B_WORD] = word;
  }

  /** Says that the leaf at the position has `change` elements more. */
  addElements(root: number, change: number): void {
    const i32 = this.i32;
    i32[this.leafPlace + B_ELEMENTS] += change;
    for (let level = this.top; level > 0; level--) {
      i32[this.branches[level] + B_ELEMENTS + this.places[level]] += change;
    }
    i32[root + R_COUNT] += change;
  }

  // ---- changing -----------------------------------------------------------------------------------------------------

  /** Makes the leaf the only one of an empty tree; the position is there. Throws ArenaFull. */
  insertFirst(root: number, leaf: number, elements: number, word: number): void {
    const i32 = this.i32;
    assert(i32[root + R_TOP] === 0, "first leaf of an empty tree");
    const at = this.arena.alloc(BRANCH_BYTES);
    const b = at >> 2;
    i32[b + B_COUNT] = 0;
    i32[b + B_LEVEL] = 0;
    this.put(b, 0, leaf, elements, word);
    i32[root + R_TOP] = at;
    i32[root + R_COUNT] = elements;
    i32[root + R_LEAVES] = 1;
    this.top = 0;
    this.branches[0] = b;
    this.places[0] = 0;
    this.leafPlace = b;
  }

  /** Inserts a leaf before or behind the position, which moves to it. Throws ArenaFull. */
  insert(root: number, behind: boolean, leaf: number, elements: number, word: number): void {
    this.takeSpares();
    const i32 = this.i32;
    let level = 0;
    let k = this.places[0] + (behind ? 1 : 0); // where the child goes
    let target = k; // which child leads to the new leaf, once the child is there
    let child = leaf;
    let childElements = elements;
    for (;;) {
      const b = this.branches[level];
      if (i32[b + B_COUNT] < FANOUT) {
        this.put(b, k, child, childElements, word);
        this.places[level] = target;
        break;
      }
      const right = this.spare[level] >> 2;
      this.split(b, right, level, k, child, childElements, word);
      const leftCount = i32[b + B_COUNT];
      const inLeft = target < leftCount;
      this.branches[level] = inLeft ? b : right;
      this.places[level] = inLeft ? target : target - leftCount;
      child = right << 2;
      childElements = this.sum(right);
      if (level === this.top) {
        const above = this.spare[level + 1] >> 2;
        i32[above + B_COUNT] = 0;
        i32[above + B_LEVEL] = level + 1;
        this.put(above, 0, b << 2, this.sum(b), 0);
        this.put(above, 1, child, childElements, 0);
        i32[root + R_TOP] = above << 2;
        this.top = ++level;
        this.branches[level] = above;
        this.places[level] = inLeft ? 0 : 1;
        break;
      }
      level++;
      k = this.places[level] + 1;
      i32[this.branches[level] + B_ELEMENTS + k - 1] = this.sum(b);
      target = inLeft ? k - 1 : k;
    }
    while (++level <= this.top) i32[this.branches[level] + B_ELEMENTS + this.places[level]] += elements;
    this.leafPlace = this.branches[0] + this.places[0];
    i32[root + R_COUNT] += elements;
    i32[root + R_LEAVES]++;
  }

  /** Allocates the branches that an insertion at the position needs; all or none. */
  private takeSpares(): void {
    const i32 = this.i32;
    let needed = 0;
    while (needed <= this.top && i32[this.branches[needed] + B_COUNT] === FANOUT) needed++;
    if (needed > this.top) needed++; // a new top above all
    let taken = 0;
    try {
      for (; taken < needed; taken++) this.spare[taken] = this.arena.alloc(BRANCH_BYTES);
    } catch (error) {
      while (taken > 0) this.arena.free(this.spare[--taken]);
      throw error;
    }
  }

  /** Splits the full branch `b` into itself and `right` and puts the child at place `k` of what both hold together. */
  private split(
    b: number,
    right: number,
    level: number,
    k: number,
    child: number,
    elements: number,
    word: number,
  ): void {
    const i32 = this.i32;
    // At the ends the full branch stays full: a sequence that grows there leaves no half-empty branches behind.
    const cut = k === FANOUT ? FANOUT : k === 0 ? 0 : FANOUT >> 1;
    const moved = FANOUT - cut;
    for (let i = 0; i < moved; i++) {
      i32[right + B_REF + i] = i32[b + B_REF + cut + i];
      i32[right + B_ELEMENTS + i] = i32[b + B_ELEMENTS + cut + i];
      i32[right + B_WORD + i] = i32[b + B_WORD + cut + i];
    }
    i32[right + B_LEVEL] = level;
    i32[right + B_COUNT] = moved;
    i32[b + B_COUNT] = cut;
    if (k <= cut && cut < FANOUT) this.put(b, k, child, elements, word);
    else this.put(right, k - cut, child, elements, word);
  }

  /** Puts a child at place `k` of a branch with room. */
  private put(b: number, k: number, child: number, elements: number, word: number): void {
    const i32 = this.i32;
    const n = i32[b + B_COUNT]++;
    for (let i = n; i > k; i--) {
      i32[b + B_REF + i] = i32[b + B_REF + i - 1];
      i32[b + B_ELEMENTS + i] = i32[b + B_ELEMENTS + i - 1];
      i32[b + B_WORD + i] = i32[b + B_WORD + i - 1];
    }
    i32[b + B_REF + k] = child;
    i32[b + B_ELEMENTS + k] = elements;
    i32[b + B_WORD + k] = word;
  }

  private sum(b: number): number {
    const i32 = this.i32;
    let sum = 0;
    for (let i = 0; i < i32[b + B_COUNT]; i++) sum += i32[b + B_ELEMENTS + i];
    return sum;
  }

  /**
   * Takes the leaf at the position out of the tree (its memory is the owner's business). The position moves to the leaf
   * behind; false when there is none, and then there is no position.
   */
  remove(root: number): boolean {
    const i32 = this.i32;
    const elements = this.leafElements;
    i32[root + R_COUNT] -= elements;
    i32[root + R_LEAVES]--;
    let level = 0;
    for (;; level++) {
      const b = this.branches[level];
      this.take(b, this.places[level]);
      if (i32[b + B_COUNT] > 0) break;
      this.arena.free(b << 2);
      if (level === this.top) {
        i32[root + R_TOP] = 0;
        return false;
      }
    }
    for (let above = level + 1; above <= this.top; above++) {
      i32[this.branches[above] + B_ELEMENTS + this.places[above]] -= elements;
    }
    const found = this.settle(level);
    this.collapse(root);
    return found;
  }

  /** To the leaf that followed the child just taken from the branch at `level`. */
  private settle(level: number): boolean {
    const i32 = this.i32;
    for (let at = level; at <= this.top; at++) {
      const b = this.branches[at];
      if (at > level) this.places[at]++;
      if (this.places[at] >= i32[b + B_COUNT]) continue;
      if (at > 0) this.descendFrom(i32[b + B_REF + this.places[at]] >> 2, at - 1, false);
      else this.leafPlace = b + this.places[0];
      return true;
    }
    return false;
  }

  /** Drops tops that have one child only. */
  private collapse(root: number): void {
    const i32 = this.i32;
    let b = i32[root + R_TOP] >> 2;
    while (i32[b + B_LEVEL] > 0 && i32[b + B_COUNT] === 1) {
      i32[root + R_TOP] = i32[b + B_REF];
      this.arena.free(b << 2);
      b = i32[root + R_TOP] >> 2;
    }
    this.top = i32[b + B_LEVEL];
  }

  /** Takes the child at place `k` out of a branch. */
  private take(b: number, k: number): void {
    const i32 = this.i32;
    const n = --i32[b + B_COUNT];
    for (let i = k; i < n; i++) {
      i32[b + B_REF + i] = i32[b + B_REF + i + 1];
      i32[b + B_ELEMENTS + i] = i32[b + B_ELEMENTS + i + 1];
      i32[b + B_WORD + i] = i32[b + B_WORD + i + 1];
    }
  }

  /** Bytes of the branches, about: exact for trees that only grew. */
  branchBytes(root: number): number {
    let bytes = 0;
    for (let n = this.leafCount(root); n > 1; n = Math.ceil(n / FANOUT)) {
      bytes += Math.ceil(n / FANOUT) * BRANCH_BYTES;
    }
    return bytes === 0 && this.leafCount(root) === 1 ? BRANCH_BYTES : bytes;
  }
}
