/** SequenceTree against an array of leaves. */
import { assert, assertEquals } from "@std/assert";
import { Arena } from "../../src/memory/arena.ts";
import { ROOT_WORDS, SequenceTree } from "../../src/structures/sequence_tree.ts";
import { test } from "../harness.ts";
import { Random } from "./random.ts";

interface Leaf {
  ref: number;
  elements: number;
  word: number;
}

/** Checks every invariant of the tree below `at`; returns its elements and appends its leaves. */
function check(i32: Int32Array, at: number, level: number, leaves: Leaf[]): number {
  const b = at >> 2;
  const n = i32[b];
  assertEquals(i32[b + 1], level);
  assert(n >= 1 && n <= 20);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const elements = i32[b + 24 + i];
    if (level === 0) leaves.push({ ref: i32[b + 4 + i], elements, word: i32[b + 44 + i] });
    else assertEquals(check(i32, i32[b + 4 + i], level - 1, leaves), elements);
    sum += elements;
  }
  return sum;
}

function compare(arena: Arena, tree: SequenceTree, root: number, model: Leaf[]): void {
  const i32 = arena.i32;
  const leaves: Leaf[] = [];
  const top = i32[root];
  if (top !== 0) {
    const level = i32[(top >> 2) + 1];
    assertEquals(check(i32, top, level, leaves), tree.count(root));
    if (level > 0) assert(i32[top >> 2] > 1);
  }
  assertEquals(leaves, model);
  assertEquals(tree.leafCount(root), model.length);
}

function at(tree: SequenceTree): Leaf {
  return { ref: tree.leaf, elements: tree.leafElements, word: tree.leafWord };
}

for (const [name, bias] of [["anywhere", -1], ["at the tail", 1], ["at the head", 0]] as const) {
  test(`sequence tree: random changes, inserting ${name}`, () => {
    const random = new Random(bias + 5);
    const arena = Arena.create(1 << 22);
    const root = arena.alloc(ROOT_WORDS * 4) >> 2;
    arena.i32.fill(0, root, root + ROOT_WORDS);
    const empty = arena.usedBytes;
    const tree = new SequenceTree(arena);
    const model: Leaf[] = [];
    let growing = true;
    for (let step = 0; step < 6000; step++) {
      if (model.length > 900) growing = false;
      if (model.length < 5) growing = true;
      const leaf = { ref: step * 8 + 8, elements: 1 + random.below(5), word: ~step };
      const op = random.below(10);
      if (model.length === 0) {
        tree.insertFirst(root, leaf.ref, leaf.elements, leaf.word);
        model.push(leaf);
      } else {
        let place = random.below(model.length);
        const total = model.reduce((sum, l) => sum + l.elements, 0);
        let before = 0;
        for (let i = 0; i < place; i++) before += model[i].elements;
        const within = random.below(model[place].elements);
        tree.seek(root, before + within);
        assertEquals(tree.within, within);
        assertEquals(at(tree), model[place]);
        if (op < (growing ? 7 : 3)) {
          let behind = random.below(2) === 0;
          if (bias >= 0) {
            behind = bias === 1;
            place = behind ? model.length - 1 : 0;
            if (behind) tree.last(root);
            else tree.first(root);
          }
          tree.insert(root, behind, leaf.ref, leaf.elements, leaf.word);
          model.splice(place + (behind ? 1 : 0), 0, leaf);
          assertEquals(at(tree), leaf);
        } else if (op < 9) {
          const more = tree.remove(root);
          model.splice(place, 1);
          assertEquals(more, place < model.length);
          if (more) assertEquals(at(tree), model[place]);
        } else {
          tree.addElements(root, 2);
          model[place] = { ...model[place], elements: model[place].elements + 2, ref: 16 };
          tree.setLeaf(16, model[place].word);
          assertEquals(tree.next(), place + 1 < model.length);
          if (place + 1 < model.length) {
            assertEquals(at(tree), model[place + 1]);
            tree.prev();
          }
          assertEquals(at(tree), model[place]);
          assertEquals(tree.count(root), total + 2);
        }
      }
      if (step % 7 === 0) compare(arena, tree, root, model);
    }
    while (tree.first(root)) tree.remove(root);
    assertEquals(arena.usedBytes, empty);
    assertEquals(tree.count(root), 0);
  });
}

test("sequence tree: a full arena changes nothing", () => {
  const arena = Arena.create(1 << 19);
  const root = arena.alloc(ROOT_WORDS * 4) >> 2;
  arena.i32.fill(0, root, root + ROOT_WORDS);
  const tree = new SequenceTree(arena);
  const model: Leaf[] = [];
  tree.insertFirst(root, 8, 1, 0);
  model.push({ ref: 8, elements: 1, word: 0 });
  const random = new Random(9);
  for (let i = 1;; i++) {
    const place = random.below(model.length);
    tree.seek(root, place);
    try {
      tree.insert(root, true, i * 8, 1, i);
    } catch {
      break;
    }
    model.splice(place + 1, 0, { ref: i * 8, elements: 1, word: i });
  }
  assert(model.length > 1000);
  compare(arena, tree, root, model);
});
