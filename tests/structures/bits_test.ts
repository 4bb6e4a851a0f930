/** Bits counted, found, combined and read as fields, against arrays of single bits. */
import { assertEquals } from "@std/assert";
import { BitCombiner, BitOperation } from "../../src/structures/bit_combiner.ts";
import { countBitRange, countBits, findBit, readField, writeField } from "../../src/structures/bits.ts";
import { test } from "../harness.ts";
import { Random } from "./random.ts";

/** Bytes with long runs of 0 and 255, as bitmaps have them. */
function randomBytes(random: Random, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length;) {
    const kind = random.below(3);
    const run = 1 + random.below(kind === 2 ? 10 : 80);
    for (const end = Math.min(length, i + run); i < end; i++) {
      bytes[i] = kind === 0 ? 0 : kind === 1 ? 255 : random.below(256);
    }
  }
  return bytes;
}

const bitsOf = (bytes: Uint8Array) =>
  Array.from(bytes).flatMap((b) => [7, 6, 5, 4, 3, 2, 1, 0].map((k) => (b >> k) & 1));

test("bits: counted and found in any range at any alignment", () => {
  const random = new Random(1);
  for (let round = 0; round < 400; round++) {
    const length = 1 + random.below(round % 10 === 0 ? 1000 : 40);
    const at = random.below(9);
    const u8 = new Uint8Array(1032).fill(random.below(2) * 255);
    const i32 = new Int32Array(u8.buffer);
    const bytes = randomBytes(random, length);
    u8.set(bytes, at);
    const bits = bitsOf(bytes);
    assertEquals(countBits(u8, i32, at, length), bits.reduce((sum, bit) => sum + bit, 0));
    const first = random.below(bits.length);
    const last = first + random.below(bits.length - first);
    const range = bits.slice(first, last + 1);
    assertEquals(countBitRange(u8, i32, at, first, last), range.reduce((sum, bit) => sum + bit, 0));
    for (const bit of [0, 1] as const) {
      const found = range.indexOf(bit);
      assertEquals(findBit(u8, i32, at, first, last, bit), found < 0 ? -1 : first + found, `seed 1 round ${round}`);
    }
  }
});

test("bits: fields of every width at every offset", () => {
  const random = new Random(2);
  for (let round = 0; round < 3000; round++) {
    const bits = 1 + random.below(53);
    const length = 16;
    const bytes = randomBytes(random, length + 2);
    const offset = random.below(length * 8 - bits + 1);
    const model = bitsOf(bytes);
    const value = Number(BigInt.asUintN(bits, BigInt(Math.floor(random.next() * 2 ** 53))));
    writeField(bytes, 1, offset, bits, value);
    for (let k = 0; k < bits; k++) model[8 + offset + k] = Math.floor(value / 2 ** (bits - 1 - k)) % 2;
    assertEquals(bitsOf(bytes), model);
    assertEquals(readField(bytes, 1, length, offset, bits), value);
  }
});

test("bits: fields read zeros behind the end", () => {
  const bytes = new Uint8Array(4).fill(255);
  assertEquals(readField(bytes, 0, 2, 12, 8), 0xf0);
  assertEquals(readField(bytes, 0, 2, 16, 8), 0);
  assertEquals(readField(bytes, 0, 2, 2 ** 34, 53), 0);
});

const MODEL: Record<keyof typeof BitOperation, (bits: number[]) => boolean> = {
  AND: (bits) => bits.every((bit) => bit === 1),
  OR: (bits) => bits.some((bit) => bit === 1),
  XOR: (bits) => bits.filter((bit) => bit === 1).length % 2 === 1,
  NOT: (bits) => bits[0] === 0,
  DIFF: (bits) => bits[0] === 1 && bits.slice(1).every((bit) => bit === 0),
  DIFF1: (bits) => bits[0] === 0 && bits.slice(1).some((bit) => bit === 1),
  ANDOR: (bits) => bits[0] === 1 && bits.slice(1).some((bit) => bit === 1),
  ONE: (bits) => bits.filter((bit) => bit === 1).length === 1,
};

test("bits: every operation over strings of different lengths", () => {
  const random = new Random(3);
  const combiner = new BitCombiner();
  for (const [name, operation] of Object.entries(BitOperation)) {
    for (let round = 0; round < 40; round++) {
      const count = name === "NOT" ? 1 : 2 + random.below(20);
      const strings = Array.from(
        { length: count },
        () => randomBytes(random, random.below(round === 0 ? 20_000 : 60)),
      );
      combiner.clear();
      for (const bytes of strings) combiner.add(bytes, 0, bytes.length);
      const length = Math.max(...strings.map((bytes) => bytes.length));
      assertEquals(combiner.length, length);
      const out = new Uint8Array(length + 2).fill(99);
      combiner.write(operation, out, 1);
      const expected = Uint8Array.from({ length }, (_, i) => {
        let byte = 0;
        for (let k = 7; k >= 0; k--) {
          const bits = strings.map((bytes) => ((bytes[i] ?? 0) >> k) & 1);
          if (MODEL[name as keyof typeof BitOperation](bits)) byte |= 1 << k;
        }
        return byte;
      });
      assertEquals(out.subarray(1, length + 1), expected, `${name}, seed 3 round ${round}`);
      assertEquals([out[0], out[length + 1]], [99, 99]);
    }
  }
});
