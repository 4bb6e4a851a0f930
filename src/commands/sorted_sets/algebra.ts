/**
 * ZUNION, ZINTER, ZDIFF, their *STORE forms, ZINTERCARD: combine sorted sets and sets, which may lie in different stores.
 *
 * Invariants:
 * 1. Sources don't change while a result is gathered; a builder only takes memory.
 * 2. Scores are summed in the order of growing sources, as Redis does, so that sums have the same last digit.
 */
import { Encoding } from "../../store/entry.ts";
import { Aggregate, aggregateScores, ZsetBuilder } from "../../store/types/zset_builder.ts";
import type { Call } from "../call.ts";
import { keyAt, keysCounted, type ShardCommand } from "../command.ts";
import { finishStore, replyPairs } from "./range.ts";
import { type Combination, type CombinationForm, parseCombination, type Source } from "./sources.ts";

/** Fills a builder with the result; the builder is ordered then. */
type Gathering = (combination: Combination, builder: ZsetBuilder) => void;

const TARGET = keyAt(1, "OW", "update");
/** Estimate of the bytes that a member of the result takes, for `needRoom`. */
const MEMBER_BYTES = 80;

const UNION_FORM: CombinationForm = { name: "zunion", weights: true, withScores: true, limit: false };
const INTER_FORM: CombinationForm = { name: "zinter", weights: true, withScores: true, limit: false };
const DIFF_FORM: CombinationForm = { name: "zdiff", weights: false, withScores: true, limit: false };
const UNIONSTORE_FORM: CombinationForm = { name: "zunionstore", weights: true, withScores: false, limit: false };
const INTERSTORE_FORM: CombinationForm = { name: "zinterstore", weights: true, withScores: false, limit: false };
const DIFFSTORE_FORM: CombinationForm = { name: "zdiffstore", weights: false, withScores: false, limit: false };
const INTERCARD_FORM: CombinationForm = { name: "zintercard", weights: false, withScores: false, limit: true };

export const zunion: ShardCommand = {
  name: "zunion",
  arity: -3,
  flags: ["readonly", "movablekeys"],
  keys: [keysCounted(1, "RO", "access")],
  group: "sorted-set",
  since: "6.2.0",
  summary: "Returns the members that at least one of several sorted sets has.",
  complexity: "O(N+M*log(M)), N the sum of the sizes of the sorted sets and M the number of members returned",
  syntax: "numkeys key ... [WEIGHTS weight:integer ...] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
  run(call: Call): void {
    replyCombination(call, UNION_FORM, union);
  },
};

export const zunionstore: ShardCommand = {
  name: "zunionstore",
  arity: -4,
  flags: ["write", "denyoom", "movablekeys"],
  keys: [TARGET, keysCounted(2, "RO", "access")],
  group: "sorted-set",
  since: "2.0.0",
  summary: "Makes a key hold the members that at least one of several sorted sets has.",
  complexity: "O(N+M*log(M)), N the sum of the sizes of the sorted sets and M the number of members stored",
  syntax: "destination:key numkeys key ... [WEIGHTS weight:integer ...] [AGGREGATE <SUM | MIN | MAX>]",
  run(call: Call): void {
    storeCombination(call, UNIONSTORE_FORM, union, sumOfCounts);
  },
};

export const zinter: ShardCommand = {
  name: "zinter",
  arity: -3,
  flags: ["readonly", "movablekeys"],
  keys: [keysCounted(1, "RO", "access")],
  group: "sorted-set",
  since: "6.2.0",
  summary: "Returns the members that all of several sorted sets have.",
  complexity: "O(N*K+M*log(M)), N the size of the smallest of K sorted sets and M the number of members returned",
  syntax: "numkeys key ... [WEIGHTS weight:integer ...] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
  run(call: Call): void {
    replyCombination(call, INTER_FORM, intersection);
  },
};

export const zinterstore: ShardCommand = {
  name: "zinterstore",
  arity: -4,
  flags: ["write", "denyoom", "movablekeys"],
  keys: [TARGET, keysCounted(2, "RO", "access")],
  group: "sorted-set",
  since: "2.0.0",
  summary: "Makes a key hold the members that all of several sorted sets have.",
  complexity: "O(N*K+M*log(M)), N the size of the smallest of K sorted sets and M the number of members stored",
  syntax: "destination:key numkeys key ... [WEIGHTS weight:integer ...] [AGGREGATE <SUM | MIN | MAX>]",
  run(call: Call): void {
    storeCombination(call, INTERSTORE_FORM, intersection, leastCount);
  },
};

export const zdiff: ShardCommand = {
  name: "zdiff",
  arity: -3,
  flags: ["readonly", "movablekeys"],
  keys: [keysCounted(1, "RO", "access")],
  group: "sorted-set",
  since: "6.2.0",
  summary: "Returns the members of a sorted set that none of the others has.",
  complexity: "O(N*K+M*log(M)), N the size of the first of K sorted sets and M the number of members returned",
  syntax: "numkeys key ... [WITHSCORES]",
  run(call: Call): void {
    replyCombination(call, DIFF_FORM, difference);
  },
};

export const zdiffstore: ShardCommand = {
  name: "zdiffstore",
  arity: -4,
  flags: ["write", "denyoom", "movablekeys"],
  keys: [TARGET, keysCounted(2, "RO", "access")],
  group: "sorted-set",
  since: "6.2.0",
  summary: "Makes a key hold the members of a sorted set that none of the others has.",
  complexity: "O(N*K+M*log(M)), N the size of the first of K sorted sets and M the number of members stored",
  syntax: "destination:key numkeys key ...",
  run(call: Call): void {
    storeCombination(call, DIFFSTORE_FORM, difference, firstCount);
  },
};

export const zintercard: ShardCommand = {
  name: "zintercard",
  arity: -3,
  flags: ["readonly", "movablekeys"],
  keys: [keysCounted(1, "RO", "access")],
  group: "sorted-set",
  since: "7.0.0",
  summary: "Returns the number of members that all of several sorted sets have.",
  complexity: "O(N*K), N the size of the smallest of K sorted sets",
  syntax: "numkeys key ... [LIMIT limit]",
  run(call: Call): void {
    const { sources, limit } = parseCombination(call, 1, INTERCARD_FORM);
    let n = 0;
    eachCommon(bySize(sources), Aggregate.SUM, () => ++n !== limit);
    call.reply.int(n);
  },
};

// How many members a result has at most.
type CountBound = (sources: readonly Source[]) => number;
const sumOfCounts: CountBound = (sources) => sources.reduce((sum, source) => sum + source.count, 0);
const leastCount: CountBound = (sources) => Math.min(...sources.map((source) => source.count));
const firstCount: CountBound = (sources) => sources[0].count;

function replyCombination(call: Call, form: CombinationForm, gather: Gathering): void {
  const combination = parseCombination(call, 1, form);
  const builder = new ZsetBuilder(call.store);
  try {
    gather(combination, builder);
    const cursor = call.store.zsets.cursor;
    cursor.openValue(Encoding.SKIPLIST, builder.root << 2);
    cursor.start(0, false);
    replyPairs(call, cursor, cursor.count, combination.withScores);
  } finally {
    builder.discard();
  }
}

function storeCombination(call: Call, form: CombinationForm, gather: Gathering, most: CountBound): void {
  const combination = parseCombination(call, 2, form);
  call.needRoom(1, most(combination.sources) * MEMBER_BYTES);
  const builder = new ZsetBuilder(call.storeOf(1));
  try {
    gather(combination, builder);
  } catch (error) {
    builder.discard();
    throw error;
  }
  finishStore(call, 1, builder, form.name, 1);
}

/** The smallest source first; sources of one size stay in the order of the arguments. */
function bySize(sources: readonly Source[]): Source[] {
  return sources.toSorted((a, b) => a.count - b.count);
}

function union({ sources, aggregate }: Combination, builder: ZsetBuilder): void {
  for (const source of bySize(sources)) {
    source.each((buf, from, len, score) => {
      builder.accumulate(aggregate, buf, from, len, score);
      return true;
    });
  }
  builder.settle();
}

function intersection({ sources, aggregate }: Combination, builder: ZsetBuilder): void {
  eachCommon(bySize(sources), aggregate, (buf, from, len, score) => {
    builder.add(buf, from, len, score);
    return true;
  });
}

/** Calls `take` with each member that all sources have and its score, until that returns false. */
function eachCommon(
  sources: readonly Source[],
  aggregate: Aggregate,
  take: (buf: Uint8Array, from: number, len: number, score: number) => boolean,
): void {
  const smallest = sources[0];
  smallest.each((buf, from, len, score) => {
    for (let k = 1; k < sources.length; k++) {
      const other = sources[k].weighed(buf, from, len);
      if (other !== other) return true;
      score = aggregateScores(aggregate, score, other);
    }
    return take(buf, from, len, score);
  });
}

function difference({ sources }: Combination, builder: ZsetBuilder): void {
  const [first, ...others] = sources;
  first.each((buf, from, len, score) => {
    for (const other of others) {
      if (!Number.isNaN(other.weighed(buf, from, len))) return true;
    }
    builder.add(buf, from, len, score);
    return true;
  });
}
