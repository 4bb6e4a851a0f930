/**
 * Arena: one shard's memory, a lazily reserved buffer with a size-class allocator.
 *
 * All state lies in the buffer itself, so a second thread may build an Arena over the same SharedArrayBuffer and
 * go on where the first stopped (one at a time: the hold protocol of threads/ sees to that).
 *
 * Addresses are byte offsets below 2^31: both engines index typed arrays fast only by small integers; an offset
 * above costs 50 times as much (measured, docs/ARCHITECTURE.md "Decisions"). More memory means more shards.
 *
 *   chunk 0      header: allocator words, root words for the owner
 *   chunk 1..n   slabs, large allocations, free runs
 *   behind       chunk map: a record of 8 words for each 64-KiB chunk; only those of chunks in use are ever touched
 *
 *   record   mark, then for the first chunk of a slab: class, used, free list head, bump, end, previous, next
 *            (free list, bump and end are byte offsets; previous and next slab are chunk numbers, 0 for none)
 *   mark     0 inside of a free or large run | n<<2|1 first and last chunk of a free run of n chunks
 *            first<<2|2 chunk of the slab that starts at chunk `first` | n<<2|3 first chunk of a large run
 *
 * The records lie side by side, and not each in its slab: at the same place of every chunk they would share a few sets
 * of the processor's cache, and each `free` of one of many keys would miss it.
 *
 * Invariants:
 * 1. Every address given out is a multiple of 8 and never 0.
 * 2. A slab is in its class's partial list exactly when it has a free slot.
 * 3. No two free runs touch: freeing merges with both neighbours.
 * 4. `usedBytes` is the sum of the class sizes and run sizes given out.
 */
import { assert } from "../base/assert.ts";
import { copyBytes } from "../base/bytes.ts";
import {
  CHUNK_SHIFT,
  CHUNK_SIZE,
  CLASS_CHUNKS,
  CLASS_COUNT,
  CLASS_SIZE,
  classOf,
  MAX_SLAB_SIZE,
} from "./size_classes.ts";

/** Thrown by `alloc` and `realloc` when no room is left; nothing was changed. */
export class ArenaFull extends Error {
  constructor() {
    super("arena full");
  }
}

/** Largest capacity: see the head of this file. */
export const MAX_CAPACITY = 2 ** 31 - CHUNK_SIZE;

/** Words at the head of the arena that belong to its owner (the store), from `rootWord` on. */
export const ROOT_WORDS = 256;

const MAGIC = 0x52534152;
const BINS = 16; // free runs by log2 of their chunk count: 2^15 chunks is all of 2 GiB

// Header words.
const W_MAGIC = 0;
const W_CAPACITY = 1;
const W_USED = 2;
const W_FREE_CHUNKS = 3;
const W_TOUCHED = 4;
const W_ASK = 5;
const W_BINS = 16;
const W_PARTIAL = W_BINS + BINS;
const W_ROOT = W_PARTIAL + 128;
const HEADER_WORDS = W_ROOT + ROOT_WORDS;

/** Log of the words of a chunk's record. */
const RECORD_SHIFT = 3;

// Words of a record; the mark is the first.
const S_CLASS = 1;
const S_USED = 2;
const S_FREE = 3;
const S_BUMP = 4;
const S_END = 5;
const S_PREV = 6;
const S_NEXT = 7;

/** Chunks that the map of a buffer takes. */
function mapChunks(chunks: number): number {
  return Math.ceil((chunks << (RECORD_SHIFT + 2)) / CHUNK_SIZE);
}

export class Arena {
  readonly buffer: SharedArrayBuffer;
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  /** Index of the first owner word in `i32`. */
  readonly rootWord = W_ROOT;
  /** Called when more memory has come into use than `askBytes`. */
  onGrow: (() => void) | undefined;
  /** Bytes in front of the chunk map. */
  readonly mapOffset: number;
  /** Word index of the first chunk's record. */
  private readonly records: number;
  /** Chunks in front of the map. */
  private readonly chunks: number;

  /**
   * Over a fresh buffer (all zero) an empty arena, else the one that lies there. With `existing` nothing is looked at or written: another
   * thread may be at work on the arena, and it may even be starting it anew.
   * The buffer's size is a multiple of CHUNK_SIZE, at most MAX_CAPACITY.
   */
  constructor(buffer: SharedArrayBuffer, existing = false) {
    assert(buffer.byteLength <= MAX_CAPACITY && buffer.byteLength % CHUNK_SIZE === 0, "arena size");
    this.buffer = buffer;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    const chunks = buffer.byteLength >> CHUNK_SHIFT;
    this.chunks = chunks - mapChunks(chunks);
    this.mapOffset = this.chunks << CHUNK_SHIFT;
    this.records = this.mapOffset >> 2;
    if (!existing && this.i32[W_MAGIC] !== MAGIC) this.reset();
  }

  /** Reserves `capacity` bytes, rounded up to chunks (address space only; memory comes when touched). */
  static create(capacity: number): Arena {
    const chunks = Math.max(4, Math.ceil(capacity / CHUNK_SIZE));
    return new Arena(new SharedArrayBuffer(Math.min((chunks + mapChunks(chunks)) * CHUNK_SIZE, MAX_CAPACITY)));
  }

  /** Forgets everything: an empty arena with owner words zero. Time: one pass over the records of the chunks ever used. */
  reset(): void {
    const { i32, chunks } = this;
    // Behind what was ever used lies one free run: its first chunk is marked, and its last, which putRun marks anew.
    const touched = Math.min(i32[W_TOUCHED] >>> CHUNK_SHIFT, chunks - 1);
    i32.fill(0, this.records, this.recordOf(touched + 1));
    i32.fill(0, 0, HEADER_WORDS);
    i32[W_MAGIC] = MAGIC;
    i32[W_CAPACITY] = this.buffer.byteLength;
    this.putRun(1, chunks - 1);
  }

  /** Word index of a chunk's record. */
  private recordOf(chunk: number): number {
    return this.records + (chunk << RECORD_SHIFT);
  }

  get capacity(): number {
    return this.i32[W_CAPACITY];
  }

  /** Bytes given out, rounding to classes included. */
  get usedBytes(): number {
    return this.i32[W_USED];
  }

  /** Bytes in chunks that belong to slabs and large allocations, now. */
  get activeBytes(): number {
    return this.mapOffset - this.i32[W_FREE_CHUNKS] * CHUNK_SIZE;
  }

  /** Highest byte offset ever part of a slab or large allocation: what may be resident. */
  get touchedBytes(): number {
    return this.i32[W_TOUCHED];
  }

  /** `onGrow` is called when more than so many bytes have been touched. */
  get askBytes(): number {
    return this.i32[W_ASK];
  }

  set askBytes(bytes: number) {
    this.i32[W_ASK] = bytes;
  }

  /** Has the system provide the memory at an offset, whatever lies there and whoever changes it meanwhile. */
  provide(offset: number): void {
    Atomics.or(this.i32, offset >> 2, 0);
  }

  /** Bytes in free chunks: what large requests can still get, fragmentation aside. */
  get freeChunkBytes(): number {
    return this.i32[W_FREE_CHUNKS] * CHUNK_SIZE;
  }

  /** `size` > 0 bytes of undefined content. Throws ArenaFull. */
  alloc(size: number): number {
    if (size > MAX_SLAB_SIZE) return this.allocLarge(size);
    const i32 = this.i32;
    const c = classOf(size);
    const slab = i32[W_PARTIAL + c] || this.newSlab(c);
    const s = this.recordOf(slab);
    const classSize = CLASS_SIZE[c];
    let at = i32[s + S_FREE];
    if (at !== 0) {
      i32[s + S_FREE] = i32[at >> 2];
    } else {
      at = i32[s + S_BUMP];
      i32[s + S_BUMP] = at + classSize;
    }
    i32[s + S_USED]++;
    i32[W_USED] += classSize;
    if (i32[s + S_FREE] === 0 && i32[s + S_BUMP] + classSize > i32[s + S_END]) this.unlinkSlab(s, c);
    return at;
  }

  /** Gives back what `alloc` returned. */
  free(at: number): void {
    const i32 = this.i32;
    const chunk = at >>> CHUNK_SHIFT;
    const mark = i32[this.recordOf(chunk)];
    if ((mark & 3) === 3) {
      this.freeLarge(chunk, mark >>> 2);
      return;
    }
    assert((mark & 3) === 2, "free of an address not given out");
    const slab = mark >>> 2;
    const s = this.recordOf(slab);
    const c = i32[s + S_CLASS];
    const classSize = CLASS_SIZE[c];
    const wasFull = i32[s + S_FREE] === 0 && i32[s + S_BUMP] + classSize > i32[s + S_END];
    i32[at >> 2] = i32[s + S_FREE];
    i32[s + S_FREE] = at;
    i32[W_USED] -= classSize;
    if (wasFull) this.linkSlab(slab, c);
    // The last partial slab of a class is kept, so that one key set and deleted in turn does not churn chunks.
    if (--i32[s + S_USED] === 0 && (i32[s + S_PREV] !== 0 || i32[s + S_NEXT] !== 0)) {
      this.unlinkSlab(s, c);
      this.freeRun(slab, CLASS_CHUNKS[c]);
    }
  }

  /** Bytes usable at an address given out: at least what was asked for. */
  usable(at: number): number {
    const mark = this.i32[this.recordOf(at >>> CHUNK_SHIFT)];
    if ((mark & 3) === 3) return (mark >>> 2) << CHUNK_SHIFT;
    return CLASS_SIZE[this.i32[this.recordOf(mark >>> 2) + S_CLASS]];
  }

  /** Bytes that a request of `size` would take. */
  static rounded(size: number): number {
    if (size > MAX_SLAB_SIZE) return Math.ceil(size / CHUNK_SIZE) * CHUNK_SIZE;
    return CLASS_SIZE[classOf(size)];
  }

  /**
   * Makes the allocation hold `size` bytes, keeping the first min(old, new); returns its address, which may be new.
   * Shrinks when the smaller class saves memory. Throws ArenaFull with the old allocation unharmed.
   */
  realloc(at: number, size: number): number {
    const have = this.usable(at);
    if (size <= have && Arena.rounded(size) === have) return at;
    if (size > have && have > MAX_SLAB_SIZE && this.extendLarge(at, size)) return at;
    const next = this.alloc(size);
    copyBytes(this.u8, next, this.u8, at, size < have ? size : have);
    this.free(at);
    return next;
  }

  private newSlab(c: number): number {
    const chunks = CLASS_CHUNKS[c];
    const slab = this.takeRun(chunks);
    const s = this.recordOf(slab);
    const i32 = this.i32;
    for (let k = 0; k < chunks; k++) i32[this.recordOf(slab + k)] = (slab << 2) | 2;
    i32[s + S_CLASS] = c;
    i32[s + S_USED] = 0;
    i32[s + S_FREE] = 0;
    i32[s + S_BUMP] = slab << CHUNK_SHIFT;
    i32[s + S_END] = (slab + chunks) << CHUNK_SHIFT;
    i32[s + S_PREV] = 0;
    i32[s + S_NEXT] = 0;
    i32[W_PARTIAL + c] = slab;
    return slab;
  }

  private linkSlab(slab: number, c: number): void {
    const i32 = this.i32;
    const head = i32[W_PARTIAL + c];
    i32[this.recordOf(slab) + S_PREV] = 0;
    i32[this.recordOf(slab) + S_NEXT] = head;
    if (head !== 0) i32[this.recordOf(head) + S_PREV] = slab;
    i32[W_PARTIAL + c] = slab;
  }

  private unlinkSlab(s: number, c: number): void {
    const i32 = this.i32;
    const prev = i32[s + S_PREV];
    const next = i32[s + S_NEXT];
    if (prev !== 0) i32[this.recordOf(prev) + S_NEXT] = next;
    else i32[W_PARTIAL + c] = next;
    if (next !== 0) i32[this.recordOf(next) + S_PREV] = prev;
    i32[s + S_PREV] = 0;
    i32[s + S_NEXT] = 0;
  }

  private allocLarge(size: number): number {
    const chunks = Math.ceil(size / CHUNK_SIZE);
    const first = this.takeRun(chunks);
    this.i32[this.recordOf(first)] = (chunks << 2) | 3;
    this.i32[W_USED] += chunks << CHUNK_SHIFT;
    return first << CHUNK_SHIFT;
  }

  private freeLarge(first: number, chunks: number): void {
    this.i32[W_USED] -= chunks << CHUNK_SHIFT;
    this.freeRun(first, chunks);
  }

  /** Grows a large allocation into the free run behind it, if that is long enough. */
  private extendLarge(at: number, size: number): boolean {
    const i32 = this.i32;
    const first = at >>> CHUNK_SHIFT;
    const have = i32[this.recordOf(first)] >>> 2;
    const want = Math.ceil(size / CHUNK_SIZE);
    const after = first + have;
    if (after >= this.chunks) return false;
    const mark = i32[this.recordOf(after)];
    if ((mark & 3) !== 1 || (mark >>> 2) < want - have) return false;
    this.cutRun(after, mark >>> 2, want - have);
    i32[this.recordOf(first)] = (want << 2) | 3;
    i32[W_USED] += (want - have) << CHUNK_SHIFT;
    return true;
  }

  /** Takes `want` chunks from the free runs; returns the first. Throws ArenaFull. */
  private takeRun(want: number): number {
    const i32 = this.i32;
    let bin = 31 - Math.clz32(want);
    // Runs of the same power of two may be too short: look at a bounded number, then take any of a higher bin.
    let run = i32[W_BINS + bin];
    for (let tries = 0; run !== 0 && tries < 64; tries++) {
      const n = i32[this.recordOf(run)] >>> 2;
      if (n >= want) return this.cutRun(run, n, want);
      run = i32[(run << (CHUNK_SHIFT - 2)) + 1];
    }
    while (++bin < BINS) {
      run = i32[W_BINS + bin];
      if (run !== 0) return this.cutRun(run, i32[this.recordOf(run)] >>> 2, want);
    }
    // The bounded look may have passed over a fit in the request's own bin: look at all of it before giving up.
    run = i32[W_BINS + 31 - Math.clz32(want)];
    for (; run !== 0; run = i32[(run << (CHUNK_SHIFT - 2)) + 1]) {
      const n = i32[this.recordOf(run)] >>> 2;
      if (n >= want) return this.cutRun(run, n, want);
    }
    throw new ArenaFull();
  }

  /** Takes the first `want` of the free run `run` of `n` chunks. */
  private cutRun(run: number, n: number, want: number): number {
    this.dropRun(run, n);
    if (n > want) this.putRun(run + want, n - want);
    const end = (run + want) << CHUNK_SHIFT;
    if (end > this.i32[W_TOUCHED]) {
      this.i32[W_TOUCHED] = end;
      if (this.onGrow !== undefined && end > this.i32[W_ASK]) this.onGrow();
    }
    return run;
  }

  private freeRun(first: number, chunks: number): void {
    const i32 = this.i32;
    for (let k = 0; k < chunks; k++) i32[this.recordOf(first + k)] = 0;
    const after = first + chunks;
    if (after < this.chunks && (i32[this.recordOf(after)] & 3) === 1) {
      const n = i32[this.recordOf(after)] >>> 2;
      this.dropRun(after, n);
      chunks += n;
    }
    const mark = i32[this.recordOf(first - 1)];
    if ((mark & 3) === 1) {
      const n = mark >>> 2;
      first -= n;
      this.dropRun(first, n);
      chunks += n;
    }
    this.putRun(first, chunks);
  }

  /** Enters a free run into its bin. Links lie in the run's first two words: previous, next (chunk numbers). */
  private putRun(first: number, chunks: number): void {
    const i32 = this.i32;
    i32[this.recordOf(first)] = (chunks << 2) | 1;
    i32[this.recordOf(first + chunks - 1)] = (chunks << 2) | 1;
    i32[W_FREE_CHUNKS] += chunks;
    const bin = W_BINS + 31 - Math.clz32(chunks);
    const head = i32[bin];
    const w = first << (CHUNK_SHIFT - 2);
    i32[w] = 0;
    i32[w + 1] = head;
    if (head !== 0) i32[head << (CHUNK_SHIFT - 2)] = first;
    i32[bin] = first;
  }

  private dropRun(first: number, chunks: number): void {
    const i32 = this.i32;
    const w = first << (CHUNK_SHIFT - 2);
    const prev = i32[w];
    const next = i32[w + 1];
    if (prev !== 0) i32[(prev << (CHUNK_SHIFT - 2)) + 1] = next;
    else i32[W_BINS + 31 - Math.clz32(chunks)] = next;
    if (next !== 0) i32[next << (CHUNK_SHIFT - 2)] = prev;
    i32[this.recordOf(first)] = 0;
    i32[this.recordOf(first + chunks - 1)] = 0;
    i32[W_FREE_CHUNKS] -= chunks;
  }
}

assert(CLASS_COUNT <= 128, "partial lists have 128 words");
