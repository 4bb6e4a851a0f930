/** SET and what it replaced: makes a key hold a string, whatever it held before. */
import { SYNTAX_ERROR, WRONG_TYPE } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { NO_EXPIRY } from "../../store/store.ts";
import { type Call, NotifyClass } from "../call.ts";
import { type Arguments, keyAt, type KeyList, type ShardCommand } from "../command.ts";
import { equalsIgnoreCase } from "../../base/bytes.ts";
import { KeyUse } from "../key_specs.ts";
import { expiryArgument, ExpiryForm, expiryForm } from "./expiry_argument.ts";
import { checkComparand, fulfils, ValueCondition, valueCondition } from "./value_condition.ts";

// Options of SET.
const NX = 1;
const XX = 2;
const GET = 4;
const KEEPTTL = 8;

export const set: ShardCommand = {
  name: "set",
  arity: -3,
  flags: ["write", "denyoom"],
  keys: [{
    ...keyAt(1, "RW", "access", "update", "variable_flags"),
    notes: "RW and ACCESS due to the optional `GET` argument",
  }],
  findKeys,
  group: "string",
  since: "1.0.0",
  summary: "Sets a key to a string, whatever it held; options add conditions and an expiry.",
  complexity: "O(1)",
  syntax:
    "key value [NX | XX | IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
  history: [
    ["2.6.12", "Added the `EX`, `PX`, `NX` and `XX` options."],
    ["6.0.0", "Added the `KEEPTTL` option."],
    ["6.2.0", "Added the `GET`, `EXAT` and `PXAT` option."],
    ["7.0.0", "Allowed the `NX` and `GET` options to be used together."],
    ["8.4.0", "Added the `IFEQ`, `IFNE`, `IFDEQ` and `IFDNE` options."],
  ],
  run(call: Call): void {
    if (call.argc === 3) {
      storeString(call, 1, 2, NO_EXPIRY);
      call.reply.ok();
      return;
    }
    let options = 0;
    let condition: ValueCondition = ValueCondition.NONE;
    let comparand = 0;
    let form: ExpiryForm = ExpiryForm.NONE;
    let expiryAt = 0;
    for (let i = 3; i < call.argc; i++) {
      const unconditional = condition === ValueCondition.NONE;
      if (call.is(i, "nx") && unconditional && (options & XX) === 0) options |= NX;
      else if (call.is(i, "xx") && unconditional && (options & NX) === 0) options |= XX;
      else if (call.is(i, "get")) options |= GET;
      else if (call.is(i, "keepttl") && form === ExpiryForm.NONE) options |= KEEPTTL;
      else {
        const next = i + 1 < call.argc;
        const f = expiryForm(call, i);
        if (f !== ExpiryForm.NONE && next && (form === ExpiryForm.NONE || form === f) && (options & KEEPTTL) === 0) {
          form = f;
          expiryAt = ++i;
          continue;
        }
        condition = valueCondition(call, i);
        if (condition === ValueCondition.NONE || !unconditional || !next || (options & (NX | XX)) !== 0) {
          throw SYNTAX_ERROR;
        }
        comparand = ++i;
      }
    }
    let expiry = form === ExpiryForm.NONE ? NO_EXPIRY : expiryArgument(call, expiryAt, form, "set");
    checkComparand(call, condition, comparand);
    const store = call.storeOf(1);
    const get = (options & GET) !== 0;
    const old = get ? call.read(1) : options !== 0 || condition !== ValueCondition.NONE ? call.write(1) : 0;
    if ((get || condition !== ValueCondition.NONE) && old !== 0 && store.type(old) !== Type.STRING) throw WRONG_TYPE;
    const refused = condition !== ValueCondition.NONE
      ? !fulfils(call, store, old, condition, comparand)
      : ((options & NX) !== 0 && old !== 0) || ((options & XX) !== 0 && old === 0);
    if (get) replyString(call, 1, old);
    else if (refused) call.reply.nil();
    if (refused) return;
    if ((options & KEEPTTL) !== 0 && old !== 0) expiry = store.expiry(old);
    storeString(call, 1, 2, expiry);
    if (form !== ExpiryForm.NONE) call.notify(NotifyClass.GENERIC, "expire", 1);
    if (call.effects.on) {
      if (form !== ExpiryForm.NONE) recordExpiring(call, 1, 2, expiry);
      else if (condition !== ValueCondition.NONE || get) recordPlain(call);
    }
    if (!get) call.reply.ok();
  },
};

export const setnx: ShardCommand = {
  name: "setnx",
  arity: 3,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "OW", "insert")],
  group: "string",
  since: "1.0.0",
  summary: "Sets a key to a string unless the key exists.",
  complexity: "O(1)",
  syntax: "key value",
  deprecated: { since: "2.6.12", replacedBy: "`SET` with the `NX` argument" },
  docFlags: ["deprecated"],
  run(call: Call): void {
    if (call.write(1) !== 0) {
      call.reply.int(0);
      return;
    }
    storeString(call, 1, 2, NO_EXPIRY);
    call.reply.int(1);
  },
};

export const setex: ShardCommand = {
  name: "setex",
  arity: 4,
  flags: ["write", "denyoom"],
  keys: [keyAt(1, "OW", "update")],
  group: "string",
  since: "2.0.0",
  summary: "Sets a key to a string that expires after some seconds.",
  complexity: "O(1)",
  syntax: "key seconds value",
  deprecated: { since: "2.6.12", replacedBy: "`SET` with the `EX` argument" },
  docFlags: ["deprecated"],
  run(call: Call): void {
    storeFor(call, ExpiryForm.EX, "setex");
  },
};

export const psetex: ShardCommand = {
  name: "psetex",
  arity: 4,
  flags: ["write", "denyoom"],
  keys: [keyAt(1, "OW", "update")],
  group: "string",
  since: "2.6.0",
  summary: "Sets a key to a string that expires after some milliseconds.",
  complexity: "O(1)",
  syntax: "key milliseconds value",
  deprecated: { since: "2.6.12", replacedBy: "`SET` with the `PX` argument" },
  docFlags: ["deprecated"],
  run(call: Call): void {
    storeFor(call, ExpiryForm.PX, "psetex");
  },
};

export const getset: ShardCommand = {
  name: "getset",
  arity: 3,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "access", "update")],
  group: "string",
  since: "1.0.0",
  summary: "Sets a key to a string and returns the string it held.",
  complexity: "O(1)",
  syntax: "key value",
  deprecated: { since: "6.2.0", replacedBy: "`SET` with the `!GET` argument" },
  docFlags: ["deprecated"],
  run(call: Call): void {
    replyString(call, 1, call.readTyped(1, Type.STRING));
    storeString(call, 1, 2, NO_EXPIRY);
    if (call.effects.on) recordReplaced(call);
  },
};

/** Records that the key in argument `k` holds argument `v` until `expiry`. */
export function recordExpiring(call: Call, k: number, v: number, expiry: number): void {
  const { effects } = call;
  effects.begin(5);
  effects.text("SET");
  effects.arg(k);
  effects.arg(v);
  effects.text("PXAT");
  effects.number(expiry);
}

/** Records the SET without GET, and without the conditions on the value, which held and which older servers don't know. */
function recordPlain(call: Call): void {
  const { effects, argc } = call;
  let left = argc;
  for (let i = 3; i < argc; i++) {
    if (call.is(i, "get")) left--;
    else if (valueCondition(call, i) !== ValueCondition.NONE) {
      left -= 2;
      i++;
    }
  }
  effects.begin(left);
  effects.args(0, 3);
  for (let i = 3; i < argc; i++) {
    if (call.is(i, "get")) continue;
    if (valueCondition(call, i) !== ValueCondition.NONE) i++;
    else effects.arg(i);
  }
}

/** Records GETSET as a SET. */
function recordReplaced(call: Call): void {
  const { effects } = call;
  effects.begin(3);
  effects.text("SET");
  effects.args(1, 3);
}

/** SETEX and PSETEX: key, time to live, value. */
function storeFor(call: Call, form: ExpiryForm, command: string): void {
  const expiry = expiryArgument(call, 2, form, command);
  storeString(call, 1, 3, expiry);
  call.notify(NotifyClass.GENERIC, "expire", 1);
  if (call.effects.on) recordExpiring(call, 1, 3, expiry);
  call.reply.ok();
}

/** Makes the key in argument `k` hold argument `v`, and says so. */
export function storeString(call: Call, k: number, v: number, expiry: number): void {
  const { buf, at, len } = call;
  call.storeOf(k).setString(call.db, buf, at[k], len[k], buf, at[v], len[v], expiry);
  call.changed(k);
  call.notify(NotifyClass.STRING, "set", k);
}

/** Replies the string in entry `e` of the key in argument `k`, or nil for 0. */
export function replyString(call: Call, k: number, e: number): void {
  if (e === 0) {
    call.reply.nil();
    return;
  }
  const store = call.storeOf(k);
  store.open(e);
  call.reply.bulk(store.u8, store.valueAt, store.valueLen);
}

/** SET only reads the key where GET or a condition on its value says so. */
function findKeys(request: Arguments, keys: KeyList): void {
  const { buf, at, len } = request;
  let use: number = KeyUse.OW | KeyUse.update;
  for (let i = 3; i < request.argc; i++) {
    if (equalsIgnoreCase(buf, at[i], len[i], "get")) use = KeyUse.RW | KeyUse.access | KeyUse.update;
    if (len[i] >= 4 && equalsIgnoreCase(buf, at[i], 2, "if")) use = KeyUse.RW | KeyUse.access | KeyUse.update;
  }
  keys.add(1, use);
}
