/** Requests of any number of arguments, one behind the other through one parser and cut anywhere, come out as they went in. */

import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { Parsed, Request } from "../../src/codec/resp/request.ts";
import { encodeRequest } from "../client.ts";
import { Random } from "../fuzz/random.ts";
import { test } from "../harness.ts";

const MAX_BULK = 1 << 20;

function argumentsOf(request: Request): string[] {
  return Array.from({ length: request.argc }, (_, i) => {
    return Buffer.from(request.buf.subarray(request.at[i], request.at[i] + request.len[i])).toString("latin1");
  });
}

/** `count` arguments of 0 to 12 bytes. */
function randomArguments(random: Random, count: number): string[] {
  return Array.from({ length: count }, () => random.bytes(random.between(0, 12)));
}

test("request: numbers of arguments that grow and shrink", () => {
  const request = new Request();
  const random = new Random(1);
  for (const count of [3, 1500, 3000, 2, 6001, 6001, 1025, 1024, 20_000, 1]) {
    const args = randomArguments(random, count);
    const bytes = encodeRequest(args);
    assertEquals(request.parse(bytes, 0, bytes.length, MAX_BULK, true), Parsed.REQUEST);
    assertEquals(argumentsOf(request), args);
    assertEquals(request.next, bytes.length);
  }
});

test("request: what arrives in pieces goes on where it stopped", () => {
  const request = new Request();
  const random = new Random(2);
  for (let round = 0; round < 300; round++) {
    const args = randomArguments(random, random.pick([1, 2, 5, 40, 70, 1100, 2500]));
    const bytes = encodeRequest(args);
    let from = random.between(0, 50);
    let arrived = 0;
    let buf = new Uint8Array(0);
    for (;;) {
      // The bytes lie elsewhere each time, as they do in a buffer that is moved up.
      const moved = random.between(0, 50);
      request.shift(moved - from);
      from = moved;
      arrived = Math.min(bytes.length, arrived + random.between(1, Math.ceil(bytes.length / 3)));
      buf = new Uint8Array(from + arrived);
      buf.set(bytes.subarray(0, arrived), from);
      const parsed = request.parse(buf, from, buf.length, MAX_BULK, true);
      if (parsed === Parsed.REQUEST) break;
      assertEquals(parsed, Parsed.INCOMPLETE);
      assertEquals(arrived < bytes.length, true);
    }
    assertEquals(argumentsOf(request), args);
    assertEquals(request.next, from + bytes.length);
  }
});
