/**
 * Quicklist: a long list as a sequence of nodes, each a listpack of some kilobytes or, for a large element, its plain
 * bytes. Any thread, one at a time. After Redis's structure of that name; the counted tree over the nodes is ours.
 *
 *   root          a SequenceTree's ROOT_WORDS, placed by the owner
 *   packed node   gap bytes | listpack | room          the tree's word for the leaf is the gap's size
 *   plain node    the element's bytes                  the tree's word is ~length, so below 0
 *
 * The gap makes the listpack's head as cheap as its tail: a push at the head writes the element in front and moves the
 * six bytes of header; a pop moves them up again.
 *
 * `fill` is Redis's list-max-listpack-size: below 0 a number of bytes a node (-1: 4 KiB, ... -5: 64 KiB), else a number
 * of elements, then of at most 8 KiB. Nodes are filled as Redis fills them, since its encodings' conversions can be
 * seen from outside.
 *
 * A cursor (seek, next, prev, first, last) stands on one element of one list, or of one listpack that is no quicklist.
 * It ends with the next use of this object for another list; `remove` keeps it, all other changes end it.
 *
 * Invariants:
 * 1. No node is empty. The tree's count of a node is its number of elements.
 * 2. Elements that are given as bytes never lie in the list that is changed.
 * 3. An operation that throws ArenaFull has not changed the elements (it may have split a node).
 */
import { copyBytes, moveBytes } from "../base/bytes.ts";
import { Arena, ArenaFull } from "../memory/arena.ts";
import { type Listpack, LISTPACK_EMPTY, LISTPACK_HEADER } from "./listpack.ts";
import { SequenceTree } from "./sequence_tree.ts";

const END = 0xff;

/** Node sizes of fill -1 to -5. */
const LEVEL_BYTES = [4096, 8192, 16384, 32768, 65536];
/** Most bytes of a node whose elements are counted. */
const SAFE_BYTES = 8192;
/** What Redis adds to an element's length when it asks whether a node has room for it. */
const ENTRY_OVERHEAD = 8;
/** A new node's allocation: enough for some small elements, little for lists whose nodes stay small. */
const START_BYTES = 64;

/** Most bytes of a node's listpack under `fill`. */
export function nodeBytesLimit(fill: number): number {
  if (fill >= 0) return SAFE_BYTES;
  return LEVEL_BYTES[Math.min(-fill, LEVEL_BYTES.length) - 1];
}

/** Most elements of a node under `fill`. */
export function nodeCountLimit(fill: number): number {
  if (fill < 0) return Infinity;
  return fill === 0 ? 1 : fill;
}

/** True when a node of that many bytes and elements is beyond what `fill` allows. */
export function exceedsNode(fill: number, bytes: number, elements: number): boolean {
  return bytes > nodeBytesLimit(fill) || elements > nodeCountLimit(fill);
}

/**
 * The gap that leaves at least `need` of the room on one side, and some for the other, so that a deque's two ends take
 * turns.
 */
function gapFor(room: number, need: number, inFront: boolean): number {
  const other = Math.min(room >> 2, room - need);
  return inFront ? room - other : other;
}

export class Quicklist {
  readonly tree: SequenceTree;
  /** Elements of so many bytes are plain nodes, whatever `fill` says; 0 leaves it to `fill`. For tests, which want them small. */
  plainFrom = 0;
  /** The cursor's entry; 0 on a plain node. */
  p = 0;
  /** True when the cursor is in a listpack outside of any quicklist. */
  private alone = false;
  private lone = 0;

  private readonly u8: Uint8Array;

  /** `listpack` also receives the elements read (bytes, at, len). */
  constructor(private readonly arena: Arena, private readonly listpack: Listpack) {
    this.u8 = arena.u8;
    this.tree = new SequenceTree(arena);
  }

  // ---- cursor -------------------------------------------------------------------------------------------------------

  /** To element `index`, 0 <= index < count. */
  seek(root: number, index: number): void {
    this.alone = false;
    this.tree.seek(root, index);
    this.enter(this.tree.within);
  }

  /** To element `index` of the listpack at `lp`, which has one; no quicklist involved. */
  seekAlone(lp: number, index: number): void {
    this.alone = true;
    this.lone = lp;
    this.p = this.listpack.seek(lp, index);
  }

  /** Puts the cursor on element `within` (-1: the last) of the tree's leaf. */
  private enter(within: number): void {
    const gap = this.tree.leafWord;
    this.p = gap < 0 ? 0 : this.listpack.seek(this.tree.leaf + gap, within);
  }

  /** To the next element; false, and the cursor stays, when there is none. */
  next(): boolean {
    if (this.p !== 0) {
      const q = this.listpack.next(this.p);
      if (q !== 0) {
        this.p = q;
        return true;
      }
    }
    if (this.alone || !this.tree.next()) return false;
    this.enter(0);
    return true;
  }

  /** To the element before; false, and the cursor stays, when there is none. */
  prev(): boolean {
    if (this.p !== 0) {
      const q = this.listpack.prev(this.alone ? this.lone : this.tree.leaf + this.tree.leafWord, this.p);
      if (q !== 0) {
        this.p = q;
        return true;
      }
    }
    if (this.alone || !this.tree.prev()) return false;
    this.enter(-1);
    return true;
  }

  /** Elements of the cursor's node from the cursor on, when it was just set by `seek` or `nextNode`. */
  get restOfNode(): number {
    return this.tree.leafElements - this.tree.within;
  }

  /** To the first element of the next node; false when there is none. */
  nextNode(): boolean {
    if (!this.tree.next()) return false;
    this.tree.within = 0;
    this.enter(0);
    return true;
  }

  /** Reads the cursor's element into the listpack object's bytes, at and len. */
  read(): void {
    const lp = this.listpack;
    if (this.p !== 0) {
      lp.readBytes(this.p);
      return;
    }
    lp.bytes = this.u8;
    lp.at = this.tree.leaf;
    lp.len = ~this.tree.leafWord;
  }

  /** To the first or last element of a list that is not empty. */
  seekEnd(root: number, atHead: boolean): void {
    const { tree, listpack } = this;
    this.alone = false;
    if (atHead) tree.first(root);
    else tree.last(root);
    const gap = tree.leafWord;
    if (gap < 0) this.p = 0;
    else {
      const lp = tree.leaf + gap;
      this.p = atHead ? lp + LISTPACK_HEADER : listpack.last(lp);
    }
  }

  /** True when the cursor's element is the needle given to the listpack object. */
  isNeedle(): boolean {
    if (this.p !== 0) return this.listpack.isNeedle(this.p);
    return this.listpack.isNeedleBytes(this.u8, this.tree.leaf, ~this.tree.leafWord);
  }

  /** To the first element from the cursor's on that is the needle; false, and the cursor is at the end, when there is none. */
  seekNeedle(): boolean {
    for (;;) {
      if (this.p === 0) {
        if (this.isNeedle()) return true;
      } else {
        const found = this.listpack.findNeedle(this.p);
        if (found !== 0) {
          this.p = found;
          return true;
        }
      }
      if (this.alone || !this.tree.next()) return false;
      this.enter(0);
    }
  }

  // ---- adding -------------------------------------------------------------------------------------------------------

  /** Adds an element at the head or tail. Throws ArenaFull. */
  push(root: number, atHead: boolean, src: Uint8Array, from: number, len: number, fill: number): void {
    const tree = this.tree;
    const any = atHead ? tree.first(root) : tree.last(root);
    if (any && this.hasRoom(len, fill)) {
      this.pushInNode(root, atHead, src, from, len, fill);
      return;
    }
    if (any) this.trim();
    this.insertNode(root, any, !atHead, src, from, len, fill);
  }

  /** Adds an element at the head or tail of the tree's leaf. Throws ArenaFull. */
  private pushInNode(root: number, atHead: boolean, src: Uint8Array, from: number, len: number, fill: number): void {
    const { tree, listpack } = this;
    const need = listpack.encode(src, from, len);
    let gap = tree.leafWord;
    let lp = tree.leaf + gap;
    const size = listpack.totalBytes(lp);
    const room = atHead ? gap : this.arena.usable(tree.leaf) - gap - size;
    if (room < need) {
      this.makeRoom(need, atHead, fill);
      gap = tree.leafWord;
      lp = tree.leaf + gap;
    }
    if (atHead) {
      // Over the old header, whose place moves.
      listpack.write(lp + LISTPACK_HEADER - need);
      listpack.setHeader(lp - need, size + need, tree.leafElements + 1);
      tree.setLeaf(tree.leaf, gap - need);
    } else listpack.append(lp);
    tree.addElements(root, 1);
  }

  /** Inserts an element before or behind the cursor. Throws ArenaFull. */
  insert(root: number, behind: boolean, src: Uint8Array, from: number, len: number, fill: number): void {
    const tree = this.tree;
    const place = behind && this.p !== 0 ? this.listpack.skip(this.p) : this.p;
    if (this.hasRoom(len, fill)) {
      this.insertInNode(root, place, src, from, len, fill);
      return;
    }
    // The element goes between two nodes, into whichever has room, else between them.
    let left = true; // the position is left of the gap
    if (place === 0 || (behind && this.listpack.isEnd(place))) left = behind;
    else if (!behind && place === tree.leaf + tree.leafWord + LISTPACK_HEADER) left = false;
    else {
      this.split(root, place);
      this.mergeSplit(root, fill, len + ENTRY_OVERHEAD);
      left = false;
      if (this.hasRoom(len, fill)) {
        this.insertInNode(root, tree.leaf + tree.leafWord + LISTPACK_HEADER, src, from, len, fill);
        return;
      }
    }
    if (left ? tree.next() : tree.prev()) {
      left = !left;
      if (this.hasRoom(len, fill)) {
        const lp = tree.leaf + tree.leafWord;
        this.insertInNode(root, left ? this.listpack.end(lp) : lp + LISTPACK_HEADER, src, from, len, fill);
        return;
      }
    }
    this.insertNode(root, true, left, src, from, len, fill);
  }

  /** True when an element of `len` bytes is a plain node. */
  private isLarge(len: number, fill: number): boolean {
    return this.plainFrom !== 0 ? len >= this.plainFrom : len > nodeBytesLimit(fill);
  }

  /** True when Redis would put an element of `len` bytes into the tree's leaf. */
  private hasRoom(len: number, fill: number): boolean {
    const tree = this.tree;
    const gap = tree.leafWord;
    if (gap < 0 || this.isLarge(len, fill)) return false;
    const bytes = this.listpack.totalBytes(tree.leaf + gap) + len + ENTRY_OVERHEAD;
    return !exceedsNode(fill, bytes, tree.leafElements + 1);
  }

  /** Inserts an element before the entry (or end mark) at `place` of the tree's leaf. */
  private insertInNode(root: number, place: number, src: Uint8Array, from: number, len: number, fill: number): void {
    const { tree, listpack, u8 } = this;
    const need = listpack.encode(src, from, len);
    let gap = tree.leafWord;
    let lp = tree.leaf + gap;
    const size = listpack.totalBytes(lp);
    const offset = place - lp;
    // The shorter part makes way. Where it has no room, the other part could, but would have to every time: all moves
    // once.
    const towardsHead = offset < size >> 1;
    const room = towardsHead ? gap : this.arena.usable(tree.leaf) - gap - size;
    if (room < need) {
      this.makeRoom(need, towardsHead, fill);
      gap = tree.leafWord;
      lp = tree.leaf + gap;
    }
    if (towardsHead) {
      moveBytes(u8, lp - need, lp, offset);
      listpack.write(lp + offset - need);
      listpack.setHeader(lp - need, size + need, tree.leafElements + 1);
      tree.setLeaf(tree.leaf, gap - need);
    } else listpack.insert(lp, lp + offset);
    tree.addElements(root, 1);
  }

  /** Gives the tree's leaf room for `need` bytes in front or behind. Throws ArenaFull. */
  private makeRoom(need: number, inFront: boolean, fill: number): void {
    const { tree, u8, arena } = this;
    const leaf = tree.leaf;
    const lp = leaf + tree.leafWord;
    const size = this.listpack.totalBytes(lp);
    const capacity = arena.usable(leaf);
    const full = size + need;
    const wanted = Math.min(full + (full >> 2), Math.max(nodeBytesLimit(fill), full));
    // Sliding costs a move of the listpack: an eighth of room makes that rare.
    if (capacity >= full && (capacity - size >= capacity >> 3 || capacity >= wanted)) {
      const gap = gapFor(capacity - size, need, inFront);
      moveBytes(u8, leaf + gap, lp, size);
      tree.setLeaf(leaf, gap);
      return;
    }
    const next = arena.alloc(wanted);
    const gap = gapFor(arena.usable(next) - size, need, inFront);
    moveBytes(u8, next + gap, lp, size);
    tree.setLeaf(next, gap);
    arena.free(leaf);
  }

  /** Gives back what the tree's leaf, which others now follow, reserved for growing. Throws ArenaFull. */
  private trim(): void {
    const tree = this.tree;
    const gap = tree.leafWord;
    if (gap < 0) return;
    const size = this.listpack.totalBytes(tree.leaf + gap);
    if (Arena.rounded(size) >= this.arena.usable(tree.leaf)) return;
    const next = this.arena.alloc(size);
    moveBytes(this.u8, next, tree.leaf + gap, size);
    this.arena.free(tree.leaf);
    tree.setLeaf(next, 0);
  }

  /** Makes a node of one element, before or behind the tree's leaf if there is `any`. Throws ArenaFull. */
  private insertNode(
    root: number,
    any: boolean,
    behind: boolean,
    src: Uint8Array,
    from: number,
    len: number,
    fill: number,
  ): void {
    const { arena, listpack } = this;
    let node: number;
    let word: number;
    if (this.isLarge(len, fill)) {
      node = arena.alloc(len);
      copyBytes(this.u8, node, src, from, len);
      word = ~len;
    } else {
      const size = LISTPACK_EMPTY + listpack.encode(src, from, len);
      node = arena.alloc(size < START_BYTES ? START_BYTES : size);
      word = behind ? 0 : arena.usable(node) - size;
      listpack.init(node + word);
      listpack.append(node + word);
    }
    this.insertLeaf(root, any, behind, node, 1, word);
  }

  private insertLeaf(root: number, any: boolean, behind: boolean, node: number, elements: number, word: number): void {
    try {
      if (any) this.tree.insert(root, behind, node, elements, word);
      else this.tree.insertFirst(root, node, elements, word);
    } catch (error) {
      this.arena.free(node);
      throw error;
    }
  }

  /**
   * Moves the entries of the tree's leaf from `place` (neither first nor end) on to a node behind it, where the
   * position goes.
   */
  private split(root: number, place: number): void {
    const { tree, listpack, u8 } = this;
    const lp = tree.leaf + tree.leafWord;
    const size = listpack.totalBytes(lp);
    const elements = tree.leafElements;
    let leftElements = 0;
    for (let p = lp + LISTPACK_HEADER; p !== place; p = listpack.skip(p)) leftElements++;
    const moved = lp + size - place; // with the end mark
    const node = this.arena.alloc(LISTPACK_HEADER + moved);
    moveBytes(u8, node + LISTPACK_HEADER, place, moved);
    listpack.setHeader(node, LISTPACK_HEADER + moved, elements - leftElements);
    this.insertLeaf(root, true, true, node, elements - leftElements, 0);
    tree.prev();
    u8[place] = END;
    listpack.setHeader(lp, place + 1 - lp, leftElements);
    tree.addElements(root, leftElements - elements);
    tree.next();
  }

  /**
   * After `split`: joins the two parts with their outer neighbours where that fits. The position stays on the right
   * part.
   */
  private mergeSplit(root: number, fill: number, extra: number): void {
    const tree = this.tree;
    this.mergeNext(root, fill, extra);
    tree.prev();
    if (tree.prev() && !this.mergeNext(root, fill, 0)) tree.next();
    tree.next();
  }

  /** Appends the next leaf's elements to the tree's leaf if both and `extra` bytes fit one node; true when done. */
  private mergeNext(root: number, fill: number, extra: number): boolean {
    const { tree, listpack, u8, arena } = this;
    const leftGap = tree.leafWord;
    const leftLeaf = tree.leaf;
    const leftElements = tree.leafElements;
    if (leftGap < 0 || !tree.next()) return false;
    const rightLeaf = tree.leaf;
    const right = rightLeaf + tree.leafWord;
    const rightElements = tree.leafElements;
    const left = leftLeaf + leftGap;
    const leftSize = listpack.totalBytes(left);
    let node = 0;
    if (tree.leafWord >= 0) {
      const size = leftSize + listpack.totalBytes(right) - LISTPACK_EMPTY;
      if (!exceedsNode(fill, size + extra, leftElements + rightElements + (extra > 0 ? 1 : 0))) {
        node = this.allocOptional(size);
      }
      if (node !== 0) {
        moveBytes(u8, node, left, leftSize - 1);
        moveBytes(u8, node + leftSize - 1, right + LISTPACK_HEADER, size - leftSize + 1);
        listpack.setHeader(node, size, leftElements + rightElements);
      }
    }
    if (node === 0) {
      tree.prev();
      return false;
    }
    if (tree.remove(root)) tree.prev();
    else tree.last(root);
    tree.setLeaf(node, 0);
    tree.addElements(root, rightElements);
    arena.free(leftLeaf);
    arena.free(rightLeaf);
    return true;
  }

  /** As arena.alloc, but 0 when it is full: for what may as well be left undone. */
  private allocOptional(size: number): number {
    try {
      return this.arena.alloc(size);
    } catch (error) {
      if (error instanceof ArenaFull) return 0;
      throw error;
    }
  }

  /** Gives element `index` another value. Throws ArenaFull. */
  replace(root: number, index: number, src: Uint8Array, from: number, len: number, fill: number): void {
    const { tree, listpack } = this;
    this.seek(root, index);
    const limit = nodeBytesLimit(fill);
    if (this.p !== 0 && !this.isLarge(len, fill)) {
      listpack.encode(src, from, len);
      const grow = listpack.replaceGrowth(this.p);
      let lp = tree.leaf + tree.leafWord;
      const size = listpack.totalBytes(lp);
      if (grow <= 0 || size + grow <= limit || tree.leafElements === 1) {
        const offset = this.p - lp;
        if (this.arena.usable(tree.leaf) - tree.leafWord - size < grow) {
          this.makeRoom(grow, false, fill);
          lp = tree.leaf + tree.leafWord;
        }
        listpack.replace(lp, lp + offset);
        return;
      }
    }
    this.insert(root, true, src, from, len, fill);
    this.seek(root, index);
    this.remove(root);
  }

  // ---- taking away --------------------------------------------------------------------------------------------------

  /** Removes the first or last element of a list that is not empty. */
  pop(root: number, atHead: boolean): void {
    this.seekEnd(root, atHead);
    this.removeEnd(root, atHead);
  }

  /** Removes the first or last element, to which `seekEnd` has just gone. */
  removeEnd(root: number, atHead: boolean): void {
    const { tree, listpack, p } = this;
    const elements = tree.leafElements;
    if (elements === 1) {
      this.removeNode(root);
      return;
    }
    const gap = tree.leafWord;
    const lp = tree.leaf + gap;
    if (atHead) {
      const size = listpack.totalBytes(lp);
      const gone = listpack.skip(p) - p;
      listpack.setHeader(lp + gone, size - gone, elements - 1);
      tree.setLeaf(tree.leaf, gap + gone);
    } else {
      this.u8[p] = END;
      listpack.setHeader(lp, p + 1 - lp, elements - 1);
    }
    tree.addElements(root, -1);
  }

  /** Frees the tree's leaf and takes it out; the position moves behind it, false when nothing is there. */
  private removeNode(root: number): boolean {
    this.arena.free(this.tree.leaf);
    return this.tree.remove(root);
  }

  /** Removes the cursor's element; the cursor goes to the next one, false when there is none. */
  remove(root: number): boolean {
    const tree = this.tree;
    if (tree.leafElements === 1) {
      if (!this.removeNode(root)) return false;
      this.enter(0);
      return true;
    }
    this.p = this.cut(root, this.p, this.listpack.skip(this.p), 1);
    if (!this.listpack.isEnd(this.p)) return true;
    if (!tree.next()) return false;
    this.enter(0);
    return true;
  }

  /** Removes the `n` elements from `start` on, all of which exist. */
  removeRange(root: number, start: number, n: number): void {
    const { tree, listpack } = this;
    if (n === 0) return;
    tree.seek(root, start);
    let within = tree.within;
    for (;;) {
      const here = Math.min(n, tree.leafElements - within);
      n -= here;
      if (here === tree.leafElements) {
        if (!this.removeNode(root)) return;
      } else {
        const lp = tree.leaf + tree.leafWord;
        const from = listpack.seek(lp, within);
        const to = within + here === tree.leafElements ? listpack.end(lp) : listpack.seek(lp, within + here);
        this.cut(root, from, to, here);
        if (n > 0) tree.next();
      }
      if (n === 0) return;
      within = 0;
    }
  }

  /** Removes the `n` entries [from, to), not all, of the tree's leaf; returns the address of what followed. */
  private cut(root: number, from: number, to: number, n: number): number {
    const { tree, listpack, u8, arena } = this;
    const gap = tree.leafWord;
    const lp = tree.leaf + gap;
    const size = listpack.totalBytes(lp);
    const gone = to - from;
    let behind = from;
    let at = lp;
    if (from - lp < lp + size - to) {
      moveBytes(u8, lp + gone, lp, from - lp);
      at = lp + gone;
      behind = to;
    } else moveBytes(u8, from, to, lp + size - to);
    listpack.setHeader(at, size - gone, tree.leafElements - n);
    tree.setLeaf(tree.leaf, gap + at - lp);
    tree.addElements(root, -n);
    // A node that lost most of its elements gives its memory back, if a smaller one is to be had.
    if ((size - gone) * 4 < arena.usable(tree.leaf)) {
      const node = this.allocOptional(size - gone);
      if (node !== 0) {
        moveBytes(u8, node, at, size - gone);
        behind += node - at;
        arena.free(tree.leaf);
        tree.setLeaf(node, 0);
      }
    }
    return behind;
  }

  // ---- whole nodes: conversion, copying, files
  // -------------------------------------------------------------------------

  /** Appends a node with the listpack src[from, from+size) of `elements` > 0 elements. Throws ArenaFull. */
  appendListpack(root: number, src: Uint8Array, from: number, size: number, elements: number): void {
    const node = this.arena.alloc(size);
    copyBytes(this.u8, node, src, from, size);
    this.insertLeaf(root, this.tree.last(root), true, node, elements, 0);
  }

  /** Appends a plain node with the element src[from, from+len). Throws ArenaFull. */
  appendPlain(root: number, src: Uint8Array, from: number, len: number): void {
    const node = this.arena.alloc(len === 0 ? 1 : len);
    copyBytes(this.u8, node, src, from, len);
    this.insertLeaf(root, this.tree.last(root), true, node, 1, ~len);
  }

  /** To the first node of a list, for going over its nodes with tree.next(); false when the list is empty. */
  firstNode(root: number): boolean {
    this.alone = false;
    return this.tree.first(root);
  }

  /** True when the node at the position is plain. */
  get nodeIsPlain(): boolean {
    return this.tree.leafWord < 0;
  }

  /** Where the listpack or plain element of the node at the position lies. */
  get nodeAt(): number {
    const gap = this.tree.leafWord;
    return gap < 0 ? this.tree.leaf : this.tree.leaf + gap;
  }

  /** Bytes of the listpack or plain element of the node at the position. */
  get nodeBytes(): number {
    const gap = this.tree.leafWord;
    return gap < 0 ? ~gap : this.listpack.totalBytes(this.tree.leaf + gap);
  }

  /** Frees up to `want` nodes; returns `want` less those freed: above 0 only when the list is now empty. */
  free(root: number, want: number): number {
    while (want > 0 && this.tree.last(root)) {
      this.removeNode(root);
      want--;
    }
    return want;
  }

  /** Bytes of nodes and tree; of long lists estimated from the first `samples` nodes (0: all). */
  bytes(root: number, samples: number): number {
    const nodes = this.tree.leafCount(root);
    let seen = 0;
    let bytes = 0;
    for (let more = this.tree.first(root); more && (samples === 0 || seen < samples); more = this.tree.next()) {
      bytes += this.arena.usable(this.tree.leaf);
      seen++;
    }
    return seen === 0 ? 0 : Math.round((bytes / seen) * nodes) + this.tree.branchBytes(root);
  }
}
