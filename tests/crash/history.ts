/**
 * What clients did to a server that died, and whether what is there afterwards can be true.
 *
 * The laws:
 * 1. A request is there whole or not at all, whatever shards it touched.
 * 2. What is there is a prefix of the order in which requests ran: if one was answered before another was sent, the second is not there
 *    without the first; nor is a client's later request without its earlier ones.
 * 3. What was answered while that promised durability is there.
 */

/** What a server holds of one round: strings and lists by name, and when keys expire. */
export interface State {
  readonly strings: ReadonlyMap<string, string>;
  readonly lists: ReadonlyMap<string, readonly string[]>;
  /** Unix ms, only of keys that expire. */
  readonly expiries: ReadonlyMap<string, number>;
}

/** Whether a request is there; undefined when that can't be told. Throws HalfDone. */
export type Witness = (state: State) => boolean | undefined;

/** A request is there in part, or does what no request could. */
export class HalfDone extends Error {}

export interface Act {
  readonly name: string;
  readonly client: number;
  readonly sent: number;
  /** Infinity until it is answered. */
  answered: number;
  readonly isThere: Witness;
}

export class History {
  /** Requests in the order of their sending. */
  readonly acts: Act[] = [];
  /** What was answered before this moment must be there. */
  promised = -1;
  /** What else went wrong. */
  readonly wrong: string[] = [];
  /** Requests answered. */
  answers = 0;
  private clock = 0;

  /** A moment after all others so far. */
  now(): number {
    return ++this.clock;
  }

  /** A request is about to be sent. */
  send(name: string, client: number, isThere: Witness): Act {
    const act: Act = { name, client, sent: this.now(), answered: Infinity, isThere };
    this.acts.push(act);
    return act;
  }

  answer(act: Act): void {
    act.answered = this.now();
    this.answers++;
  }
}

/** What in `state` breaks the laws, in words; empty when nothing does. */
export function judge(history: History, state: State): string[] {
  const wrong = [...history.wrong];
  const found = new Map<Act, boolean>();
  for (const act of history.acts) {
    try {
      const there = act.isThere(state);
      if (there !== undefined) found.set(act, there);
    } catch (error) {
      if (!(error instanceof HalfDone)) throw error;
      wrong.push(`${act.name}: ${error.message}`);
    }
  }
  let last: Act | undefined;
  for (const [act, there] of found) if (there) last = act; // the latest sent
  const firstGap = new Map<number, Act>();
  for (const [act, there] of found) {
    if (!there && act.answered < history.promised) wrong.push(`${act.name} was promised to last, and is gone`);
    if (!there && last !== undefined && act.answered < last.sent) {
      wrong.push(`${act.name} is gone, though it was answered before ${last.name} was sent, which is there`);
    }
    const gap = firstGap.get(act.client);
    if (!there && gap === undefined) firstGap.set(act.client, act);
    else if (there && gap !== undefined) wrong.push(`${act.name} is there, ${gap.name} of the same client is not`);
  }
  const places = new Map<string, string>();
  for (const [key, items] of state.lists) {
    for (const item of items) {
      const other = places.get(item);
      if (other !== undefined) wrong.push(`${item} is in ${other} and in ${key}`);
      places.set(item, key);
    }
  }
  return wrong;
}
