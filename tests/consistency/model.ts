/**
 * The model: what Redis's commands do to a few keys, in the plainest way. What the linearizability checker tries is run here.
 *
 * Invariant: a state is never changed; `step` gives another one, and lists in it are replaced, not written to.
 */

import type { Command, Operation, Plain } from "./history.ts";

/** Strings and lists by key; an absent key is absent. */
export type State = ReadonlyMap<string, string | readonly string[]>;

type Draft = Map<string, string | readonly string[]>;

/** The state after the operation, or undefined when it could not have been answered as it was in `state`. */
export function step(state: State, operation: Operation): State | undefined {
  const answered = operation.end !== Infinity;
  // Stopped by WATCH: nothing happened.
  if (answered && operation.transaction && operation.reply === null) return state;
  for (const [key, value] of operation.watched) {
    if ((state.get(key) ?? null) !== value) {
      return answered ? undefined : state;
    }
  }
  const draft: Draft = new Map(state);
  const replies = operation.commands.map((command) => run(draft, command));
  const expected = operation.transaction ? replies : replies[0];
  return !answered || same(expected, operation.reply) ? draft : undefined;
}

/** A state as text: equal states, equal texts. */
export function stateText(state: State): string {
  return JSON.stringify([...state].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function same(a: Plain, b: Plain): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((item, i) => same(item, b[i]));
}

function run(state: Draft, [name, ...args]: Command): Plain {
  const [a, b] = args;
  switch (name) {
    case "GET":
      return text(state, a);
    case "SET":
      state.set(a, b);
      return "OK";
    case "GETSET": {
      const before = text(state, a);
      state.set(a, b);
      return before;
    }
    case "INCRBY": {
      const sum = String(Number(text(state, a) ?? "0") + Number(b));
      state.set(a, sum);
      return sum;
    }
    case "APPEND": {
      const whole = (text(state, a) ?? "") + b;
      state.set(a, whole);
      return String(whole.length);
    }
    case "DEL":
      return String(args.filter((key) => state.delete(key)).length);
    case "MGET":
      return args.map((key) => text(state, key));
    case "MSET":
      for (let i = 0; i < args.length; i += 2) state.set(args[i], args[i + 1]);
      return "OK";
    case "MSETNX":
      for (let i = 0; i < args.length; i += 2) if (state.has(args[i])) return "0";
      for (let i = 0; i < args.length; i += 2) state.set(args[i], args[i + 1]);
      return "1";
    case "RENAME": {
      const value = state.get(a);
      if (value === undefined) return "-ERR no such key";
      state.delete(a);
      state.set(b, value);
      return "OK";
    }
    case "COPY": {
      const value = state.get(a);
      if (value === undefined) return "0";
      state.set(b, value);
      return "1";
    }
    case "RPUSH":
      return put(state, a, [...list(state, a), b]);
    case "LPUSH":
      return put(state, a, [b, ...list(state, a)]);
    case "LPOP":
      return pop(state, a);
    case "BLPOP": {
      for (const key of args.slice(0, -1)) if (list(state, key).length > 0) return [key, pop(state, key)];
      return null;
    }
    case "LMOVE":
    case "BLMOVE": {
      const value = pop(state, a);
      if (value !== null) put(state, b, [...list(state, b), value]);
      return value;
    }
    case "LRANGE":
      return [...list(state, a)];
    default:
      throw new Error(`the model does not know ${name}`);
  }
}

function text(state: Draft, key: string): string | null {
  return (state.get(key) ?? null) as string | null;
}

function list(state: Draft, key: string): readonly string[] {
  return (state.get(key) ?? []) as readonly string[];
}

function put(state: Draft, key: string, items: readonly string[]): string {
  if (items.length === 0) state.delete(key);
  else state.set(key, items);
  return String(items.length);
}

function pop(state: Draft, key: string): string | null {
  const items = list(state, key);
  if (items.length === 0) return null;
  put(state, key, items.slice(1));
  return items[0];
}
