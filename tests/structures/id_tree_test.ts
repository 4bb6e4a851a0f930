/** IdTree against a sorted array, with every invariant of its nodes checked; StreamId's arithmetic and text against BigInt. */
import { assert, assertEquals } from "@std/assert";
import { Uint64Parser } from "../../src/base/uint64.ts";
import { Arena, ArenaFull } from "../../src/memory/arena.ts";
import { ID_TREE_WORDS, IdTree } from "../../src/structures/id_tree.ts";
import { ID_TEXT_MAX, ID_WORDS, StreamId } from "../../src/structures/stream_id.ts";
import { test } from "../harness.ts";
import { Random } from "./random.ts";

const WORD = 2n ** 32n;
const HALF = 2n ** 64n;

function toBig(id: StreamId): bigint {
  return [id.msHi, id.msLo, id.seqHi, id.seqLo].reduce((n, w) => n * WORD + BigInt(w >>> 0), 0n);
}

function setBig(id: StreamId, n: bigint): void {
  const w = (shift: bigint) => Number(BigInt.asIntN(32, n >> shift));
  id.set(w(96n), w(64n), w(32n), w(0n));
}

function at(i32: Int32Array, w: number): bigint {
  const id = new StreamId();
  id.load(i32, w);
  return toBig(id);
}

/** Checks a node and everything below it; appends its leaves and identifiers. */
function check(
  i32: Int32Array,
  node: number,
  height: number,
  stride: number,
  low: bigint,
  high: bigint,
  leaves: number[],
  ids: bigint[],
): void {
  const n = i32[node];
  assert(n > 0, "no node is empty");
  if (height === 1) {
    leaves.push(node);
    assert(n <= i32[node + 1]);
    for (let k = 0; k < n; k++) {
      const id = at(i32, node + 4 + k * stride);
      assert(id >= low && id < high, "within the bounds of the nodes above");
      assert(ids.length === 0 || ids[ids.length - 1] < id, "ascending");
      ids.push(id);
    }
    return;
  }
  assert(n <= 25);
  for (let k = 0; k < n; k++) {
    const from = k === 0 ? low : at(i32, node + 2 + k * ID_WORDS);
    const to = k + 1 === n ? high : at(i32, node + 2 + (k + 1) * ID_WORDS);
    check(i32, i32[node + 102 + k] >> 2, height - 1, stride, from, to, leaves, ids);
  }
}

function contents(i32: Int32Array, root: number, stride: number): bigint[] {
  const [top, height, count] = [i32[root] >> 2, i32[root + 1], i32[root + 2]];
  const [leaves, ids]: [number[], bigint[]] = [[], []];
  if (top === 0) assertEquals([height, count], [0, 0]);
  else {
    check(i32, top, height, stride, 0n, 2n ** 128n, leaves, ids);
    if (height > 1) assert(i32[top] > 1, "an inner top has two children");
  }
  leaves.forEach((leaf, k) => {
    assertEquals(i32[leaf + 2], leaves[k - 1] ?? 0);
    assertEquals(i32[leaf + 3], leaves[k + 1] ?? 0);
  });
  assertEquals(ids.length, count);
  return ids;
}

for (const [values, span] of [[0, 3000], [1, 900], [5, 100000]]) {
  test(`id tree: random changes, ${values} words of value, ${span} identifiers`, () => {
    const random = new Random(values + 1);
    const arena = Arena.create(1 << 23);
    const { i32 } = arena;
    const root = arena.alloc(ID_TREE_WORDS * 4) >> 2;
    i32.fill(0, root, root + ID_TREE_WORDS);
    const empty = arena.usedBytes;
    const tree = new IdTree(arena, values);
    const model = new Map<bigint, number>();
    const id = new StreamId();
    const wide = () => BigInt(random.below(3)) * HALF * WORD + BigInt(random.below(span)) * (HALF / 7n) + 5n;
    let growing = true;
    for (let step = 0; step < 4000; step++) {
      if (model.size > 1200) growing = false;
      if (model.size < 3) growing = true;
      const op = random.below(10);
      const key = wide();
      setBig(id, key);
      const found = tree.find(root, id);
      assertEquals(found !== 0, model.has(key));
      if (found !== 0 && values > 0) assertEquals(i32[found + ID_WORDS], model.get(key));
      if (op < (growing ? 6 : 2)) {
        if (found !== 0) continue;
        const entry = tree.insert(root, id);
        if (values > 0) i32[entry + ID_WORDS] = step;
        model.set(key, step);
      } else if (op < 8) {
        const sorted = [...model.keys()].sort((a, b) => (a < b ? -1 : 1));
        const gone = op === 7 && sorted.length > 0 ? sorted[random.below(sorted.length)] : key;
        setBig(id, gone);
        assertEquals(tree.remove(root, id), model.delete(gone));
      } else {
        const sorted = [...model.keys()].sort((a, b) => (a < b ? -1 : 1));
        let from = tree.seekFrom(root, id);
        for (const expected of sorted.filter((k) => k >= key).slice(0, 70)) {
          assertEquals(at(i32, from), expected);
          from = tree.next();
        }
        let to = tree.seekTo(root, id);
        for (const expected of sorted.filter((k) => k <= key).reverse().slice(0, 70)) {
          assertEquals(at(i32, to), expected);
          to = tree.previous();
        }
        const [first, last] = [tree.first(root), tree.last(root)];
        assertEquals(first === 0 ? undefined : at(i32, first), sorted[0]);
        assertEquals(last === 0 ? undefined : at(i32, last), sorted[sorted.length - 1]);
      }
      if (step % 8 === 0) assertEquals(contents(i32, root, ID_WORDS + values).length, model.size);
    }
    while (tree.removeFirstLeaf(root) > 0) contents(i32, root, ID_WORDS + values);
    assertEquals(arena.usedBytes, empty);
  });
}

test("id tree: ascending entries fill their leaves", () => {
  const arena = Arena.create(1 << 23);
  const root = arena.alloc(ID_TREE_WORDS * 4) >> 2;
  arena.i32.fill(0, root, root + ID_TREE_WORDS);
  const tree = new IdTree(arena, 0);
  const id = new StreamId();
  const before = arena.usedBytes;
  for (let n = 0; n < 20000; n++) {
    id.setMs(n);
    tree.insert(root, id);
  }
  assertEquals(contents(arena.i32, root, ID_WORDS).length, 20000);
  assert((arena.usedBytes - before) / 20000 < 17.5);
  // Taken away from the front, as acknowledgements do.
  for (let n = 0; n < 20000; n++) {
    id.setMs(n);
    assert(tree.remove(root, id));
    if (n % 501 === 0) contents(arena.i32, root, ID_WORDS);
  }
  assertEquals(arena.usedBytes, before);
});

test("id tree: without memory an insertion changes nothing", () => {
  const arena = Arena.create(1 << 19);
  const root = arena.alloc(ID_TREE_WORDS * 4) >> 2;
  arena.i32.fill(0, root, root + ID_TREE_WORDS);
  const tree = new IdTree(arena, 5);
  const random = new Random(9);
  const id = new StreamId();
  let refused = 0;
  for (let n = 0; refused < 30; n++) {
    id.setMs(random.below(1 << 30) * 4);
    if (tree.find(root, id) !== 0) continue;
    const before = arena.usedBytes;
    const count = tree.count(root);
    try {
      tree.insert(root, id);
    } catch (error) {
      assert(error instanceof ArenaFull);
      refused++;
      assertEquals([arena.usedBytes, contents(arena.i32, root, 9).length], [before, count]);
    }
  }
});

test("stream id: arithmetic, order and text are those of the numbers", () => {
  const random = new Random(3);
  const [a, b, c] = [new StreamId(), new StreamId(), new StreamId()];
  const out = new Uint8Array(ID_TEXT_MAX + 2);
  const parser = new Uint64Parser();
  const edge = () => {
    const half = [0n, 1n, WORD - 1n, WORD, HALF - 1n, HALF / 2n, HALF / 2n - 1n, 10n ** 19n, 10n ** 18n - 1n];
    return random.below(2) === 0 ? half[random.below(half.length)] : BigInt(random.below(1 << 30)) ** 2n;
  };
  for (let step = 0; step < 3000; step++) {
    const [am, as, bm, bs] = [edge(), edge(), edge(), edge()];
    setBig(a, am * HALF + as);
    setBig(b, bm * HALF + bs);
    assertEquals(Math.sign(a.compare(b)), am * HALF + as < bm * HALF + bs ? -1 : am === bm && as === bs ? 0 : 1);
    c.setDifference(a, b);
    assertEquals(toBig(c), BigInt.asUintN(64, am - bm) * HALF + BigInt.asUintN(64, as - bs));
    a.setSum(b, c.msHi, c.msLo, c.seqHi, c.seqLo);
    assertEquals(toBig(a), am * HALF + as);
    const len = a.write(out, 1);
    const text = String.fromCharCode(...out.subarray(1, 1 + len));
    assertEquals(text, `${am}-${as}`);
    assert(parser.parse(out, 1, 1 + text.indexOf("-")));
    assertEquals((BigInt(parser.hi >>> 0) << 32n) | BigInt(parser.lo >>> 0), am);
    c.copy(a);
    assertEquals(c.increment(), toBig(a) !== HALF * HALF - 1n);
    assertEquals(toBig(c), BigInt.asUintN(128, toBig(a) + 1n));
    assertEquals(c.decrement(), toBig(c) !== HALF * HALF - 1n);
    assertEquals(toBig(c), toBig(a));
  }
});

test("unsigned integers as strtoull reads them", () => {
  const parser = new Uint64Parser();
  const read = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    return parser.parse(bytes, 0, bytes.length) ? `${(BigInt(parser.hi >>> 0) << 32n) | BigInt(parser.lo >>> 0)}` : "";
  };
  const cases: Record<string, string> = {
    "0": "0",
    "000": "0",
    "0018446744073709551615": "18446744073709551615",
    "18446744073709551616": "",
    "99999999999999999999": "",
    "100000000000000000000": "",
    "9223372036854775808": "9223372036854775808",
    " \t+7": "7",
    "-1": "",
    "-9223372036854775808": "",
    "-9223372036854775809": "9223372036854775807",
    "-01": "18446744073709551615",
    " -1": "18446744073709551615",
    "-0": "0",
    "": "",
    "+": "",
    "-": "",
    "1 ": "",
    "1x": "",
    "0x1": "",
  };
  for (const [text, expected] of Object.entries(cases)) assertEquals([text, read(text)], [text, expected]);
});
