/** Quicklist against an array of texts. */
import { assert, assertEquals } from "@std/assert";
import { latin1Bytes, latin1Text } from "../../src/base/bytes.ts";
import { Arena, ArenaFull } from "../../src/memory/arena.ts";
import { Listpack, validListpack } from "../../src/structures/listpack.ts";
import { Quicklist } from "../../src/structures/quicklist.ts";
import { ROOT_WORDS } from "../../src/structures/sequence_tree.ts";
import { test } from "../harness.ts";
import { Random } from "./random.ts";

class Subject {
  readonly arena: Arena;
  readonly listpack: Listpack;
  readonly list: Quicklist;
  readonly root: number;
  readonly empty: number;

  constructor(bytes: number, readonly fill: number) {
    this.arena = Arena.create(bytes);
    this.listpack = new Listpack(this.arena.u8);
    this.list = new Quicklist(this.arena, this.listpack);
    this.root = this.arena.alloc(ROOT_WORDS * 4) >> 2;
    this.arena.i32.fill(0, this.root, this.root + ROOT_WORDS);
    this.empty = this.arena.usedBytes;
  }

  text(): string {
    this.list.read();
    return latin1Text(this.listpack.bytes, this.listpack.at, this.listpack.at + this.listpack.len);
  }

  texts(): string[] {
    const out: string[] = [];
    if (this.list.tree.count(this.root) === 0) return out;
    this.list.seek(this.root, 0);
    do out.push(this.text()); while (this.list.next());
    return out;
  }

  /** Every node well-formed, counted right and within its allocation. */
  check(): void {
    const { list, arena, root } = this;
    for (let more = list.firstNode(root); more; more = list.tree.next()) {
      const room = arena.usable(list.tree.leaf);
      assert(list.nodeAt - list.tree.leaf + list.nodeBytes <= room, "node within its allocation");
      if (list.nodeIsPlain) assertEquals(list.tree.leafElements, 1);
      else assertEquals(validListpack(arena.u8, list.nodeAt, list.nodeBytes), list.tree.leafElements);
    }
  }
}

function element(random: Random, step: number): string {
  const kind = random.below(12);
  if (kind < 4) return String(random.below(100));
  if (kind < 10) return "e".repeat(random.below(60)) + step;
  if (kind < 11) return "m".repeat(random.below(2000)) + step;
  return random.below(4) === 0 ? "L".repeat(4000 + random.below(9000)) + step : "";
}

function play(seed: number, fill: number, steps: number, longest: number, arenaBytes: number, plainFrom = 0): void {
  const random = new Random(seed);
  const s = new Subject(arenaBytes, fill);
  s.list.plainFrom = plainFrom;
  const { list, root } = s;
  const model: string[] = [];
  let growing = true;
  let refused = 0;
  for (let step = 0; step < steps; step++) {
    if (model.length > longest) growing = false;
    if (model.length < 3) growing = true;
    const text = element(random, step);
    const b = latin1Bytes(text);
    const place = model.length === 0 ? 0 : random.below(model.length);
    const op = random.below(20);
    try {
      if (model.length === 0 || op < (growing ? 8 : 3)) {
        const atHead = random.below(2) === 0;
        list.push(root, atHead, b, 0, b.length, fill);
        if (atHead) model.unshift(text);
        else model.push(text);
      } else if (op < (growing ? 12 : 6)) {
        const behind = random.below(2) === 0;
        list.seek(root, place);
        list.insert(root, behind, b, 0, b.length, fill);
        model.splice(place + (behind ? 1 : 0), 0, text);
      } else if (op < 14) {
        list.replace(root, place, b, 0, b.length, fill);
        model[place] = text;
      } else if (op < 16) {
        const atHead = random.below(2) === 0;
        list.pop(root, atHead);
        if (atHead) model.shift();
        else model.pop();
      } else if (op < 17) {
        list.seek(root, place);
        const more = list.remove(root);
        model.splice(place, 1);
        assertEquals(more, place < model.length);
        if (more) assertEquals(s.text(), model[place]);
      } else if (op < 18) {
        const n = random.below(Math.min(model.length - place, growing ? 5 : 80) + 1);
        list.removeRange(root, place, n);
        model.splice(place, n);
      } else {
        list.seek(root, place);
        assertEquals(s.text(), model[place]);
        for (let i = place + 1; i < place + 4; i++) {
          assertEquals(list.next(), i < model.length);
          if (i < model.length) assertEquals(s.text(), model[i]);
        }
        list.seek(root, place);
        for (let i = place - 1; i > place - 4; i--) {
          assertEquals(list.prev(), i >= 0);
          if (i >= 0) assertEquals(s.text(), model[i]);
        }
      }
    } catch (error) {
      if (!(error instanceof ArenaFull)) throw error;
      refused++;
      growing = false;
    }
    assertEquals(list.tree.count(root), model.length);
    if (step % 20 === 0) {
      s.check();
      assertEquals(s.texts(), model);
    }
  }
  if (arenaBytes < 1 << 21) assert(refused > 0, "the arena was full at times");
  list.free(root, Infinity);
  assertEquals(s.arena.usedBytes, s.empty);
}

for (const fill of [-2, -1, 0, 1, 3, 128, -5]) {
  test(`quicklist: random changes under fill ${fill}`, () => {
    play(fill + 40, fill, 4000, 700, 1 << 25);
  });
}

test("quicklist: random changes where small elements have nodes of their own", () => {
  for (const plainFrom of [1, 5, 40]) play(plainFrom, -2, 4000, 700, 1 << 25, plainFrom);
  play(4, 16, 4000, 700, 1 << 25, 20000);
});

test("quicklist: random changes in an arena that is often full", () => {
  play(1, -1, 6000, 100000, 1 << 20);
  play(2, 2, 6000, 100000, 1 << 20);
});

test("quicklist: a long list's elements take little more than their bytes", () => {
  const s = new Subject(1 << 26, -2);
  const b = latin1Bytes("element:00000");
  for (let i = 0; i < 200000; i++) s.list.push(s.root, (i & 1) === 0, b, 0, 13, -2);
  const perElement = (s.arena.usedBytes - s.empty) / 200000;
  assert(perElement < 15.2, `${perElement} bytes`);
  assertEquals(s.list.bytes(s.root, 0), s.arena.usedBytes - s.empty);
});
