/**
 * Clients that write across shards until their server dies: single keys, split commands, transactions, renames, counters, expiries,
 * blocking pops and moves. Each request leaves something by which a later look can tell whether it is there.
 */
import { assert } from "@std/assert";
import { Client } from "../client.ts";
import type { Random } from "../fuzz/random.ts";
import { delay } from "../harness.ts";
import type { Reply } from "../reply.ts";
import { type Act, HalfDone, type History, type State, type Witness } from "./history.ts";

const QUEUES = 4;
/** A brief key's life, and how long its client waits for its end, in ms. */
const BRIEF_MS = 8;
const BRIEF_WAIT_MS = 20;
/** When lasting keys expire: after any test, Unix ms. */
const LASTING_MS = 4_000_000_000_000;
/** Requests of one batch of the client that pipelines. */
const PIPELINE = 40;
/** A round of so many requests goes on slowly: where a stop comes late, there would be more than can be looked at. */
const PLENTY = 20_000;
const SLOW_MS = 20;
/** Requests of one batch of a look. */
const LOOK = 1000;

/** Everything that the keys of a round need to be told apart. */
export interface Round {
  readonly prefix: string;
  readonly history: History;
  readonly random: Random;
  /** How large values are at most. */
  readonly valueBytes: number;
}

/** The server went away in the midst of a request. */
class Gone extends Error {}

class Worker {
  private count = 0;
  private counter = 0;

  constructor(readonly round: Round, private readonly client: Client, private readonly id: number) {}

  async run(): Promise<void> {
    const { random } = this.round;
    const steps: (() => Promise<void>)[] = this.id % 6 === 0 ? [() => this.pipeline()] : [
      () => this.set(),
      () => this.set(),
      () => this.split(),
      () => this.transaction(),
      () => this.transaction(),
      () => this.increment(),
      () => this.lasting(),
      () => this.brief(),
      () => this.rename(),
      () => this.push(),
      () => this.push(),
      () => this.take(),
      () => this.move(),
    ];
    try {
      while (true) {
        await random.pick(steps)();
        if (this.round.history.acts.length > PLENTY) await delay(SLOW_MS);
      }
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
    }
  }

  private key(kind: string): string {
    return `${this.round.prefix}:${kind}:${this.id}:${this.count++}`;
  }

  private value(key: string): string {
    const { random, valueBytes } = this.round;
    return key + ".".repeat(random.chance(0.1) ? random.between(0, valueBytes) : 0);
  }

  private async call(...args: string[]): Promise<Reply> {
    const reply = await this.client.call(...args).catch(() => {
      throw new Gone();
    });
    if (reply.type === "error") this.round.history.wrong.push(`${args.join(" ").slice(0, 100)}: ${reply.text}`);
    return reply;
  }

  /** One request that is an act of its own. */
  private async act(isThere: Witness, ...args: string[]): Promise<Reply> {
    const { history } = this.round;
    const act = this.sent(args.slice(0, 2).join(" "), isThere);
    const reply = await this.call(...args);
    history.answer(act);
    return reply;
  }

  private sent(name: string, isThere: Witness): Act {
    return this.round.history.send(name, this.id, isThere);
  }

  private async set(): Promise<void> {
    const key = this.key("set");
    const value = this.value(key);
    await this.act(holds(key, value), "SET", key, value);
  }

  private async pipeline(): Promise<void> {
    const { history } = this.round;
    const acts: Act[] = [];
    const requests: string[][] = [];
    for (let i = 0; i < PIPELINE; i++) {
      const key = this.key("set");
      acts.push(this.sent(`SET ${key}`, holds(key, key)));
      requests.push(["SET", key, key]);
    }
    await this.client.pipeline(requests).catch(() => {
      throw new Gone();
    });
    for (const act of acts) history.answer(act);
  }

  /** A command that several shards have a part of. */
  private async split(): Promise<void> {
    const key = this.key("split");
    const keys = ["a", "b", "c", "d", "e"].map((name) => `${key}${name}`);
    await this.act(all(keys.map((each) => holds(each, key))), "MSET", ...keys.flatMap((each) => [each, key]));
  }

  /** A transaction over shards; the round's log has its name at the place that its reply told. */
  private async transaction(): Promise<void> {
    const { history, prefix } = this.round;
    const key = this.key("transaction");
    const log = `${prefix}:log`;
    const [a, b, n] = [`${key}a`, `${key}b`, `${key}n`];
    let place = 0;
    const parts = all([holds(a, key), holds(b, "2"), (state) => state.strings.get(n) === "7"]);
    const act = this.sent(`EXEC of ${key}`, (state) => {
      const at = (state.lists.get(log) ?? []).indexOf(key) + 1;
      const there = parts(state);
      if ((at > 0) !== there) throw new HalfDone(`its parts are ${there ? "" : "not "}there, its log entry is ${at}`);
      if (at > 0 && place > 0 && at !== place) throw new HalfDone(`its log entry is ${at}, told was ${place}`);
      return there;
    });
    const replies = await this.client.pipeline([
      ["MULTI"],
      ["SET", a, key],
      ["RPUSH", log, key],
      ["INCRBY", b, "2"],
      ["SET", n, "3"],
      ["INCRBY", n, "4"],
      ["EXEC"],
    ]).catch(() => {
      throw new Gone();
    });
    const results = replies.at(-1)!;
    if (results.type !== "array") {
      history.wrong.push(`EXEC of ${key}: ${JSON.stringify(replies)}`);
      return;
    }
    place = Number((results.items[1] as { text: string }).text);
    history.answer(act);
  }

  private async increment(): Promise<void> {
    const key = `${this.round.prefix}:count:${this.id}`;
    const value = ++this.counter;
    const reply = await this.act((state) => Number(state.strings.get(key) ?? 0) >= value, "INCR", key);
    if (!("text" in reply) || reply.text !== String(value)) {
      this.round.history.wrong.push(`INCR ${key} is ${JSON.stringify(reply)}, ${value} was due`);
    }
  }

  private async lasting(): Promise<void> {
    const key = this.key("lasting");
    const atMs = LASTING_MS + this.count;
    const value = holds(key, key);
    await this.act(
      (state) => {
        const there = value(state);
        if (there && state.expiries.get(key) !== atMs) throw new HalfDone(`it expires at ${state.expiries.get(key)}`);
        return there;
      },
      "SET",
      key,
      key,
      "PXAT",
      String(atMs),
    );
  }

  /** A key that expires and is made anew: the old value must not come back. */
  private async brief(): Promise<void> {
    const key = this.key("brief");
    await this.act(() => undefined, "SET", key, "5", "PX", String(BRIEF_MS));
    await delay(BRIEF_WAIT_MS);
    const reply = await this.act(
      (state) => {
        const value = state.strings.get(key);
        if (value !== undefined && value !== "1") throw new HalfDone(`the value is ${value}`);
        if (value === "1" && state.expiries.has(key)) throw new HalfDone("the new key expires");
        return value === "1";
      },
      "INCR",
      key,
    );
    if (!("text" in reply) || reply.text !== "1") {
      this.round.history.wrong.push(`${key} came back as ${JSON.stringify(reply)}`);
    }
  }

  private async rename(): Promise<void> {
    const from = this.key("from");
    const to = this.key("to");
    const [before, after] = [holds(from, from), holds(to, from)];
    await this.act(
      (state) => {
        if (before(state) && after(state)) throw new HalfDone("it is there under both names");
        return before(state) || after(state);
      },
      "SET",
      from,
      from,
    );
    await this.act(after, "RENAME", from, to);
  }

  private queue(): string {
    return `${this.round.prefix}:queue:${this.round.random.between(0, QUEUES - 1)}`;
  }

  private async push(): Promise<void> {
    const item = this.key("item");
    await this.act((state) => whereIs(state, item) === undefined ? undefined : true, "RPUSH", this.queue(), item);
  }

  private async take(): Promise<void> {
    let item = "";
    const act = this.sent("BLPOP", (state) => {
      // Gone from the queues it may be because its push is gone too.
      return item !== "" && whereIs(state, item) !== undefined ? false : undefined;
    });
    const reply = await this.call("BLPOP", this.queue(), this.queue(), "0.02");
    if (reply.type !== "array") return;
    item = (reply.items[1] as { text: string }).text;
    this.round.history.answer(act);
  }

  private async move(): Promise<void> {
    const done = `${this.round.prefix}:done:${this.id}`;
    let item = "";
    const act = this.sent("BLMOVE", (state) => {
      const place = item === "" ? undefined : whereIs(state, item);
      return place === undefined ? undefined : place === done;
    });
    const reply = await this.call("BLMOVE", this.queue(), done, "LEFT", "RIGHT", "0.02");
    if (reply.type !== "bulk") return;
    item = reply.text;
    this.round.history.answer(act);
  }
}

/** There with that value, or not there; another value is nobody's. */
function holds(key: string, value: string): (state: State) => boolean {
  return (state) => {
    const found = state.strings.get(key);
    if (found !== undefined && found !== value) throw new HalfDone(`${key} holds ${found.slice(0, 100)}`);
    return found !== undefined;
  };
}

/** All parts, or none. */
function all(parts: readonly ((state: State) => boolean)[]): (state: State) => boolean {
  return (state) => {
    const there = parts.filter((part) => part(state)).length;
    if (there > 0 && there < parts.length) throw new HalfDone(`${there} of its ${parts.length} parts are there`);
    return there > 0;
  };
}

function whereIs(state: State, item: string): string | undefined {
  for (const [key, items] of state.lists) if (items.includes(item)) return key;
  return undefined;
}

/** `clients` connections work until the server dies. */
export async function work(port: number, round: Round, clients: number): Promise<void> {
  const connections = await Promise.all(
    Array.from({ length: clients }, () => Client.connect({ port }).catch(() => undefined)),
  );
  await Promise.all(
    connections.map((connection, id) => connection && new Worker(round, connection, id).run()),
  );
}

async function inBatches(client: Client, requests: readonly string[][]): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (let i = 0; i < requests.length; i += LOOK) {
    for (const reply of await client.pipeline(requests.slice(i, i + LOOK))) replies.push(reply);
  }
  return replies;
}

/** What the server holds of a round. */
export async function look(client: Client, prefix: string): Promise<State> {
  const reply = await client.call("KEYS", `${prefix}:*`);
  assert(reply.type === "array", JSON.stringify(reply));
  const keys = reply.items.map((item) => (item as { text: string }).text);
  const isList = (key: string) => /^[^:]*:(log|queue|done)/.test(key);
  const names = keys.filter((key) => !isList(key));
  const listNames = keys.filter(isList);
  const values = await inBatches(client, names.map((key) => ["GET", key]));
  const times = await inBatches(client, names.map((key) => ["PEXPIRETIME", key]));
  const lists = await inBatches(client, listNames.map((key) => ["LRANGE", key, "0", "-1"]));
  const text = (item: Reply) => "text" in item ? item.text : "";
  const present = names.map((key, i) => [key, values[i], text(times[i])] as const).filter(([, value]) =>
    value.type === "bulk"
  );
  return {
    strings: new Map(present.map(([key, value]) => [key, text(value)])),
    expiries: new Map(
      present.filter(([, , time]) => Number(time) > 0).map(([key, , time]) => [key, Number(time)]),
    ),
    lists: new Map(listNames.map((key, i) => {
      const list = lists[i];
      return [key, list.type === "array" ? list.items.map(text) : []];
    })),
  };
}
