/** HEXPIRE, HPEXPIRE, HEXPIREAT, HPEXPIREAT and HPERSIST: when fields expire. */
import { ReplyError } from "../../base/reply_error.ts";
import { NO_EXPIRY } from "../../store/store.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { countedFields, fieldExpiry } from "./expiry_argument.ts";
import { dropEmpty, findField, writeHash } from "./lookup.ts";
import { recordRemoved } from "./record.ts";

const COMPLEXITY = "O(N) with N fields given";
const FIELDS_NOT_POSITIVE = new ReplyError("ERR Parameter `numFields` should be greater than 0");

// Replies for one field.
const NO_FIELD = -2;
const NO_TTL = -1;
const NOT_MET = 0;
const DONE = 1;
const REMOVED = 2;

const SYNTAX = "[NX | XX | GT | LT] FIELDS numfields field [field ...]";

export const hexpire: ShardCommand = {
  name: "hexpire",
  arity: -6,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "update")],
  group: "hash",
  since: "7.4.0",
  summary: "Lets fields of a hash expire after a number of seconds.",
  complexity: COMPLEXITY,
  syntax: `key seconds ${SYNTAX}`,
  run(call: Call): void {
    expireFields(call, 1000, true, "hexpire");
  },
};

export const hpexpire: ShardCommand = {
  name: "hpexpire",
  arity: -6,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "update")],
  group: "hash",
  since: "7.4.0",
  summary: "Lets fields of a hash expire after a number of milliseconds.",
  complexity: COMPLEXITY,
  syntax: `key milliseconds ${SYNTAX}`,
  run(call: Call): void {
    expireFields(call, 1, true, "hpexpire");
  },
};

export const hexpireat: ShardCommand = {
  name: "hexpireat",
  arity: -6,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "update")],
  group: "hash",
  since: "7.4.0",
  summary: "Lets fields of a hash expire at a Unix time in seconds.",
  complexity: COMPLEXITY,
  syntax: `key unix-time-seconds ${SYNTAX}`,
  run(call: Call): void {
    expireFields(call, 1000, false, "hexpireat");
  },
};

export const hpexpireat: ShardCommand = {
  name: "hpexpireat",
  arity: -6,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "update")],
  group: "hash",
  since: "7.4.0",
  summary: "Lets fields of a hash expire at a Unix time in milliseconds.",
  complexity: COMPLEXITY,
  syntax: `key unix-time-milliseconds ${SYNTAX}`,
  run(call: Call): void {
    expireFields(call, 1, false, "hpexpireat");
  },
};

/** Arguments of the fields that the running command has given an expiry. */
const updatedFields: number[] = [];

type Condition = "nx" | "xx" | "gt" | "lt" | "";

function expireFields(call: Call, unit: number, relative: boolean, command: string): void {
  const { reply, db } = call;
  // The key's type is looked at before the other arguments, as in Redis.
  let e = writeHash(call);
  const expiry = fieldExpiry(call, 2, unit, relative, command);
  const condition = conditionAt(call, 3);
  const first = condition === "" ? 3 : 4;
  countedFields(call, first, FIELDS_NOT_POSITIVE);
  const store = call.storeOf(1);
  const { hashes } = store;
  const past = expiry <= call.nowMs && store.expiryEnabled;
  if (e !== 0) e = hashes.toExpiring(db, e);
  let updated = 0;
  let removed = 0;
  reply.array(call.argc - first - 2);
  for (let i = first + 2; i < call.argc; i++) {
    const met = findField(call, store, e, i);
    e = hashes.entry;
    if (!met) reply.int(NO_FIELD);
    else if (!holds(condition, hashes.expiry, expiry)) reply.int(NOT_MET);
    else if (past) {
      e = hashes.removeFound(db, e);
      removed++;
      if (call.effects.on) recordRemoved(call, i, i + 1, 1);
      reply.int(REMOVED);
      if (hashes.length(e) === 0) {
        for (i++; i < call.argc; i++) reply.int(NO_FIELD);
      }
    } else {
      e = hashes.setExpiry(db, e, expiry);
      updatedFields[updated++] = i;
      reply.int(DONE);
    }
  }
  if (updated + removed === 0) return;
  call.changed(1, updated + removed);
  call.notify(NotifyClass.HASH, removed > 0 ? "hdel" : "hexpire", 1);
  if (updated > 0 && call.effects.on && (relative || unit !== 1 || updated < call.argc - first - 2)) {
    recordMoment(call, expiry, first, updated);
  }
  if (e !== 0) dropEmpty(call, store, e);
}

/**
 * Records the request with the time as a moment in ms and only those of its fields that got it; their condition, which decides alike
 * wherever it runs, stays. FIELDS is argument `first`.
 */
function recordMoment(call: Call, expiry: number, first: number, updated: number): void {
  const { effects } = call;
  effects.begin(first + 2 + updated);
  effects.text("HPEXPIREAT");
  effects.arg(1);
  effects.number(expiry);
  effects.args(3, first + 1);
  effects.number(updated);
  for (let k = 0; k < updated; k++) effects.arg(updatedFields[k]);
}

function conditionAt(call: Call, i: number): Condition {
  if (call.is(i, "nx")) return "nx";
  if (call.is(i, "xx")) return "xx";
  if (call.is(i, "gt")) return "gt";
  if (call.is(i, "lt")) return "lt";
  return "";
}

/** Whether a field that expires at `old` (or NO_EXPIRY, which counts as never) may get `expiry`. */
function holds(condition: Condition, old: number, expiry: number): boolean {
  switch (condition) {
    case "nx":
      return old === NO_EXPIRY;
    case "xx":
      return old !== NO_EXPIRY;
    case "gt":
      return old !== NO_EXPIRY && expiry > old;
    case "lt":
      return old === NO_EXPIRY || expiry < old;
    default:
      return true;
  }
}

export const hpersist: ShardCommand = {
  name: "hpersist",
  arity: -5,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "update")],
  group: "hash",
  since: "7.4.0",
  summary: "Takes away the expiry of fields of a hash.",
  complexity: COMPLEXITY,
  syntax: "key FIELDS numfields field [field ...]",
  run(call: Call): void {
    const { reply } = call;
    let e = writeHash(call);
    countedFields(call, 2);
    const store = call.storeOf(1);
    const { hashes } = store;
    let updated = 0;
    reply.array(call.argc - 4);
    for (let i = 4; i < call.argc; i++) {
      const met = findField(call, store, e, i);
      e = hashes.entry;
      if (!met) reply.int(NO_FIELD);
      else if (hashes.expiry === NO_EXPIRY) reply.int(NO_TTL);
      else {
        e = hashes.setExpiry(call.db, e, NO_EXPIRY);
        updated++;
        reply.int(DONE);
      }
    }
    if (updated === 0) return;
    call.changed(1);
    call.notify(NotifyClass.HASH, "hpersist", 1);
  },
};
