/**
 * StreamLog: the entries of streams: blocks (structures/stream_block.ts) under an index by their master identifiers. Any thread,
 * one at a time.
 *
 * One StreamLog object serves all streams in one arena; a stream's log is ID_TREE_WORDS words that its owner places (`root`). A
 * block's master identifier is that of its first entry, also when that was deleted. Each entry of the index has one word of value,
 * the address of its block.
 *
 * Invariants:
 * 1. Every identifier of a block lies from its master identifier up to, not including, the next block's.
 * 2. Entries are only added behind all others, and identifiers never come twice.
 * 3. A method that throws ArenaFull has changed nothing; deleting and trimming never allocate.
 */
import type { Arena } from "../memory/arena.ts";
import { ID_TREE_WORDS, IdTree } from "./id_tree.ts";
import type { Listpack } from "./listpack.ts";
import { StreamBlock } from "./stream_block.ts";
import { ID_WORDS, StreamId } from "./stream_id.ts";

/** Words of a log's root; all zero is an empty log. */
export const LOG_WORDS = ID_TREE_WORDS;

/** The configuration that says when a block is full. */
export interface StreamLimits {
  /** Bytes; 0: BLOCK_MAX. */
  readonly streamNodeMaxBytes: number;
  /** Entries, deleted ones too; 0: any number. */
  readonly streamNodeMaxEntries: number;
}

/** Redis's bound on a block. */
const BLOCK_MAX = 1 << 30;
/** Blocks that `radixNodes` looks at: a tenth of a millisecond. */
const RADIX_BLOCKS = 4096;
const ID_BYTES = 16;

export class StreamLog {
  readonly tree: IdTree;
  /** The block that `append`, `remove` and trimming work on. */
  readonly block: StreamBlock;
  private readonly i32: Int32Array;
  private readonly scratch = new StreamId();

  constructor(private readonly arena: Arena, private readonly listpack: Listpack) {
    this.i32 = arena.i32;
    this.tree = new IdTree(arena, 1);
    this.block = new StreamBlock(arena, listpack);
  }

  /** Number of blocks. */
  blockCount(root: number): number {
    return this.tree.count(root);
  }

  /** Address of the block that an entry of the index names. */
  blockOf(entry: number): number {
    return this.i32[entry + ID_WORDS];
  }

  /** Adds an entry, greater than all there were, with the pairs of the arguments from `first` on. Throws ArenaFull. */
  append(
    root: number,
    id: StreamId,
    buf: Uint8Array,
    at: Int32Array,
    len: Int32Array,
    first: number,
    pairs: number,
    limits: StreamLimits,
  ): void {
    const { tree, block, i32 } = this;
    const tail = tree.last(root);
    if (tail !== 0) {
      let bytes = 0;
      for (let i = first; i < first + 2 * pairs; i++) bytes += len[i];
      block.open(i32[tail + ID_WORDS], i32, tail);
      if (!this.isFull(bytes, limits)) {
        i32[tail + ID_WORDS] = block.append(id, buf, at, len, first, pairs);
        return;
      }
      i32[tail + ID_WORDS] = block.shrink();
    }
    this.adopt(root, id, block.create(id, buf, at, len, first, pairs));
  }

  private isFull(bytes: number, limits: StreamLimits): boolean {
    const { block } = this;
    const { streamNodeMaxBytes, streamNodeMaxEntries } = limits;
    const most = streamNodeMaxBytes === 0 || streamNodeMaxBytes > BLOCK_MAX ? BLOCK_MAX : streamNodeMaxBytes;
    if (this.listpack.totalBytes(block.lp) + bytes >= most) return true;
    return streamNodeMaxEntries !== 0 && block.live + block.dead >= streamNodeMaxEntries;
  }

  /** Enters a block, which the log then owns, under a master identifier that has none; throws ArenaFull with the block freed. */
  adopt(root: number, master: StreamId, lp: number): void {
    let entry: number;
    try {
      entry = this.tree.insert(root, master);
    } catch (error) {
      this.arena.free(lp);
      throw error;
    }
    this.i32[entry + ID_WORDS] = lp;
  }

  /** Deletes an entry; false when there is none with the identifier. */
  remove(root: number, id: StreamId): boolean {
    const { block, tree, i32 } = this;
    const at = tree.seekTo(root, id);
    if (at === 0) return false;
    block.open(i32[at + ID_WORDS], i32, at);
    for (let p = block.entriesAt; !block.isEnd(p); p = block.behind()) {
      block.readEntry(p);
      const order = block.id.compare(id);
      if (order < 0) continue;
      if (order > 0 || block.isDeleted) return false;
      if (block.live === 1) this.drop(root);
      else {
        block.mark(p);
        block.countDeleted(1);
      }
      return true;
    }
    return false;
  }

  /** Frees the block at hand. */
  private drop(root: number): void {
    this.arena.free(this.block.lp);
    this.tree.remove(root, this.block.master);
  }

  /**
   * Deletes the first entries of a log of `length` until no more than `most` are left. `whole`: only whole blocks are dropped; they
   * and `limit` (0: none) may end it earlier. Returns the number deleted.
   */
  trimToLength(root: number, length: number, most: number, whole: boolean, limit: number): number {
    const { block } = this;
    let deleted = 0;
    while (length - deleted > most && this.openFirst(root)) {
      const { live } = block;
      if (limit !== 0 && deleted + live > limit) break;
      if (length - deleted - live >= most) {
        this.drop(root);
        deleted += live;
        continue;
      }
      if (!whole) deleted += this.trimBlock(length - deleted - most, undefined);
      break;
    }
    return deleted;
  }

  /** Deletes the entries before `min`, within the bounds of `trimToLength`. Returns the number deleted. */
  trimBefore(root: number, min: StreamId, whole: boolean, limit: number): number {
    const { block } = this;
    let deleted = 0;
    while (this.openFirst(root)) {
      const { live } = block;
      if (limit !== 0 && deleted + live > limit) break;
      block.readEntry(block.before(block.end));
      if (block.id.compare(min) < 0) {
        this.drop(root);
        deleted += live;
        continue;
      }
      if (!whole) deleted += this.trimBlock(Infinity, min);
      break;
    }
    return deleted;
  }

  private openFirst(root: number): boolean {
    const at = this.tree.first(root);
    if (at !== 0) this.block.open(this.i32[at + ID_WORDS], this.i32, at);
    return at !== 0;
  }

  /** Deletes the first entries of the block at hand, at most `most`, and only those before `min`. */
  private trimBlock(most: number, min: StreamId | undefined): number {
    const { block } = this;
    let deleted = 0;
    for (let p = block.entriesAt; deleted < most && !block.isEnd(p); p = block.behind()) {
      block.readEntry(p);
      if (min !== undefined && block.id.compare(min) >= 0) break;
      if (block.isDeleted) continue;
      block.mark(p);
      deleted++;
    }
    if (deleted > 0) block.countDeleted(deleted);
    return deleted;
  }

  /** Frees about `want` blocks, the first ones; returns `want` less the number freed: above 0 only when none is left. */
  release(root: number, want: number): number {
    const { tree, arena } = this;
    while (want > 0) {
      for (let at = tree.first(root), n = tree.leafLength; at !== 0 && n > 0; n--) {
        arena.free(this.i32[at + ID_WORDS]);
        at = tree.next();
      }
      const freed = tree.removeFirstLeaf(root);
      if (freed === 0) break;
      want -= freed;
    }
    return want;
  }

  /** Bytes of index and blocks, of which about `samples` (0: all) are looked at. */
  bytes(root: number, samples: number): number {
    const { tree, arena } = this;
    const blocks = tree.count(root);
    let looked = 0;
    let bytes = 0;
    for (let at = tree.first(root); at !== 0 && (samples === 0 || looked < samples); at = tree.next(), looked++) {
      bytes += arena.usable(this.i32[at + ID_WORDS]);
    }
    return tree.bytes(root) + (looked === 0 ? 0 : Math.round((bytes * blocks) / looked));
  }

  /**
   * Nodes that Redis's radix tree of the same blocks has, for XINFO: leaves, branches, and one for each run of bytes between them that
   * is no branch. Of many blocks extrapolated from the first.
   */
  radixNodes(root: number): number {
    const { tree, i32, scratch } = this;
    const blocks = tree.count(root);
    if (blocks === 0) return 1;
    const key = new StreamId();
    const branches: number[] = []; // depths of those that the keys so far lead through, the deepest last
    let nodes = 0;
    let seen = 0;
    let shared = -1; // bytes that a key has in common with the one before
    let at = tree.first(root);
    while (at !== 0 && seen < RADIX_BLOCKS) {
      key.load(i32, at);
      seen++;
      at = tree.next();
      let next = -1;
      if (at !== 0 && seen < RADIX_BLOCKS) {
        scratch.load(i32, at);
        next = 0;
        while (next < ID_BYTES && key.byte(next) === scratch.byte(next)) next++;
      }
      nodes += Math.max(shared, next) < ID_BYTES - 1 ? 2 : 1;
      while (branches.length > 0 && branches[branches.length - 1] > next) {
        const depth = branches.pop() ?? 0;
        const above = Math.max(next, branches.length > 0 ? branches[branches.length - 1] : -1);
        nodes += depth > above + 1 ? 2 : 1;
      }
      if (next >= 0 && (branches.length === 0 || branches[branches.length - 1] < next)) branches.push(next);
      shared = next;
    }
    return seen === blocks ? nodes : Math.round((nodes * blocks) / seen);
  }
}

/** Walks the entries of a log that are not deleted, in either direction. A change of the log ends the walk. */
export class StreamCursor {
  /** Shows the entry after `next` returned true. */
  readonly block: StreamBlock;
  private readonly i32: Int32Array;
  private readonly from = new StreamId();
  private readonly to = new StreamId();
  private root = 0;
  private reverse = false;
  private started = false;
  /** The entry before which, or behind which, to go on; 0: with another block. */
  private place = 0;

  constructor(private readonly log: StreamLog, arena: Arena, listpack: Listpack) {
    this.i32 = arena.i32;
    this.block = new StreamBlock(arena, listpack);
  }

  /** Makes ready for the entries from `from` to `to`, both included; `reverse`: the last first. */
  open(root: number, from: StreamId, to: StreamId, reverse: boolean): void {
    this.root = root;
    this.from.copy(from);
    this.to.copy(to);
    this.reverse = reverse;
    this.started = false;
    this.place = 0;
  }

  /** Makes ready for all entries. */
  openAll(root: number, reverse: boolean): void {
    this.root = root;
    this.from.setMin();
    this.to.setMax();
    this.reverse = reverse;
    this.started = false;
    this.place = 0;
  }

  /** To the next entry; false when there is none. */
  next(): boolean {
    return this.reverse ? this.nextDown() : this.nextUp();
  }

  private nextUp(): boolean {
    const { block } = this;
    let p = this.place === 0 ? 0 : block.behind();
    for (;;) {
      if (p === 0 || block.isEnd(p)) {
        if (!this.openBlock()) return false;
        p = block.entriesAt;
        continue;
      }
      block.readEntry(p);
      if (!block.isDeleted && block.id.compare(this.from) >= 0) {
        this.place = p;
        return block.id.compare(this.to) <= 0;
      }
      p = block.behind();
    }
  }

  private nextDown(): boolean {
    const { block } = this;
    let p = this.place === 0 ? 0 : block.before(this.place);
    for (;;) {
      if (p === 0) {
        if (!this.openBlock()) return false;
        p = block.before(block.end);
        continue;
      }
      block.readEntry(p);
      if (!block.isDeleted && block.id.compare(this.to) <= 0) {
        this.place = p;
        return block.id.compare(this.from) >= 0;
      }
      p = block.before(p);
    }
  }

  private openBlock(): boolean {
    const { tree } = this.log;
    let at: number;
    if (this.started) at = this.reverse ? tree.previous() : tree.next();
    else {
      this.started = true;
      at = tree.seekTo(this.root, this.reverse ? this.to : this.from);
      if (at === 0 && !this.reverse) at = tree.first(this.root);
    }
    if (at !== 0) this.block.open(this.log.blockOf(at), this.i32, at);
    return at !== 0;
  }
}
