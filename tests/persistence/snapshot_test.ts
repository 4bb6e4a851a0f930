/**
 * Snapshots while everything changes: random commands of all families run between the steps, keys expire and are evicted, databases are
 * flushed and exchanged; what was written is, key by key and byte by byte, what there was at the cut.
 */
import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { Buffer } from "node:buffer";
import { hex } from "../../src/codec/sha1.ts";
import { Arena } from "../../src/memory/arena.ts";
import { Digest } from "../../src/store/dump/digest.ts";
import { DEFAULT_FORM, type EntryForm } from "../../src/store/dump/entry_writer.ts";
import { EVICTION_POLICIES } from "../../src/store/eviction.ts";
import { Snapshot, SnapshotStep } from "../../src/store/snapshot.ts";
import { OPEN, Store } from "../../src/store/store.ts";
import { type EngineTester, engineTester } from "../engine.ts";
import { Grammar } from "../fuzz/grammar.ts";
import * as families from "../fuzz/families/mod.ts";
import { Random, seedFrom } from "../fuzz/random.ts";
import { test } from "../harness.ts";
import { ReplyParser } from "../reply.ts";
import { Collector, contentsOf, entriesOf } from "./snapshots.ts";

const seed = seedFrom(process.env.RINGSHARD_SEED, 31);
const rounds = Number(process.env.RINGSHARD_SNAPSHOT_ROUNDS ?? 2);

const DATABASES = 3;
/** Keys beside those of the fuzzer, so that tables have several segments. */
const FILLERS = 1500;

/** A tester full of keys of all kinds, and the random commands that change them. */
class Changes {
  readonly grammar: Grammar;

  constructor(readonly t: EngineTester, readonly random: Random) {
    const all = Object.values(families).filter((family) => family !== families.transactions);
    this.grammar = new Grammar(all, (command) => command !== "SELECT");
    for (t.db = 0; t.db < DATABASES; t.db++) {
      for (let n = 0; n < FILLERS; n++) this.filler(n);
      this.large();
    }
    for (let n = 0; n < 600; n++) this.command();
  }

  private filler(n: number): void {
    const { t, random } = this;
    const name = `f:${n}`;
    t.raw("SET", name, "v".repeat(random.between(0, 30)) + n);
    if (random.chance(0.3)) t.raw("PEXPIRE", name, random.between(1, 4000));
  }

  /** Values that are written in pieces, under names that the fuzzer changes. */
  large(): void {
    const { t, random } = this;
    const n = random.between(1025, 4000);
    const members = Array.from({ length: n }, (_, i) => `member ${i}`);
    const pairs = members.flatMap((member, i) => [String(i / 8), member]);
    const keyOf = (pool: string) => `${pool}:${random.between(0, 3)}`;
    const fill = (key: string, ...command: string[]) => {
      t.raw("DEL", key);
      t.raw(command[0], key, ...command.slice(1));
    };
    fill(keyOf("set"), "SADD", ...members);
    fill(keyOf("zset"), "ZADD", ...pairs);
    fill(keyOf("hash"), "HSET", ...pairs);
    fill(keyOf("list"), "RPUSH", ...members);
    fill(keyOf("string"), "SET", "s".repeat(random.pick([200_000, 1_500_000])));
    const hash = keyOf("hash");
    fill(hash, "HSET", ...pairs);
    t.raw("HPEXPIRE", hash, random.between(1, 3000), "FIELDS", 2, "1", "2");
    const stream = keyOf("stream");
    t.raw("DEL", stream);
    for (let i = 1; i <= 1100; i++) t.raw("XADD", stream, `${i}-1`, "field", i);
    t.raw("XGROUP", "CREATE", stream, "group", "0");
    t.raw("XREADGROUP", "GROUP", "group", "reader", "COUNT", 50, "STREAMS", stream, ">");
  }

  /** One random change. */
  command(): void {
    const { t, random } = this;
    t.db = random.between(0, DATABASES - 1);
    const roll = random.between(0, 99);
    if (roll < 20) this.filler(random.between(0, FILLERS * 2));
    else if (roll < 30) t.raw("DEL", `f:${random.between(0, FILLERS)}`, `f:${random.between(0, FILLERS)}`);
    else if (roll < 33) t.raw("RENAME", `f:${random.between(0, FILLERS)}`, `f:${random.between(0, FILLERS)}`);
    else if (roll < 35) t.raw("MOVE", `f:${random.between(0, FILLERS)}`, random.between(0, DATABASES - 1));
    else if (roll < 36) t.raw("SWAPDB", random.between(0, DATABASES - 1), random.between(0, DATABASES - 1));
    else if (roll < 38) t.advance(random.between(1, 60));
    else this.fuzzed();
  }

  private fuzzed(): void {
    const { t, random } = this;
    const request = this.grammar.next(random);
    try {
      t.raw(...request.map((argument) => Buffer.from(argument, "latin1")));
    } catch (error) {
      if (!String(error).includes("no command")) throw error; // a container's unknown subcommand
    }
  }
}

/** The snapshots of a tester's stores: its own store's, and those of the stores it holds, which other threads would own. */
class Owners {
  readonly snapshots: Snapshot[];
  readonly sinks: Collector[];
  private readonly stores: Store[];
  private ticks = 0;

  constructor(private readonly t: EngineTester) {
    this.stores = t.stores.map((store, i) =>
      i === 0 ? store : new Store(new Arena(store.arena.buffer, true), store.hash, store.random, OPEN)
    );
    this.snapshots = this.stores.map((store) => new Snapshot(store));
    this.sinks = this.stores.map(() => new Collector());
  }

  begin(form: EntryForm): void {
    this.sinks.forEach((sink) => sink.runs.length = 0);
    this.snapshots.forEach((snapshot, i) => snapshot.begin(this.sinks[i], form));
  }

  /** A step of each, of random length; true when all are done. */
  step(random: Random): boolean {
    let done = true;
    for (let i = 0; i < this.snapshots.length; i++) {
      const snapshot = this.snapshots[i];
      if (!snapshot.active) continue;
      this.sinks[i].full = random.chance(0.2);
      this.stores[i].table.slot = 0;
      const result = snapshot.step(random.between(1, 4), () => ++this.ticks);
      if (result !== SnapshotStep.DONE) done = false;
    }
    this.t.store.table.slot = 0;
    return done;
  }

  /** What a shard's thread does before it gives its store to another one. */
  lend(): void {
    for (let i = 1; i < this.stores.length; i++) this.stores[i].cut.settle();
    for (const store of this.t.stores) store.table.slot = 0;
  }
}

for (const stores of [1, 3]) {
  test(`snapshot: what is written is what there was at the cut, ${stores} stores`, () => {
    for (let round = 0; round < rounds; round++) {
      const random = new Random(seed + round);
      const t = engineTester({ stores, seed: seed + round });
      const changes = new Changes(t, random);
      const owners = new Owners(t);
      const form = { ...DEFAULT_FORM, version: random.pick([9, 10, 11, 12]), compress: random.chance(0.5) };
      for (let again = 0; again < 3; again++) {
        const cut = contentsOf(t.stores, form);
        owners.begin(form);
        let steps = 0;
        while (!owners.step(random)) {
          for (let n = random.between(0, 30); n > 0; n--) {
            owners.lend();
            changes.command();
          }
          if (++steps % 7 === 0) t.engine.expiry.step(2, () => steps);
          if (steps % 40 === 0) evictSome(t);
          if (steps % 150 === 0) t.raw(random.pick(["FLUSHALL", "FLUSHDB"]));
        }
        const name = `seed ${seed + round}, snapshot ${again}`;
        for (const sink of owners.sinks) assert(sink.complete, name);
        const written = entriesOf(owners.sinks.flatMap((sink) => sink.runs));
        assertEquals(written.size, cut.size, name);
        for (const [key, bytes] of cut) assert(written.get(key) === bytes, `${name}: ${key}`);
        assertEquals(owners.snapshots.reduce((sum, snapshot) => sum + snapshot.written, 0), cut.size, name);
        for (t.db = 0; t.db < DATABASES; t.db++) changes.large();
      }
    }
  });
}

function evictSome(t: EngineTester): void {
  const { eviction, store } = t.engine;
  eviction.policy = EVICTION_POLICIES.indexOf("allkeys-random") as typeof eviction.policy;
  eviction.limitBytes = store.arena.usedBytes - 1000;
  eviction.relieve();
  eviction.limitBytes = 0;
}

test("snapshot: one that was given up leaves no trace in the next", () => {
  const random = new Random(seed);
  const t = engineTester();
  const changes = new Changes(t, random);
  const owners = new Owners(t);
  for (let round = 0; round < 8; round++) {
    owners.begin(DEFAULT_FORM);
    for (let n = random.between(0, 60); n > 0; n--) {
      owners.step(random);
      for (let k = random.between(0, 20); k > 0; k--) changes.command();
    }
    owners.snapshots[0].abort();
    for (let n = random.between(0, 30); n > 0; n--) {
      owners.step(random);
      for (let k = random.between(0, 10); k > 0; k--) changes.command();
    }
    if (round % 3 === 2) t.raw("FLUSHALL");
  }
  const cut = contentsOf(t.stores, DEFAULT_FORM);
  owners.begin(DEFAULT_FORM);
  while (!owners.step(random));
  assertEquals(entriesOf(owners.sinks[0].runs), cut);
});

test("snapshot: as commands, which make the same keyspace", () => {
  const random = new Random(seed);
  const t = engineTester({ seed });
  const changes = new Changes(t, random);
  const owners = new Owners(t);
  t.db = 0;
  for (let i = 1; i <= 100; i++) t.raw("XADD", "kept", `${i}-${i}`, "field", i);
  t.raw("XGROUP", "CREATE", "kept", "group", "0");
  t.raw("XGROUP", "CREATECONSUMER", "kept", "group", "idle");
  t.raw("XREADGROUP", "GROUP", "group", "reader", "COUNT", 50, "STREAMS", "kept", ">");
  t.raw("XCLAIM", "kept", "group", "other", 0, "7-7", "8-8", "RETRYCOUNT", 5);
  t.raw("XACK", "kept", "group", "9-9");
  for (const store of t.stores) store.expiryEnabled = false;
  const digest = hex(new Digest().ofKeyspace(t.stores));
  t.advance(10);
  const now = t.now;
  const groups = groupsOf(t);
  owners.begin({ ...DEFAULT_FORM, commands: true });
  while (!owners.step(random)) for (let n = random.between(0, 30); n > 0; n--) changes.command();
  const copy = engineTester({ seed });
  copy.store.expiryEnabled = false;
  copy.advance(now - copy.now);
  for (const { db, bytes } of owners.sinks[0].runs) {
    copy.db = db;
    const parser = new ReplyParser();
    parser.push(bytes);
    for (let command = parser.next(); command !== undefined; command = parser.next()) {
      assert(command.type === "array");
      const reply = copy.run(
        ...command.items.map((item) => Buffer.from((item as unknown as { text: string }).text, "latin1")),
      );
      assert(reply.type !== "error", JSON.stringify([command, reply]).slice(0, 500));
    }
  }
  assertEquals(hex(new Digest().ofKeyspace(copy.stores)), digest);
  assertEquals(groupsOf(copy), groups);
});

/** What the digest of a stream leaves out: its groups, and of one stream what is pending there. */
function groupsOf(t: EngineTester): string[] {
  const found: string[] = [];
  for (t.db = 0; t.db < DATABASES; t.db++) {
    for (let n = 0; n < 4; n++) {
      found.push(t.show(`XINFO GROUPS stream:${n}`).replace(/"(consumers|pending)"\n.*/g, ""));
    }
  }
  t.db = 0;
  found.push(
    t.show("XPENDING kept group - + 100"),
    t.show("XINFO CONSUMERS kept group").replace(/"(idle|inactive)"\n.*/g, ""),
  );
  return found;
}
