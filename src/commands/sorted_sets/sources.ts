/** Sources: the sorted sets and sets that ZUNION, ZINTER, ZDIFF and their kin take members from. */
import { ReplyError, SYNTAX_ERROR, WRONG_TYPE } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import { setCount, setHas } from "../../store/types/set.ts";
import { SetCursor } from "../../store/types/set_cursor.ts";
import { Aggregate } from "../../store/types/zset_builder.ts";
import type { Call } from "../call.ts";
import { scoreArgument } from "./bounds.ts";

const WEIGHT_NOT_FLOAT = new ReplyError("ERR weight value is not a float");
const LIMIT_NEGATIVE = new ReplyError("ERR LIMIT can't be negative");

/** One key of such a command. A set's members all have the score 1. */
export class Source {
  weight = 1;
  readonly count: number;
  private readonly isZset: boolean;
  private readonly members = new SetCursor();

  /** `e` is 0 when the key is not there. Throws WRONGTYPE. */
  constructor(readonly store: Store, readonly e: number) {
    this.isZset = e !== 0 && store.type(e) === Type.ZSET;
    if (e !== 0 && !this.isZset && store.type(e) !== Type.SET) throw WRONG_TYPE;
    this.count = e === 0 ? 0 : this.isZset ? store.zsets.count(e) : setCount(store, e);
  }

  /** A member's score times the weight, or NaN when it is none. */
  weighed(buf: Uint8Array, from: number, len: number): number {
    if (this.e === 0) return NaN;
    if (!this.isZset) return setHas(this.store, this.e, buf, from, len) ? this.weight : NaN;
    const zsets = this.store.zsets;
    return zsets.find(this.e, buf, from, len) ? this.weigh(zsets.score) : NaN;
  }

  /** Calls `take` with each member and its weighed score, until that returns false. One source of a store at a time. */
  each(take: (buf: Uint8Array, from: number, len: number, score: number) => boolean): void {
    if (this.e === 0) return;
    if (this.isZset) {
      const cursor = this.store.zsets.cursor;
      cursor.open(this.e);
      cursor.start(0, false);
      while (cursor.next() && take(cursor.bytes, cursor.at, cursor.len, this.weigh(cursor.score)));
      return;
    }
    const members = this.members;
    members.open(this.store, this.e);
    while (members.next() && take(members.bytes, members.at, members.len, this.weight));
  }

  /** Infinity times 0 is 0, by Redis's convention. */
  private weigh(score: number): number {
    const product = this.weight * score;
    return product !== product ? 0 : product;
  }
}

/** What the arguments of such a command say. */
export interface Combination {
  /** In the order of the arguments. */
  sources: Source[];
  aggregate: Aggregate;
  withScores: boolean;
  /** Of ZINTERCARD; 0: none. */
  limit: number;
}

/** The options that a command knows. */
export interface CombinationForm {
  readonly name: string;
  /** WEIGHTS and AGGREGATE. */
  readonly weights: boolean;
  readonly withScores: boolean;
  readonly limit: boolean;
}

/**
 * Parses `numkeys key ... options` from argument `i` on, and looks the keys up. (Redis looks at the keys' types before the options, so
 * that is the order of errors.)
 */
export function parseCombination(call: Call, i: number, form: CombinationForm): Combination {
  const { argc } = call;
  const keys = call.int(i);
  if (keys < 1) throw new ReplyError(`ERR at least 1 input key is needed for '${form.name}' command`);
  if (keys > argc - i - 1) throw SYNTAX_ERROR;
  const end = i + 1 + keys;
  const sources: Source[] = [];
  for (let k = i + 1; k < end; k++) sources.push(new Source(call.storeOf(k), call.read(k)));
  const found: Combination = { sources, aggregate: Aggregate.SUM, withScores: false, limit: 0 };
  for (let k = end; k < argc; k++) {
    const left = argc - k;
    if (form.weights && left > keys && call.is(k, "weights")) {
      for (const source of sources) source.weight = scoreArgument(call, ++k, WEIGHT_NOT_FLOAT);
    } else if (form.weights && left >= 2 && call.is(k, "aggregate")) found.aggregate = aggregateArgument(call, ++k);
    else if (form.withScores && call.is(k, "withscores")) found.withScores = true;
    else if (form.limit && left >= 2 && call.is(k, "limit")) found.limit = call.int(++k, 0, Infinity, LIMIT_NEGATIVE);
    else throw SYNTAX_ERROR;
  }
  return found;
}

function aggregateArgument(call: Call, i: number): Aggregate {
  if (call.is(i, "sum")) return Aggregate.SUM;
  if (call.is(i, "min")) return Aggregate.MIN;
  if (call.is(i, "max")) return Aggregate.MAX;
  throw SYNTAX_ERROR;
}
