/** The raw client, its parser and its formatting, held against redis-cli's own output where it is installed. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { Client } from "./client.ts";
import { startRedis, test } from "./harness.ts";
import { format, quote, ReplyParser, ReplySyntaxError, splitLine } from "./reply.ts";

const WIRE =
  "+OK\r\n-ERR no\r\n:42\r\n$-1\r\n*-1\r\n_\r\n$3\r\na\r\n\r\n*2\r\n:1\r\n*0\r\n%1\r\n+k\r\n#t\r\n~1\r\n,1.5\r\n(123\r\n" +
  "=7\r\ntxt:abc\r\n>1\r\n+p\r\n|1\r\n+a\r\n:1\r\n:2\r\n";

test("reply parser: every type, in one piece and byte by byte", () => {
  const texts: string[][] = [];
  for (const step of [WIRE.length, 1]) {
    const parser = new ReplyParser();
    const seen: string[] = [];
    for (let i = 0; i < WIRE.length; i += step) {
      parser.push(Buffer.from(WIRE.slice(i, i + step), "latin1"));
      for (let reply = parser.next(); reply !== undefined; reply = parser.next()) seen.push(JSON.stringify(reply));
    }
    assertEquals(parser.rest(), "");
    texts.push(seen);
  }
  assertEquals(texts[0].length, 14);
  assertEquals(texts[0], texts[1]);
});

test("reply parser: rejects what is no reply", () => {
  for (const bytes of ["hello\r\n", ":1x\r\n", "$x\r\n", "#q\r\n"]) {
    const parser = new ReplyParser();
    parser.push(Buffer.from(bytes));
    assertThrows(() => parser.next(), ReplySyntaxError);
  }
});

test("splitLine and quote undo each other", () => {
  assertEquals(splitLine(`SET k "a\\x00\\n\\"b" 'it\\'s' ""  z `), ["SET", "k", 'a\0\n"b', "it's", "", "z"]);
  const every = String.fromCharCode(...Array(256).keys());
  assertEquals(splitLine(quote(every)), [every]);
  assertThrows(() => splitLine(`GET "a`));
  assertThrows(() => splitLine(`GET "a"b`));
});

test("format: the same text as redis-cli", async () => {
  const redis = await startRedis();
  if (redis === undefined) return;
  for (const protocol of ["-2", "-3"]) {
    const client = await Client.connect(redis);
    await client.call("HELLO", protocol.slice(1));
    for (
      const line of [
        "SET k v",
        "GET k",
        "GET none",
        "MGET k none",
        "DEL k k",
        "NOPE",
        "DEBUG PROTOCOL double",
        "DEBUG PROTOCOL map",
        "DEBUG PROTOCOL set",
        "DEBUG PROTOCOL true",
        "DEBUG PROTOCOL verbatim",
        "DEBUG PROTOCOL array",
        "COMMAND DOCS get",
        "COMMAND INFO get mset nope",
        "CONFIG GET hash-max-*",
        "CONFIG GET nope",
        "CLIENT TRACKINGINFO",
        "KEYS none",
        "RPUSH list a b c d e f g h i j k",
        "LRANGE list 0 -1",
        'ECHO "\\x00\\xff\\a\\b\\t\\"\\\\"',
      ]
    ) {
      if (line.startsWith("DEBUG")) await client.call("CONFIG", "SET", "enable-debug-command", "yes");
      const args = splitLine(line);
      const cli = spawnSync("redis-cli", [protocol, "--no-raw", "-p", String(redis.port), "-x", ...args.slice(0, -1)], {
        input: Buffer.from(args.at(-1)!, "latin1"),
      });
      const mine = await client.show(...args);
      // The list grows with each RPUSH; the reply's form is what counts.
      if (line.startsWith("RPUSH") || line.startsWith("DEL")) continue;
      assertEquals(
        mine,
        Buffer.from(cli.stdout).toString("latin1").replace(/\n\n?$/, "").replaceAll("=> \n", "=>\n"),
        `${protocol} ${line}`,
      );
    }
  }
});

test("client: pushes stay apart, the end is seen", async () => {
  const redis = await startRedis();
  if (redis === undefined) return;
  const [a, b] = [await Client.connect(redis), await Client.connect(redis)];
  await a.call("HELLO", 3);
  await a.call("CLIENT", "TRACKING", "ON");
  await a.call("GET", "k");
  assertEquals(format((await b.pipeline([["SET", "k", 1], ["INCR", "k"]]))[1]), "(integer) 2");
  assertEquals(format(await a.readPush()), '1) "invalidate"\n2) 1) "k"');
  assertEquals(await a.show("QUIT"), "OK");
  await a.closed;
  await assertRejects(() => a.call("PING"));
});
