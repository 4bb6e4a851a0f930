/** Bytes: copying, moving and comparing, at every length and alignment that the functions tell apart. */

import { assertEquals } from "@std/assert";
import { compareBytes, copyBytes, equalBytes, LOOP_COPY_MAX, moveBytes } from "../../src/base/bytes.ts";
import { copyAhead, STEP } from "../../src/base/byte_words.ts";
import { test } from "../harness.ts";

/** Lengths around every way that the functions choose between. */
const LENGTHS = [
  ...Array(72).keys(),
  127,
  128,
  129,
  255,
  256,
  257,
  300,
  LOOP_COPY_MAX - 1,
  LOOP_COPY_MAX,
  LOOP_COPY_MAX + 1,
  5000,
];
const OFFSETS = [0, 1, 2, 3, 4, 7, 8, 13];

/** Bytes that differ from their neighbours, in memory shared between threads or not. */
function filled(size: number, shared: boolean, seed: number): Uint8Array {
  const bytes = new Uint8Array(shared ? new SharedArrayBuffer(size) : new ArrayBuffer(size));
  for (let i = 0; i < size; i++) bytes[i] = (i * 37 + (i >> 8) + seed) & 0xff;
  return bytes;
}

test("copyBytes copies just the range, at any length and alignment", () => {
  for (const shared of [true, false]) {
    const src = filled(6000, shared, 1);
    for (const len of LENGTHS) {
      for (const from of OFFSETS) {
        const dst = filled(6000, !shared, 99);
        const expected = [...dst];
        const at = (from * 5 + 3) % 16;
        for (let i = 0; i < len; i++) expected[at + i] = src[from + i]!;
        copyBytes(dst, at, src, from, len);
        assertEquals(dst.every((b, i) => b === expected[i]), true, `${len} bytes from ${from} to ${at}`);
      }
    }
  }
});

test("copyBytes copies within one buffer", () => {
  for (const len of LENGTHS) {
    const buf = filled(12_000, true, 5);
    const before = buf.slice();
    copyBytes(buf, 6001, buf, 3, len);
    for (let i = 0; i < len; i++) before[6001 + i] = before[3 + i]!;
    assertEquals(buf.every((b, i) => b === before[i]), true, `${len} bytes`);
  }
});

test("moveBytes moves overlapping ranges in both directions", () => {
  for (const len of LENGTHS) {
    for (const shift of [-700, -64, -9, -8, -7, -5, -4, -3, -1, 0, 1, 2, 3, 4, 6, 7, 8, 12, 64, 700]) {
      const buf = filled(7000, true, len);
      const expected = buf.slice();
      expected.copyWithin(800 + shift, 800, 800 + len);
      moveBytes(buf, 800 + shift, 800, len);
      assertEquals(buf.every((b, i) => b === expected[i]), true, `${len} bytes by ${shift}`);
    }
  }
});

test("equalBytes and compareBytes find one byte that differs, wherever it is", () => {
  for (const len of [...Array(40).keys(), 257]) {
    for (const offset of OFFSETS) {
      const a = filled(400, true, 3);
      const b = new Uint8Array(400);
      b.set(a.subarray(0, len), offset);
      assertEquals(equalBytes(a, 0, b, offset, len), true);
      assertEquals(compareBytes(a, 0, len, b, offset, len), 0);
      assertEquals(compareBytes(a, 0, len, b, offset, len + 1) < 0, true);
      assertEquals(compareBytes(a, 0, len + 2, b, offset, len) > 0, true);
      for (let k = 0; k < len; k++) {
        b[offset + k]! ^= 0x80;
        const larger = b[offset + k]! > a[k]!;
        assertEquals(equalBytes(a, 0, b, offset, len), false, `byte ${k} of ${len}`);
        assertEquals(compareBytes(a, 0, len, b, offset, len) < 0, larger, `byte ${k} of ${len}`);
        b[offset + k]! ^= 0x80;
      }
    }
  }
});

test("copyAhead copies the range and less than a step of what follows it", () => {
  const src = filled(300, true, 7);
  const source = new DataView(src.buffer);
  for (let len = 0; len < 80; len++) {
    const dst = filled(300, false, 50);
    const before = dst.slice();
    copyAhead(new DataView(dst.buffer), 21, source, 5, len);
    for (let i = 0; i < 300; i++) {
      const k = i - 21;
      const either = k >= len && k < len + STEP - 1;
      if (!either) assertEquals(dst[i], k >= 0 && k < len ? src[5 + k] : before[i], `${len} bytes, byte ${k}`);
    }
  }
});
