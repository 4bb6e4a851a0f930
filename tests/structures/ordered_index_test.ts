/**
 * OrderedIndex against a sorted array, with every invariant of its file head checked after each step (of large ones, every 16). The nodes are read here by
 * their documented layout, not through the class.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { compareBytes } from "../../src/base/bytes.ts";
import { Arena, ArenaFull } from "../../src/memory/arena.ts";
import { FANOUT, INDEX_WORDS, LEAF_CAPACITY, OrderedIndex, Seek } from "../../src/structures/ordered_index.ts";
import { writeLen } from "../../src/structures/item.ts";
import { test } from "../harness.ts";

interface Item {
  score: number;
  member: Uint8Array;
  ref: number;
}

const compare = (a: Item, b: Item) =>
  a.score !== b.score ? a.score - b.score : compareBytes(a.member, 0, a.member.length, b.member, 0, b.member.length);

/** Numbers in [0, 1) from a seed (mulberry32). */
function randomFrom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

class Bench {
  readonly arena: Arena;
  readonly index: OrderedIndex;
  readonly f64: Float64Array;
  readonly root: number;
  items: Item[] = [];

  constructor(capacity = 64 << 20) {
    this.arena = Arena.create(capacity);
    this.index = new OrderedIndex(this.arena);
    this.f64 = new Float64Array(this.arena.buffer);
    this.root = this.arena.alloc(INDEX_WORDS * 4) >> 2;
    this.arena.i32.fill(0, this.root, this.root + INDEX_WORDS);
  }

  make(score: number, member: Uint8Array): Item {
    const ref = this.arena.alloc(8 + 5 + member.length);
    this.f64[ref >> 3] = score;
    const at = writeLen(this.arena.u8, ref + 8, member.length);
    this.arena.u8.set(member, at);
    return { score, member, ref };
  }

  place(item: Item): number {
    let lo = 0;
    let hi = this.items.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (compare(this.items[mid], item) < 0) lo = mid + 1;
      else hi = mid;
    }
    return lo;
  }

  insert(item: Item): boolean {
    const i = this.place(item);
    if (i < this.items.length && compare(this.items[i], item) === 0) return false;
    this.index.insert(this.root, item.ref);
    this.items.splice(i, 0, item);
    return true;
  }

  /** Checks invariants 1 to 4 and that the entries are the model's. */
  check(): void {
    const { i32, f64, root } = { ...this, i32: this.arena.i32 };
    const height = i32[root + 1];
    assertEquals(i32[root + 2], this.items.length);
    assertEquals(i32[root] === 0, this.items.length === 0);
    if (height === 0) return;
    let at = 0;
    let lastLeaf = 0;
    const walk = (node: number, level: number): number => {
      const w = node >> 2;
      const n = i32[w];
      assert(n >= 1, "a node without entries");
      if (level === 1) {
        const capacity = i32[w + 1];
        assert(n <= capacity && (level === height || capacity === LEAF_CAPACITY), "leaf capacity");
        assertEquals(i32[w + 2], lastLeaf);
        if (lastLeaf !== 0) assertEquals(i32[(lastLeaf >> 2) + 3], node);
        lastLeaf = node;
        for (let i = 0; i < n; i++, at++) {
          const item = this.items[at];
          assert(f64[(node >> 3) + 2 + i] === item.score, "score");
          assert(i32[w + 4 + 2 * capacity + i] === item.ref, "item");
        }
        return n;
      }
      assert(n <= FANOUT && (level < height || n >= 2), "inner count");
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const first = this.items[at];
        assertEquals(f64[(node >> 3) + 1 + i], first.score, "first score");
        assertEquals(i32[w + 2 + 2 * FANOUT + i], first.ref, "first item");
        const below = walk(i32[w + 2 + 3 * FANOUT + i], level - 1);
        assertEquals(i32[w + 2 + 4 * FANOUT + i], below, "items below");
        sum += below;
      }
      return sum;
    };
    assertEquals(walk(i32[root], height), this.items.length);
    assertEquals(i32[(lastLeaf >> 2) + 3], 0);
  }

  checkSeeks(random: () => number): void {
    const { index, root, items } = this;
    const nobody = new Uint8Array(0);
    const rank = Math.floor(random() * (items.length + 2)) - 1;
    assertEquals(index.seekRank(root, rank), items[rank]?.ref ?? 0);
    if (items[rank] === undefined) return;
    assertEquals(index.score(), items[rank].score);
    assertEquals(index.next(), items[rank + 1]?.ref ?? 0);
    index.seekRank(root, rank);
    assertEquals(index.previous(), items[rank - 1]?.ref ?? 0);
    const { score, member } = items[rank];
    assertEquals(index.seek(root, Seek.BEFORE_MEMBER, score, member, 0, member.length), rank);
    assertEquals(index.item(), items[rank].ref);
    assertEquals(index.seek(root, Seek.AFTER_MEMBER, score, member, 0, member.length), rank + 1);
    const near = score + Math.floor(random() * 3) - 1;
    const before = items.findIndex((item) => item.score >= near);
    const after = items.findIndex((item) => item.score > near);
    assertEquals(index.seek(root, Seek.BEFORE_SCORE, near, nobody, 0, 0), before < 0 ? items.length : before);
    assertEquals(index.item(), items[before]?.ref ?? 0);
    assertEquals(index.seek(root, Seek.AFTER_SCORE, near, nobody, 0, 0), after < 0 ? items.length : after);
  }
}

function randomMember(random: () => number): Uint8Array {
  const long = random() < 0.02;
  const member = new Uint8Array(long ? 250 + Math.floor(random() * 20) : Math.floor(random() * 4));
  for (let i = 0; i < member.length; i++) member[i] = long && i < 248 ? 120 : 97 + Math.floor(random() * 4);
  return member;
}

function randomScore(random: () => number): number {
  const r = random();
  if (r < 0.02) return random() < 0.5 ? -Infinity : Infinity;
  if (r < 0.1) return random() - 0.5;
  return Math.floor(random() * 200) - 100;
}

for (const seed of [1, 2, 3]) {
  test(`ordered index: random changes against a sorted array, seed ${seed}`, () => {
    const random = randomFrom(seed);
    const b = new Bench();
    for (let step = 0; step < 16_000; step++) {
      // Phases of growth and of shrinking, so that the height goes up and down.
      const growing = Math.floor(step / 5000) % 2 === 0;
      const r = random();
      if (r < (growing ? 0.8 : 0.2)) {
        const item = b.make(randomScore(random), randomMember(random));
        if (!b.insert(item)) b.arena.free(item.ref);
      } else if (b.items.length > 0 && r < 0.85) {
        const i = Math.floor(random() * b.items.length);
        b.index.remove(b.root, b.items[i].ref);
        b.items.splice(i, 1);
      } else if (b.items.length > 0 && r < (growing ? 0.851 : 0.86)) {
        const from = Math.floor(random() * b.items.length);
        const n = Math.min(b.items.length - from, Math.floor(random() * 100));
        for (let gone = 0; gone < n;) gone += b.index.removeRun(b.root, from, n - gone);
        b.items.splice(from, n);
      } else if (b.items.length > 0) {
        const [item] = b.items.splice(Math.floor(random() * b.items.length), 1);
        const score = random() < 0.5 ? item.score + 0.01 : randomScore(random);
        const target = { ...item, score };
        const i = b.place(target);
        const taken = i < b.items.length && compare(b.items[i], target) === 0;
        b.index.update(b.root, item.ref, taken ? item.score : score);
        if (!taken) item.score = score;
        b.items.splice(b.place(item), 0, item);
      }
      if (b.items.length < 300 || step % 16 === 0) b.check();
      b.checkSeeks(random);
    }
  });
}

test("ordered index: three levels, appended, ascending, descending and at random; fill", () => {
  const n = 30_000;
  const random = randomFrom(9);
  const order: Record<string, (i: number) => number> = {
    ascending: (i) => i,
    descending: (i) => -i,
    random: () => Math.floor(random() * 1e9),
  };
  for (const [name, scoreOf] of Object.entries(order)) {
    const b = new Bench();
    const items = Array.from({ length: n }, (_, i) => b.make(scoreOf(i), new Uint8Array([i, i >> 8, i >> 16])));
    const before = b.arena.usedBytes;
    for (const item of items) b.index.insert(b.root, item.ref);
    b.items = items.sort(compare);
    b.check();
    const each = (b.arena.usedBytes - before) / n;
    assert(each < (name === "random" ? 16.5 : 13.5), `${name}: ${each} bytes an item`);
    assertEquals(b.index.releaseSome(b.root, 1000) >= 1000, true);
    b.index.release(b.root);
    assertEquals(b.arena.usedBytes, before);
    for (const item of b.items) b.index.append(b.root, item.ref);
    b.check();
    for (let i = 0; i < 200; i++) b.checkSeeks(random);
  }
});

test("ordered index: lexicographic seeks look at members only", () => {
  const b = new Bench();
  const words = ["", "a", "aa", "b", "ba", "c"];
  for (const word of words) b.insert(b.make(0, new TextEncoder().encode(word)));
  const rank = (mode: Seek, word: string) => {
    const bytes = new TextEncoder().encode(word);
    return b.index.seek(b.root, mode, NaN, bytes, 0, bytes.length);
  };
  assertEquals(rank(Seek.BEFORE_LEX, "aa"), 2);
  assertEquals(rank(Seek.AFTER_LEX, "aa"), 3);
  assertEquals(rank(Seek.BEFORE_LEX, "ab"), 3);
  assertEquals(rank(Seek.AFTER_LEX, ""), 1);
  assertEquals(rank(Seek.AFTER_LEX, "d"), 6);
});

test("ordered index: a full arena leaves it as it was", () => {
  const b = new Bench(512 << 10);
  const random = randomFrom(4);
  const item = b.make(0, new Uint8Array([0]));
  b.insert(item);
  for (let i = 1;; i++) {
    let next: Item;
    try {
      next = b.make(random(), new Uint8Array([i, i >> 8]));
    } catch (error) {
      assert(error instanceof ArenaFull);
      break;
    }
    try {
      b.insert(next);
    } catch (error) {
      assert(error instanceof ArenaFull);
      break;
    }
  }
  b.check();
  assertThrows(() => b.index.update(b.root, item.ref, 7), ArenaFull);
  b.check();
});
