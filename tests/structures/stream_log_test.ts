/** StreamLog and its cursor against an array of entries. */
import { assert, assertEquals } from "@std/assert";
import { Arena } from "../../src/memory/arena.ts";
import { Listpack, validListpack } from "../../src/structures/listpack.ts";
import { validStreamBlock } from "../../src/structures/stream_block.ts";
import { StreamId } from "../../src/structures/stream_id.ts";
import { LOG_WORDS, StreamCursor, StreamLog } from "../../src/structures/stream_log.ts";
import { test } from "../harness.ts";
import { Random } from "./random.ts";

interface Entry {
  ms: number;
  seq: number;
  pairs: string[];
}

const ascii = (bytes: Uint8Array, at: number, len: number) => String.fromCharCode(...bytes.subarray(at, at + len));

class Model {
  readonly arena = Arena.create(1 << 24);
  readonly listpack = new Listpack(this.arena.u8);
  readonly log = new StreamLog(this.arena, this.listpack);
  readonly cursor = new StreamCursor(this.log, this.arena, this.listpack);
  readonly root = this.arena.alloc(LOG_WORDS * 4) >> 2;
  entries: Entry[] = [];
  private readonly id = new StreamId();
  private readonly end = new StreamId();

  constructor(readonly limits: { streamNodeMaxBytes: number; streamNodeMaxEntries: number }) {
    this.arena.i32.fill(0, this.root, this.root + LOG_WORDS);
  }

  set(id: StreamId, ms: number, seq: number): StreamId {
    id.setMs(ms);
    id.seqLo = seq;
    return id;
  }

  append(entry: Entry): void {
    const bytes = new TextEncoder().encode(entry.pairs.join(""));
    const len = Int32Array.from(entry.pairs, (text) => text.length);
    const at = Int32Array.from(len, (_, k) => len.subarray(0, k).reduce((a, b) => a + b, 0));
    const id = this.set(this.id, entry.ms, entry.seq);
    this.log.append(this.root, id, bytes, at, len, 0, entry.pairs.length / 2, this.limits);
    this.entries.push(entry);
  }

  /** What the cursor shows from one identifier to another. */
  read(from: [number, number], to: [number, number], reverse: boolean): Entry[] {
    const { cursor, listpack } = this;
    cursor.open(this.root, this.set(this.id, ...from), this.set(this.end, ...to), reverse);
    const found: Entry[] = [];
    while (cursor.next()) {
      const { block } = cursor;
      const pairs: string[] = [];
      block.rewind();
      for (let k = 0; k < block.pairs; k++) {
        block.readField();
        pairs.push(ascii(listpack.bytes, listpack.at, listpack.len));
        block.readValue();
        pairs.push(ascii(listpack.bytes, listpack.at, listpack.len));
      }
      found.push({ ms: block.id.msLo, seq: block.id.seqLo, pairs });
    }
    return found;
  }

  /** Every block is well-formed, and they follow each other. */
  check(): void {
    const { log, arena, listpack, id } = this;
    let live = 0;
    for (let at = log.tree.first(this.root); at !== 0; at = log.tree.next()) {
      const lp = log.blockOf(at);
      const size = listpack.totalBytes(lp);
      assert(size + 8 <= arena.usable(lp), "spare bytes for the counts");
      assert(validListpack(arena.u8, lp, size) > 0);
      id.load(arena.i32, at);
      const n = validStreamBlock(listpack, arena.u8, lp, id);
      assert(n >= 0);
      live += n;
    }
    assertEquals(live, this.entries.length);
  }
}

const below = (a: Entry, b: [number, number]) => a.ms < b[0] || (a.ms === b[0] && a.seq < b[1]);

for (const [maxBytes, maxEntries] of [[4096, 100], [0, 3], [150, 0], [4096, 200]]) {
  test(`stream log: random changes, blocks of ${maxBytes} bytes and ${maxEntries} entries`, () => {
    const random = new Random(maxEntries + 1);
    const model = new Model({ streamNodeMaxBytes: maxBytes, streamNodeMaxEntries: maxEntries });
    const empty = model.arena.usedBytes;
    let ms = 1;
    let seq = 0;
    const fields = ["a", "b", "temperature", "7"];
    const pick = <T>(list: T[]): T => list[random.below(list.length)];
    const value = () => pick(["1", "-77", "x", "y".repeat(random.below(90)), String(random.below(1 << 30)), ""]);
    for (let step = 0; step < 2500; step++) {
      const op = random.below(100);
      const place: [number, number] = [random.below(ms + 2), random.below(4)];
      if (op < 70) {
        if (random.below(3) === 0) seq++;
        else {
          ms += 1 + random.below(3);
          seq = random.below(2);
        }
        const pairs = random.below(3) === 0 ? [pick(fields), value(), pick(fields), value()] : ["a", value()];
        model.append({ ms, seq, pairs });
      } else if (op < 80) {
        const gone = random.below(2) === 0 && model.entries.length > 0 ? pick(model.entries) : undefined;
        const [m, s] = gone === undefined ? place : [gone.ms, gone.seq];
        const at = model.entries.findIndex((entry) => entry.ms === m && entry.seq === s);
        assertEquals(model.log.remove(model.root, model.set(new StreamId(), m, s)), at >= 0);
        if (at >= 0) model.entries.splice(at, 1);
      } else if (op < 83) {
        const most = Math.max(0, model.entries.length - random.below(30));
        const n = model.log.trimToLength(model.root, model.entries.length, most, false, 0);
        assertEquals(n, model.entries.length - most);
        model.entries.splice(0, n);
      } else if (op < 85) {
        const min: [number, number] = [Math.max(0, ms - 60 - random.below(60)), 0];
        const n = model.log.trimBefore(model.root, model.set(new StreamId(), ...min), false, 0);
        assertEquals(n, model.entries.filter((entry) => below(entry, min)).length);
        model.entries.splice(0, n);
      } else if (op < 87) {
        // Whole blocks only, a bounded number of entries: never too many.
        const most = Math.max(0, model.entries.length - random.below(300));
        const limit = random.below(200);
        const n = model.log.trimToLength(model.root, model.entries.length, most, true, limit);
        assert(n <= model.entries.length - most && (limit === 0 || n <= limit));
        model.entries.splice(0, n);
      } else {
        const to: [number, number] = [place[0] + random.below(20), 1];
        const expected = model.entries.filter((entry) =>
          !below(entry, place) && (below(entry, to) || (entry.ms === to[0] && entry.seq === to[1]))
        );
        assertEquals(model.read(place, to, false), expected);
        assertEquals(model.read(place, to, true), expected.reverse());
      }
      if (step % 50 === 0) model.check();
    }
    assertEquals(model.read([0, 0], [1 << 30, 0], false), model.entries);
    assertEquals(model.read([0, 0], [1 << 30, 0], true), model.entries.reverse());
    assert(model.log.release(model.root, Infinity) > 0);
    assertEquals(model.arena.usedBytes, empty);
  });
}

test("stream log: Redis's radix tree would have as many nodes", () => {
  // Counted by redis-server 7.0 with one entry a block.
  const cases: [string[], number][] = [
    [[], 1],
    [["1-0"], 2],
    [["1-0", "2-0"], 6],
    [["1-0", "1-1"], 4],
    [["1-0", "256-0"], 6],
    [["1-0", "1-256"], 6],
    [["1-0", "2-0", "3-0", "259-0"], 11],
  ];
  for (const [ids, nodes] of cases) {
    const model = new Model({ streamNodeMaxBytes: 4096, streamNodeMaxEntries: 1 });
    for (const id of ids) {
      const [ms, seq] = id.split("-").map(Number);
      model.append({ ms, seq, pairs: ["a", "b"] });
    }
    assertEquals([ids, model.log.radixNodes(model.root)], [ids, nodes]);
  }
});
