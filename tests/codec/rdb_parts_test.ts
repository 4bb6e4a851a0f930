/** The parts of RDB: sums, compression, lengths and strings, each against its inverse, known bytes and random bytes. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Crc64 } from "../../src/codec/crc64.ts";
import { LzfCompressor, lzfDecompress } from "../../src/codec/lzf.ts";
import { CorruptRdb, RdbReader } from "../../src/codec/rdb/reader.ts";
import { RdbWriter } from "../../src/codec/rdb/writer.ts";
import { seededRandom } from "../engine.ts";
import { test } from "../harness.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("crc64: the check value, in any pieces", () => {
  const digits = bytes("123456789");
  for (let cut = 0; cut <= digits.length; cut++) {
    const crc = new Crc64();
    crc.update(digits, 0, cut);
    crc.update(digits, cut, digits.length - cut);
    assertEquals([crc.hi >>> 0, crc.lo >>> 0], [0xe9c6d914, 0xc4b8d9ca]);
  }
});

test("crc64: eight bytes at once give what one at a time gives", () => {
  const random = seededRandom(7);
  const data = Uint8Array.from({ length: 1000 }, () => Math.floor(random() * 256));
  const whole = new Crc64();
  whole.update(data, 3, 990);
  const single = new Crc64();
  for (let i = 3; i < 993; i++) single.update(data, i, 1);
  assertEquals([whole.hi, whole.lo], [single.hi, single.lo]);
  const out = new Uint8Array(8);
  whole.write(out, 0);
  assert(single.equals(out, 0));
  out[7] ^= 1;
  assert(!single.equals(out, 0));
});

test("crc64: long inputs, wherever they are cut", () => {
  const random = seededRandom(8);
  const data = Uint8Array.from({ length: 200_000 }, () => Math.floor(random() * 256));
  const single = new Crc64();
  for (let i = 0; i < data.length; i += 8) single.update(data, i, 8);
  for (const cut of [0, 1, 7, 1023, 1024, 1029, 65_536, 65_544, 131_072, 131_077, 199_999, 200_000]) {
    const crc = new Crc64();
    crc.update(data, 0, cut);
    crc.update(data, cut, data.length - cut);
    assertEquals([crc.hi, crc.lo], [single.hi, single.lo], `cut at ${cut}`);
  }
});

/** Random bytes with repetitions of all lengths and distances. */
function compressible(random: () => number, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const n = Math.min(size - at, 1 + Math.floor(random() * (random() < 0.1 ? 600 : 20)));
    const from = Math.floor(random() * at);
    const copied = at > 0 && random() < 0.6;
    for (let k = 0; k < n; k++) out[at + k] = copied ? out[from + (k % (at - from))] : Math.floor(random() * 256);
    at += n;
  }
  return out;
}

test("lzf: what was compressed comes back", () => {
  const random = seededRandom(11);
  const lzf = new LzfCompressor();
  let compressed = 0;
  for (let round = 0; round < 400; round++) {
    const data = compressible(random, Math.floor(random() * (round % 20 === 0 ? 30_000 : 400)));
    const dst = new Uint8Array(data.length + 40);
    const size = lzf.compress(data, 0, data.length, dst, 5, data.length);
    if (size === 0) continue;
    compressed++;
    assertEquals(dst[5 + size], 0, "nothing is written behind the end");
    const back = new Uint8Array(data.length + 3);
    assert(lzfDecompress(dst, 5, size, back, 3, data.length));
    assertEquals(back.subarray(3), data);
  }
  assert(compressed > 200);
});

test("lzf: what repeats is found, also behind much that does not", () => {
  const lzf = new LzfCompressor();
  const dst = new Uint8Array(100_000);
  const twice = bytes("abcdefghijklmnopqrstuvwxabcdefgh");
  assertEquals(lzf.compress(twice, 0, 32, dst, 0, 28), 27);
  assertEquals(lzf.compress(twice, 0, 31, dst, 0, 27), 0);
  const random = seededRandom(12);
  const mixed = new Uint8Array(90_000).fill(120);
  for (let i = 0; i < 60_000; i++) mixed[i] = Math.floor(random() * 256);
  const size = lzf.compress(mixed, 0, mixed.length, dst, 0, mixed.length);
  assert(size > 60_000 && size < 63_000, String(size));
});

test("strings: short ones are compressed while that succeeds now and then", () => {
  const random = seededRandom(13);
  const plain = () => Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256));
  const runs = new Uint8Array(32).fill(120);
  const size = (writer: RdbWriter, text: Uint8Array) => {
    const before = writer.pos;
    writer.string(text, 0, text.length);
    return writer.pos - before;
  };
  const all = new RdbWriter();
  const some = new RdbWriter();
  some.samples = true;
  const least = size(all, runs);
  assert(least < 16);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 200; i++) for (const writer of [all, some]) assertEquals(size(writer, plain()), 33);
    let tries = 1;
    while (size(some, runs) !== least) tries++;
    assert(tries <= 8, String(tries));
    assertEquals(size(all, runs), least);
    for (let i = 0; i < 60; i++) assertEquals(size(some, runs), least);
    assert(size(some, new Uint8Array(1000).fill(120)) < 30);
  }
  const texts = new RdbReader();
  texts.open(some.buf, 0, some.pos);
  for (let k = 0; k < 200; k++) {
    texts.string();
    assertEquals(texts.stringLen, 32);
  }
});

test("lzf: bytes that LibLZF wrote", () => {
  // DUMP of 100 times "a", as redis-server compresses it.
  const back = new Uint8Array(100);
  assert(lzfDecompress(Uint8Array.of(0x01, 0x61, 0x61, 0xe0, 0x57, 0x00, 0x01, 0x61, 0x61), 0, 9, back, 0, 100));
  assertEquals(back, new Uint8Array(100).fill(0x61));
});

test("lzf: random bytes never reach outside", () => {
  const random = seededRandom(13);
  for (let round = 0; round < 3000; round++) {
    const data = Uint8Array.from({ length: 1 + Math.floor(random() * 60) }, () => Math.floor(random() * 256));
    const out = new Uint8Array(80).fill(7);
    lzfDecompress(data, 0, data.length, out, 20, 40);
    for (let i = 0; i < 20; i++) assertEquals(out[i] + out[60 + i], 14);
  }
});

function written(write: (writer: RdbWriter) => void): RdbReader {
  const writer = new RdbWriter();
  write(writer);
  const reader = new RdbReader();
  reader.open(writer.buf.slice(0, writer.pos), 0, writer.pos);
  return reader;
}

test("lengths come back in their shortest form", () => {
  const forms: [number, number][] = [
    [0, 1],
    [63, 1],
    [64, 2],
    [16383, 2],
    [16384, 5],
    [4294967295, 5],
    [4294967296, 9],
    [Number.MAX_SAFE_INTEGER, 9],
  ];
  for (const [n, size] of forms) {
    const reader = written((writer) => writer.len(n));
    assertEquals(reader.end, size);
    assertEquals(reader.len(), n);
  }
  const reader = written((writer) => writer.len64(-1, -2));
  reader.len64();
  assertEquals([reader.hi, reader.lo], [-1, -2]);
});

test("strings come back in every form", () => {
  const forms: [string, number][] = [
    ["", 1],
    ["0", 2],
    ["-128", 2],
    ["127", 2],
    ["128", 3],
    ["-32768", 3],
    ["32768", 5],
    ["2147483647", 5],
    ["-2147483648", 5],
    ["2147483648", 11],
    ["00", 3],
    ["-0", 3],
    ["text", 5],
    ["a".repeat(20), 21],
    ["a".repeat(200), 9],
  ];
  for (const [text, size] of forms) {
    const data = bytes(text);
    const reader = written((writer) => writer.string(data, 0, data.length));
    assertEquals(reader.end, size, text);
    reader.string();
    const back = reader.stringBuf.slice(reader.stringAt, reader.stringAt + reader.stringLen);
    assertEquals(back, data);
  }
});

test("numbers come back", () => {
  const values = [0, 1, -1, 1700000000123, Number.MAX_SAFE_INTEGER, -1234567890123];
  for (const n of values) assertEquals(written((writer) => writer.littleEndian64(n)).littleEndian64(), n);
  for (const d of [0, -0, 1.5, -1e300, Infinity, -Infinity]) {
    assertEquals(written((writer) => writer.double(d)).double(), d);
  }
});

test("a writer that drains hands on everything in order", () => {
  const parts: Uint8Array[] = [];
  const writer = new RdbWriter();
  writer.compress = false;
  writer.drain = (w) => {
    parts.push(w.buf.slice(0, w.pos));
    w.clear();
  };
  const data = compressible(seededRandom(3), 1000);
  for (let i = 0; i < 300; i++) writer.raw(data, 0, data.length);
  writer.drain(writer);
  assert(parts.length > 1 && writer.buf.length < 200_000);
  assertEquals(parts.reduce((sum, part) => sum + part.length, 0), 300_000);
});

test("random bytes are told from strings", () => {
  const random = seededRandom(17);
  const reader = new RdbReader();
  for (let round = 0; round < 5000; round++) {
    const data = Uint8Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256));
    reader.open(data, 0, data.length);
    try {
      for (;;) reader.string();
    } catch (error) {
      assert(error instanceof CorruptRdb);
    }
  }
  reader.open(Uint8Array.of(0xc3, 0x01, 0x80, 0x7f, 0xff, 0xff, 0xff, 0x00), 0, 8);
  assertThrows(() => reader.string(), CorruptRdb);
});
