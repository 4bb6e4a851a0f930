/** SORT and SORT_RO: the elements of a list, set or sorted set in order, or what keys named after them hold. */
import { ByteList } from "../../base/byte_list.ts";
import { compareBytes, equalsIgnoreCase } from "../../base/bytes.ts";
import { parseDouble, parseScoreBound } from "../../base/doubles.ts";
import { ascendingOrder } from "../../base/number_order.ts";
import { ReplyError, SYNTAX_ERROR, WRONG_TYPE } from "../../base/reply_error.ts";
import { Encoding, Type } from "../../store/entry.ts";
import { NO_EXPIRY, type Store } from "../../store/store.ts";
import { ListBuilder } from "../../store/types/list_builder.ts";
import { SetCursor } from "../../store/types/set_cursor.ts";
import { type Call, NotifyClass } from "../call.ts";
import { type Arguments, keyAt, type KeyList, type KeySpec, type ShardCommand } from "../command.ts";
import { KeyUse } from "../key_specs.ts";
import { SortLookup, starOf } from "./sort_lookup.ts";

const NOT_SCORES = new ReplyError("ERR One or more scores can't be converted into double");

/** As many bytes as a double holds exactly. */
const PREFIX_BYTES = 6;

const PATTERN_KEYS: KeySpec = {
  flags: ["RO", "access"],
  begin: { unknown: true },
  find: { unknown: true },
  notes: "Keys that BY and GET patterns refer to: their names depend on the elements.",
};
const STORE_KEY: KeySpec = {
  flags: ["OW", "update"],
  begin: { unknown: true },
  find: { unknown: true },
  notes: "The key behind STORE, which may stand anywhere.",
};

const facts = {
  arity: -2,
  categories: ["-keyspace", "set", "sortedset", "list", "dangerous"],
  group: "generic",
  complexity: "O(N+M*log(N)) with N elements and M of them in the reply.",
  reachesAll,
} as const;

export const sort: ShardCommand = {
  name: "sort",
  ...facts,
  flags: ["write", "denyoom"],
  keys: [keyAt(1, "RO", "access"), PATTERN_KEYS, STORE_KEY],
  findKeys,
  since: "1.0.0",
  summary: "Sorts the elements of a list, set or sorted set; answers or stores them.",
  syntax: "key [BY pattern@1] [LIMIT offset count] [GET pattern@1 [GET pattern@1 ...]] [ASC | DESC] [ALPHA] " +
    "[STORE destination@2]",
  run: (call) => run(call, true),
};

export const sortRo: ShardCommand = {
  name: "sort_ro",
  ...facts,
  flags: ["readonly"],
  keys: [keyAt(1, "RO", "access"), PATTERN_KEYS],
  findKeys: (_request, keys) => keys.add(1, KeyUse.RO | KeyUse.access),
  since: "7.0.0",
  summary: "Sorts the elements of a list, set or sorted set.",
  syntax: "key [BY pattern@1] [LIMIT offset count] [GET pattern@1 [GET pattern@1 ...]] [ASC | DESC] [ALPHA]",
  run: (call) => run(call, false),
};

/** Number of arguments that an option takes behind its name; 0 also for what is no option. */
function optionArguments(request: Arguments, i: number): number {
  const { buf, at, len } = request;
  if (equalsIgnoreCase(buf, at[i], len[i], "limit")) return 2;
  return equalsIgnoreCase(buf, at[i], len[i], "by") || equalsIgnoreCase(buf, at[i], len[i], "get") ? 1 : 0;
}

function findKeys(request: Arguments, keys: KeyList): void {
  const { buf, at, len, argc } = request;
  keys.add(1, KeyUse.RO | KeyUse.access);
  let target = 0;
  for (let i = 2; i < argc; i += 1 + optionArguments(request, i)) {
    if (equalsIgnoreCase(buf, at[i], len[i], "store") && i + 1 < argc) target = ++i;
  }
  if (target !== 0) keys.add(target, KeyUse.OW | KeyUse.update);
}

function reachesAll(request: Arguments): boolean {
  for (let i = 2; i + 1 < request.argc;) {
    const n = optionArguments(request, i);
    if (n === 1 && starOf(request, i + 1) >= 0) return true;
    i += 1 + n;
  }
  return false;
}

/** What a request asks for. */
interface Options {
  /** Argument of the BY pattern, 0 without one or when it has no star. */
  by: number;
  /** BY without a star: the elements' own order. */
  unsorted: boolean;
  alpha: boolean;
  descending: boolean;
  offset: number;
  /** Below 0: all. */
  count: number;
  /** Arguments of GET patterns. */
  get: number[];
  /** Argument of the key to store to, or 0. */
  target: number;
}

function parse(call: Call, mayStore: boolean): Options {
  const options: Options = {
    by: 0,
    unsorted: false,
    alpha: false,
    descending: false,
    offset: 0,
    count: -1,
    get: [],
    target: 0,
  };
  for (let i = 2; i < call.argc; i++) {
    const left = call.argc - i - 1;
    if (call.is(i, "asc")) options.descending = false;
    else if (call.is(i, "desc")) options.descending = true;
    else if (call.is(i, "alpha")) options.alpha = true;
    else if (call.is(i, "limit") && left >= 2) {
      options.offset = Math.max(0, call.int(++i));
      options.count = call.int(++i);
    } else if (mayStore && call.is(i, "store") && left >= 1) options.target = ++i;
    else if (call.is(i, "by") && left >= 1) {
      i++;
      if (starOf(call, i) < 0) options.unsorted = true;
      else options.by = i;
    } else if (call.is(i, "get") && left >= 1) options.get.push(++i);
    else throw SYNTAX_ERROR;
  }
  return options;
}

function run(call: Call, mayStore: boolean): void {
  const options = parse(call, mayStore);
  const e = call.read(1);
  const store = call.storeOf(1);
  const type = e === 0 ? Type.LIST : store.type(e);
  if (type !== Type.LIST && type !== Type.SET && type !== Type.ZSET) throw WRONG_TYPE;
  if (options.unsorted && type === Type.SET && options.target !== 0) {
    // A set has no order of its own, and what is stored must not depend on chance.
    options.unsorted = false;
    options.alpha = true;
    options.by = 0;
  }
  const elements = new ByteList();
  if (e !== 0) collect(store, e, elements, options.unsorted && options.descending);
  const order = options.unsorted ? naturalOrder(elements) : sortedOrder(call, elements, options, type === Type.SET);
  const from = Math.min(options.offset, elements.count);
  const to = options.count < 0 ? elements.count : Math.min(from + options.count, elements.count);
  const output = options.get.length === 0 ? undefined : fetch(call, elements, order, from, to, options.get);
  if (options.target === 0) answer(call, elements, order, from, to, output);
  else storeResult(call, elements, order, from, to, output, options.target);
}

/** Gathers the elements; of a list or sorted set from the last on if `reverse`. */
function collect(store: Store, e: number, elements: ByteList, reverse: boolean): void {
  const { listpack, quicklists, zsets } = store;
  switch (store.type(e)) {
    case Type.LIST:
      store.open(e);
      seekEnd(store, e, reverse);
      do {
        quicklists.read();
        elements.add(listpack.bytes, listpack.at, listpack.len);
      } while (reverse ? quicklists.prev() : quicklists.next());
      break;
    case Type.SET: {
      const cursor = new SetCursor();
      cursor.open(store, e);
      while (cursor.next()) elements.add(cursor.bytes, cursor.at, cursor.len);
      break;
    }
    default: {
      const { cursor } = zsets;
      cursor.open(e);
      cursor.start(reverse ? cursor.count - 1 : 0, reverse);
      while (cursor.next()) elements.add(cursor.bytes, cursor.at, cursor.len);
    }
  }
}

/** Puts the store's list cursor on the first or last element of an open list. */
function seekEnd(store: Store, e: number, last: boolean): void {
  const { listpack, quicklists, valueAt } = store;
  if (store.encoding(e) === Encoding.QUICKLIST) {
    const root = valueAt >> 2;
    quicklists.seek(root, last ? quicklists.tree.count(root) - 1 : 0);
  } else quicklists.seekAlone(valueAt, last ? listpack.count(valueAt) - 1 : 0);
}

function naturalOrder(elements: ByteList): Int32Array {
  const order = new Int32Array(elements.count);
  for (let i = 0; i < order.length; i++) order[i] = i;
  return order;
}

/** `unordered`: the elements come in an order that depends on chance. */
function sortedOrder(call: Call, elements: ByteList, options: Options, unordered: boolean): Int32Array {
  const weights = options.by === 0
    ? elements
    : fetch(call, elements, naturalOrder(elements), 0, elements.count, [options.by]);
  const numbers = new Float64Array(elements.count);
  for (let i = 0; i < numbers.length; i++) {
    if (options.alpha) numbers[i] = prefix(weights, i);
    else if (weights.len[i] >= 0) numbers[i] = score(weights, i);
  }
  // Elements of the same score are ordered too, so that the result does not depend on chance.
  const order = ascendingOrder(
    numbers,
    numbers.length,
    (a, b) => {
      const d = compareText(options.alpha ? weights : elements, a, b);
      return d === 0 && unordered ? compareText(elements, a, b) : d;
    },
  );
  return options.descending ? order.reverse() : order;
}

/** The first bytes of a text as a number that orders as they do; a missing text comes first. */
function prefix(list: ByteList, i: number): number {
  const len = list.len[i];
  if (len < 0) return -1;
  let number = 0;
  for (let k = 0; k < PREFIX_BYTES; k++) number = number * 256 + (k < len ? list.buf[list.at[i] + k] : 0);
  return number;
}

/** Order of two texts; a missing one comes first. */
function compareText(list: ByteList, a: number, b: number): number {
  const { buf, at, len } = list;
  if (len[a] < 0 || len[b] < 0) return Math.min(len[a], 0) - Math.min(len[b], 0);
  return compareBytes(buf, at[a], len[a], buf, at[b], len[b]);
}

/** The number that a text spells as C's strtod reads it. Throws when it is none or too large. */
function score(list: ByteList, i: number): number {
  const from = list.at[i];
  const to = from + list.len[i];
  const strict = parseDouble(list.buf, from, to);
  if (strict === strict) return strict;
  const lax = parseScoreBound(list.buf, from, to);
  if (!Number.isFinite(lax) || (lax === 0 && to > from)) throw NOT_SCORES;
  return lax;
}

/** The values that the patterns find for the elements order[from, to), in turn. */
function fetch(
  call: Call,
  elements: ByteList,
  order: Int32Array,
  from: number,
  to: number,
  patterns: readonly number[],
): ByteList {
  const lookups = patterns.map((i) => new SortLookup(call, i));
  const found = new ByteList();
  for (let k = from; k < to; k++) {
    for (const lookup of lookups) {
      if (lookup.find(elements.buf, elements.at[order[k]], elements.len[order[k]])) {
        found.add(lookup.bytes, lookup.at, lookup.len);
      } else found.addMissing();
    }
  }
  return found;
}

function answer(
  call: Call,
  elements: ByteList,
  order: Int32Array,
  from: number,
  to: number,
  output: ByteList | undefined,
): void {
  const { reply } = call;
  if (output === undefined) {
    reply.array(to - from);
    for (let k = from; k < to; k++) reply.bulk(elements.buf, elements.at[order[k]], elements.len[order[k]]);
    return;
  }
  reply.array(output.count);
  for (let i = 0; i < output.count; i++) {
    if (output.len[i] < 0) reply.nil();
    else reply.bulk(output.buf, output.at[i], output.len[i]);
  }
}

function storeResult(
  call: Call,
  elements: ByteList,
  order: Int32Array,
  from: number,
  to: number,
  output: ByteList | undefined,
  target: number,
): void {
  const { buf, at, len, db } = call;
  const store = call.storeOf(target);
  const stored = output === undefined ? to - from : output.count;
  if (stored === 0) {
    if (store.delete(db, buf, at[target], len[target])) {
      call.changed(target);
      call.notify(NotifyClass.GENERIC, "del", target);
    }
    call.reply.int(0);
    return;
  }
  const list = new ListBuilder(store, call.limits);
  try {
    for (let k = from; k < to && output === undefined; k++) {
      list.add(elements.buf, elements.at[order[k]], elements.len[order[k]]);
    }
    // What was not found is stored as an empty string.
    for (let i = 0; output !== undefined && i < output.count; i++) {
      list.add(output.buf, output.at[i], Math.max(0, output.len[i]));
    }
  } catch (error) {
    list.discard();
    throw error;
  }
  list.finish(db, buf, at[target], len[target], NO_EXPIRY);
  call.changed(target, stored);
  call.notify(NotifyClass.LIST, "sortstore", target);
  call.reply.int(stored);
}
