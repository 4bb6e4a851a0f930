/** HSET, HMSET and HSETNX: giving values to fields. */
import { wrongArity } from "../../base/reply_error.ts";
import { NO_EXPIRY } from "../../store/store.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { findField, needFieldRoom, writeHash } from "./lookup.ts";

const HSET_ARITY = wrongArity("hset");
const HMSET_ARITY = wrongArity("hmset");

export const hset: ShardCommand = {
  name: "hset",
  arity: -4,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "update")],
  group: "hash",
  since: "2.0.0",
  summary: "Gives values to fields of a hash, which is made if it does not exist.",
  complexity: "O(N) with N fields given",
  syntax: "key field value [field value ...]",
  history: [["4.0.0", "Takes several fields and values."]],
  run(call: Call): void {
    if ((call.argc & 1) === 1) throw HSET_ARITY;
    call.reply.int(setFields(call));
  },
};

export const hmset: ShardCommand = {
  name: "hmset",
  arity: -4,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "update")],
  group: "hash",
  since: "2.0.0",
  summary: "Gives values to fields of a hash.",
  complexity: "O(N) with N fields given",
  syntax: "key field value [field value ...]",
  deprecated: { since: "4.0.0", replacedBy: "`HSET` with multiple field-value pairs" },
  docFlags: ["deprecated"],
  run(call: Call): void {
    if ((call.argc & 1) === 1) throw HMSET_ARITY;
    setFields(call);
    call.reply.ok();
  },
};

/** Sets the fields in arguments 2 to the end; returns how many are new. */
function setFields(call: Call): number {
  const { buf, at, len, argc, db, limits } = call;
  let e = writeHash(call);
  needFieldRoom(call, 2);
  const store = call.storeOf(1);
  const { hashes } = store;
  let created = 0;
  if (e === 0) created = hashes.length(hashes.createFrom(db, 1, call, 2, argc, limits));
  else {
    e = hashes.expect(db, e, call, 2, argc, limits);
    for (let i = 2; i < argc; i += 2) {
      e = hashes.set(db, e, buf, at[i], len[i], buf, at[i + 1], len[i + 1], false, limits);
      if (hashes.created) created++;
    }
  }
  call.changed(1, (argc - 2) >> 1);
  call.notify(NotifyClass.HASH, "hset", 1);
  return created;
}

export const hsetnx: ShardCommand = {
  name: "hsetnx",
  arity: 4,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "insert")],
  group: "hash",
  since: "2.0.0",
  summary: "Gives a value to a field of a hash unless it has one.",
  complexity: "O(1)",
  syntax: "key field value",
  run(call: Call): void {
    const { buf, at, len, db, limits } = call;
    let e = writeHash(call);
    needFieldRoom(call, 2);
    const store = call.storeOf(1);
    const { hashes } = store;
    if (findField(call, store, e, 2)) {
      call.reply.int(0);
      return;
    }
    e = hashes.entry;
    if (e === 0) hashes.createFrom(db, 1, call, 2, 4, limits);
    else {
      e = hashes.expect(db, e, call, 2, 4, limits);
      hashes.set(db, e, buf, at[2], len[2], buf, at[3], len[3], false, limits);
    }
    call.changed(1);
    call.notify(NotifyClass.HASH, "hset", 1);
    call.reply.int(1);
  },
};

/**
 * Sets the field in argument `f`, which `findField` just looked for (`met`: what it returned), to bytes that are no argument. The hash is
 * made if there is none; an expiry stays.
 */
export function setField(call: Call, met: boolean, f: number, value: Uint8Array, from: number, len: number): void {
  const { buf, at, db, limits } = call;
  const store = call.storeOf(1);
  const { hashes } = store;
  if (hashes.entry !== 0) {
    hashes.put(db, hashes.entry, met, buf, at[f], call.len[f], value, from, len, true, limits);
    return;
  }
  const e = hashes.create(db, buf, at[1], call.len[1], NO_EXPIRY);
  try {
    hashes.set(db, e, buf, at[f], call.len[f], value, from, len, true, limits);
  } catch (error) {
    store.deleteEntry(db, e);
    throw error;
  }
}
