/** SCAN: the names of a database, a part a call. */
import { globMatch } from "../../base/glob.ts";
import { SYNTAX_ERROR } from "../../base/reply_error.ts";
import { TYPE_NAMES } from "../../store/entry.ts";
import type { Call } from "../call.ts";
import type { ShardCommand } from "../command.ts";
import { closeScan, cursorPlace, cursorShard, joinCursor, parseCursor } from "../scan_cursor.ts";

const STAR = 0x2a;
const DEFAULT_COUNT = 10;
/** Empty buckets looked at per element asked for, as Redis bounds a call on a sparse table. */
const BUCKETS_PER_ELEMENT = 10;
/** Cursors of a table are below this. */
const PLACES = 2 ** 24;

/** TYPE's argument: any type, and one that there is not. */
const ANY_TYPE = -1;
const NO_TYPE = -2;

export const scan: ShardCommand = {
  name: "scan",
  arity: -2,
  flags: ["readonly"],
  group: "generic",
  since: "2.8.0",
  summary: "Walks over the keys of the database, some keys a call.",
  complexity: "O(1) a call, O(N) for a walk over N keys.",
  syntax: "cursor [MATCH pattern] [COUNT count] [TYPE type]",
  tips: ["nondeterministic_output", "request_policy:special"],
  history: [["6.0.0", "TYPE."]],
  routing: "cursor",
  run(call: Call): void {
    const cursor = parseCursor(call, 1);
    let count = DEFAULT_COUNT;
    let pattern = 0;
    let type = ANY_TYPE;
    for (let i = 2; i < call.argc; i += 2) {
      if (i + 1 === call.argc) throw SYNTAX_ERROR;
      if (call.is(i, "count")) {
        count = call.int(i + 1);
        if (count < 1) throw SYNTAX_ERROR;
      } else if (call.is(i, "match")) pattern = isStar(call, i + 1) ? 0 : i + 1;
      else if (call.is(i, "type")) type = typeNamed(call, i + 1);
      else throw SYNTAX_ERROR;
    }
    let shard = cursorShard(cursor);
    let place = cursorPlace(cursor);
    const { reply, db } = call;
    const list = reply.openArray();
    if (!(shard < call.shardCount) || place >= PLACES) {
      closeScan(reply, list, 0, 0);
      return;
    }
    let met = 0;
    let listed = 0;
    let buckets = count * BUCKETS_PER_ELEMENT;
    do {
      const store = call.stores === null ? call.store : call.stores[shard];
      const table = store.table;
      place = store.scan(db, place);
      met += table.foundCount;
      for (let k = 0; k < table.foundCount; k++) {
        const e = table.found[k];
        if (store.isExpired(e)) {
          store.expireEntry(db, e);
          continue;
        }
        if (type !== ANY_TYPE && store.type(e) !== type) continue;
        store.open(e);
        const end = store.keyAt + store.keyLen;
        if (pattern !== 0 && !matches(call, pattern, store.u8, store.keyAt, end)) continue;
        reply.bulk(store.u8, store.keyAt, store.keyLen);
        listed++;
      }
      if (place === 0) {
        shard++;
        if (call.stores === null) break;
      }
    } while (shard < call.shardCount && met < count && --buckets > 0);
    closeScan(reply, list, listed, shard < call.shardCount ? joinCursor(shard, place) : 0);
  },
};

function typeNamed(call: Call, i: number): number {
  for (let type = 0; type < TYPE_NAMES.length; type++) if (call.is(i, TYPE_NAMES[type])) return type;
  return NO_TYPE;
}

/** True for the pattern that everything matches, in SCAN even a name without a byte. */
function isStar(call: Call, i: number): boolean {
  return call.len[i] === 1 && call.buf[call.at[i]] === STAR;
}

function matches(call: Call, pattern: number, u8: Uint8Array, from: number, to: number): boolean {
  const start = call.at[pattern];
  return globMatch(call.buf, start, start + call.len[pattern], u8, from, to, false);
}
