import { assert, assertEquals } from "@std/assert";
import { KeyHash } from "../../src/base/hash.ts";
import { Arena } from "../../src/memory/arena.ts";
import { ItemKind, writeLen } from "../../src/structures/item.ts";
import { ROOT_WORDS, Table } from "../../src/structures/table.ts";
import { sampleTable } from "../../src/structures/table_sample.ts";
import { seededRandom } from "../engine.ts";
import { test } from "../harness.ts";

/** A table of members "0", "1", ... */
class Numbers {
  readonly arena = Arena.create(1 << 26);
  readonly hash = new KeyHash(1, 2);
  readonly table = new Table(this.arena, this.hash, ItemKind.MEMBER);
  readonly root = this.arena.alloc((ROOT_WORDS + 1) * 4) >> 2;
  private readonly text = new Uint8Array(16);

  constructor() {
    this.arena.i32.fill(0, this.root, this.root + ROOT_WORDS + 1);
  }

  /** Moves all items of another into this one, in the order of their hashes. */
  takeAll(other: Numbers): void {
    let place = 0;
    do {
      place = other.table.walk(other.root, place);
      const found = other.table.found.slice(0, other.table.foundCount);
      for (const item of found) this.add(other.read(item));
    } while (place !== 0);
  }

  has(n: number): boolean {
    const len = this.spell(n);
    return this.table.find(this.root, this.hash.of(this.text, 0, len), this.text, 0, len) !== 0;
  }

  hashOf(n: number): number {
    return this.hash.of(this.text, 0, this.spell(n));
  }

  private spell(n: number): number {
    const digits = String(n);
    for (let i = 0; i < digits.length; i++) this.text[i] = digits.charCodeAt(i);
    return digits.length;
  }

  add(n: number): void {
    const len = this.spell(n);
    const item = this.arena.alloc(1 + len);
    const at = writeLen(this.arena.u8, item, len);
    this.arena.u8.set(this.text.subarray(0, len), at);
    this.table.insert(this.root, this.hash.of(this.text, 0, len), item, false);
  }

  /** By its key, or as one whose address is known. */
  remove(n: number): void {
    const len = this.spell(n);
    const h = this.hash.of(this.text, 0, len);
    const item = this.table.find(this.root, h, this.text, 0, len);
    if (n % 3 === 0) {
      const { slot } = this.table;
      this.table.find(this.root, 0, this.text, 0, 0); // somewhere else
      this.table.seekItem(this.root, h, item);
      assertEquals(this.table.slot, slot);
    }
    this.table.remove(this.root, h);
    this.arena.free(item);
  }

  read(item: number): number {
    const at = item + 1;
    return Number(String.fromCharCode(...this.arena.u8.slice(at, at + this.arena.u8[item])));
  }
}

/** Chi-square statistic against equal chances, less its mean, in standard deviations. */
function deviation(counts: number[]): number {
  const expected = counts.reduce((a, b) => a + b) / counts.length;
  const chi = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  const freedom = counts.length - 1;
  return (chi - freedom) / Math.sqrt(2 * freedom);
}

for (const size of [1, 7, 100, 900, 5000]) {
  test(`table: every one of ${size} items is as likely as the others`, () => {
    const numbers = new Numbers();
    // Some removals leave the segments unevenly filled.
    for (let n = 0; n < size * 2; n++) numbers.add(n);
    for (let n = size; n < size * 2; n++) numbers.remove(n);
    const random = seededRandom(size);
    const counts = new Array<number>(size).fill(0);
    for (let k = 0; k < size * 60; k++) {
      counts[numbers.read(numbers.table.random(numbers.root, random))]++;
    }
    if (size > 1) assert(Math.abs(deviation(counts)) < 4, `off by ${deviation(counts)}`);
  });
}

for (const [size, n] of [[40, 5], [40, 30], [3000, 20], [3000, 2500]]) {
  test(`table: samples of ${n} out of ${size} differ, and every item is as likely as the others`, () => {
    const numbers = new Numbers();
    for (let k = 0; k < size; k++) numbers.add(k);
    const random = seededRandom(size + n);
    const counts = new Array<number>(size).fill(0);
    const rounds = Math.ceil(size * 40 / n);
    for (let k = 0; k < rounds; k++) {
      const drawn = [...sampleTable(numbers.table, numbers.root, n, random)].map((item) => numbers.read(item));
      assertEquals(new Set(drawn).size, n);
      for (const member of drawn) counts[member]++;
    }
    // Drawing without putting back makes the counts more even than chi-square expects: only an excess is wrong.
    assert(deviation(counts) < 4, `off by ${deviation(counts)}`);
  });
}

test("table: a walk meets every item once, in the same order of segments for the same keys", () => {
  const numbers = new Numbers();
  for (let k = 0; k < 20_000; k++) numbers.add(k);
  const met = new Set<number>();
  let n = 0;
  let place = 0;
  do {
    place = numbers.table.walk(numbers.root, place);
    for (let k = 0; k < numbers.table.foundCount; k++) met.add(numbers.read(numbers.table.found[k]));
    n += numbers.table.foundCount;
  } while (place !== 0);
  assertEquals(n, 20_000);
  assertEquals(met.size, 20_000);
});

test("table: taken apart segment by segment, all memory comes back", () => {
  for (const size of [0, 3, 700, 20_000]) {
    const numbers = new Numbers();
    const before = numbers.arena.usedBytes;
    for (let k = 0; k < size; k++) numbers.add(k);
    let n = 0;
    while (numbers.table.dismantle(numbers.root, numbers.root + ROOT_WORDS)) {
      for (let k = 0; k < numbers.table.foundCount; k++) numbers.arena.free(numbers.table.found[k]);
      n += numbers.table.foundCount;
    }
    assertEquals(n, size);
    assertEquals(numbers.arena.usedBytes, before);
    assertEquals(numbers.table.count(numbers.root), 0);
  }
});

test("table: items that come in the order of their hashes", () => {
  const source = new Numbers();
  const size = 60_000;
  for (let k = 0; k < size; k++) source.add(k);
  const target = new Numbers();
  target.takeAll(source);
  assertEquals(target.table.count(target.root), size);
  for (let k = 0; k < size; k++) assert(target.has(k), `${k} is there`);
  assert(!target.has(size));
  // Not much larger than the one that was filled in random order.
  assert(target.arena.usedBytes < source.arena.usedBytes * 1.2, `${target.arena.usedBytes}`);
  for (let k = 0; k < size; k += 2) target.remove(k);
  for (let k = 0; k < size; k++) assertEquals(target.has(k), k % 2 === 1);
  for (let k = 1; k < size; k += 2) target.remove(k);
  assertEquals(target.table.count(target.root), 0);
});

test("table: one made ready for its items takes them without growing, and gives everything back", () => {
  const t = new Numbers();
  const before = t.arena.usedBytes;
  t.table.presize(t.root, 20_000);
  const slots = t.table.slotCount(t.root);
  for (let n = 0; n < 20_000; n++) t.add(n);
  assertEquals(t.table.slotCount(t.root), slots);
  t.table.presize(t.root, 1_000_000); // nothing happens to one that is not empty
  assertEquals(t.table.slotCount(t.root), slots);
  for (let n = 0; n < 20_000; n++) assert(t.has(n), `item ${n}`);
  for (let n = 0; n < 20_000; n++) t.remove(n);
  assertEquals(t.arena.usedBytes, before);
});

test("table: scans that go on after merges give each item once", () => {
  const t = new Numbers();
  const random = seededRandom(5);
  for (let n = 0; n < 30_000; n++) t.add(n);
  const seen = new Map<number, number>();
  const gone = new Set<number>();
  let cursor = 0;
  do {
    cursor = t.table.scanOnce(t.root, cursor);
    for (const item of t.table.found.slice(0, t.table.foundCount)) {
      const n = t.read(item);
      seen.set(n, (seen.get(n) ?? 0) + 1);
    }
    // Many at once now and then, so that segments merge which the scan has seen one half of.
    for (let k = random() < 0.01 ? 8000 : 0; k > 0; k--) {
      const n = Math.floor(random() * 30_000);
      if (!gone.has(n)) t.remove(n);
      gone.add(n);
    }
  } while (cursor !== 0);
  for (let n = 0; n < 30_000; n++) {
    const times = seen.get(n) ?? 0;
    assert(gone.has(n) ? times <= 1 : times === 1, `item ${n}: ${times} times`);
  }
});

/** `n` numbers whose hash has these home bits and top bit. */
function ofHome(numbers: Numbers, home: number, top: number, n: number): number[] {
  const found: number[] = [];
  for (let i = 0; found.length < n; i++) {
    const h = numbers.hashOf(i);
    if ((h & 63) === home && h >>> 31 === top) found.push(i);
  }
  return found;
}

test("table: items removed in the order of a scan, and in its reverse", () => {
  for (const size of [700, 3000, 20000]) {
    for (const reverse of [false, true]) {
      const numbers = new Numbers();
      for (let n = 0; n < size; n++) numbers.add(n);
      const order: number[] = [];
      let cursor = 0;
      do {
        cursor = numbers.table.scan(numbers.root, cursor);
        for (const item of numbers.table.found.slice(0, numbers.table.foundCount)) order.push(numbers.read(item));
      } while (cursor !== 0);
      if (reverse) order.reverse();
      order.forEach((n, i) => {
        numbers.remove(n);
        if (i % 500 !== 0) return;
        for (let k = 0; k < size; k += 97) assertEquals(numbers.has(order[k]), k > i);
      });
      assertEquals(numbers.arena.i32[numbers.root], 0, "an empty table has no segments");
    }
  }
});

test("table: items that come in the order of another's scan, and in its reverse", () => {
  const source = new Numbers();
  for (let n = 0; n < 20000; n++) source.add(n);
  const order: number[] = [];
  let cursor = 0;
  do {
    cursor = source.table.scan(source.root, cursor);
    for (const item of source.table.found.slice(0, source.table.foundCount)) order.push(source.read(item));
  } while (cursor !== 0);
  for (const each of [order, order.toReversed()]) {
    const numbers = new Numbers();
    for (const n of each) numbers.add(n);
    for (let n = 0; n < 20000; n++) assert(numbers.has(n));
  }
});

test("table: a split whose items are nearly all of one home and reach around the end", () => {
  const numbers = new Numbers();
  const last = ofHome(numbers, 63, 1, 109);
  const items = [
    ...last.slice(0, 108),
    ...ofHome(numbers, 0, 1, 12),
    ...Array.from({ length: 13 }, (_, i) => ofHome(numbers, 10 + 2 * i, 0, 12)).flat(),
    last[108],
  ];
  for (const n of items) numbers.add(n);
  for (const n of items) assert(numbers.has(n), String(n));
  assertEquals(numbers.table.count(numbers.root), items.length);
  for (const n of items) numbers.remove(n);
  assertEquals(numbers.arena.i32[numbers.root], 0);
});

test("table: small ones whose items have few homes", () => {
  const random = seededRandom(5);
  const below = (n: number) => Math.floor(random() * n);
  const numbers = new Numbers();
  const byHome = Array.from({ length: 64 }, () => [] as number[]);
  for (let i = 0; i < 12000; i++) byHome[numbers.hashOf(i) & 63].push(i);
  for (let round = 0; round < 4000; round++) {
    const homes = Array.from(
      { length: 1 + below(8) },
      () => random() < 0.5 ? below(64) : [0, 1, 31, 32, 62, 63][below(6)],
    );
    const items = new Set<number>();
    for (let k = 0; k < 100; k++) items.add(byHome[homes[below(homes.length)]][below(100)]);
    for (const n of items) numbers.add(n);
    for (const n of items) assert(numbers.has(n));
    for (const n of items) numbers.remove(n);
    assertEquals(numbers.arena.i32[numbers.root], 0);
  }
});
