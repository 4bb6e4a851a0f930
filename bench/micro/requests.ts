/**
 * What a request costs on the main thread without the kernel: pipelines of 1, 16 and 64 requests from 50 connections whose sockets take
 * everything, inline engine, a million keys.
 *
 *     deno run -A bench/micro/requests.ts [TEST...]
 *     bun run bench/micro/requests.ts [TEST...]
 *
 * Requests lie ready before the clock starts; keys are random where redis-benchmark's are.
 */
import process from "node:process";
import { Log } from "../../src/base/log.ts";
import { Config } from "../../src/config/config.ts";
import type { Socket } from "../../src/runtime/mod.ts";
import { Server } from "../../src/threads/main/server.ts";
import { spread } from "../numbers.ts";
import { type MicroRow, nanosEach, printRows } from "./timing.ts";

const KEYS = 1_000_000;
const CONNECTIONS = 50;
const DEPTHS = [1, 16, 64];
/** Requests of a transaction: MULTI, five SET, five GET, EXEC. */
const TRANSACTION = 12;
/** Requests prepared: some rounds of all connections at the largest depth. */
const PREPARED = CONNECTIONS * 64 * 8;
/** Requests served in a timing. */
const REQUESTS = PREPARED * 8;
/** Elements put into the list, the set and the sorted set that are pushed to and popped from. */
const ELEMENTS = 100_000;
const VALUE = "v".repeat(32);

const random = (i: number) => String(spread(i, KEYS)).padStart(12, "0");

const TESTS: Record<string, (i: number) => string[]> = {
  PING: () => ["PING"],
  SET: (i) => ["SET", `key:${random(i)}`, VALUE],
  GET: (i) => ["GET", `key:${random(i)}`],
  INCR: (i) => ["INCR", `counter:${random(i)}`],
  SADD: (i) => ["SADD", "myset", `element:${random(i)}`],
  HSET: (i) => ["HSET", "myhash", `element:${random(i)}`, "xxx"],
  ZADD: (i) => ["ZADD", "myzset", random(i), `element:${random(i)}`],
  "LPUSH, RPOP": (i) => i % 2 === 0 ? ["LPUSH", "mylist", "xxx"] : ["RPOP", "mylist"],
  "SADD, SPOP": (i) => i % 2 === 0 ? ["SADD", "otherset", `element:${random(i)}`] : ["SPOP", "otherset"],
  "ZADD, ZPOPMIN": (i) =>
    i % 2 === 0 ? ["ZADD", "otherzset", random(i), `element:${random(i)}`] : ["ZPOPMIN", "otherzset"],
  XADD: (i) => ["XADD", "mystream", "MAXLEN", "~", "10000", "*", "field", random(i)],
};

/** Transactions of five SET and five GET on keys of one slot; a pipeline of TRANSACTION requests is one. */
function transaction(i: number): string[] {
  const n = i % TRANSACTION;
  if (n === 0) return ["MULTI"];
  if (n === TRANSACTION - 1) return ["EXEC"];
  const key = `{${random(i - n)}}:${(n - 1) >> 1}`;
  return n % 2 === 1 ? ["SET", key, VALUE] : ["GET", key];
}

class Sink implements Socket {
  session: unknown;
  readonly remoteAddress = "127.0.0.1:1";
  readonly localAddress = "127.0.0.1:2";
  readonly open = true;
  readonly fd = -1;
  bytes = 0;
  write(_buf: Uint8Array, from: number, to: number): number {
    this.bytes += to - from;
    return to - from;
  }
  pause(): void {}
  resume(): void {}
  shut(): void {}
}

/** Pipelines of one depth: requests end to end, and where each pipeline ends. */
function pipelines(depth: number, make: (i: number) => string[]): { bytes: Uint8Array; ends: Int32Array } {
  const parts: string[] = [];
  const ends = new Int32Array(PREPARED / depth);
  let at = 0;
  for (let k = 0; k < ends.length; k++) {
    let text = "";
    for (let i = 0; i < depth; i++) {
      const args = make(k * depth + i);
      text += `*${args.length}\r\n` + args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("");
    }
    parts.push(text);
    ends[k] = at += text.length;
  }
  return { bytes: new TextEncoder().encode(parts.join("")), ends };
}

const config = new Config({ current: () => "/", change: () => undefined });
config.load("shards", ["0"], false);
const server = new Server(config, new Log(0, Date.now, () => {}), { loads: false });
await server.load();
const sockets = Array.from({ length: CONNECTIONS }, () => new Sink());
for (const socket of sockets) server.connections.open(socket);

function run(...args: string[]): void {
  const bytes = new TextEncoder().encode(`*${args.length}\r\n` + args.map((a) => `$${a.length}\r\n${a}\r\n`).join(""));
  server.connections.data(sockets[0]!, bytes, 0, bytes.length);
}

for (let i = 0; i < ELEMENTS; i++) {
  run("LPUSH", "mylist", "xxx");
  run("SADD", "otherset", `element:${random(i)}`);
  run("ZADD", "otherzset", random(i), `element:${random(i)}`);
}

/** Serves the pipelines round by round, a turn after each round of all connections. */
function serve({ bytes, ends }: { bytes: Uint8Array; ends: Int32Array }, count: number): number {
  for (let passes = count / PREPARED; passes > 0; passes--) {
    let from = 0;
    for (let k = 0; k < ends.length; k++) {
      const to = ends[k]!;
      server.connections.data(sockets[k % CONNECTIONS]!, bytes, from, to);
      from = to;
      if (k % CONNECTIONS === CONNECTIONS - 1) server.network.turn();
    }
  }
  return sockets[0]!.bytes;
}

const chosen = process.argv.slice(2).map((name) => name.toUpperCase());
const rows: MicroRow[] = [];
for (const [name, make] of Object.entries(TESTS)) {
  const nanos: number[] = [];
  for (const depth of DEPTHS) {
    if (chosen.length > 0 && !chosen.some((each) => name.includes(each))) continue;
    const prepared = pipelines(depth, make);
    nanos.push(nanosEach((count) => serve(prepared, count), REQUESTS));
  }
  if (nanos.length > 0) rows.push({ name, nanos });
}
printRows("Requests", DEPTHS.map((depth) => `P=${depth}`), rows);
if (chosen.length === 0 || chosen.includes("MULTI")) {
  const prepared = pipelines(TRANSACTION, transaction);
  const nanos = [nanosEach((count) => serve(prepared, count), REQUESTS) * TRANSACTION];
  printRows("Transactions", [`P=${TRANSACTION}`], [{ name: "MULTI", nanos }]);
}
await server.close();
process.exit(0);
