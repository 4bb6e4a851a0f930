/**
 * How to copy short values between byte arrays: the reason for the ways of `copyBytes` (src/base/bytes.ts, src/base/byte_words.ts).
 *
 *     deno run bench/micro/copy.ts
 *     bun run bench/micro/copy.ts
 *
 * Copies go to and from changing, unaligned places in 64 KiB, which the first cache levels hold: the price is the
 * engine's, not the memory's.
 */
import { copyBytes } from "../../src/base/bytes.ts";
import { nanosEach, printRows } from "./timing.ts";

const SIZES = [4, 8, 16, 32, 64, 128, 256, 1024];
const COPIES = 200_000;
const WINDOW = 1 << 16;

const source = new Uint8Array(new SharedArrayBuffer(WINDOW + 2048));
const target = new Uint8Array(new SharedArrayBuffer(WINDOW + 2048));
const sourceView = new DataView(source.buffer);
const targetView = new DataView(target.buffer);
for (let i = 0; i < source.length; i++) source[i] = i * 31;

/** Where copy number i starts: odd steps, so at every alignment. */
function place(i: number): number {
  return (i * 1021) & (WINDOW - 1);
}

function byteLoop(count: number, size: number): number {
  for (let i = 0; i < count; i++) {
    const from = place(i), at = place(i + 7);
    for (let k = 0; k < size; k++) target[at + k] = source[from + k]!;
  }
  return target[place(count)]!;
}

function dataView(count: number, size: number): number {
  for (let i = 0; i < count; i++) {
    const from = place(i), at = place(i + 7);
    for (let k = 0; k < size; k += 4) targetView.setInt32(at + k, sourceView.getInt32(from + k, true), true);
  }
  return target[place(count)]!;
}

function dataView64(count: number, size: number): number {
  for (let i = 0; i < count; i++) {
    const from = place(i), at = place(i + 7);
    for (let k = 0; k < size; k += 8) targetView.setBigInt64(at + k, sourceView.getBigInt64(from + k, true), true);
  }
  return target[place(count)]!;
}

function setSubarray(count: number, size: number): number {
  for (let i = 0; i < count; i++) {
    const from = place(i);
    target.set(source.subarray(from, from + size), place(i + 7));
  }
  return target[place(count)]!;
}

function chosenByLength(count: number, size: number): number {
  for (let i = 0; i < count; i++) copyBytes(target, place(i + 7), source, place(i), size);
  return target[place(count)]!;
}

const ways: [string, (count: number, size: number) => number][] = [
  ["byte loop", byteLoop],
  ["DataView, int32", dataView],
  ["DataView, int64", dataView64],
  ["set(subarray())", setSubarray],
  ["copyBytes", chosenByLength],
];
printRows(
  "Copy",
  SIZES.map((size) => `${size} B`),
  ways.map(([name, run]) => ({
    name,
    nanos: SIZES.map((size) => nanosEach((count) => run(count, size), size > 128 ? COPIES / 4 : COPIES)),
  })),
);
