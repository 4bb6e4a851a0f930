/** Journals of several engines merge into the order in which requests ran, whatever the speed of each engine; nothing is lost or halved. */
import { assert, assertEquals } from "@std/assert";
import { latin1Bytes, latin1Text } from "../../src/base/bytes.ts";
import { CommandReader } from "../../src/codec/aof/command_reader.ts";
import { Doorbell } from "../../src/ring/doorbell.ts";
import { createRing, RingWriter } from "../../src/ring/ring.ts";
import { createPositions, JournalPositions } from "../../src/threads/journal_positions.ts";
import { Mark } from "../../src/threads/persistence/aof_messages.ts";
import { JournalMerge } from "../../src/threads/persistence/journal_merge.ts";
import { BACKGROUND } from "../../src/threads/shard/journal.ts";
import { JournalRing } from "../../src/threads/shard/journal_ring.ts";
import { seededRandom } from "../engine.ts";
import { encodeRequest } from "../client.ts";
import { test } from "../harness.ts";

/** Engines that do nothing but record, each at its own speed, and the merge of their journals. */
class Bench {
  readonly positions: JournalPositions;
  readonly journals: JournalRing[];
  readonly merge: JournalMerge;
  readonly out: Uint8Array[] = [];
  readonly marks: number[] = [];
  /** Requests under way to each engine. */
  readonly queues: { number: number; text: string; db: number; commands: number }[][];
  /** What the sink says to marks. */
  goesOn = true;
  private number = 0;

  constructor(engines: number, ringBytes: number) {
    const rings = Array.from({ length: engines }, () => {
      const ring = createRing(ringBytes);
      new RingWriter(ring);
      return ring;
    });
    this.positions = new JournalPositions(createPositions(engines));
    const bell = new Doorbell();
    this.journals = rings.map((ring, k) => new JournalRing(ring, this.positions, k, bell));
    this.merge = new JournalMerge(rings, this.positions, {
      begin: () => {},
      append: (buf, from, len) => this.out.push(buf.slice(from, from + len)),
      mark: (mark) => {
        this.marks.push(mark);
        this.out.push(latin1Bytes(`#mark ${mark}\r\n`));
        return this.goesOn;
      },
    });
    this.queues = this.journals.map(() => []);
  }

  /** The next request has the number behind this one; engines that have nothing to do have come that far. */
  startAt(number: number): void {
    this.number = number;
    this.journals.forEach((journal, k) => {
      if (this.queues[k].length > 0) return;
      this.positions.setSent(k, number);
      journal.completed(number);
      journal.publish();
    });
    this.positions.issued = number;
  }

  /** Sends a request's parts; part k is the text that engine `engines[k]` records, "" for nothing. */
  send(parts: readonly { engine: number; text: string }[], db = 0, commands = 1): number {
    this.number++;
    for (const { engine, text } of parts) {
      this.queues[engine].push({ number: this.number, text, db, commands });
      this.positions.setSent(engine, this.number);
    }
    this.positions.issued = this.number;
    return this.number;
  }

  /** Lets an engine run its next request. False when it has none. */
  run(engine: number): boolean {
    const next = this.queues[engine].shift();
    if (next === undefined) return false;
    const journal = this.journals[engine];
    if (next.text !== "") {
      const bytes = latin1Bytes(next.text);
      journal.append(next.number, next.db, next.db, next.commands, bytes, 0, bytes.length, false);
    }
    journal.completed(next.number);
    return true;
  }

  step(): number {
    const bytes = this.merge.step(1 << 20);
    this.merge.release();
    return bytes;
  }

  /** Runs everything to its end. */
  settle(): void {
    for (let k = 0; k < this.journals.length; k++) while (this.run(k));
    do {
      for (const journal of this.journals) journal.publish();
    } while (this.step() > 0 || this.journals.some((journal) => journal.waits));
  }

  get text(): string {
    return this.out.map((piece) => latin1Text(piece)).join("");
  }
}

function command(...args: string[]): string {
  return latin1Text(encodeRequest(args));
}

function select(db: number): string {
  return command("SELECT", String(db));
}

test("records come out in the order of requests, whatever engine is ahead", () => {
  const bench = new Bench(2, 4096);
  bench.send([{ engine: 0, text: command("SET", "a", "1") }]);
  bench.send([{ engine: 1, text: command("SET", "b", "2") }]);
  bench.send([{ engine: 0, text: command("SET", "c", "3") }]);
  bench.run(0);
  bench.run(0);
  bench.journals[0].publish();
  bench.step();
  assertEquals(bench.text, "");
  bench.run(1);
  bench.journals[1].publish();
  bench.step();
  assertEquals(bench.text, select(0) + command("SET", "a", "1") + command("SET", "b", "2") + command("SET", "c", "3"));
  assertEquals([...bench.merge.taken], [2, 1]);
});

test("an idle engine holds nobody up, and a busy one does", () => {
  const bench = new Bench(3, 4096);
  bench.send([{ engine: 1, text: "" }]);
  bench.send([{ engine: 0, text: command("SET", "a", "1") }]);
  bench.run(0);
  bench.journals[0].publish();
  bench.step();
  assertEquals(bench.text, "");
  bench.run(1);
  bench.journals[1].publish();
  bench.step();
  assertEquals(bench.text, select(0) + command("SET", "a", "1"));
});

test("the parts of one request stand in MULTI and EXEC, background work alone", () => {
  const bench = new Bench(2, 4096);
  bench.send([{ engine: 0, text: command("DEL", "a") }, { engine: 1, text: command("DEL", "b") }], 5);
  bench.run(1);
  bench.journals[1].publish();
  bench.step();
  assertEquals(bench.text, "");
  bench.run(0);
  const expiry = latin1Bytes(command("DEL", "x") + command("DEL", "y"));
  bench.journals[0].append(BACKGROUND, 5, 5, 2, expiry, 0, expiry.length, false);
  bench.journals[0].publish();
  bench.step();
  assertEquals(
    bench.text,
    command("MULTI") + select(5) + command("DEL", "a") + command("DEL", "b") + command("EXEC") +
      command("DEL", "x") + command("DEL", "y"),
  );
  assertEquals([...bench.merge.taken], [2, 1]);
});

test("requests between BEGIN and COMMIT stand together, and count only then", () => {
  const bench = new Bench(2, 4096);
  const journal = bench.journals[0];
  journal.mark(bench.send([]), Mark.BEGIN);
  bench.send([{ engine: 1, text: command("SET", "a", "1") }]);
  bench.send([{ engine: 0, text: command("SET", "b", "2") }]);
  bench.run(1);
  bench.run(0);
  for (const each of bench.journals) each.publish();
  bench.step();
  assertEquals(bench.text, command("MULTI") + select(0) + command("SET", "a", "1") + command("SET", "b", "2"));
  assertEquals([...bench.merge.taken], [0, 0]);
  journal.mark(bench.send([]), Mark.COMMIT);
  journal.publish();
  bench.step();
  assert(bench.text.endsWith(command("EXEC")));
  assertEquals([...bench.merge.taken], [1, 1]);
});

test("a mark parts what was recorded before it from what came after, in all rings", () => {
  const bench = new Bench(2, 4096);
  bench.send([{ engine: 0, text: command("SET", "a", "1") }]);
  bench.send([{ engine: 1, text: command("SET", "b", "1") }]);
  bench.run(0);
  bench.run(1);
  const number = bench.send([]);
  for (const journal of bench.journals) journal.mark(number, Mark.CUT);
  bench.send([{ engine: 0, text: command("SET", "c", "1") }]);
  bench.run(0);
  for (const journal of bench.journals) journal.publish();
  bench.step();
  assertEquals(
    bench.text,
    select(0) + command("SET", "a", "1") + command("SET", "b", "1") + "#mark 1\r\n" + command("SET", "c", "1"),
  );
  assertEquals(bench.marks, [Mark.CUT]);
});

test("what follows a mark stays in the rings when the sink says so", () => {
  const bench = new Bench(2, 4096);
  const number = bench.send([]);
  for (const journal of bench.journals) journal.mark(number, Mark.END);
  bench.send([{ engine: 1, text: command("SET", "a", "1") }]);
  bench.run(1);
  for (const journal of bench.journals) journal.publish();
  bench.goesOn = false;
  bench.step();
  assertEquals([bench.text, bench.marks], ["#mark 2\r\n", [Mark.END]]);
  bench.step();
  assertEquals(bench.text, `#mark 2\r\n${select(0)}${command("SET", "a", "1")}`);
});

test("numbers wrap round", () => {
  const bench = new Bench(2, 4096);
  const texts: string[] = [];
  bench.startAt(2147483640);
  for (let i = 0; i < 6; i++) texts.push(command("SET", `k${i}`, "v"));
  for (let i = 0; i < 6; i++) bench.send([{ engine: i % 2, text: texts[i] }]);
  bench.startAt(-2147483648);
  for (let i = 6; i < 12; i++) texts.push(command("SET", `k${i}`, "v"));
  for (let i = 6; i < 12; i++) bench.send([{ engine: i % 2, text: texts[i] }]);
  bench.settle();
  assertEquals(bench.text, select(0) + texts.join(""));
});

for (const seed of [1, 2, 3]) {
  test(`random requests on 4 engines, small rings, records of all sizes, seed ${seed}`, () => {
    const random = seededRandom(seed);
    const below = (n: number) => Math.floor(random() * n);
    const bench = new Bench(4, 2048);
    const expected: string[][] = [];
    let sent = 0;
    for (let i = 0; i < 3000; i++) {
      const action = below(10);
      if (action < 4 && sent < 800) {
        const parts = below(5) === 0 ? [0, 1, 2, 3].filter(() => below(2) === 0) : [below(4)];
        const size = below(20) === 0 ? below(10_000) : below(60);
        const name = `${sent++}`;
        const records = parts.filter(() => below(6) > 0);
        bench.send(
          parts.map((engine) => ({
            engine,
            text: records.includes(engine) ? command("SET", `${name}:${engine}`, "x".repeat(size)) : "",
          })),
          below(3),
        );
        if (records.length > 0) expected.push(records.sort().map((engine) => `${name}:${engine}`));
      } else if (action < 8) bench.run(below(4));
      else if (action < 9) bench.journals[below(4)].publish();
      else bench.step();
    }
    bench.settle();
    // What came out, as groups of keys.
    const bytes = latin1Bytes(bench.text);
    const reader = new CommandReader({
      read(buf, from, to, position) {
        const piece = bytes.subarray(position, position + to - from);
        buf.set(piece, from);
        return piece.length;
      },
    }, 0);
    const groups: string[][] = [];
    let open: string[] | undefined;
    while (reader.next() === "command") {
      const { buf, at, len } = reader.request;
      const arg = (n: number) => latin1Text(buf, at[n], at[n] + len[n]);
      if (arg(0) === "MULTI") open = [];
      else if (arg(0) === "EXEC") {
        groups.push(open!);
        open = undefined;
      } else if (arg(0) === "SET") {
        if (open === undefined) groups.push([arg(1)]);
        else open.push(arg(1));
      }
    }
    assertEquals(groups, expected);
    assertEquals(
      [...bench.merge.taken],
      [0, 1, 2, 3].map((k) => bench.positions.recorded(k)),
    );
  });
}
