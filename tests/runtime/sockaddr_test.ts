/**
 * Socket addresses: text to kernel bytes and back.
 */

import { assertEquals, assertThrows } from "@std/assert";
import { NetworkError } from "../../src/runtime/mod.ts";
import {
  decodeAddress,
  decodePort,
  encodeIp,
  encodeUnix,
  parseIpv4,
  parseIpv6,
  resolveHost,
  SOCKADDR_BYTES,
} from "../../src/runtime/sockaddr.ts";
import { test } from "../harness.ts";

test("sockaddr: addresses survive the way to the kernel's form and back", () => {
  const bytes = new Uint8Array(SOCKADDR_BYTES);
  for (
    const [host, shown] of [
      ["127.0.0.1", "127.0.0.1:6379"],
      ["255.255.255.255", "255.255.255.255:6379"],
      ["::", "[::]:6379"],
      ["::1", "[::1]:6379"],
      ["fe80:0:0:0:1:0:0:2", "[fe80::1:0:0:2]:6379"],
      ["2001:DB8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]:6379"],
      ["1:2:3:4:5:6::", "[1:2:3:4:5:6::]:6379"],
      ["::ffff:10.1.2.3", "[::ffff:10.1.2.3]:6379"],
    ]
  ) {
    bytes.fill(0xff);
    assertEquals(encodeIp(bytes, host, 6379), host.includes(":") ? 28 : 16);
    assertEquals(decodeAddress(bytes), shown);
    assertEquals(decodePort(bytes), 6379);
  }
});

test("sockaddr: names are no addresses", () => {
  const bytes = new Uint8Array(SOCKADDR_BYTES);
  for (const host of ["", "localhost", "1.2.3", "1.2.3.256", "1.2.3.4.5", "01234.1.1.1", "a.b.c.d"]) {
    assertEquals([host, parseIpv4(host)], [host, undefined]);
    assertEquals(encodeIp(bytes, host, 1), 0);
  }
  for (
    const host of [":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "g::"]
  ) {
    assertEquals([host, parseIpv6(host)], [host, undefined]);
  }
});

test("sockaddr: Unix paths are bounded by the kernel's struct", () => {
  const bytes = new Uint8Array(SOCKADDR_BYTES);
  assertEquals(encodeUnix(bytes, "/tmp/s"), 9);
  assertEquals(decodePort(bytes), 0);
  assertEquals(encodeUnix(bytes, "x".repeat(107)), SOCKADDR_BYTES);
  assertThrows(() => encodeUnix(bytes, "x".repeat(108)), NetworkError);
});

test("sockaddr: hosts resolve", async () => {
  assertEquals(await resolveHost("*"), "0.0.0.0");
  assertEquals(await resolveHost("::1"), "::1");
  const local = await resolveHost("localhost");
  assertEquals(["127.0.0.1", "::1"].includes(local), true);
});
