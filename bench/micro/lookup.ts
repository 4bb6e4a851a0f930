/**
 * Lookups of random members in a table, one by one and with a prefetch of sixteen: the reason why main hashes a
 * pipeline's keys ahead (src/structures/table.ts).
 *
 *     deno run bench/micro/lookup.ts
 *     bun run bench/micro/lookup.ts
 *
 * Members are 16 bytes; keys and their hashes are ready before the clock starts, so that the time is the table's alone.
 */
import { copyBytes } from "../../src/base/bytes.ts";
import { KeyHash } from "../../src/base/hash.ts";
import { Arena } from "../../src/memory/arena.ts";
import { ItemKind, writeLen } from "../../src/structures/item.ts";
import { PREFETCH_MAX, ROOT_WORDS, Table } from "../../src/structures/table.ts";
import { spread } from "../numbers.ts";
import { nanosEach, printRows } from "./timing.ts";

const SIZES = [1000, 100_000, 1_000_000];
const LOOKUPS = 1 << 18;
const KEY_BYTES = 16;

/** A table of `size` members, and LOOKUPS random ones of them to look for. */
class Setting {
  readonly #table: Table;
  readonly #root: number;
  readonly #keys = new Uint8Array(LOOKUPS * KEY_BYTES);
  readonly #hashes = new Int32Array(LOOKUPS);
  readonly #batch = new Int32Array(PREFETCH_MAX);

  constructor(size: number) {
    // A member takes 32 bytes, a table up to 20 more for each.
    const arena = Arena.create(Math.max(1 << 24, size * 96));
    const hash = new KeyHash(1, 2);
    this.#table = new Table(arena, hash, ItemKind.MEMBER);
    this.#root = arena.alloc(ROOT_WORDS * 4) >> 2;
    arena.i32.fill(0, this.#root, this.#root + ROOT_WORDS);
    const key = new Uint8Array(KEY_BYTES);
    for (let i = 0; i < size; i++) {
      spell(i, key, 0);
      const item = arena.alloc(1 + KEY_BYTES);
      copyBytes(arena.u8, writeLen(arena.u8, item, KEY_BYTES), key, 0, KEY_BYTES);
      this.#table.insert(this.#root, hash.of(key, 0, KEY_BYTES), item, false);
    }
    for (let i = 0; i < LOOKUPS; i++) {
      spell(spread(i, size), this.#keys, i * KEY_BYTES);
      this.#hashes[i] = hash.of(this.#keys, i * KEY_BYTES, KEY_BYTES);
    }
  }

  oneByOne(count: number): number {
    let sum = 0;
    for (let i = 0; i < count; i++) sum ^= this.#find(i);
    return sum;
  }

  prefetched(count: number): number {
    let sum = 0;
    for (let i = 0; i < count; i += PREFETCH_MAX) {
      for (let k = 0; k < PREFETCH_MAX; k++) this.#batch[k] = this.#hashes[i + k]!;
      this.#table.prefetch(this.#root, this.#batch, PREFETCH_MAX);
      for (let k = 0; k < PREFETCH_MAX; k++) sum ^= this.#find(i + k);
    }
    return sum;
  }

  #find(i: number): number {
    const item = this.#table.find(this.#root, this.#hashes[i]!, this.#keys, i * KEY_BYTES, KEY_BYTES);
    if (item === 0) throw new Error(`member ${i} is missing`);
    return item;
  }
}

/** Writes "key:000000000123". */
function spell(index: number, to: Uint8Array, at: number): void {
  to[at] = 0x6b;
  to[at + 1] = 0x65;
  to[at + 2] = 0x79;
  to[at + 3] = 0x3a;
  for (let k = KEY_BYTES - 1; k > 3; k--) {
    to[at + k] = 0x30 + index % 10;
    index = Math.floor(index / 10);
  }
}

const settings = SIZES.map((size) => new Setting(size));
printRows("Lookup", SIZES.map((size) => `${size} members`), [
  { name: "one by one", nanos: settings.map((setting) => nanosEach((count) => setting.oneByOne(count), LOOKUPS)) },
  {
    name: `prefetch of ${PREFETCH_MAX}`,
    nanos: settings.map((setting) => nanosEach((count) => setting.prefetched(count), LOOKUPS)),
  },
]);
