/** Listpack against a plain array of texts, and against listpacks that Redis made. */
import { assertEquals } from "@std/assert";
import { latin1Bytes, latin1Text } from "../../src/base/bytes.ts";
import { Listpack, LISTPACK_EMPTY, validListpack } from "../../src/structures/listpack.ts";
import { test } from "../harness.ts";
import { Random } from "./random.ts";

const SIZE = 1 << 20;
const LP = 12; // any 4-aligned place

function texts(lp: Listpack, at = LP): string[] {
  const out: string[] = [];
  for (let p = lp.first(at); p !== 0; p = lp.next(p)) {
    lp.readBytes(p);
    out.push(latin1Text(lp.bytes, lp.at, lp.at + lp.len));
  }
  return out;
}

function backwards(lp: Listpack): string[] {
  const out: string[] = [];
  for (let p = lp.last(LP); p !== 0; p = lp.prev(LP, p)) {
    lp.readBytes(p);
    out.push(latin1Text(lp.bytes, lp.at, lp.at + lp.len));
  }
  return out.reverse();
}

/** Encodes, checks the announced growth, and appends. */
function append(lp: Listpack, text: string): void {
  const bytes = latin1Bytes(text);
  const before = lp.totalBytes(LP);
  const grow = lp.encode(bytes, 0, bytes.length);
  lp.append(LP);
  assertEquals(lp.totalBytes(LP), before + grow);
}

const EDGES = ["0", "127", "128", "-1", "4095", "4096", "-4096", "-4097", "32767", "32768", "-32768", "-32769"].concat(
  ["8388607", "8388608", "-8388608", "-8388609", "2147483647", "2147483648", "-2147483648", "-2147483649"],
  ["9007199254740993", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1000000000000000000"],
  ["-0", "+1", "01", "1 ", "", "-", "1e3", "a", "4294967296", "-4294967296", "12345678901234567"],
);

test("listpack: the integer encodings' edges come back as text", () => {
  const lp = new Listpack(new Uint8Array(SIZE));
  lp.init(LP);
  for (const text of EDGES) append(lp, text);
  assertEquals(texts(lp), EDGES);
  assertEquals(backwards(lp), EDGES);
  for (const [i, text] of EDGES.entries()) {
    const bytes = latin1Bytes(text);
    assertEquals(lp.find(lp.first(LP), bytes, 0, bytes.length), lp.seek(LP, i), text);
    assertEquals(lp.equals(lp.seek(LP, i), bytes, 0, bytes.length), true);
    assertEquals(lp.seek(LP, i), lp.seek(LP, i - EDGES.length));
  }
});

test("listpack: bytes as Redis writes them", () => {
  // DUMP of `RPUSH l a 1 -1 128 5000 100000 9000000 9223372036854775807 <64 times x>` on Redis 7.0, without the envelope.
  const u8 = new Uint8Array(SIZE);
  const lp = new Listpack(u8);
  lp.init(LP);
  for (const t of ["a", "1", "-1", "128", "5000", "100000", "9000000", "9223372036854775807", "x".repeat(64)]) {
    append(lp, t);
  }
  const hex = Array.from(u8.subarray(LP, LP + lp.totalBytes(LP)), (b) => b.toString(16).padStart(2, "0")).join("");
  assertEquals(
    hex,
    "6e000000" + "0900" + "816102" + "0101" + "dfff02" + "c08002" + "f1881303" + "f2a0860104" + "f34054890005" +
      "f4ffffffffffffff7f09" + "e040" + "78".repeat(64) + "42" + "ff",
  );
});

test("listpack: backlens of every size", () => {
  const lp = new Listpack(new Uint8Array(SIZE * 4));
  lp.init(LP);
  const list = [63, 64, 126, 127, 4095, 4096, 16377, 16378, 16379, 65536, 2097145, 10].map((n) => "y".repeat(n));
  for (const text of list) append(lp, text);
  assertEquals(backwards(lp), list);
  assertEquals(texts(lp), list);
});

test("listpack: random changes against an array", () => {
  const random = new Random(7);
  const u8 = new Uint8Array(SIZE);
  const lp = new Listpack(u8);
  lp.init(LP);
  const model: string[] = [];
  for (let step = 0; step < 4000; step++) {
    const text = random.below(3) === 0
      ? EDGES[random.below(EDGES.length)]
      : random.below(2) === 0
      ? String(random.below(1e9) - 5e8)
      : "s".repeat(random.below(random.below(20) === 0 ? 5000 : 90)) + step;
    const bytes = latin1Bytes(text);
    const i = random.below(model.length + 1);
    const p = i === model.length ? lp.end(LP) : lp.seek(LP, i);
    const before = lp.totalBytes(LP);
    const op = random.below(model.length > 60 ? 6 : 4);
    if (op === 0 || (op < 4 && i === model.length)) {
      const grow = lp.encode(bytes, 0, bytes.length);
      lp.insert(LP, p);
      assertEquals(lp.totalBytes(LP), before + grow);
      model.splice(i, 0, text);
    } else if (op === 1) {
      lp.encode(bytes, 0, bytes.length);
      const grow = lp.replaceGrowth(p);
      lp.replace(LP, p);
      assertEquals(lp.totalBytes(LP), before + grow);
      model[i] = text;
    } else if (op === 2) {
      append(lp, text);
      model.push(text);
    } else if (op === 3) {
      const wanted = model[i];
      const b = latin1Bytes(wanted);
      assertEquals(lp.find(lp.first(LP), b, 0, b.length), lp.seek(LP, model.indexOf(wanted)));
      assertEquals(lp.find(lp.first(LP), latin1Bytes("absent"), 0, 6), 0);
      let even = 0;
      while (even < model.length && model[even] !== wanted) even += 2;
      assertEquals(lp.find(lp.first(LP), b, 0, b.length, 2), even < model.length ? lp.seek(LP, even) : 0);
    } else {
      const n = 1 + random.below(4);
      lp.delete(LP, p, n);
      model.splice(i, n);
    }
    assertEquals(lp.count(LP), model.length);
    assertEquals(validListpack(u8, LP, lp.totalBytes(LP)), model.length);
    if (step % 16 === 0) {
      assertEquals(texts(lp), model);
      assertEquals(backwards(lp), model);
    }
  }
});

test("listpack: counts beyond 65534 are walked", () => {
  const lp = new Listpack(new Uint8Array(SIZE));
  lp.init(LP);
  for (let i = 0; i < 65540; i++) {
    lp.encodeInt(i & 127);
    lp.append(LP);
  }
  assertEquals(lp.count(LP), 65540);
  lp.delete(LP, lp.first(LP), 10);
  assertEquals(lp.count(LP), 65530);
  assertEquals(lp.totalBytes(LP), LISTPACK_EMPTY + 65530 * 2);
});

test("listpack: damaged bytes are refused, never followed", () => {
  const random = new Random(3);
  const u8 = new Uint8Array(4096);
  const lp = new Listpack(u8);
  for (let round = 0; round < 3000; round++) {
    u8.fill(0);
    lp.init(LP);
    for (let i = random.below(8); i >= 0; i--) {
      append(lp, EDGES[random.below(EDGES.length)] + "z".repeat(random.below(70)));
    }
    const size = lp.totalBytes(LP);
    for (let k = 1 + random.below(3); k > 0; k--) u8[LP + random.below(size)] = random.below(256);
    const n = validListpack(u8, LP, size);
    if (n < 0) continue;
    assertEquals(texts(lp).length, n);
    assertEquals(backwards(lp).length, n);
  }
});
