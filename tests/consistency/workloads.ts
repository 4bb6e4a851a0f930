/**
 * Workloads: what many clients do to one server at once, and what is checked of it. Each of the five has keys of its own in all shards.
 *
 * - groups: a few clients on a few keys with every kind of command over several of them, also in pipelines; checked for linearizability.
 * - bank: transfers between accounts, in transactions with and without WATCH; no reader ever sees another sum.
 * - appends: transactions of appends and reads; checked in Elle's manner.
 * - queues: producers, and consumers that wait; each element goes to one of them.
 * - relays: pipelines that move an element to a key where a client waits and then ask for it there; who waits is served in between.
 *
 * With `deaths`, clients die between question and answer now and then.
 */

import { Random } from "../fuzz/random.ts";
import { appendViolations } from "./appends.ts";
import { type Command, History, type Link, type Plain, RecordingClient } from "./history.ts";
import { linearizability } from "./linearizability.ts";

export interface Run {
  readonly seed: number;
  readonly connect: () => Promise<Link>;
  /** Operations of each client. */
  readonly steps: number;
  /** Probability that a client dies at a step. */
  readonly deaths: number;
  /** Goes before each key, so that runs on one server don't meet. */
  readonly prefix: string;
}

/** All five at once; what was wrong, nothing if nothing was. */
export async function runAll(run: Run, groups = 4): Promise<string[]> {
  const found = await Promise.all([
    ...Array.from({ length: groups }, (_, i) => group({ ...run, seed: run.seed + i, prefix: `${run.prefix}g${i}:` })),
    bank({ ...run, prefix: `${run.prefix}bank:` }),
    appends({ ...run, prefix: `${run.prefix}append:` }),
    queues({ ...run, prefix: `${run.prefix}queue:` }),
    relays({ ...run, prefix: `${run.prefix}relay:` }),
  ]);
  return found.flat();
}

/** Lets `count` clients take their steps at once; their connections are closed in the end. */
async function together(
  run: Run,
  count: number,
  step: (client: RecordingClient, random: Random) => Promise<void>,
): Promise<{ history: History; lost: number }> {
  const history = new History();
  const clients = Array.from({ length: count }, (_, i) => new RecordingClient(i, history, run.connect));
  await Promise.all(clients.map(async (client, i) => {
    const random = new Random(run.seed * 1000 + i);
    for (let k = 0; k < run.steps; k++) await step(client, random);
    client.close();
  }));
  return { history, lost: clients.reduce((sum, client) => sum + client.lost, 0) };
}

/** Asks one thing over a connection of its own. */
async function ask(run: Run, command: Command): Promise<Plain> {
  const client = new RecordingClient(-1, new History(), run.connect);
  const reply = await client.run([command]);
  client.close();
  return reply;
}

/** Deaths of one client of a group: whatever has no answer may have happened or not, which doubles the search. */
const GROUP_DEATHS = 2;

export async function group(run: Run): Promise<string[]> {
  const strings = [1, 2, 3].map((n) => `${run.prefix}s${n}`);
  const lists = [1, 2].map((n) => `${run.prefix}l${n}`);
  let serial = 0;
  const command = (random: Random): Command => {
    const [a, b, c] = [random.pick(strings), random.pick(strings), random.pick(strings)];
    const [from, to] = random.chance(0.5) ? lists : [...lists].reverse();
    const value = String(++serial);
    switch (random.between(0, 15)) {
      case 0:
        return ["SET", a, value];
      case 1:
        return ["GET", a];
      case 2:
        return ["GETSET", a, value];
      case 3:
        return ["INCRBY", a, value];
      case 4:
        return ["MGET", ...strings];
      case 5:
        return ["MSET", a, value, b, value, c, value];
      case 6:
        return ["MSETNX", a, value, b, value];
      case 7:
        return ["RENAME", a, b === a ? strings[(strings.indexOf(a) + 1) % 3] : b];
      case 8:
        return ["COPY", a, b === a ? strings[(strings.indexOf(a) + 1) % 3] : b, "REPLACE"];
      case 9:
        return ["DEL", a, b];
      case 10:
        return ["RPUSH", from, value];
      case 11:
        return ["LPUSH", from, value];
      case 12:
        return ["LPOP", from];
      case 13:
        return ["LMOVE", from, to, "LEFT", "RIGHT"];
      case 14:
        return ["LRANGE", from, "0", "-1"];
      default:
        return ["BLPOP", from, "0.01"];
    }
  };
  const { history } = await together(run, 4, async (client, random) => {
    if (random.chance(0.1)) {
      const watched = [random.pick(strings), random.pick(strings)];
      await client.watch(watched, () => [["SET", watched[0], String(++serial)], ["MGET", ...strings]]);
      return;
    }
    const count = random.chance(0.25) ? random.between(2, 4) : 1;
    const commands = Array.from({ length: count }, () => command(random));
    if (client.lost < GROUP_DEATHS && random.chance(run.deaths)) await client.die(commands);
    else if (random.chance(0.5)) await client.pipeline(commands);
    else await client.run(commands);
  });
  const wrong = linearizability(history.operations);
  return wrong === undefined ? [] : [`${run.prefix} (seed ${run.seed}): ${wrong}`];
}

const ACCOUNTS = 8;
const OPENING = 100;

export async function bank(run: Run): Promise<string[]> {
  const accounts = Array.from({ length: ACCOUNTS }, (_, i) => `${run.prefix}${i}`);
  await ask(run, ["MSET", ...accounts.flatMap((account) => [account, String(OPENING)])]);
  const wrong: string[] = [];
  const check = (balances: Plain) => {
    const sum = (balances as string[]).reduce((total, balance) => total + Number(balance), 0);
    if (sum !== ACCOUNTS * OPENING) wrong.push(`${run.prefix} (seed ${run.seed}): a sum of ${sum}: ${balances}`);
  };
  await together(run, 6, async (client, random) => {
    const from = random.between(0, ACCOUNTS - 1);
    const to = (from + random.between(1, ACCOUNTS - 1)) % ACCOUNTS;
    const amount = random.between(1, 20);
    const transfer = [["INCRBY", accounts[from], String(-amount)], ["INCRBY", accounts[to], String(amount)]];
    if (random.chance(run.deaths)) return await client.die(transfer);
    switch (random.between(0, 3)) {
      case 0:
        return check(await client.run([["MGET", ...accounts]]));
      case 1:
        return check(await client.run(accounts.map((account) => ["GET", account])));
      case 2:
        return void await client.run(transfer);
      default:
        await client.watch([accounts[from], accounts[to]], ([a, b]) => [
          ["SET", accounts[from], String(Number(a) - amount)],
          ["SET", accounts[to], String(Number(b) + amount)],
        ]);
    }
  });
  check(await ask(run, ["MGET", ...accounts]));
  return wrong;
}

export async function appends(run: Run): Promise<string[]> {
  const keys = Array.from({ length: 6 }, (_, i) => `${run.prefix}${i}`);
  let serial = 0;
  const { history } = await together(run, 6, async (client, random) => {
    const commands = Array.from({ length: random.between(1, 4) }, (): Command => {
      const key = random.pick(keys);
      return random.chance(0.5) ? ["RPUSH", key, `e${++serial}`] : ["LRANGE", key, "0", "-1"];
    });
    if (random.chance(run.deaths)) await client.die(commands);
    else await client.run(commands);
  });
  const final = new Map<string, string[]>();
  for (const key of keys) final.set(key, await ask(run, ["LRANGE", key, "0", "-1"]) as string[]);
  return appendViolations(history.operations, final).map((wrong) => `(seed ${run.seed}) ${wrong}`);
}

export async function queues(run: Run): Promise<string[]> {
  const keys = [1, 2, 3].map((n) => `${run.prefix}${n}`);
  const done = `${run.prefix}done`;
  const pushed: string[] = [];
  const taken: string[] = [];
  let serial = 0;
  const { lost } = await together(run, 8, async (client, random) => {
    if (client.number < 4) {
      const values = Array.from({ length: random.between(1, 3) }, () => `v${++serial}`);
      pushed.push(...values);
      await client.run(values.map((value) => ["RPUSH", random.pick(keys), value]));
      return;
    }
    // Only consumers die: what one of them was given on its way out is lost with it.
    const wait: Command = ["BLPOP", ...keys, "0.02"];
    if (random.chance(run.deaths)) return await client.die([wait]);
    if (random.chance(0.3)) {
      return void await client.run([["BLMOVE", random.pick(keys), done, "LEFT", "RIGHT", "0.02"]]);
    }
    const reply = await client.run([wait]);
    if (reply !== null) taken.push(reply[1] as string);
  });
  for (const key of [...keys, done]) taken.push(...await ask(run, ["LRANGE", key, "0", "-1"]) as string[]);
  const once = new Set(taken);
  const wrong: string[] = [];
  if (once.size !== taken.length) wrong.push(`${taken.length - once.size} elements came out twice`);
  const missing = pushed.filter((value) => !once.delete(value));
  if (missing.length > lost) {
    wrong.push(`${missing.length} elements are missing, ${lost} clients died: ${missing.slice(0, 10)}`);
  }
  if (once.size > 0) wrong.push(`elements that nobody pushed: ${[...once].slice(0, 10)}`);
  return wrong.map((text) => `${run.prefix} (seed ${run.seed}): ${text}`);
}

/** The share of `queues`' steps that a relay takes: each waits until its clients do. */
const RELAY_SHARE = 0.1;

export async function relays(run: Run): Promise<string[]> {
  const keys = [1, 2, 3].map((n) => `${run.prefix}${n}`);
  const source = `${run.prefix}source`;
  const random = new Random(run.seed * 1000 + 500);
  const waiters = keys.map((_, i) => new RecordingClient(i, new History(), run.connect));
  const mover = new RecordingClient(keys.length, new History(), run.connect);
  const ids: string[] = [];
  for (const waiter of waiters) ids.push(String(await waiter.run([["CLIENT", "ID"]])));
  const wrong: string[] = [];
  for (let k = 0; k < run.steps * RELAY_SHARE; k++) {
    const waiting = waiters.map((waiter, i) => waiter.run([["BLPOP", keys[i], "0"]]));
    for (let all = false; !all;) {
      const list = String(await mover.run([["CLIENT", "LIST", "ID", ...ids]]));
      all = list.match(/ flags=b /g)?.length === ids.length;
    }
    const values = keys.map((_, i) => `${k}.${i}`);
    // Each key gets its element from another one; some of what stands between has to do with neither.
    const moves = keys.flatMap((key, i) => [
      ["RPUSH", source, values[i]],
      random.chance(0.5) ? ["LMOVE", source, key, "LEFT", "RIGHT"] : ["RPOPLPUSH", source, key],
      random.chance(0.5) ? ["LPOP", key] : ["LMOVE", key, source, "LEFT", "LEFT"],
      ...(random.chance(0.5) ? [] : [["LLEN", keys[(i + 1) % keys.length]]]),
    ]);
    const replies = await mover.pipeline(moves);
    const taken = replies.filter((reply, i) =>
      moves[i][0] !== "RPUSH" && moves[i][1] !== source && reply !== null && reply !== "0"
    );
    if (taken.length > 0) {
      wrong.push(`${run.prefix} (seed ${run.seed}): ${taken} was given to the mover though a client waited`);
      for (const promise of waiting) promise.catch(() => {}); // they go as they wait
      break;
    }
    for (const [i, reply] of (await Promise.all(waiting)).entries()) {
      if (String(reply) !== `${keys[i]},${values[i]}`) {
        wrong.push(`${run.prefix} (seed ${run.seed}): ${keys[i]} gave ${reply}`);
      }
    }
  }
  for (const client of [...waiters, mover]) client.close();
  return wrong;
}
