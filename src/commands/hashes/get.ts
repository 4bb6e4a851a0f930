/** HGET, HMGET, HSTRLEN, HEXISTS and HLEN: questions about fields. */
import type { Call } from "../call.ts";
import { keyAt, READ_KEY, type ShardCommand } from "../command.ts";
import { findField, readHash } from "./lookup.ts";

export const hget: ShardCommand = {
  name: "hget",
  arity: 3,
  flags: ["readonly", "fast"],
  keys: READ_KEY,
  group: "hash",
  since: "2.0.0",
  summary: "Returns the value of a field of a hash.",
  complexity: "O(1)",
  syntax: "key field",
  run(call: Call): void {
    const store = call.storeOf(1);
    if (!findField(call, store, readHash(call), 2)) {
      call.reply.nil();
      return;
    }
    const { hashes } = store;
    call.reply.bulk(hashes.bytes, hashes.at, hashes.len);
  },
};

export const hmget: ShardCommand = {
  name: "hmget",
  arity: -3,
  flags: ["readonly", "fast"],
  keys: READ_KEY,
  group: "hash",
  since: "2.0.0",
  summary: "Returns the values of several fields of a hash.",
  complexity: "O(N) with N fields given",
  syntax: "key field [field ...]",
  run(call: Call): void {
    const store = call.storeOf(1);
    const { hashes } = store;
    let e = readHash(call);
    call.reply.array(call.argc - 2);
    for (let i = 2; i < call.argc; i++) {
      if (findField(call, store, e, i, true)) call.reply.bulk(hashes.bytes, hashes.at, hashes.len);
      else call.reply.nil();
      e = hashes.entry;
    }
    hashes.tellExpired(call.db, e);
  },
};

export const hstrlen: ShardCommand = {
  name: "hstrlen",
  arity: 3,
  flags: ["readonly", "fast"],
  keys: [keyAt(1, "RO")],
  group: "hash",
  since: "3.2.0",
  summary: "Returns the length of the value of a field of a hash.",
  complexity: "O(1)",
  syntax: "key field",
  run(call: Call): void {
    const store = call.storeOf(1);
    call.reply.int(findField(call, store, readHash(call), 2) ? store.hashes.len : 0);
  },
};

export const hexists: ShardCommand = {
  name: "hexists",
  arity: 3,
  flags: ["readonly", "fast"],
  keys: [keyAt(1, "RO")],
  group: "hash",
  since: "2.0.0",
  summary: "Tells whether a hash has a field.",
  complexity: "O(1)",
  syntax: "key field",
  run(call: Call): void {
    call.reply.int(findField(call, call.storeOf(1), readHash(call), 2) ? 1 : 0);
  },
};

export const hlen: ShardCommand = {
  name: "hlen",
  arity: 2,
  flags: ["readonly", "fast"],
  keys: [keyAt(1, "RO")],
  group: "hash",
  since: "2.0.0",
  summary: "Returns the number of fields of a hash, with those that expired but were not removed yet.",
  complexity: "O(1)",
  syntax: "key",
  run(call: Call): void {
    const e = readHash(call);
    call.reply.int(e === 0 ? 0 : call.storeOf(1).hashes.length(e));
  },
};
