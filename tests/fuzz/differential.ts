/**
 * The differential fuzzer: sends one stream of random requests to two servers and compares every reply and, at
 * checkpoints, everything they hold. A difference is shrunk to a few requests that still show it.
 *
 * Invariants:
 * 1. The stream depends only on the seed and the grammar.
 * 2. Checkpoints use connections of their own, so that an open MULTI or SELECT does not meet them.
 */

import { type Address, Client } from "../client.ts";
import { quote, type Reply } from "../reply.ts";
import { difference } from "./compare.ts";
import { type Family, Grammar, type Request } from "./grammar.ts";
import { Random } from "./random.ts";

/** What to run. */
export interface FuzzOptions {
  seed: number;
  /** Requests in all. */
  commands: number;
  families: readonly Family[];
  reference: Address;
  ringshard: Address;
  protocol: 2 | 3;
  /** Requests between comparisons of all contents. */
  checkpoint?: number;
}

/** Requests in one write: enough to keep both servers busy, few enough to bound what is in flight. */
const BATCH = 200;

/** Time for shrinking; an unshrunk log is better than a run that times out. */
const SHRINK_MS = 15_000;

const DATABASES = ["0", "1"];

/** Two connections that get the same requests. */
class Pair {
  readonly reference: Client;
  readonly ringshard: Client;
  /** Requests queued by an open MULTI, to compare EXEC's replies one by one. */
  #queued: Request[] = [];

  private constructor(reference: Client, ringshard: Client) {
    this.reference = reference;
    this.ringshard = ringshard;
  }

  static async connect(options: FuzzOptions): Promise<Pair> {
    const pair = new Pair(await Client.connect(options.reference), await Client.connect(options.ringshard));
    if (options.protocol === 3) await Promise.all([pair.reference.call("HELLO", 3), pair.ringshard.call("HELLO", 3)]);
    return pair;
  }

  /** Sends requests to both; gives the index of the first that differs and how, or undefined. */
  async run(requests: Request[]): Promise<{ at: number; how: string } | undefined> {
    const ours = this.ringshard.pipeline(requests).catch((error: Error) => error);
    const theirs = await this.reference.pipeline(requests);
    const replies = await ours;
    if (replies instanceof Error) return { at: requests.length - 1, how: `ringshard: ${replies.message}` };
    for (let i = 0; i < requests.length; i++) {
      const how = this.#compare(requests[i], theirs[i], replies[i]);
      if (how !== undefined) return { at: i, how };
    }
    return undefined;
  }

  #compare(request: Request, theirs: Reply, ours: Reply): string | undefined {
    const name = request[0]?.toUpperCase();
    if (theirs.type === "simple" && theirs.text === "QUEUED") this.#queued.push(request);
    const queued = this.#queued;
    if (name === "EXEC" || name === "DISCARD" || name === "RESET") this.#queued = [];
    if (name !== "EXEC" || theirs.type !== "array" || ours.type !== "array") return difference(request, theirs, ours);
    if (theirs.items.length !== ours.items.length) return difference(request, theirs, ours);
    for (let i = 0; i < queued.length; i++) {
      const how = difference(queued[i], theirs.items[i], ours.items[i]);
      if (how !== undefined) return `EXEC's reply ${i + 1}, to ${line(queued[i])}\n${how}`;
    }
    return undefined;
  }

  async flush(): Promise<void> {
    await Promise.all([this.reference.call("FLUSHALL"), this.ringshard.call("FLUSHALL")]);
  }

  close(): void {
    this.reference.close();
    this.ringshard.close();
  }
}

/** Reading a whole value, by type. */
const CONTENTS: Record<string, (key: string) => Request[]> = {
  string: (key) => [["GET", key]],
  list: (key) => [["LRANGE", key, "0", "-1"]],
  hash: (key) => [["HGETALL", key]],
  set: (key) => [["SMEMBERS", key]],
  zset: (key) => [["ZRANGE", key, "0", "-1", "WITHSCORES"]],
  stream: (key) => [["XRANGE", key, "-", "+"], ["XLEN", key]],
};

/** Compares everything both servers hold; says what differs, or undefined. */
async function compareContents(control: Pair): Promise<string | undefined> {
  for (const database of DATABASES) {
    const found = await control.run([["SELECT", database], ["KEYS", "*"]]);
    if (found !== undefined) return `database ${database}, ${["SELECT", "KEYS *"][found.at]}: ${found.how}`;
    const reply = await control.reference.call("KEYS", "*");
    const keys = "items" in reply ? reply.items.map((item) => "text" in item ? item.text : "").sort() : [];
    const types = await control.reference.pipeline(keys.map((key) => ["TYPE", key]));
    const requests: Request[] = [];
    keys.forEach((key, i) => {
      const type = types[i];
      requests.push(["TYPE", key], ["OBJECT", "ENCODING", key], ["PEXPIRETIME", key]);
      requests.push(...(type.type === "simple" ? CONTENTS[type.text]?.(key) ?? [] : []));
    });
    const wrong = requests.length === 0 ? undefined : await control.run(requests);
    if (wrong !== undefined) return `contents of database ${database}, ${line(requests[wrong.at])}\n${wrong.how}`;
  }
  return undefined;
}

/** A request as it would be typed at redis-cli. */
export function line(request: Request): string {
  return request.map((arg) => /^[\w:.*#+-]+$/.test(arg) ? arg : quote(arg)).join(" ");
}

/** Runs the fuzzer; returns undefined when nothing differs, else a report with the seed and a short log. */
export async function fuzz(options: FuzzOptions): Promise<string | undefined> {
  const random = new Random(options.seed);
  const known = await knownCommands(options.reference);
  const grammar = new Grammar(options.families, (command) => known.has(command));
  const pair = await Pair.connect(options);
  const control = await Pair.connect(options);
  await control.flush();
  const checkpoint = options.checkpoint ?? 2000;
  const history: Request[] = [];
  let report: string | undefined;
  while (report === undefined && history.length < options.commands) {
    const batch: Request[] = [];
    for (let i = 0; i < BATCH; i++) batch.push(grammar.next(random));
    const found = await pair.run(batch);
    if (found !== undefined) {
      history.push(...batch.slice(0, found.at + 1));
      report = await explain(options, history, false, found.how);
      break;
    }
    history.push(...batch);
    if (history.length % checkpoint < BATCH) {
      const how = await compareContents(control);
      if (how !== undefined) report = await explain(options, history, true, how);
    }
  }
  pair.close();
  control.close();
  return report;
}

async function knownCommands(address: Address): Promise<Set<string>> {
  const client = await Client.connect(address);
  const reply = await client.call("COMMAND", "LIST");
  client.close();
  return new Set("items" in reply ? reply.items.map((item) => "text" in item ? item.text.toUpperCase() : "") : []);
}

async function explain(options: FuzzOptions, history: Request[], contents: boolean, how: string): Promise<string> {
  const head = `seed ${options.seed}, RESP${options.protocol}, request ${history.length}`;
  const shrunk = await shrink(options, history, contents);
  if (shrunk === undefined) {
    const last = history.slice(-20).map(line).join("\n");
    return `${head}: not reproduced from an empty keyspace\n${how}\nthe last requests:\n${last}`;
  }
  const log = shrunk.requests.map(line).join("\n");
  return `${head}\n${shrunk.how}\nreproduced from an empty keyspace by:\n${log}`;
}

/** Looks for a short list of requests whose last one (or whose contents) still differs. */
async function shrink(
  options: FuzzOptions,
  history: Request[],
  contents: boolean,
): Promise<{ requests: Request[]; how: string } | undefined> {
  const until = Date.now() + SHRINK_MS;
  const differs = async (requests: Request[]): Promise<{ requests: Request[]; how: string } | undefined> => {
    const pair = await Pair.connect(options);
    const control = await Pair.connect(options);
    await control.flush();
    let result: { requests: Request[]; how: string } | undefined;
    for (let i = 0; i < requests.length && result === undefined; i += BATCH) {
      const found = await pair.run(requests.slice(i, i + BATCH));
      if (found !== undefined) result = { requests: requests.slice(0, i + found.at + 1), how: found.how };
    }
    if (result === undefined && contents) {
      const how = await compareContents(control);
      if (how !== undefined) result = { requests, how };
    }
    pair.close();
    control.close();
    return result;
  };
  let best: { requests: Request[]; how: string } | undefined;
  for (let tail = 100; best === undefined; tail *= 8) {
    best = await differs(history.slice(-tail));
    if (tail >= history.length || Date.now() > until) break;
  }
  if (best === undefined) return undefined;
  for (let chunk = best.requests.length >> 1; chunk >= 1; chunk = chunk === 1 ? 0 : chunk >> 1) {
    for (let at = 0; at < best.requests.length && Date.now() < until;) {
      const kept: Request[] = [...best.requests.slice(0, at), ...best.requests.slice(at + chunk)];
      const smaller: typeof best | undefined = kept.length === 0 ? undefined : await differs(kept);
      if (smaller === undefined) at += chunk;
      else best = smaller;
    }
  }
  return best;
}
