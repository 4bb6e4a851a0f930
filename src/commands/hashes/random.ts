/** HRANDFIELD: random fields of a hash. */
import { OUT_OF_RANGE, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Encoding } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import { entriesPerField, listpackAt } from "../../store/types/field_listpack.ts";
import { HashCursor } from "../../store/types/hash_cursor.ts";
import { sampleTable } from "../../structures/table_sample.ts";
import type { Call } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { COUNT_RANGE, MAX_REPEATED } from "../random_count.ts";
import { readHash } from "./lookup.ts";

const HALF_MAX = 4611686018427387903;

export const hrandfield: ShardCommand = {
  name: "hrandfield",
  arity: -2,
  flags: ["readonly"],
  keys: [keyAt(1, "RO", "access")],
  group: "hash",
  since: "6.2.0",
  summary: "Returns random fields of a hash: one, or several that differ, or (negative count) several that may repeat.",
  complexity: "O(N) with N fields returned",
  syntax: "key [count [WITHVALUES]]",
  tips: ["nondeterministic_output"],
  run(call: Call): void {
    const { reply } = call;
    let count = 0;
    if (call.argc > 2) {
      count = call.int64(2).value;
      if (call.number.hi === -2147483648 && call.number.lo === 0) throw COUNT_RANGE;
      if (call.argc > 4 || (call.argc === 4 && !call.is(3, "withvalues"))) throw SYNTAX_ERROR;
      if (call.argc === 4 && Math.abs(count) > HALF_MAX) throw OUT_OF_RANGE;
      if (count < -MAX_REPEATED) throw OUT_OF_RANGE;
    }
    const store = call.storeOf(1);
    const { hashes } = store;
    let e = readHash(call);
    // Fields that expired would be drawn as well: they go first.
    if (e !== 0 && hashes.isStale(hashes.earliest(e))) e = hashes.expireDue(call.db, e, Infinity);
    if (call.argc === 2) {
      if (e === 0) reply.nil();
      else replyRandom(call, store, e, false);
      return;
    }
    const withValues = call.argc === 4;
    const size = e === 0 ? 0 : hashes.length(e);
    const n = count < 0 ? (size === 0 ? 0 : -count) : Math.min(count, size);
    reply.array(withValues && !reply.resp3 ? n * 2 : n);
    if (count < 0) { for (let k = 0; k < n; k++) replyRandom(call, store, e, withValues); }
    else if (n > 0) replyDistinct(call, store, e, n, withValues);
  },
};

/** Writes a random field, and its value if asked for. */
function replyRandom(call: Call, store: Store, e: number, withValue: boolean): void {
  const { fields, listpack, u8, hashes } = store;
  const { reply } = call;
  store.open(e);
  if (withValue && reply.resp3) reply.array(2);
  const encoding = store.encoding(e);
  if (encoding === Encoding.HASHTABLE) {
    const { item } = hashes.table;
    item.read(fields.random(store.valueAt >> 2, store.random));
    reply.bulk(u8, item.fieldAt, item.fieldLen);
    if (withValue) reply.bulk(u8, item.valueAt, item.valueLen);
    return;
  }
  const lp = listpackAt(store.valueAt, encoding);
  const entries = entriesPerField(encoding);
  const p = listpack.seek(lp, Math.floor(store.random() * (listpack.count(lp) / entries)) * entries);
  listpack.readBytes(p);
  reply.bulk(listpack.bytes, listpack.at, listpack.len);
  if (!withValue) return;
  listpack.readBytes(listpack.skip(p));
  reply.bulk(listpack.bytes, listpack.at, listpack.len);
}

/** Writes `n` different fields; the hash has at least so many. */
function replyDistinct(call: Call, store: Store, e: number, n: number, withValues: boolean): void {
  const { fields, u8, hashes } = store;
  const { reply } = call;
  const size = hashes.length(e);
  const pairs = withValues && reply.resp3;
  if (store.encoding(e) === Encoding.HASHTABLE && n < size) {
    const { item } = hashes.table;
    for (const drawn of sampleTable(fields, store.valueAt >> 2, n, store.random)) {
      item.read(drawn);
      if (pairs) reply.array(2);
      reply.bulk(u8, item.fieldAt, item.fieldLen);
      if (withValues) reply.bulk(u8, item.valueAt, item.valueLen);
    }
    return;
  }
  const cursor = new HashCursor();
  cursor.open(store, e);
  let left = size;
  for (let wanted = n; wanted > 0; left--) {
    cursor.next();
    // Every subset is equally likely: see sampleTable.
    if (store.random() * left >= wanted) continue;
    if (pairs) reply.array(2);
    reply.bulk(cursor.field.bytes, cursor.field.at, cursor.field.len);
    if (withValues) reply.bulk(cursor.value.bytes, cursor.value.at, cursor.value.len);
    wanted--;
  }
}
