/**
 * ZSCAN: goes through the members of a sorted set in steps. Scores are bulk strings in both protocols, and those of a table have 17
 * digits ("0.10000000000000001"), as Redis's.
 */
import { formatDouble, formatDouble17 } from "../../base/doubles.ts";
import { Encoding, Type } from "../../store/entry.ts";
import { memberAt, memberLen } from "../../store/types/zset.ts";
import type { Call } from "../call.ts";
import { READ_KEY, type ShardCommand } from "../command.ts";
import { closeScan, parseCursor } from "../scan_cursor.ts";
import { emptyScan, ScanOptions } from "../scan_options.ts";

export const zscan: ShardCommand = {
  name: "zscan",
  arity: -3,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "sorted-set",
  since: "2.8.0",
  summary: "Goes through the members of a sorted set in steps, with their scores.",
  complexity: "O(1) for each call, O(N) for a whole pass, N the number of members",
  syntax: "key cursor:integer [MATCH pattern] [COUNT count]",
  tips: ["nondeterministic_output"],
  run(call: Call): void {
    const { reply } = call;
    const cursor = parseCursor(call, 2);
    const e = call.readTyped(1, Type.ZSET);
    if (e === 0) {
      emptyScan(reply);
      return;
    }
    const options = new ScanOptions(call, 3, false);
    const store = call.storeOf(1);
    store.open(e);
    const place = reply.openArray();
    if (store.encoding(e) === Encoding.LISTPACK) closeScan(reply, place, scanAll(call, e, options), 0);
    else scanTable(call, store.valueAt >> 2, cursor >>> 0, options, place);
  },
};

/** A listpack is answered at once, whatever the cursor. Returns the number of elements written. */
function scanAll(call: Call, e: number, options: ScanOptions): number {
  const cursor = call.storeOf(1).zsets.cursor;
  cursor.open(e);
  cursor.start(0, false);
  let n = 0;
  while (cursor.next()) {
    if (!options.matches(cursor.bytes, cursor.at, cursor.len)) continue;
    call.reply.bulk(cursor.bytes, cursor.at, cursor.len);
    if (Number.isSafeInteger(cursor.score)) call.reply.bulkInt(cursor.score);
    else call.reply.bulkText(formatDouble(cursor.score));
    n += 2;
  }
  return n;
}

function scanTable(call: Call, root: number, cursor: number, options: ScanOptions, place: number): void {
  const { reply } = call;
  const store = call.storeOf(1);
  const { table, f64 } = store.zsets;
  const u8 = store.u8;
  let n = 0;
  let looked = 0;
  for (let step = 0; step < options.steps && looked < options.count; step++) {
    cursor = table.scan(root, cursor);
    for (let k = 0; k < table.foundCount; k++) {
      const item = table.found[k];
      const at = memberAt(u8, item);
      const len = memberLen(u8, item);
      if (!options.matches(u8, at, len)) continue;
      reply.bulk(u8, at, len);
      const score = f64[item >> 3];
      if (Number.isSafeInteger(score) && score !== 0) reply.bulkInt(score);
      else reply.bulkText(formatDouble17(score));
      n += 2;
    }
    looked += table.foundCount;
    if (cursor === 0) break;
  }
  closeScan(reply, place, n, cursor);
}
