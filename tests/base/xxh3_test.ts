/** XXH3 against the reference implementation's values, one length for each of its ways and their borders. */
import { assertEquals } from "@std/assert";
import { xxh3Text } from "../../src/base/xxh3.ts";
import { test } from "../harness.ts";

/** Hashes of n bytes of which byte i is (7 i + 3) modulo 256. */
const EXPECTED: readonly (readonly [length: number, hash: string])[] = [
  [0, "2d06800538d394c2"],
  [1, "13e608bc156defed"],
  [3, "a9088dda485b481c"],
  [4, "6d9253b16c8b1ed3"],
  [8, "60539db630471163"],
  [9, "feff668361d723a8"],
  [16, "b8c859b0f030b585"],
  [17, "714a04408e79b80f"],
  [64, "287eb1fa9e4be2c1"],
  [128, "67425a03650261bf"],
  [129, "c664bf3311c6abc4"],
  [200, "746cd0025327bf5b"],
  [240, "64556dc6b462a6cf"],
  [241, "8beadd3a8874fe17"],
  [256, "3c38817f6d79c0da"],
  [512, "f58202b8d9019d1d"],
  [1023, "d26986a0b85dcc44"],
  [1024, "9b81661c641c72b1"],
  [1025, "806c2072ed713576"],
  [5000, "799aaddd7339581d"],
];

test("xxh3: every length class", () => {
  for (const [length, hash] of EXPECTED) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7 + 3);
    assertEquals(xxh3Text(bytes, 0, length), hash, `${length} bytes`);
  }
});

test("xxh3: a range of a larger buffer", () => {
  const [length, hash] = EXPECTED[EXPECTED.length - 1];
  const bytes = new Uint8Array(length + 20).fill(255);
  for (let i = 0; i < length; i++) bytes[13 + i] = i * 7 + 3;
  assertEquals(xxh3Text(bytes, 13, length), hash);
});
