/**
 * What each command leaves in the journal: commands, and indented below them their effects. @n is the moment n ms from now. Where a
 * redis-server is installed, its append-only file is compared with the same lines, but for those under "newer" and "ours".
 */
import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "./client.ts";
import { startRedis, test } from "./harness.ts";
import { type Effect, parseEffects, World } from "./journal.ts";
import { quote, splitLine } from "./reply.ts";

const SAME = `
SET s v
  SET s v
set s v
  set s v
SET s v NX
SET s v XX
  SET s v XX
SET s v EX 100
  SET s v PXAT @100000
SET s v PX 1500000
  SET s v PXAT @1500000
SET s v EXAT 9999999999
  SET s v PXAT 9999999999000
SET s w KEEPTTL
  SET s w KEEPTTL
SET s v XX GET
  SET s v XX
SETEX s 100 v
  SET s v PXAT @100000
PSETEX s 100000 v
  SET s v PXAT @100000
SETNX s v
SETNX s2 v
  SETNX s2 v
GETSET s w
  SET s w
GETDEL s
  DEL s
GETDEL s
APPEND s abc
  APPEND s abc
SETRANGE s 1 xyz
  SETRANGE s 1 xyz
GETEX s
GETEX s EX 100
  PEXPIREAT s @100000
GETEX s PERSIST
  PERSIST s
GETEX s PERSIST
GETEX s PXAT 5
  DEL s
MSET a 1 b 2
  MSET a 1 b 2
MSETNX a 1 c 3
MSETNX c 3 d 4
  MSETNX c 3 d 4
INCR n
  INCR n
INCRBY n 5
  INCRBY n 5
DECRBY n 2
  DECRBY n 2
INCRBYFLOAT n 0.25
  SET n 4.25 KEEPTTL
SETBIT bits 7 1
  SETBIT bits 7 1
BITFIELD bits SET u8 8 255 GET u4 0
  BITFIELD bits SET u8 8 255 GET u4 0
BITFIELD bits GET u4 0
BITOP NOT bits2 bits
  BITOP NOT bits2 bits
PFADD h1 a b c
  PFADD h1 a b c
PFADD h1 a
PFCOUNT h1
  PFCOUNT h1
PFCOUNT h1
PFMERGE h2 h1
  PFMERGE h2 h1
EXPIRE a 100
  PEXPIREAT a @100000
EXPIRE a 200 GT
  PEXPIREAT a @200000 GT
EXPIRE a 50 GT
PEXPIRE a 100000
  PEXPIREAT a @100000
EXPIREAT a 9999999999
  PEXPIREAT a 9999999999000
PEXPIREAT a 9999999999000
  PEXPIREAT a 9999999999000
pexpireat a 9999999999001 XX
  pexpireat a 9999999999001 XX
PERSIST a
  PERSIST a
PERSIST a
EXPIRE a -1
  DEL a
EXPIRE a 10
DEL a b nothing
  DEL a b nothing
DEL a b
UNLINK c
  UNLINK c
RENAME d e
  RENAME d e
RENAMENX e n
COPY e f
  COPY e f
COPY e f DB 1 REPLACE
  COPY e f DB 1 REPLACE
MOVE e 2
  MOVE e 2
MOVE e 2
EXISTS f
TOUCH f
TYPE f
RPUSH l 5 3 1 4 2
  RPUSH l 5 3 1 4 2
LPUSHX none a
LPUSH l 0
  LPUSH l 0
LPOP l
  LPOP l
RPOP l 2
  RPOP l 2
LPOP l 0
LINSERT l BEFORE 3 x
  LINSERT l BEFORE 3 x
LINSERT l BEFORE none x
LSET l 0 y
  LSET l 0 y
LREM l 1 none
LREM l 1 x
  LREM l 1 x
LTRIM l 0 -1
LTRIM l 1 -1
  LTRIM l 1 -1
LMOVE l l2 LEFT RIGHT
  LMOVE l l2 LEFT RIGHT
RPOPLPUSH l l2
  RPOPLPUSH l l2
RPUSH l 1 2 3 4 5
  RPUSH l 1 2 3 4 5
LMPOP 2 none l LEFT
  LPOP l 1
LMPOP 2 none l RIGHT COUNT 2
  RPOP l 2
LMPOP 2 none l RIGHT COUNT 200
  RPOP l 2
LMPOP 1 l RIGHT
BLPOP none l2 1
  LPOP l2
RPUSH l2 a b c
  RPUSH l2 a b c
BRPOP l2 0
  RPOP l2
BLMPOP 0 1 l2 LEFT COUNT 9
  LPOP l2 3
RPUSH l2 a b c
  RPUSH l2 a b c
BLMOVE l2 l3 RIGHT LEFT 0
  LMOVE l2 l3 RIGHT LEFT
BRPOPLPUSH l2 l3 0
  RPOPLPUSH l2 l3
SORT l3 ALPHA STORE l4
  SORT l3 ALPHA STORE l4
SORT none STORE l4
  SORT none STORE l4
SORT none STORE l4
HSET h f 1 g 2
  HSET h f 1 g 2
HSETNX h f 1
HMSET h f 2
  HMSET h f 2
HINCRBY h f 3
  HINCRBY h f 3
HINCRBYFLOAT h f 0.5
  HSET h f 5.5
HDEL h none
HDEL h g none
  HDEL h g none
SADD set a b c
  SADD set a b c
SADD set a
SREM set none
SREM set a x
  SREM set a x
SMOVE set set2 b
  SMOVE set set2 b
SPOP set2
  SREM set2 b
SADD set a b c d
  SADD set a b c d
SPOP set 10
  DEL set
SADD set a b c d
  SADD set a b c d
SINTERSTORE set3 set set
  SINTERSTORE set3 set set
SDIFFSTORE set4 none set
SUNIONSTORE set4 set
  SUNIONSTORE set4 set
ZADD z 1 a 2 b 3 c 4 d 5 e 6 f
  ZADD z 1 a 2 b 3 c 4 d 5 e 6 f
ZADD z XX CH 1.5 a 9 none
  ZADD z XX CH 1.5 a 9 none
ZADD z NX 1 a
ZINCRBY z 0.25 a
  ZINCRBY z 0.25 a
ZREM z none
ZPOPMIN z
  ZPOPMIN z
ZMPOP 2 none z MAX
  ZPOPMAX z 1
ZMPOP 2 none z MIN COUNT 2
  ZPOPMIN z 2
BZPOPMIN none z 0
  ZPOPMIN z
BZMPOP 0 1 z MAX COUNT 10
  ZPOPMAX z 1
ZADD z 1 a 2 b 3 c 4 d 5 e 6 f
  ZADD z 1 a 2 b 3 c 4 d 5 e 6 f
ZRANGESTORE z2 z 0 1
  ZRANGESTORE z2 z 0 1
ZREMRANGEBYRANK z 0 0
  ZREMRANGEBYRANK z 0 0
ZUNIONSTORE z3 2 z z2
  ZUNIONSTORE z3 2 z z2
GEOADD geo 13.36 38.11 p 15.08 37.5 c
  ZADD geo 3479099943497504 p 3479447184714206 c
GEORADIUS geo 15 37 200 km STORE near
  GEORADIUS geo 15 37 200 km STORE near
GEOSEARCHSTORE near geo FROMMEMBER p BYRADIUS 10 km
  GEOSEARCHSTORE near geo FROMMEMBER p BYRADIUS 10 km
XADD x 1-1 f v
  XADD x 1-1 f v
XADD x 1-* f v
  XADD x 1-2 f v
XADD x MAXLEN 2 5-1 f v
  XADD x MAXLEN 2 5-1 f v
XADD x MAXLEN ~ 2 5-2 f v
  XADD x MAXLEN = 3 5-2 f v
XADD y 1-1 f v
  XADD y 1-1 f v
XADD y NOMKSTREAM MINID ~ 5-2 5-3 f v
  XADD y NOMKSTREAM MINID = 1-1 5-3 f v
XTRIM y MINID ~ 5-3
XTRIM x MAXLEN ~ 2
XTRIM x MAXLEN 3
XADD x 5-3 f v
  XADD x 5-3 f v
XTRIM x MAXLEN 3
  XTRIM x MAXLEN 3
XDEL x 5-1 9-9
  XDEL x 5-1 9-9
XADD x * f v
  XADD x @0-0 f v
XADD x2 NOMKSTREAM * f v
XSETID x 9999999999999-9
  XSETID x 9999999999999-9
XADD x * f v
  XADD x 9999999999999-10 f v
XGROUP CREATE x g 0
  XGROUP CREATE x g 0
XGROUP CREATE x3 g $ MKSTREAM
  XGROUP CREATE x3 g $ MKSTREAM
XGROUP CREATECONSUMER x g c0
  XGROUP CREATECONSUMER x g c0
XGROUP CREATECONSUMER x g c0
XREADGROUP GROUP g c0 COUNT 2 NOACK STREAMS x >
  XGROUP SETID x g 5-3 ENTRIESREAD 5
XPENDING x g
XACK x g 1-1
XGROUP SETID x g 0
  XGROUP SETID x g 0
XGROUP DELCONSUMER x g c0
  XGROUP DELCONSUMER x g c0
XGROUP DESTROY x g
  XGROUP DESTROY x g
SWAPDB 3 4
  SWAPDB 3 4
FLUSHDB
  FLUSHDB
FLUSHDB ASYNC
  FLUSHDB ASYNC
FLUSHALL
  FLUSHALL
`;

/** Redis 7.0 does not know these, or not yet in this form: SPOP's batches, entries read beside XCLAIM, ids of a new consumer. */
const NEWER = `
SADD set a b c
  SADD set a b c
SPOP set 0
HSET h f 1 g 2 i 3
  HSET h f 1 g 2 i 3
HEXPIRE h 100 FIELDS 2 f none
  HPEXPIREAT h @100000 FIELDS 1 f
HPEXPIRE h 100 NX FIELDS 1 f
HPEXPIREAT h 9999999999000 NX FIELDS 3 f g none
  HPEXPIREAT h 9999999999000 NX FIELDS 1 g
HPEXPIREAT h 9999999998000 LT FIELDS 1 g
  HPEXPIREAT h 9999999998000 LT FIELDS 1 g
HINCRBYFLOAT h f 1.5
  HSET h f 2.5
  HPEXPIREAT h @100000 FIELDS 1 f
HPERSIST h FIELDS 2 f none
  HPERSIST h FIELDS 2 f none
HEXPIRE h 0 FIELDS 2 f g
  HDEL h f
  HDEL h g
HGETEX h FIELDS 1 i
HGETEX h PX 100 FIELDS 1 i
  HPEXPIREAT h @100 FIELDS 1 i
HGETEX h PERSIST FIELDS 1 i
  HPERSIST h FIELDS 1 i
HSETEX h FXX EX 10 FIELDS 1 none v
HSETEX h FNX EX 10 FIELDS 2 j v k w
  HSET h j v k w
  HPEXPIREAT h @10000 FIELDS 2 j k
HSETEX h KEEPTTL FIELDS 2 j x l y
  HSET h j x l y
  HPEXPIREAT h @10000 FIELDS 1 j
HSETEX h FIELDS 1 j y
  HSET h j y
HSETEX h PXAT 1 FIELDS 1 j z
  HDEL h j
HGETDEL h FIELDS 2 k none
  HDEL h k none
INCREX n BYINT 5
  SET n 5 KEEPTTL
INCREX n BYFLOAT 0.5 EX 10
  SET n 5.5 PXAT @10000
INCREX n BYFLOAT 0.5 PERSIST
  SET n 6
ZADD geo 3479099956230698 p
  ZADD geo 3479099956230698 p
GEOSEARCHSTORE near geo FROMMEMBER p BYRADIUS 10 km STOREDIST
  DEL near
  ZADD near 0 p
MSETEX 2 a 1 b 2
  MSET a 1 b 2
MSETEX 2 a 1 b 2 NX
MSETEX 2 a 1 b 2 EX 10
  SET a 1 PXAT @10000
  SET b 2 PXAT @10000
MSETEX 2 a 2 b 3 XX KEEPTTL
  SET a 2 KEEPTTL
  SET b 3 KEEPTTL
SET a 3 IFEQ 1
SET a 3 IFEQ 2
  SET a 3
DELEX a IFEQ 2
DELEX a IFEQ 3
  DEL a
DELIFEQ b 3
  DEL b
XADD x 1-1 f v
  XADD x 1-1 f v
XADD x 2-1 f v
  XADD x 2-1 f v
XGROUP CREATE x g 0
  XGROUP CREATE x g 0
XREADGROUP GROUP g c STREAMS x >
  XGROUP CREATECONSUMER x g c
  XCLAIM x g c 0 1-1 TIME @0 RETRYCOUNT 1 FORCE JUSTID LASTID 1-1
  XCLAIM x g c 0 2-1 TIME @0 RETRYCOUNT 1 FORCE JUSTID LASTID 2-1
  XGROUP SETID x g 2-1 ENTRIESREAD 2
XREADGROUP GROUP g c STREAMS x >
XREADGROUP GROUP g c STREAMS x 0
XDEL x 2-1
  XDEL x 2-1
XCLAIM x g d 0 1-1 2-1
  XGROUP CREATECONSUMER x g d
  XCLAIM x g d 0 1-1 TIME @0 RETRYCOUNT 3 FORCE JUSTID LASTID 2-1
  XACK x g 2-1
XAUTOCLAIM x g c 0 0 JUSTID
  XCLAIM x g c 0 1-1 TIME @0 RETRYCOUNT 3 FORCE JUSTID LASTID 2-1
XCLAIM x g c 999 9-9 LASTID 7-7
  XGROUP SETID x g 7-7 ENTRIESREAD 2
XADD q 1-1 f v
  XADD q 1-1 f v
XADD q 2-1 f v
  XADD q 2-1 f v
XADD q 3-1 f v
  XADD q 3-1 f v
XADD q 4-1 f v
  XADD q 4-1 f v
XGROUP CREATE q g 0
  XGROUP CREATE q g 0
XGROUP CREATE q h 3-1
  XGROUP CREATE q h 3-1
XGROUP CREATECONSUMER q g c
  XGROUP CREATECONSUMER q g c
XCLAIM q g c 0 1-1 TIME 9 RETRYCOUNT 3 FORCE JUSTID LASTID 3-1
  XCLAIM q g c 0 1-1 TIME 9 RETRYCOUNT 3 FORCE JUSTID LASTID 3-1
  XGROUP SETID q g 3-1 ENTRIESREAD -1
XCLAIM q g c 0 3-1 TIME 9 RETRYCOUNT 3 FORCE JUSTID LASTID 3-1
  XCLAIM q g c 0 3-1 TIME 9 RETRYCOUNT 3 FORCE JUSTID LASTID 3-1
XDELEX q ACKED IDS 4 1-1 2-1 4-1 9-9
  XDEL q 2-1
XDELEX q DELREF IDS 1 1-1
  XACK q g 1-1
  XDEL q 1-1
XACKDEL q g ACKED IDS 2 3-1 4-1
  XACK q g 3-1
  XDEL q 3-1
XADD q MAXLEN ~ 1 LIMIT 5 ACKED 5-* f v
  XADD q 5-0 f v
XADD q KEEPREF MAXLEN = 2 6-1 f v
  XADD q MAXLEN = 2 6-1 f v
XADD q MAXLEN 1 DELREF 7-1 f v
  XADD q 7-1 f v
  XDEL q 5-0
  XDEL q 6-1
XTRIM q MAXLEN 0 KEEPREF
  XTRIM q MAXLEN 0
`;

/** What depends on the clock between commands: "+ n" lets n ms pass. */
const OURS = `
SET s v PX 10
  SET s v PXAT @10
SET t v PX 10
  SET t v PXAT @10
+ 20
GET s
  DEL s
SETNX t w
  DEL t
  SETNX t w
HSET h f 1 g 2
  HSET h f 1 g 2
HPEXPIRE h 10 FIELDS 1 f
  HPEXPIREAT h @10 FIELDS 1 f
+ 20
HGETALL h
HINCRBY h f 5
  HDEL h f
  HINCRBY h f 5
SET s v PX 10
  SET s v PXAT @10
SET a 1
  SET a 1
+ 20
DEL s a
  DEL s
  DEL s a
RESTORE r 1000 "\\x00\\xc0\\x01\\n\\x00&x\\xe7\\xb6\\xd1\\x01\\x11\\xfc"
  RESTORE r @1000 "\\x00\\xc0\\x01\\n\\x00&x\\xe7\\xb6\\xd1\\x01\\x11\\xfc" ABSTTL
`;

interface Case {
  line: string;
  args: string[];
  effects: string[];
}

function casesOf(text: string): Case[] {
  const cases: Case[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    if (line.startsWith("  ")) cases.at(-1)!.effects.push(line.trim());
    else cases.push({ line, args: splitLine(line), effects: [] });
  }
  return cases;
}

/** The effects as lines; numbers near `nowMs` as moments. */
function show(commands: readonly Effect[], nowMs: number, exact: boolean): string[] {
  return commands.map(({ args }) =>
    args.map((arg) => {
      const [, ms, rest] = /^(\d{13})(-\d+)?$/.exec(arg) ?? [];
      const from = Number(ms) - nowMs;
      if (ms === undefined || Math.abs(from) > 1e9) return arg;
      // Another process has its own clock, and takes its time.
      return `@${exact ? from : Math.round(from / 50_000) * 50_000}${rest ?? ""}`;
    }).map((arg) => /^[\x21-\x7e]+$/.test(arg) ? arg : quote(arg)).join(" ")
  );
}

function checkOurs(text: string): void {
  const world = new World();
  for (const { line, args, effects } of casesOf(text)) {
    if (args[0] === "+") {
      world.advance(Number(args[1]));
      continue;
    }
    const reply = world.run(args);
    assertEquals(reply.type === "error" ? reply.text : "", "", line);
    const records = world.journal.take();
    assertEquals(records.length, effects.length > 0 ? 1 : 0, line);
    assertEquals(records.flatMap(({ commands }) => show(commands, world.nowMs, true)), effects, line);
  }
}

test("journal: each command's effects", () => {
  checkOurs(SAME);
  checkOurs(NEWER);
  checkOurs(OURS);
});

test("journal: redis-server records the same", async () => {
  const options = ["--appendonly", "yes", "--appendfsync", "always", "--aof-use-rdb-preamble", "no"];
  const server = await startRedis(options);
  if (server === undefined) return;
  const client = await Client.connect(server);
  const file = join(server.dir, "appendonlydir", "appendonly.aof.1.incr.aof");
  let seen = 0;
  for (const { line, args, effects } of casesOf(SAME)) {
    await client.call(...args);
    const bytes = readFileSync(file);
    const { commands } = parseEffects(bytes.subarray(seen), 0);
    seen = bytes.length;
    const framed = effects.length > 1 ? ["MULTI", ...effects, "EXEC"] : effects;
    // Redis writes some names in lower case.
    const upper = (each: string) => each.replace(/^\S+/, (name) => name.toUpperCase());
    assertEquals(show(commands, Date.now(), false).map(upper), framed.map(upper), line);
  }
  client.close();
});
