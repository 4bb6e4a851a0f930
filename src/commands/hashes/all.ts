/** HGETALL, HKEYS, HVALS and HSCAN: all fields of a hash, at once or in steps. */
import { Encoding } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import { entriesPerField, listpackAt, readExpiry } from "../../store/types/field_listpack.ts";
import { HashCursor } from "../../store/types/hash_cursor.ts";
import type { Call } from "../call.ts";
import { keyAt, READ_KEY, type ShardCommand } from "../command.ts";
import { closeScan, parseCursor } from "../scan_cursor.ts";
import { emptyScan, ScanOptions } from "../scan_options.ts";
import { readHash } from "./lookup.ts";

const COMPLEXITY = "O(N) with N fields in the hash";

// What to return of a field: bits.
const FIELD = 1;
const VALUE = 2;

export const hgetall: ShardCommand = {
  name: "hgetall",
  arity: 2,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "hash",
  since: "2.0.0",
  summary: "Returns all fields of a hash with their values.",
  complexity: COMPLEXITY,
  syntax: "key",
  tips: ["nondeterministic_output_order"],
  run(call: Call): void {
    const e = readHash(call);
    const store = call.storeOf(1);
    call.reply.map(e === 0 ? 0 : store.hashes.liveLength(e));
    if (e !== 0) replyFields(call, store, e, FIELD | VALUE);
  },
};

export const hkeys: ShardCommand = {
  name: "hkeys",
  arity: 2,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "hash",
  since: "2.0.0",
  summary: "Returns the names of all fields of a hash.",
  complexity: COMPLEXITY,
  syntax: "key",
  tips: ["nondeterministic_output_order"],
  run(call: Call): void {
    const e = readHash(call);
    const store = call.storeOf(1);
    call.reply.array(e === 0 ? 0 : store.hashes.liveLength(e));
    if (e !== 0) replyFields(call, store, e, FIELD);
  },
};

export const hvals: ShardCommand = {
  name: "hvals",
  arity: 2,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "hash",
  since: "2.0.0",
  summary: "Returns the values of all fields of a hash.",
  complexity: COMPLEXITY,
  syntax: "key",
  tips: ["nondeterministic_output_order"],
  run(call: Call): void {
    const e = readHash(call);
    const store = call.storeOf(1);
    call.reply.array(e === 0 ? 0 : store.hashes.liveLength(e));
    if (e !== 0) replyFields(call, store, e, VALUE);
  },
};

/** Writes the fields that did not expire. */
function replyFields(call: Call, store: Store, e: number, what: number): void {
  const { hashes, listpack, fields, u8 } = store;
  const { reply } = call;
  store.open(e);
  const encoding = store.encoding(e);
  if (encoding === Encoding.HASHTABLE) {
    const root = store.valueAt >> 2;
    const { item } = hashes.table;
    for (let place = fields.walk(root, 0);; place = fields.walk(root, place)) {
      for (let k = 0; k < fields.foundCount; k++) {
        item.read(fields.found[k]);
        if (hashes.isStale(item.expiry)) continue;
        if ((what & FIELD) !== 0) reply.bulk(u8, item.fieldAt, item.fieldLen);
        if ((what & VALUE) !== 0) reply.bulk(u8, item.valueAt, item.valueLen);
      }
      if (place === 0) return;
    }
  }
  const timed = entriesPerField(encoding) === 3;
  let p = listpack.first(listpackAt(store.valueAt, encoding));
  while (p !== 0) {
    const value = listpack.skip(p);
    let last = value;
    if (timed) last = listpack.skip(value);
    if (!timed || !hashes.isStale(readExpiry(listpack, last))) {
      if ((what & FIELD) !== 0) {
        listpack.readBytes(p);
        reply.bulk(listpack.bytes, listpack.at, listpack.len);
      }
      if ((what & VALUE) !== 0) {
        listpack.readBytes(value);
        reply.bulk(listpack.bytes, listpack.at, listpack.len);
      }
    }
    p = listpack.next(last);
  }
}

export const hscan: ShardCommand = {
  name: "hscan",
  arity: -3,
  flags: ["readonly"],
  keys: [keyAt(1, "RO", "access")],
  group: "hash",
  since: "2.8.0",
  summary: "Goes through the fields of a hash in steps.",
  complexity: "O(1) a call; O(N) for a whole pass, with N fields in the hash",
  syntax: "key cursor [MATCH pattern] [COUNT count] [NOVALUES]",
  tips: ["nondeterministic_output"],
  history: [["7.4.0", "Knows NOVALUES."]],
  run(call: Call): void {
    const { reply } = call;
    let cursor = parseCursor(call, 2);
    const e = readHash(call);
    if (e === 0) {
      emptyScan(reply);
      return;
    }
    const options = new ScanOptions(call, 3, true);
    const store = call.storeOf(1);
    const place = reply.openArray();
    if (store.encoding(e) !== Encoding.HASHTABLE) {
      closeScan(reply, place, scanSmall(call, store, e, options), 0);
      return;
    }
    store.open(e);
    const root = store.valueAt >> 2;
    const { fields, hashes, u8 } = store;
    const { item } = hashes.table;
    let n = 0;
    let met = 0;
    for (let steps = options.steps; steps > 0 && met < options.count; steps--) {
      cursor = fields.scan(root, cursor);
      met += fields.foundCount;
      for (let k = 0; k < fields.foundCount; k++) {
        item.read(fields.found[k]);
        if (hashes.isStale(item.expiry) || !options.matches(u8, item.fieldAt, item.fieldLen)) continue;
        reply.bulk(u8, item.fieldAt, item.fieldLen);
        if (!options.noValues) reply.bulk(u8, item.valueAt, item.valueLen);
        n++;
      }
      if (cursor === 0) break;
    }
    closeScan(reply, place, options.noValues ? n : n * 2, cursor);
  },
};

/** Writes all fields of a small hash that match; returns the number of elements. */
function scanSmall(call: Call, store: Store, e: number, options: ScanOptions): number {
  const cursor = new HashCursor();
  let n = 0;
  for (cursor.open(store, e); cursor.next();) {
    const { field, value } = cursor;
    if (store.hashes.isStale(cursor.expiry) || !options.matches(field.bytes, field.at, field.len)) continue;
    call.reply.bulk(field.bytes, field.at, field.len);
    if (!options.noValues) call.reply.bulk(value.bytes, value.at, value.len);
    n++;
  }
  return options.noValues ? n : n * 2;
}
