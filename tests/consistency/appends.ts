/**
 * List-append histories in the manner of Elle (Kingsbury and Alvaro, 2020): every element is appended once in the whole run, so each read
 * tells the order in which its list was written, and from that follows which transaction came before which. A circle among them, or with
 * real time, means that no serial order exists.
 *
 *   u --ww--> v   v appended right behind u's element
 *   u --wr--> v   v read a list whose last element is u's
 *   u --rw--> v   u read a list that v's element continues
 *   u --rt--> v   u was answered before v was asked
 */

import type { Operation, Plain } from "./history.ts";
import { describe } from "./linearizability.ts";

interface Append {
  readonly by: Operation;
  readonly key: string;
}

/** What is wrong with the history; `final`: the lists at its end. Operations are RPUSH and LRANGE, alone or in transactions. */
export function appendViolations(
  operations: readonly Operation[],
  final: ReadonlyMap<string, readonly string[]>,
): string[] {
  const violations: string[] = [];
  const appends = new Map<string, Append>();
  for (const by of operations) {
    for (const [name, key, element] of by.commands) if (name === "RPUSH") appends.set(element, { by, key });
  }
  for (const [key, list] of final) {
    const seen = new Set<string>();
    for (const element of list) {
      if (seen.has(element)) violations.push(`${key}: ${element} is there twice`);
      seen.add(element);
      const append = appends.get(element);
      if (append?.key !== key) violations.push(`${key}: ${element} was never appended to it`);
      else if (stopped(append.by)) violations.push(`${key}: ${element} is of a transaction that did not happen`);
    }
  }
  for (const [element, { by, key }] of appends) {
    if (by.end !== Infinity && !stopped(by) && !final.get(key)?.includes(element)) {
      violations.push(`${key}: ${element} is lost: ${describe(by)}`);
    }
  }
  for (const { by, key, list } of readsOf(operations)) {
    const whole = final.get(key) ?? [];
    if (list.some((element, i) => element !== whole[i])) {
      violations.push(`${key}: not a beginning of its list: ${describe(by)}`);
    }
  }
  return violations.length > 0 ? violations : circle(operations, appends, final);
}

function stopped(operation: Operation): boolean {
  return operation.transaction && operation.end !== Infinity && operation.reply === null;
}

function readsOf(operations: readonly Operation[]): { by: Operation; key: string; list: string[] }[] {
  return operations.flatMap((by) => {
    if (by.end === Infinity || stopped(by)) return [];
    const replies = (by.transaction ? by.reply : [by.reply]) as Plain[];
    return by.commands.flatMap(([name, key], i) =>
      name === "LRANGE" ? [{ by, key, list: replies[i] as string[] }] : []
    );
  });
}

/** One violation when the order that the lists tell has a circle. */
function circle(
  operations: readonly Operation[],
  appends: ReadonlyMap<string, Append>,
  final: ReadonlyMap<string, readonly string[]>,
): string[] {
  const graph = new Graph();
  for (const list of final.values()) {
    list.forEach((element, i) => i > 0 && graph.edge(appends.get(list[i - 1])!.by, appends.get(element)!.by));
  }
  for (const { by, key, list } of readsOf(operations)) {
    const own = by.commands.flatMap(([name, to, element]) => name === "RPUSH" && to === key ? [element] : []);
    const others = list.filter((element) => !own.includes(element));
    if (others.length > 0) graph.edge(appends.get(others.at(-1)!)!.by, by);
    const following = final.get(key)?.[list.length];
    if (following !== undefined) graph.edge(by, appends.get(following)!.by);
  }
  // Real time in as many edges as operations: a chain of the moments of answers, which each operation enters and leaves.
  const answers = operations.filter((operation) => operation.end !== Infinity).sort((a, b) => a.end - b.end);
  const moments = answers.map((operation) => ({ end: operation.end }));
  moments.forEach((moment, i) => {
    graph.edge(answers[i], moment);
    if (i > 0) graph.edge(moments[i - 1], moment);
  });
  let before = -1;
  for (const operation of [...operations].sort((a, b) => a.start - b.start)) {
    while (before + 1 < moments.length && moments[before + 1].end < operation.start) before++;
    if (before >= 0) graph.edge(moments[before], operation);
  }
  const rest = graph.withoutOrder();
  const named = rest.filter((node): node is Operation => "commands" in node);
  return named.length === 0
    ? []
    : [`${named.length} operations in circles, such as\n${named.slice(0, 6).map(describe).join("\n")}`];
}

class Graph {
  readonly #next = new Map<object, Set<object>>();
  readonly #incoming = new Map<object, number>();

  edge(from: object, to: object): void {
    if (from === to) return;
    this.#incoming.set(from, this.#incoming.get(from) ?? 0);
    const next = this.#next.get(from) ?? new Set();
    if (next.has(to)) return;
    this.#next.set(from, next.add(to));
    this.#incoming.set(to, (this.#incoming.get(to) ?? 0) + 1);
  }

  /** The nodes that are left when nodes without predecessors are taken away again and again: those of circles, and what is behind them. */
  withoutOrder(): object[] {
    const incoming = new Map(this.#incoming);
    const free = [...incoming].filter(([, count]) => count === 0).map(([node]) => node);
    for (let node = free.pop(); node !== undefined; node = free.pop()) {
      incoming.delete(node);
      for (const next of this.#next.get(node) ?? []) {
        const count = incoming.get(next)! - 1;
        incoming.set(next, count);
        if (count === 0) free.push(next);
      }
    }
    return [...incoming.keys()];
  }
}
