/** HyperLogLogs against an array of ranks, and against bytes that Redis made. */
import { assert, assertEquals } from "@std/assert";
import { latin1Bytes } from "../../src/base/bytes.ts";
import {
  cachedEstimate,
  cacheEstimate,
  DENSE_SIZE,
  denseRank,
  Form,
  HEADER_SIZE,
  isHyperLogLog,
  isStale,
  markStale,
  raiseDense,
  setForm,
  writeHeader,
} from "../../src/structures/hyperloglog.ts";
import { INDEX_BITS, registerOf, REGISTERS } from "../../src/structures/hyperloglog_hash.ts";
import { Registers } from "../../src/structures/hyperloglog_registers.ts";
import {
  describeSparse,
  GROWTH_MAX,
  Raised,
  SparseRaiser,
  writeEmptySparse,
} from "../../src/structures/hyperloglog_sparse.ts";
import { test } from "../harness.ts";
import { Random } from "./random.ts";

const LIMIT = 3000;

/** A sparse one that grows by raises, with nothing around it that it could spoil unseen. */
class Sparse {
  readonly bytes = new Uint8Array(LIMIT + 64).fill(0xaa);
  readonly at = 5;
  end: number;
  readonly raiser = new SparseRaiser();

  constructor() {
    writeHeader(this.bytes, this.at, Form.SPARSE);
    writeEmptySparse(this.bytes, this.at + HEADER_SIZE);
    this.end = this.at + HEADER_SIZE + 2;
  }

  get length(): number {
    return this.end - this.at;
  }

  raise(register: number, rank: number, room = LIMIT): number {
    const runs = this.at + HEADER_SIZE;
    const raised = this.raiser.raise(this.bytes, runs, this.end, room, LIMIT - HEADER_SIZE, register, rank);
    if (raised >= 0) this.end = runs + raised;
    assert(this.bytes.subarray(0, this.at).every((b) => b === 0xaa), "wrote before the value");
    return raised;
  }

  ranks(): Uint8Array {
    const registers = new Registers();
    assert(registers.merge(this.bytes, this.at, this.length), "runs don't make up all registers");
    return registers.ranks;
  }

  describe(): string {
    return describeSparse(this.bytes, this.at + HEADER_SIZE, this.end);
  }
}

test("hyperloglog: the hash and the sparse bytes are Redis's", () => {
  const sparse = new Sparse();
  for (const element of ["a", "b", "c", "hello", "0123456789abcdef"]) {
    const place = registerOf(latin1Bytes(element), 0, element.length);
    sparse.raiser.rewind();
    sparse.raise(place & (REGISTERS - 1), place >> INDEX_BITS);
  }
  // redis-server 7.0.15: PFADD h a b c hello 0123456789abcdef; PFCOUNT h; GET h
  const expected = latin1Bytes("HYLL\x01\0\0\0\x05\0\0\0\0\0\0\0W<\x80I\xb5\x80C\n\x80M\xa5\x84K\xfb\x80BZ");
  cacheEstimate(sparse.bytes, sparse.at, new Registers().estimateOf(sparse.bytes, sparse.at, sparse.length));
  assertEquals(sparse.bytes.slice(sparse.at, sparse.end), expected);
});

test("hyperloglog: the hash of every length up to 40, from inside a buffer", () => {
  const random = new Random(9);
  const bytes = Uint8Array.from({ length: 64 }, () => random.below(256));
  for (let length = 0; length <= 40; length++) {
    const copy = bytes.slice(7, 7 + length);
    assertEquals(registerOf(bytes, 7, length), registerOf(copy, 0, length));
    assertEquals(registerOf(copy, 0, length), registerByBigInt(copy), `length ${length}`);
  }
});

/** MurmurHash64A as its author wrote it, in BigInt. */
function registerByBigInt(bytes: Uint8Array): number {
  const mask = (1n << 64n) - 1n;
  const m = 0xc6a4a7935bd1e995n;
  let h = 0xadc83b19n ^ ((BigInt(bytes.length) * m) & mask);
  const tail = bytes.length & ~7;
  for (let i = 0; i < tail; i += 8) {
    let k = 0n;
    for (let b = 7; b >= 0; b--) k = (k << 8n) | BigInt(bytes[i + b]);
    k = (k * m) & mask;
    k ^= k >> 47n;
    k = (k * m) & mask;
    h = ((h ^ k) * m) & mask;
  }
  if (tail < bytes.length) {
    for (let i = bytes.length - 1; i >= tail; i--) h ^= BigInt(bytes[i]) << BigInt(8 * (i - tail));
    h = (h * m) & mask;
  }
  h ^= h >> 47n;
  h = (h * m) & mask;
  h ^= h >> 47n;
  let rank = 1;
  for (let rest = (h >> 14n) | (1n << 50n); (rest & 1n) === 0n; rest >>= 1n) rank++;
  return (rank << INDEX_BITS) | Number(h & 0x3fffn);
}

test("hyperloglog: sparse raises in any order keep exactly the ranks", () => {
  for (let seed = 1; seed <= 6; seed++) {
    const random = new Random(seed);
    const sparse = new Sparse();
    const model = new Uint8Array(REGISTERS);
    // Few registers, so that runs are split, raised and joined again and again.
    const width = [20, 70, 200, 4000, REGISTERS, REGISTERS][seed - 1];
    for (let step = 0; step < 1500; step++) {
      const register = random.below(width);
      const rank = 1 + random.below(seed % 2 === 0 ? 4 : 32);
      sparse.raiser.rewind();
      const before = sparse.bytes.slice();
      const raised = sparse.raise(register, rank);
      if (raised === Raised.PROMOTE) {
        assertEquals(sparse.bytes, before);
        assert(sparse.length + GROWTH_MAX > LIMIT);
        break;
      }
      assertEquals(raised === Raised.UNCHANGED, model[register] >= rank, `seed ${seed} step ${step}`);
      if (rank > model[register]) model[register] = rank;
      if (step % 10 === 0) assertEquals(sparse.ranks(), model, `seed ${seed} step ${step}`);
    }
    assertEquals(sparse.ranks(), model);
  }
});

test("hyperloglog: ascending raises without rewinding give the same bytes", () => {
  for (let seed = 1; seed <= 8; seed++) {
    const random = new Random(seed);
    const straight = new Sparse();
    const rewound = new Sparse();
    // Both start from the same runs, made in random order.
    for (let i = 0; i < 150; i++) {
      const register = random.below(seed % 2 === 0 ? 300 : REGISTERS);
      const rank = 1 + random.below(5);
      for (const sparse of [straight, rewound]) {
        sparse.raiser.rewind();
        sparse.raise(register, rank);
      }
    }
    straight.raiser.rewind();
    for (let register = 0; register < REGISTERS; register += 1 + random.below(seed % 2 === 0 ? 3 : 100)) {
      const rank = 1 + random.below(5);
      rewound.raiser.rewind();
      const raised = straight.raise(register, rank);
      assertEquals(raised, rewound.raise(register, rank), `seed ${seed} register ${register}`);
      assertEquals(straight.bytes, rewound.bytes, `seed ${seed} register ${register}`);
      if (raised === Raised.PROMOTE) break;
    }
  }
});

test("hyperloglog: no room, no change", () => {
  const sparse = new Sparse();
  const before = sparse.bytes.slice();
  assertEquals(sparse.raise(8000, 3, 2), Raised.NO_ROOM);
  assertEquals(sparse.bytes, before);
  assertEquals(sparse.raise(8000, 33), Raised.PROMOTE);
  assertEquals(sparse.raise(8000, 3, 2 + GROWTH_MAX), 2 + GROWTH_MAX);
  assertEquals(sparse.describe(), "Z:8000 v:3,1 Z:8383");
});

test("hyperloglog: corrupt runs are told, never followed out of bounds", () => {
  const random = new Random(4);
  const registers = new Registers();
  let corrupt = 0;
  for (let round = 0; round < 3000; round++) {
    const sparse = new Sparse();
    const length = random.below(40);
    for (let i = 0; i < length; i++) sparse.bytes[sparse.at + HEADER_SIZE + i] = random.below(256);
    sparse.end = sparse.at + HEADER_SIZE + length;
    registers.clear();
    if (!registers.merge(sparse.bytes, sparse.at, sparse.length)) corrupt++;
    registers.estimateOf(sparse.bytes, sparse.at, sparse.length);
    for (let k = 0; k < 5; k++) {
      sparse.raiser.rewind();
      sparse.raise(random.below(REGISTERS), 1 + random.below(32));
    }
    assert(sparse.bytes.subarray(LIMIT + 40).every((b) => b === 0xaa));
  }
  assert(corrupt > 2900);
});

test("hyperloglog: dense registers keep ranks and leave their neighbours alone", () => {
  const random = new Random(5);
  const bytes = new Uint8Array(DENSE_SIZE + 8).fill(0);
  bytes.fill(0xaa, DENSE_SIZE + 4);
  const at = 4;
  writeHeader(bytes, at, Form.DENSE);
  const model = new Uint8Array(REGISTERS);
  for (let step = 0; step < 60_000; step++) {
    const register = step < 200 ? REGISTERS - 1 - (step % 4) : random.below(REGISTERS);
    const rank = random.below(64);
    assertEquals(raiseDense(bytes, at, register, rank), rank > model[register]);
    if (rank > model[register]) model[register] = rank;
  }
  for (let r = 0; r < REGISTERS; r++) assertEquals(denseRank(bytes, at, r), model[r]);
  assertEquals(bytes.subarray(DENSE_SIZE + 4), new Uint8Array(4).fill(0xaa));
  const registers = new Registers();
  assert(registers.merge(bytes, at, DENSE_SIZE));
  assertEquals(registers.ranks, model);
  const copy = new Uint8Array(DENSE_SIZE);
  writeHeader(copy, 0, Form.DENSE);
  registers.writeDense(copy, 0);
  assertEquals(copy, bytes.slice(at, at + DENSE_SIZE));
  assertEquals(registers.estimate(), registers.estimateOf(bytes, at, DENSE_SIZE));
});

test("hyperloglog: united ranks are the larger ones", () => {
  const random = new Random(6);
  const registers = new Registers();
  const model = new Uint8Array(REGISTERS);
  for (let round = 0; round < 4; round++) {
    const bytes = new Uint8Array(DENSE_SIZE + 1);
    writeHeader(bytes, 0, Form.DENSE);
    for (let r = 0; r < REGISTERS; r++) {
      const rank = random.below(64);
      raiseDense(bytes, 0, r, rank);
      if (rank > model[r]) model[r] = rank;
    }
    registers.merge(bytes, 0, DENSE_SIZE);
    assertEquals(registers.ranks, model);
  }
});

test("hyperloglog: the header", () => {
  const bytes = new Uint8Array(DENSE_SIZE);
  writeHeader(bytes, 0, Form.DENSE);
  assert(isHyperLogLog(bytes, 0, DENSE_SIZE));
  assert(!isHyperLogLog(bytes, 0, DENSE_SIZE - 1));
  setForm(bytes, 0, Form.SPARSE);
  assert(isHyperLogLog(bytes, 0, HEADER_SIZE));
  assert(!isHyperLogLog(bytes, 0, HEADER_SIZE - 1));
  bytes[4] = 2;
  assert(!isHyperLogLog(bytes, 0, HEADER_SIZE));
  for (const value of [0, 1, 255, 256, 2 ** 40 + 17, Number.MAX_SAFE_INTEGER]) {
    cacheEstimate(bytes, 0, value);
    assertEquals(cachedEstimate(bytes, 0), value);
    assert(!isStale(bytes, 0));
  }
  markStale(bytes, 0);
  assert(isStale(bytes, 0));
});
