/** Waits: queues of requests that wait, against a model, and as many as there may be. One engine, no clients. */
import { assert, assertEquals } from "@std/assert";
import { KeyHash } from "../../src/base/hash.ts";
import { latin1Bytes, latin1Text } from "../../src/base/bytes.ts";
import { Reply } from "../../src/codec/resp/reply.ts";
import { Request } from "../../src/codec/resp/request.ts";
import type { ShardCommand } from "../../src/commands/command.ts";
import { runnableCommands } from "../../src/commands/table.ts";
import { Arena } from "../../src/memory/arena.ts";
import { Store } from "../../src/store/store.ts";
import { Engine } from "../../src/threads/shard/engine.ts";
import { type WaitDriver, type Waiter, Waits } from "../../src/threads/shard/waits.ts";
import { seededRandom } from "../engine.ts";
import { test } from "../harness.ts";
import { MemoryJournal } from "../journal.ts";

const byName = new Map<string, ShardCommand>(runnableCommands.map((command) => [command.name, command]));

/** An engine whose requests may wait; who is served is noted as "ticket reply". */
class Waiting implements WaitDriver {
  readonly reply = new Reply();
  readonly engine: Engine;
  readonly waits: Waits;
  readonly log: string[] = [];
  /** Tickets that somebody else has taken. */
  readonly taken = new Set<number>();
  private readonly request = new Request();

  constructor() {
    const store = new Store(Arena.create(256 << 20), new KeyHash(1, 2), seededRandom(1));
    store.setNow(1_700_000_000_000);
    this.engine = new Engine(store, this.reply);
    this.waits = new Waits(this.engine, this);
  }

  get store(): Store {
    return this.engine.store;
  }

  /** Runs a request; one that asks to wait does so under `ticket`. Returns its reply, "" when it waits. */
  run(line: string, ticket = 0): string {
    const words = line.split(" ").map((word) => latin1Bytes(word));
    const command = byName.get(latin1Text(words[0]).toLowerCase())!;
    this.request.load(words);
    this.engine.call.load(this.request, 0);
    this.engine.run(command);
    const { wait } = this.engine.call;
    if (wait.asked) {
      this.waits.add(command, 0, ticket, false);
      wait.clear();
      this.reply.clear();
      return "";
    }
    const reply = this.take(0);
    this.waits.serve();
    return reply;
  }

  private take(start: number): string {
    const text = latin1Text(this.reply.buf, start, this.reply.pos).replaceAll("\r\n", " ").trim();
    this.reply.pos = start;
    return text;
  }

  claim(waiter: Waiter): boolean {
    return !this.taken.has(waiter.ticket);
  }

  served(waiter: Waiter, start: number): void {
    this.log.push(`${waiter.ticket} ${this.take(start)}`);
  }

  relay(): void {
    throw new Error("one engine has all keys");
  }
}

test("waits: ten thousand requests for one key are served in their order, and nothing is left", () => {
  const t = new Waiting();
  for (let i = 1; i <= 10_000; i++) assertEquals(t.run("BLPOP k 0", i), "");
  assertEquals([t.waits.count, t.waits.keys], [10_000, 1]);
  assert(t.store.waited.any);
  for (let i = 1; i <= 10_000; i++) {
    assertEquals(t.run(`RPUSH k v${i}`), ":1");
    assertEquals(t.log.pop(), `${i} *2 $1 k $${String(i).length + 1} v${i}`);
  }
  assertEquals([t.waits.count, t.waits.keys, t.store.waited.any], [0, 0, false]);
});

test("waits: ten thousand requests for as many keys; a forgotten one is not served", () => {
  const t = new Waiting();
  for (let i = 1; i <= 10_000; i++) t.run(`BLPOP a${i} b${i} 0`, i);
  assertEquals([t.waits.count, t.waits.keys], [10_000, 20_000]);
  for (let i = 1; i <= 10_000; i += 2) t.waits.forget(i);
  assertEquals([t.waits.count, t.waits.keys], [5000, 10_000]);
  for (let i = 1; i <= 10_000; i++) t.run(`RPUSH b${i} v`);
  assertEquals(t.log.length, 5000);
  assertEquals([t.waits.count, t.waits.keys, t.store.waited.any], [0, 0, false]);
});

test("waits: who was answered elsewhere leaves the element to the next", () => {
  const t = new Waiting();
  t.run("BLPOP k 0", 1);
  t.run("BLPOP k 0", 2);
  t.taken.add(1);
  t.run("RPUSH k v");
  assertEquals(t.log, ["2 *2 $1 k $1 v"]);
  assertEquals([t.waits.count, t.store.waited.any], [0, false]);
});

test("waits: a key that expires ends the wait of a group's reader", () => {
  const t = new Waiting();
  const { call } = t.engine;
  const create = runnableCommands.find((command) => command.name === "create")!;
  const request = new Request();
  request.load(["XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"].map((word) => latin1Bytes(word)));
  call.load(request, 0);
  t.engine.run(create);
  t.reply.clear();
  t.run("XREADGROUP GROUP g c BLOCK 0 STREAMS s >", 7);
  assertEquals([t.waits.keys, t.waits.keysUntilGone], [1, 1]);
  t.run("PEXPIRE s 10");
  t.store.setNow(t.store.nowMs + 20);
  t.engine.step(1, () => 0);
  t.waits.serve();
  assertEquals(t.log.length, 1);
  assert(t.log[0].startsWith("7 -NOGROUP No such key 's'"), t.log[0]);
  assertEquals([t.waits.keys, t.waits.keysUntilGone, t.store.waited.any], [0, 0, false]);
});

for (let seed = 1; seed <= 5; seed++) {
  test(`waits: random requests behave as a model, seed ${seed}`, () => {
    const random = seededRandom(seed);
    const below = (n: number) => Math.floor(random() * n);
    const t = new Waiting();
    /** The model: lists by key, and who waits for which keys, in the order of waiting. */
    const lists = new Map<string, string[]>();
    let waiters: { ticket: number; keys: string[]; head: boolean }[] = [];
    const expected: string[] = [];
    const serve = () => {
      for (;;) {
        const next = waiters.find((each) => each.keys.some((key) => lists.has(key)));
        if (next === undefined) return;
        waiters = waiters.filter((each) => each !== next);
        const key = next.keys.find((each) => lists.has(each))!;
        const list = lists.get(key)!;
        const value = next.head ? list.shift()! : list.pop()!;
        if (list.length === 0) lists.delete(key);
        expected.push(`${next.ticket} *2 $${key.length} ${key} $${value.length} ${value}`);
      }
    };
    for (let step = 1; step <= 4000; step++) {
      const key = `k${below(6)}`;
      const what = random();
      if (what < 0.45) {
        const keys = [key, ...Array.from({ length: below(3) }, () => `k${below(6)}`)];
        const head = random() < 0.5;
        const line = `${head ? "BLPOP" : "BRPOP"} ${keys.join(" ")} 0`;
        const reply = t.run(line, step);
        if (keys.some((each) => lists.has(each))) {
          const from = keys.find((each) => lists.has(each))!;
          const list = lists.get(from)!;
          const value = head ? list.shift()! : list.pop()!;
          if (list.length === 0) lists.delete(from);
          assertEquals(reply, `*2 $${from.length} ${from} $${value.length} ${value}`);
        } else {
          assertEquals(reply, "");
          waiters.push({ ticket: step, keys, head });
        }
      } else if (what < 0.85) {
        const values = Array.from({ length: 1 + below(3) }, (_, i) => `v${step}.${i}`);
        t.run(`RPUSH ${key} ${values.join(" ")}`);
        lists.set(key, [...(lists.get(key) ?? []), ...values]);
        serve();
      } else if (what < 0.95) {
        if (waiters.length === 0) continue;
        const gone = waiters[below(waiters.length)];
        waiters = waiters.filter((each) => each !== gone);
        t.waits.forget(gone.ticket);
      } else {
        t.run("FLUSHALL");
        lists.clear();
      }
      assertEquals(t.log, expected);
      assertEquals(t.waits.count, waiters.length);
      assertEquals(t.waits.keys, new Set(waiters.flatMap((each) => each.keys)).size);
      assertEquals(t.store.waited.any, waiters.length > 0);
      t.log.length = expected.length = 0;
    }
  });
}

test("waits: what those who are served take is journaled behind what they were served with", () => {
  const t = new Waiting();
  const journal = new MemoryJournal();
  t.engine.journal = journal;
  t.run("BLPOP c b 0", 1);
  t.run("BLMOVE a b LEFT RIGHT 0", 2);
  t.run("BZMPOP 0 1 z MIN COUNT 2", 3);
  assertEquals(journal.take(), []);
  t.engine.request = 7;
  // They are requests of their own, not part of the one that served them.
  t.run("RPUSH a v");
  t.run("ZADD z 1 m");
  const told = journal.take().map(({ request, commands }) =>
    `${request} ${commands.map(({ args }) => args.join(" ")).join()}`
  );
  assertEquals(told, [
    "7 RPUSH a v",
    "0 LMOVE a b LEFT RIGHT",
    "0 LPOP b",
    "7 ZADD z 1 m",
    "0 ZPOPMIN z 1",
  ]);
});
