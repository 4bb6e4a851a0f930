import { assertEquals } from "@std/assert";
import { Arena } from "../../src/memory/arena.ts";
import { DeadlineHeap, HEAP_WORDS, NODE_SIZE } from "../../src/structures/deadline_heap.ts";
import { seededRandom } from "../engine.ts";
import { test } from "../harness.ts";

/** Checks order and positions, and that the nodes are those of the model. */
function check(arena: Arena, heap: DeadlineHeap, root: number, model: Map<number, number>): void {
  assertEquals(heap.count(root), model.size);
  for (let i = 0; i < model.size; i++) {
    const node = heap.nodeAt(root, i);
    assertEquals(arena.i32[(node >> 2) + 1], i);
    assertEquals(heap.time(node), model.get(node));
    if (i > 0) assertEquals(heap.time(heap.nodeAt(root, (i - 1) >> 1)) <= heap.time(node), true);
  }
}

test("deadline heap: random operations against a map", () => {
  const arena = Arena.create(1 << 22);
  const heap = new DeadlineHeap(arena);
  const root = arena.alloc(HEAP_WORDS * 4) >> 2;
  arena.i32.fill(0, root, root + HEAP_WORDS);
  const before = arena.usedBytes;
  const random = seededRandom(7);
  const model = new Map<number, number>();
  const time = () => random() < 0.1 ? 1e12 : Math.floor(random() * 2 ** (1 + random() * 46));
  const any = () => [...model.keys()][Math.floor(random() * model.size)];
  for (let step = 0; step < 3000; step++) {
    const roll = random();
    if (roll < 0.5 || model.size === 0) {
      const node = arena.alloc(NODE_SIZE);
      const t = time();
      heap.insert(root, node, t);
      model.set(node, t);
    } else if (roll < 0.7) {
      const node = any();
      const t = time();
      heap.update(root, node, t);
      model.set(node, t);
    } else if (roll < 0.8) {
      const node = any();
      const copy = arena.alloc(NODE_SIZE);
      arena.u8.copyWithin(copy, node, node + NODE_SIZE);
      heap.moved(root, copy);
      arena.free(node);
      model.set(copy, model.get(node)!);
      if (copy !== node) model.delete(node);
    } else {
      const node = random() < 0.5 ? heap.first(root) : any();
      heap.remove(root, node);
      model.delete(node);
      arena.free(node);
    }
    check(arena, heap, root, model);
    if (model.size > 0) assertEquals(heap.time(heap.first(root)), Math.min(...model.values()));
    const now = time();
    assertEquals(heap.countDue(root, now), [...model.values()].filter((t) => t <= now).length);
  }
  for (const node of model.keys()) arena.free(node);
  heap.release(root);
  assertEquals(arena.usedBytes, before);
});
