/**
 * When two replies to the same request count as the same: exactly equal, unless the command's reply is free in some way
 * (order, chance, clocks), or the difference is a known one between the versions, listed with its reason.
 */

import { format, type Reply } from "../reply.ts";
import type { Request } from "./grammar.ts";

/** How a command's replies are compared. */
type Comparison =
  /** Collections in any order. */
  | "unordered"
  /** RESP2's flat field-value pairs in any order; RESP3's map likewise. */
  | "pairs"
  /** Members chosen by chance, or times among the items: only types and counts must agree. */
  | "shape"
  /** A cursor and a page: all of a small collection in any order, when both servers gave it in one page. */
  | "scan"
  /** An integer that depends on the clock; negative ones are codes and exact. */
  | { within: number };

/** Commands whose replies are free in some way; all others must be equal to the type. */
const COMPARISONS: Record<string, Comparison> = {
  KEYS: "unordered",
  SMEMBERS: "unordered",
  SINTER: "unordered",
  SUNION: "unordered",
  SDIFF: "unordered",
  SPOP: "unordered",
  HKEYS: "unordered",
  HVALS: "unordered",
  HGETALL: "pairs",
  RANDOMKEY: "shape",
  SRANDMEMBER: "shape",
  HRANDFIELD: "shape",
  ZRANDMEMBER: "shape",
  XPENDING: "shape",
  SCAN: "scan",
  SSCAN: "scan",
  HSCAN: "scan",
  ZSCAN: "scan",
  TTL: { within: 6 },
  PTTL: { within: 6000 },
  EXPIRETIME: { within: 6 },
  PEXPIRETIME: { within: 6000 },
};

/**
 * Commands whose replies hold floating-point numbers: Redis 7.0 prints 17 digits, since 7.2 the shortest text that reads
 * back as the same number. Such texts are compared as numbers.
 */
const WITH_DOUBLES = /^(B?Z|GEO)/i;

/** A difference that is meant: matched on the command's line and both replies as redis-cli prints them. */
interface KnownDifference {
  request: RegExp;
  reference: RegExp;
  ringshard: RegExp;
  reason: string;
}

/** All differences between Redis 7.0 (the reference) and 7.4 (the target) that requests of the grammar can show. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    request: /^OBJECT ENCODING /i,
    reference: /^"quicklist"$/,
    ringshard: /^"listpack"$/,
    reason: "since 7.2 a small list is a bare listpack",
  },
  {
    request: /^OBJECT ENCODING /i,
    reference: /^"hashtable"$/,
    ringshard: /^"listpack"$/,
    reason: "since 7.2 a small set of strings is a listpack",
  },
  {
    request: /^(BITCOUNT|BITPOS) /i,
    reference: /^\(integer\) (0|-1)$|^\(error\) WRONGTYPE /,
    ringshard: /^\(error\) ERR (syntax error|value is not an integer or out of range)$/,
    reason: "since 7.2 arguments are checked before the key",
  },
  {
    request: /^Z(REV)?RANK /i,
    reference: /^\(error\) ERR wrong number of arguments for 'z(rev)?rank' command$/,
    ringshard: /^\(error\) (ERR syntax error|WRONGTYPE .*)$/,
    reason: "since 7.2 ZRANK and ZREVRANK take WITHSCORE",
  },
  {
    request: /^(SCAN|[HSZ]SCAN \S+) 18446744073709551615\b/i,
    reference: /./,
    ringshard: /^\(error\) ERR invalid cursor$/,
    reason: "a cursor that the server never gave: it names no shard",
  },
  {
    request: /^XREAD(GROUP)? /i,
    reference: /^\(error\) ERR Unbalanced XREAD list /,
    ringshard: /^\(error\) ERR Unbalanced 'xread(group)?' list /,
    reason: "since 7.2 the error names the command",
  },
  {
    request: /^XREAD(GROUP)? /i,
    reference: /^\(error\) ERR Invalid stream ID specified as stream command argument$/,
    ringshard: /^([^(]|\(nil\)|\(error\) ERR The \+ ID is meaningless)/,
    reason: "since 7.4 XREAD takes + for the last entry",
  },
  {
    request: /^XGROUP CREATECONSUMER /i,
    reference: /^\(integer\) 1$/,
    ringshard: /^\(integer\) 0$/,
    reason: "since 7.2 XREADGROUP makes the consumer also when there is nothing to read",
  },
  {
    request: /^SORT .* BY /i,
    reference: /^(1\)|\(empty array\))/,
    ringshard: /^\(error\) ERR One or more scores can't be converted into double$/,
    reason: "Redis reads a weight up to its first NUL only",
  },
  {
    request: /^OBJECT REFCOUNT /i,
    reference: /^\(integer\) 2147483647$/,
    ringshard: /^\(integer\) 1$/,
    reason: "Redis shares the objects of the integers below 10000 between keys; values in an arena are never shared",
  },
];

/** What is wrong with `ringshard`'s reply, given the reference's; undefined when they count as the same. */
export function difference(request: Request, reference: Reply, ringshard: Reply): string | undefined {
  if (same(request, reference, ringshard)) return undefined;
  if (/^XINFO$/i.test(request[0] ?? "") && same(request, withoutLag(reference), withoutLag(ringshard))) {
    return undefined;
  }
  if (WITH_DOUBLES.test(request[0] ?? "") && same(request, shortest(reference), shortest(ringshard))) return undefined;
  const [line, theirs, ours] = [request.join(" "), format(reference), format(ringshard)];
  for (const known of KNOWN_DIFFERENCES) {
    if (known.request.test(line) && known.reference.test(theirs) && known.ringshard.test(ours)) return undefined;
  }
  const kind = theirs === ours ? ` (${kindOf(reference)} against ${kindOf(ringshard)})` : "";
  return `reference: ${theirs}\nringshard: ${ours}${kind}`;
}

function kindOf(reply: Reply): string {
  return reply.type === "null" ? `null ${reply.wire}` : reply.type;
}

/** XINFO's reply without the groups' lag, which 7.4 counts better after trimming than 7.0. */
function withoutLag(reply: Reply): Reply {
  if (!("items" in reply)) return reply;
  const items = reply.items.filter((_item, i) => {
    const before = reply.items[i - 1];
    return before === undefined || !("text" in before) || before.text !== "lag";
  });
  return { ...reply, items: items.map(withoutLag) };
}

/**
 * The reply with every long or exponential number in its shortest form; of fractions 14 digits count, since the last ones of a distance
 * depend on who computes the sines (docs/DIFFERENCES.md).
 */
function shortest(reply: Reply): Reply {
  if ("items" in reply) return { ...reply, items: reply.items.map(shortest) };
  if ((reply.type === "bulk" || reply.type === "double") && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(reply.text)) {
    const number = Number(reply.text);
    return { ...reply, text: String(Number.isInteger(number) ? number : Number(number.toPrecision(14))) };
  }
  return reply;
}

/** Without a star in its BY pattern SORT leaves a set in the order of its memory; of a list that is tested by transcripts. */
function comparisonOf(request: Request): Comparison | undefined {
  const name = (request[0] ?? "").toUpperCase();
  const by = request.findIndex((word) => word.toUpperCase() === "BY");
  if (name.startsWith("SORT") && by > 0 && !(request[by + 1] ?? "").includes("*")) return "shape";
  return COMPARISONS[name];
}

function same(request: Request, a: Reply, b: Reply): boolean {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  if (left === right) return true;
  if (a.type !== b.type || a.type === "error") return false;
  const comparison = comparisonOf(request);
  if (comparison === undefined) return false;
  if (typeof comparison === "object") {
    if (a.type !== "int" || b.type !== "int") return false;
    const [x, y] = [Number(a.text), Number(b.text)];
    return x >= 0 && y >= 0 && Math.abs(x - y) <= comparison.within;
  }
  switch (comparison) {
    case "shape":
      return shape(a) === shape(b);
    case "unordered":
      return "items" in a && "items" in b && sortedItems(a.items, 1) === sortedItems(b.items, 1);
    case "pairs":
      return "items" in a && "items" in b && sortedItems(a.items, 2) === sortedItems(b.items, 2);
    case "scan":
      return samePage(request, a, b);
  }
}

function shape(reply: Reply): string {
  return "items" in reply ? `${reply.type}[${reply.items.map(shape).join()}]` : reply.type;
}

function sortedItems(items: Reply[], group: number): string {
  const groups: string[] = [];
  for (let i = 0; i < items.length; i += group) groups.push(JSON.stringify(items.slice(i, i + group)));
  return groups.sort().join();
}

function samePage(request: Request, a: Reply, b: Reply): boolean {
  if (a.type !== "array" || b.type !== "array" || a.items.length !== 2 || b.items.length !== 2) return false;
  const [pageA, pageB] = [a.items[1], b.items[1]];
  if (!("items" in pageA) || !("items" in pageB)) return false;
  const cursor = request[/^SCAN$/i.test(request[0]) ? 1 : 2];
  if (cursor !== "0") return true;
  const last = (reply: Reply) => "text" in reply && reply.text === "0";
  // Cursors are each server's own; pages can only be compared when both hold everything.
  if (!last(a.items[0]) || !last(b.items[0])) return true;
  return sortedItems(pageA.items, /^[HZ]SCAN$/i.test(request[0]) ? 2 : 1) ===
    sortedItems(pageB.items, /^[HZ]SCAN$/i.test(request[0]) ? 2 : 1);
}
