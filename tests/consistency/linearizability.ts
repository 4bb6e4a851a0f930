/**
 * Linearizability: is there an order of a history's operations in which each could have been answered as it was, and in which whatever
 * was answered before something else was asked comes before it? Taking all of a group's keys as one object makes that strict
 * serializability of commands over several keys and of transactions.
 *
 * The search is Wing and Gong's ("Testing and verifying concurrent objects", 1993) with Lowe's memory of what was tried: an operation may
 * come next when no other one that is still to come was answered before it was asked, nor was sent before it in the same pipeline.
 */

import type { Operation } from "./history.ts";
import { type State, stateText, step } from "./model.ts";

/** Places of the search after which a history counts as undecided: an order is found among far fewer. */
const PLACES_MAX = 1_000_000;

/** A place in the search: the answered operations before `first` are placed, and those in `ahead`; of the unanswered ones `taken`. */
interface Place {
  readonly first: number;
  readonly ahead: readonly number[];
  readonly taken: readonly number[];
  readonly state: State;
}

/** Undefined when the history is linearizable from `initial`; otherwise a report. Throws when the search grows beyond all bounds. */
export function linearizability(operations: readonly Operation[], initial: State = new Map()): string | undefined {
  const byStart = [...operations].sort((a, b) => a.start - b.start);
  const answered = byStart.filter((operation) => operation.end !== Infinity);
  const unanswered = byStart.filter((operation) => operation.end === Infinity);
  const indices = new Map(answered.map((operation, i) => [operation, i]));
  const behind = answered.map((operation) => operation.behind === undefined ? -1 : indices.get(operation.behind)!);
  const tried = new Set<string>();
  const stack: Place[] = [{ first: 0, ahead: [], taken: [], state: initial }];
  let furthest = stack[0];
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    if (place.first === answered.length) return undefined;
    const mark = `${place.first};${place.ahead};${place.taken};${stateText(place.state)}`;
    if (tried.has(mark)) continue;
    tried.add(mark);
    if (tried.size > PLACES_MAX) throw new Error(`undecided after ${PLACES_MAX} places`);
    if (place.first > furthest.first) furthest = place;
    const next: Place[] = [];
    // The earliest answer among what is to come: nothing asked behind it may come next.
    let bound = Infinity;
    for (let i = place.first; i < answered.length && answered[i].start < bound; i++) {
      if (place.ahead.includes(i)) continue;
      bound = Math.min(bound, answered[i].end);
      if (behind[i] >= place.first && !place.ahead.includes(behind[i])) continue;
      const state = step(place.state, answered[i]);
      if (state !== undefined) next.push({ ...beyond(place, i), state });
    }
    for (let i = 0; i < unanswered.length && unanswered[i].start < bound; i++) {
      if (place.taken.includes(i)) continue;
      const state = step(place.state, unanswered[i])!;
      if (state !== place.state) stack.push({ ...place, taken: [...place.taken, i].sort((a, b) => a - b), state });
    }
    // What was asked first is tried first, and answered operations before unanswered ones.
    stack.push(...next.reverse());
  }
  return report(answered, furthest);
}

/** Operation `i` is placed too. */
function beyond(
  { first, ahead, taken }: Place,
  i: number,
): { first: number; ahead: readonly number[]; taken: readonly number[] } {
  const placed = new Set(ahead).add(i);
  while (placed.delete(first)) first++;
  return { first, ahead: [...placed].sort((a, b) => a - b), taken };
}

function report(answered: readonly Operation[], { first, ahead, state }: Place): string {
  const lines = [
    `no order explains the history behind its first ${first} operations; there the keys are ${stateText(state)}`,
  ];
  for (let i = first; i < Math.min(answered.length, first + 8); i++) {
    if (!ahead.includes(i)) lines.push(describe(answered[i]));
  }
  return lines.join("\n");
}

/** An operation as a line. */
export function describe({ client, commands, transaction, start, end, reply }: Operation): string {
  const asked = commands.map((command) => command.join(" ")).join("; ");
  return `client ${client} [${start}, ${end}] ${transaction ? `MULTI ${asked} EXEC` : asked} -> ${
    JSON.stringify(reply)
  }`;
}
