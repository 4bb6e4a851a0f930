/**
 * Saving and loading a million small keys, without the disk: what a snapshot and a load cost a shard's thread (src/store/snapshot.ts,
 * src/store/rdb_loader.ts).
 *
 *     deno run bench/micro/rdb.ts
 *     bun run bench/micro/rdb.ts
 *
 * Keys have 16 bytes and values 32, some of a pattern that compresses. What is saved goes nowhere; what is loaded comes from memory.
 */
import { writeInt64 } from "../../src/base/int64_text.ts";
import { KeyHash } from "../../src/base/hash.ts";
import { RdbOpcode } from "../../src/codec/rdb/format.ts";
import { Limits } from "../../src/commands/limits.ts";
import { Arena } from "../../src/memory/arena.ts";
import { DEFAULT_FORM } from "../../src/store/dump/entry_writer.ts";
import { RdbLoader } from "../../src/store/rdb_loader.ts";
import { Snapshot, SnapshotStep } from "../../src/store/snapshot.ts";
import { NO_EXPIRY, Store } from "../../src/store/store.ts";
import { spread } from "../numbers.ts";
import { nanosEach, printRows } from "./timing.ts";

const KEYS = 1_000_000;
const KEY_BYTES = 16;
const VALUE_BYTES = 32;
const ARENA_BYTES = 1 << 29;
/** Header, database and size of the table, before the entries; end and checksum behind. */
const FRAME_BYTES = 64;

function newStore(): Store {
  const store = new Store(Arena.create(ARENA_BYTES), new KeyHash(1, 2), Math.random);
  store.setNow(1_700_000_000_000);
  return store;
}

const clock = () => performance.now();
const full = newStore();
const text = new Uint8Array(VALUE_BYTES).fill(120);
for (let i = 0; i < KEYS; i++) {
  text.fill(48, 0, KEY_BYTES);
  const n = spread(i, KEYS);
  writeInt64(text, KEY_BYTES - 7, 0, 1_000_000 + n);
  full.setString(0, text, 0, KEY_BYTES, text, 0, VALUE_BYTES, NO_EXPIRY);
}

const file = new Uint8Array(KEYS * (KEY_BYTES + VALUE_BYTES + 3) + FRAME_BYTES);
let size = 0;

function save(compress: boolean): number {
  const snapshot = new Snapshot(full);
  size = 0;
  snapshot.begin({
    room: () => Infinity,
    write(buf, from, to) {
      file.set(buf.subarray(from, to), size);
      size += to - from;
    },
  }, { ...DEFAULT_FORM, compress });
  while (snapshot.step(Infinity, clock) !== SnapshotStep.DONE);
  return size;
}

/** Makes what was saved a file. */
function frame(): Uint8Array {
  const head = [...new TextEncoder().encode("REDIS0011"), RdbOpcode.SELECT_DB, 0, RdbOpcode.RESIZE_DB];
  const counts = [0x80, KEYS >>> 24, KEYS >>> 16 & 255, KEYS >>> 8 & 255, KEYS & 255, 0];
  const whole = new Uint8Array(head.length + counts.length + size + 9);
  whole.set([...head, ...counts]);
  whole.set(file.subarray(0, size), head.length + counts.length);
  whole[whole.length - 9] = RdbOpcode.EOF; // the checksum, all zero, says that there is none, but is summed all the same
  return whole;
}

function load(bytes: Uint8Array, own: boolean): number {
  const source = {
    read(buf: Uint8Array, from: number, to: number, position: number): number {
      const n = Math.min(to - from, bytes.length - position);
      buf.set(bytes.subarray(position, position + n), from);
      return n;
    },
  };
  const loader = new RdbLoader(newStore(), new Limits(), source, bytes.length, {
    owns: own ? undefined : () => false,
    checksum: true,
    keepExpired: false,
    replace: false,
    sanitize: false,
    dbCount: 16,
  });
  while (!loader.step(Infinity, clock));
  return loader.loaded;
}

const rows = [
  { name: "save", nanos: [nanosEach(() => save(false), KEYS)] },
  { name: "save, compressed", nanos: [nanosEach(() => save(true), KEYS)] },
];
const compressed = frame();
save(false);
const plain = frame();
rows.push(
  { name: "load", nanos: [nanosEach(() => load(plain, true), KEYS)] },
  { name: "load, compressed", nanos: [nanosEach(() => load(compressed, true), KEYS)] },
  { name: "pass over", nanos: [nanosEach(() => load(plain, false), KEYS)] },
);
printRows("a million keys of 16 bytes with values of 32", ["a key"], rows);
