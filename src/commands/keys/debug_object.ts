/** DEBUG OBJECT: how a value is kept, and DEBUG PANIC, for tests. The container's other subcommands run on the main thread. */
import { InternalError } from "../../base/assert.ts";
import { NO_SUCH_KEY } from "../../base/reply_error.ts";
import { Encoding, ENCODING_NAMES } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import type { Call } from "../call.ts";
import { keyAt, type ShardCommand, type ShardContainer } from "../command.ts";
import { digest, digestValue, populate, stringMatchLen } from "./debug_digest.ts";
import { htStats, htStatsKey, listpack, quicklist } from "./debug_layout.ts";
import type { Limits } from "../limits.ts";

/** Bytes of a DUMP that are not the value's: its type before it, version and checksum behind. */
const DUMP_FRAME = 1 + 2 + 8;

const object: ShardCommand = {
  name: "object",
  arity: 3,
  flags: ["admin", "noscript", "loading", "stale"],
  keys: [keyAt(2, "RO")],
  group: "server",
  since: "1.0.0",
  summary: "Describes how a key's value is kept.",
  complexity: "O(N) with N bytes.",
  syntax: "key",
  docFlags: ["syscmd"],
  run(call: Call): void {
    const e = call.peek(2);
    if (e === 0) throw NO_SUCH_KEY;
    const store = call.storeOf(2);
    const { payload } = call;
    payload.dump(store, e);
    const length = payload.out.pos - DUMP_FRAME;
    payload.out.clear();
    const encoding = ENCODING_NAMES[store.encoding(e)];
    const idle = store.clock.idleSeconds(store.i32[e >> 2]);
    call.reply.simple(
      `Value at:0x${e.toString(16)} refcount:1 encoding:${encoding} serializedlength:${length} lru:${
        store.clockOf(e)
      } lru_seconds_idle:${idle}${store.encoding(e) === Encoding.QUICKLIST ? nodesOf(store, e, call.limits) : ""}`,
    );
  },
};

/** What Redis tells of a quicklist beside. Nodes are never compressed. */
function nodesOf(store: Store, e: number, limits: Limits): string {
  store.open(e);
  const root = store.valueAt >> 2;
  const { quicklists } = store;
  const { tree } = quicklists;
  let bytes = 0;
  for (let more = quicklists.firstNode(root); more; more = tree.next()) bytes += quicklists.nodeBytes;
  const nodes = tree.leafCount(root);
  const average = (tree.count(root) / nodes).toFixed(2);
  return ` ql_nodes:${nodes} ql_avg_node:${average} ql_listpack_max:${limits.listMaxListpackSize} ql_compressed:0` +
    ` ql_uncompressed_size:${bytes}`;
}

/** Fails where a defect in a command would, so that what follows from one can be tested: the process stops with a report. */
const panic: ShardCommand = {
  name: "panic",
  arity: 2,
  flags: ["admin", "noscript", "loading", "stale"],
  group: "server",
  since: "1.0.0",
  summary: "Ends the process with a report, as an internal error does.",
  complexity: "O(1)",
  syntax: "",
  docFlags: ["syscmd"],
  routing: "any",
  run(): void {
    throw new InternalError("DEBUG PANIC");
  },
};

export const debug: ShardContainer = {
  name: "debug",
  closed: true,
  arity: -2,
  flags: ["admin", "noscript", "loading", "stale"],
  group: "server",
  since: "1.0.0",
  summary: "Commands for tests.",
  complexity: "Depends on subcommand.",
  syntax: "",
  docFlags: ["syscmd"],
  subcommands: [
    object,
    digest,
    digestValue,
    htStats,
    htStatsKey,
    listpack,
    panic,
    populate,
    quicklist,
    stringMatchLen,
  ],
};
