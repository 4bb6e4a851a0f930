/**
 * What an index above 2^31 costs: the reason why arena addresses stay below it (src/memory/arena.ts).
 *
 *     deno run bench/micro/address.ts
 *     bun run bench/micro/address.ts
 *
 * All loads stay within 64 KiB, at the start of an array, just below 2^31 and above it. Buffers are reserved
 * lazily: only the windows become resident.
 */
import { nanosEach, printRows } from "./timing.ts";

const LOADS = 300_000;
const WINDOW = 1 << 16;
const GIB = 2 ** 30;

const ADDRESSES = 4096;

/** Sums the bytes at addresses that come out of memory, as an arena's do. */
function byteLoads(bytes: Uint8Array, addresses: Uint32Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum = (sum + bytes[addresses[i & (ADDRESSES - 1)]!]!) | 0;
  return sum;
}

/** The same as words: an index is a quarter of the address. */
function wordLoads(words: Int32Array, addresses: Uint32Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum = (sum + words[addresses[i & (ADDRESSES - 1)]! >>> 2]!) | 0;
  return sum;
}

let copies = 0;

/**
 * A copy of a function for each cell, so that one cell's kinds of index don't shape another's code. Engines recognize equal
 * source text: the copies' texts differ in a comment.
 */
function separate<F>(loads: F): F {
  return new Function(`return ${loads} // ${copies++}`.replaceAll("ADDRESSES", String(ADDRESSES)))();
}

function addressesFrom(base: number): Uint32Array {
  return Uint32Array.from({ length: ADDRESSES }, (_, i) => base + ((i * 1021) & (WINDOW - 4)));
}

const buffers: [string, ArrayBufferLike][] = [
  ["ArrayBuffer of 64 KiB", new ArrayBuffer(WINDOW)],
  ["ArrayBuffer of 2 GiB", new ArrayBuffer(2 * GIB)],
  ["SharedArrayBuffer of 2 GiB", new SharedArrayBuffer(2 * GIB)],
  ["ArrayBuffer of 4 GiB", new ArrayBuffer(4 * GIB)],
  ["SharedArrayBuffer of 4 GiB", new SharedArrayBuffer(4 * GIB)],
];
const places: [string, number][] = [["at 0", 0], ["below 2^31", 2 * GIB - WINDOW], ["above 2^31", 2 * GIB + WINDOW]];

const rows = buffers.flatMap(([name, buffer]) => {
  const bytes = new Uint8Array(buffer), words = new Int32Array(buffer);
  const nanos = (run: (addresses: Uint32Array) => (count: number) => number) =>
    places.map(([, base]) => base + WINDOW > buffer.byteLength ? NaN : nanosEach(run(addressesFrom(base)), LOADS));
  return [
    {
      name: `byte of ${name}`,
      nanos: nanos((addresses) => {
        const loads = separate(byteLoads);
        return (count) => loads(bytes, addresses, count);
      }),
    },
    {
      name: `word of ${name}`,
      nanos: nanos((addresses) => {
        const loads = separate(wordLoads);
        return (count) => loads(words, addresses, count);
      }),
    },
  ];
});
printRows("Load (NaN: no such address)", places.map(([name]) => name), rows);
