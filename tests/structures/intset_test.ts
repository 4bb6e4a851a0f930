/** Intset against a sorted array of BigInts. */
import { assertEquals } from "@std/assert";
import { Intset, INTSET_HEADER, validIntset } from "../../src/structures/intset.ts";
import { test } from "../harness.ts";
import { Random } from "./random.ts";

const IS = 4;

function all(set: Intset): bigint[] {
  const out: bigint[] = [];
  for (let i = 0; i < set.count(IS); i++) {
    set.get(IS, i);
    const exact = (BigInt(set.hi) << 32n) | BigInt(set.lo >>> 0);
    assertEquals(set.value, Number(exact));
    out.push(exact);
  }
  return out;
}

test("intset: random changes against a sorted array", () => {
  const random = new Random(11);
  for (let round = 0; round < 60; round++) {
    const u8 = new Uint8Array(1 << 14);
    const set = new Intset(u8);
    set.init(IS);
    let model: bigint[] = [];
    for (let step = 0; step < 200; step++) {
      const bits = [8, 15, 16, 31, 32, 63][Math.min(5, random.below(2 + step / 30))];
      const wide = (BigInt(random.below(2 ** 32)) << 31n) ^ BigInt(random.below(2 ** 31));
      let n = BigInt.asIntN(64, wide) & ((1n << BigInt(bits)) - 1n);
      if (random.below(2) === 0) n = -n - 1n;
      if (random.below(3) === 0 && model.length > 0) n = model[random.below(model.length)];
      const hi = Number(BigInt.asIntN(32, n >> 32n));
      const lo = Number(BigInt.asIntN(32, n));
      const there = set.find(IS, hi, lo);
      assertEquals(there, model.includes(n));
      if (there) {
        assertEquals(set.position, model.indexOf(n));
        if (random.below(2) === 0) {
          set.removeAt(IS, set.position);
          model = model.filter((m) => m !== n);
        }
      } else {
        const size = set.bytesWith(IS, hi, lo);
        set.add(IS, hi, lo);
        assertEquals(set.totalBytes(IS), size);
        model.push(n);
        model.sort((a, b) => (a < b ? -1 : 1));
      }
      assertEquals(all(set), model);
      assertEquals(validIntset(u8, IS, set.totalBytes(IS)), model.length === 0 ? -1 : model.length);
    }
  }
});

test("intset: bytes as Redis writes them", () => {
  const u8 = new Uint8Array(64);
  const set = new Intset(u8);
  set.init(IS);
  for (const n of [5, -1, 65536]) {
    set.find(IS, n >> 31, n);
    set.add(IS, n >> 31, n);
  }
  assertEquals(Array.from(u8.subarray(IS, IS + set.totalBytes(IS))), [
    ...[4, 0, 0, 0, 3, 0, 0, 0],
    ...[255, 255, 255, 255, 5, 0, 0, 0, 0, 0, 1, 0],
  ]);
  set.removeAt(IS, 2);
  assertEquals(set.width(IS), 4);
});

test("intset: damaged bytes are refused", () => {
  const u8 = new Uint8Array(64);
  const set = new Intset(u8);
  set.init(0);
  assertEquals(validIntset(u8, 0, INTSET_HEADER), -1);
  for (const n of [1, 2, 3]) {
    set.find(0, 0, n);
    set.add(0, 0, n);
  }
  assertEquals(validIntset(u8, 0, 14), 3);
  assertEquals(validIntset(u8, 0, 13), -1);
  u8[10] = 1;
  assertEquals(validIntset(u8, 0, 14), -1);
  u8[10] = 2;
  u8[0] = 3;
  assertEquals(validIntset(u8, 0, 14), -1);
});
