/** DEBUG LISTPACK, QUICKLIST, HTSTATS and HTSTATS-KEY: how values and tables lie in memory. */
import { latin1Text } from "../../base/bytes.ts";
import { NO_SUCH_KEY, ReplyError } from "../../base/reply_error.ts";
import { Encoding, Type } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import { listpackAt } from "../../store/types/field_listpack.ts";
import type { Listpack } from "../../structures/listpack.ts";
import { TableShape } from "../../structures/table_shape.ts";
import type { Call } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";

const NO_LISTPACK = new ReplyError("ERR Not a listpack encoded object.");
const NO_QUICKLIST = new ReplyError("ERR Not a quicklist encoded object.");
const NO_TABLE = new ReplyError("ERR The value stored at the specified key is not represented using an hash table");
const NO_DATABASE = new ReplyError("ERR Out of range database");

/** Longer elements are printed up to here. */
const PRINTED = 40;

const facts = {
  flags: ["admin", "noscript", "loading", "stale"],
  group: "server",
  since: "1.0.0",
  docFlags: ["syscmd"],
} as const;

export const listpack: ShardCommand = {
  name: "listpack",
  ...facts,
  arity: 3,
  keys: [keyAt(2, "RO")],
  summary: "Prints the entries of a key's listpack.",
  complexity: "O(N) with N entries.",
  syntax: "key",
  run(call: Call): void {
    const e = call.peek(2);
    if (e === 0) throw NO_SUCH_KEY;
    const store = call.storeOf(2);
    const encoding = store.encoding(e);
    if (encoding !== Encoding.LISTPACK && encoding !== Encoding.LISTPACKEX) throw NO_LISTPACK;
    store.open(e);
    call.print(describeListpack(store.listpack, listpackAt(store.valueAt, encoding)));
    call.reply.simple("Listpack structure printed on stdout");
  },
};

export const quicklist: ShardCommand = {
  name: "quicklist",
  ...facts,
  arity: -3,
  keys: [keyAt(2, "RO")],
  summary: "Prints the nodes of a key's quicklist, and with 1 also what is in them.",
  complexity: "O(N) with N nodes or elements.",
  syntax: "key [full:integer]",
  run(call: Call): void {
    const e = call.peek(2);
    if (e === 0) throw NO_SUCH_KEY;
    const store = call.storeOf(2);
    if (store.encoding(e) !== Encoding.QUICKLIST) throw NO_QUICKLIST;
    store.open(e);
    call.print(describeQuicklist(store, store.valueAt >> 2, call.argc > 3 && call.int(3) !== 0));
    call.reply.simple("Quicklist structure printed on stdout");
  },
};

export const htStats: ShardCommand = {
  name: "htstats",
  ...facts,
  arity: -3,
  summary: "Tells how the keys of a database lie in its table.",
  complexity: "O(N) with N keys.",
  syntax: "db:integer [FULL]",
  reachesAll: () => true,
  run(call: Call): void {
    const db = call.int(2);
    if (db < 0 || db >= call.store.dbCount) throw NO_DATABASE;
    const shape = new TableShape();
    let expiring = 0;
    for (const store of call.stores ?? [call.store]) {
      store.measureTable(db, shape);
      expiring += store.volatile.count(db);
    }
    call.reply.verbatim(
      "txt",
      `[Dictionary HT]\n${describeTable(shape)}[Expires HT]\n marked in the dictionary: ${expiring}\n`,
    );
  },
};

export const htStatsKey: ShardCommand = {
  name: "htstats-key",
  ...facts,
  arity: -3,
  keys: [keyAt(2, "RO")],
  summary: "Tells how the elements of a large set, hash or sorted set lie in its table.",
  complexity: "O(N) with N elements.",
  syntax: "key [FULL]",
  run(call: Call): void {
    const e = call.peek(2);
    if (e === 0) throw NO_SUCH_KEY;
    const store = call.storeOf(2);
    const encoding = store.encoding(e);
    if (encoding !== Encoding.HASHTABLE && encoding !== Encoding.SKIPLIST) throw NO_TABLE;
    const { fields, members, zsets } = store;
    const type = store.type(e);
    const shape = new TableShape();
    store.open(e);
    shape.add(type === Type.SET ? members : type === Type.HASH ? fields : zsets.table, store.valueAt >> 2);
    call.reply.verbatim("txt", describeTable(shape));
  },
};

/** In Redis's form, as far as our tables are like its own. */
function describeTable(shape: TableShape): string {
  const { buckets, chains, filled, items, longest, slots } = shape;
  const head = "Hash table 0 stats (main hash table):\n";
  if (items === 0) return `${head}No stats available for empty dictionaries\n`;
  const lines = [
    ` table size: ${buckets}`,
    ` number of elements: ${items}`,
    ` slots: ${slots}`,
    ` different slots: ${filled}`,
    ` max chain length: ${longest}`,
    ` avg chain length (counted): ${(items / filled).toFixed(2)}`,
    " Chain length distribution:",
  ];
  chains.forEach((n, length) => {
    if (n > 0) lines.push(`   ${length}: ${n} (${((n / buckets) * 100).toFixed(2)}%)`);
  });
  return `${head}${lines.join("\n")}\n`;
}

function describeListpack(listpack: Listpack, lp: number): string {
  let text = `{total bytes ${listpack.totalBytes(lp)}} {num entries ${listpack.count(lp)}}\n`;
  let index = 0;
  for (let p = listpack.first(lp); p !== 0; p = listpack.next(p)) {
    listpack.read(p);
    const kind = listpack.isInt ? "integer" : "string";
    listpack.readBytes(p);
    const element = quoted(listpack.bytes, listpack.at, listpack.len);
    text += `{index: ${index++}, offset: ${p - lp}, bytes: ${listpack.skip(p) - p}, ${kind}: ${element}}\n`;
  }
  return `${text}{end}\n`;
}

function describeQuicklist(store: Store, root: number, full: boolean): string {
  const { listpack, quicklists } = store;
  const { tree } = quicklists;
  let text = `{count: ${tree.count(root)}}\n{len: ${tree.leafCount(root)}}\n`;
  let index = 0;
  for (let more = quicklists.firstNode(root); more; more = tree.next()) {
    const container = quicklists.nodeIsPlain ? "PLAIN" : "PACKED";
    text += `{quicklist node(${index++}), container: ${container}, size: ${quicklists.nodeBytes}, ` +
      `count: ${tree.leafElements}}\n`;
    if (!full) continue;
    if (quicklists.nodeIsPlain) text += `{entry: ${quoted(store.u8, quicklists.nodeAt, quicklists.nodeBytes)}}\n`;
    else text += describeListpack(listpack, quicklists.nodeAt);
  }
  return text;
}

function quoted(bytes: Uint8Array, at: number, len: number): string {
  const text = JSON.stringify(latin1Text(bytes, at, at + Math.min(len, PRINTED)));
  return len > PRINTED ? `${text}...` : text;
}
