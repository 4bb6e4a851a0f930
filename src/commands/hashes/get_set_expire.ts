/** HGETEX and HSETEX: reading or setting fields together with their expiry. */
import { ReplyError, wrongArity } from "../../base/reply_error.ts";
import { NO_EXPIRY, type Store } from "../../store/store.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { countedFields, fieldExpiry } from "./expiry_argument.ts";
import { dropEmpty, findField, needFieldRoom, writeHash } from "./lookup.ts";
import { recordExpiry, recordRemoved } from "./record.ts";

const COMPLEXITY = "O(N) with N fields given";
const EXPIRY_SYNTAX = "EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds";
const HSETEX_ARITY = wrongArity("hsetex");
const BAD_COUNT = new ReplyError("ERR invalid number of fields");
const MISSING_EXPIRY = new ReplyError("ERR missing expire time");
const ONE_CONDITION = new ReplyError("ERR Only one of FXX or FNX arguments can be specified");
const ONE_EXPIRY = new ReplyError("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified");
const INT_MAX = 2147483647;

/** Unit in ms of the expiry option in argument `i`, negative for one that counts from now; 0 when it is none. */
function expiryUnit(call: Call, i: number): number {
  if (call.is(i, "ex")) return -1000;
  if (call.is(i, "px")) return -1;
  if (call.is(i, "exat")) return 1000;
  if (call.is(i, "pxat")) return 1;
  return 0;
}

export const hgetex: ShardCommand = {
  name: "hgetex",
  arity: -5,
  flags: ["write", "fast"],
  keys: [{ ...keyAt(1, "RW", "access", "update"), notes: "RW and UPDATE because it changes the TTL" }],
  group: "hash",
  since: "8.0.0",
  summary: "Returns the values of fields of a hash and sets or takes away their expiry.",
  complexity: COMPLEXITY,
  syntax: `key [${EXPIRY_SYNTAX} | PERSIST] FIELDS numfields field [field ...]`,
  run(call: Call): void {
    const { reply, db } = call;
    let e = writeHash(call);
    let first = 2;
    let expiry = NO_EXPIRY;
    const unit = expiryUnit(call, 2);
    const persist = unit === 0 && call.is(2, "persist");
    if (unit !== 0) {
      expiry = fieldExpiry(call, 3, Math.abs(unit), unit < 0, "hgetex");
      first = 4;
    } else if (persist) first = 3;
    countedFields(call, first);
    const store = call.storeOf(1);
    const { hashes } = store;
    const past = unit !== 0 && expiry <= call.nowMs && store.expiryEnabled;
    if (e !== 0 && (unit !== 0 || persist)) e = hashes.toExpiring(db, e);
    let updated = 0;
    let removed = 0;
    reply.array(call.argc - first - 2);
    for (let i = first + 2; i < call.argc; i++) {
      const met = findField(call, store, e, i, true);
      e = hashes.entry;
      if (!met) {
        reply.nil();
        continue;
      }
      reply.bulk(hashes.bytes, hashes.at, hashes.len);
      if (past) {
        e = hashes.removeFound(db, e);
        removed++;
        if (hashes.length(e) === 0) {
          for (i++; i < call.argc; i++) reply.nil();
        }
      } else if (unit !== 0 || (persist && hashes.expiry !== NO_EXPIRY)) {
        e = hashes.setExpiry(db, e, expiry);
        updated++;
      }
    }
    hashes.tellExpired(db, e);
    if (updated + removed === 0) return;
    call.changed(1, updated + removed);
    if (call.effects.on) {
      if (removed > 0) recordRemoved(call, first + 2, call.argc, 1);
      else if (persist) recordPersist(call, first);
      else recordExpiry(call, expiry, first + 2, call.argc, 1);
    }
    call.notify(NotifyClass.HASH, removed > 0 ? "hdel" : persist ? "hpersist" : "hexpire", 1);
    if (e !== 0) dropEmpty(call, store, e);
  },
};

/** Records HPERSIST of the fields behind FIELDS in argument `first`. */
function recordPersist(call: Call, first: number): void {
  const { effects } = call;
  effects.begin(call.argc - first + 2);
  effects.text("HPERSIST");
  effects.arg(1);
  effects.args(first, call.argc);
}

/** What HSETEX's options say; made once for each call of it. */
class SetOptions {
  mustExist = false;
  mustNotExist = false;
  keepExpiry = false;
  expiry = NO_EXPIRY;
  /** First field. */
  first = 0;

  constructor(call: Call) {
    let timed = false;
    for (let i = 2; i < call.argc; i++) {
      if (call.is(i, "fields")) {
        if (i + 3 >= call.argc) throw HSETEX_ARITY;
        const n = call.int(i + 1, 1, INT_MAX, BAD_COUNT);
        if (n * 2 !== call.argc - i - 2) throw HSETEX_ARITY;
        this.first = i + 2;
        return;
      }
      const unit = expiryUnit(call, i);
      const keep = unit === 0 && call.is(i, "keepttl");
      if (unit !== 0 || keep) {
        if (timed) throw ONE_EXPIRY;
        timed = true;
        this.keepExpiry = keep;
        if (keep) continue;
        if (++i === call.argc) throw MISSING_EXPIRY;
        this.expiry = fieldExpiry(call, i, Math.abs(unit), unit < 0, "hsetex");
      } else if (call.is(i, "fxx") || call.is(i, "fnx")) {
        if (this.mustExist || this.mustNotExist) throw ONE_CONDITION;
        this.mustExist = call.is(i, "fxx");
        this.mustNotExist = !this.mustExist;
      } else throw new ReplyError(`ERR unknown argument: ${call.text(i)}`);
    }
    throw HSETEX_ARITY;
  }
}

export const hsetex: ShardCommand = {
  name: "hsetex",
  arity: -6,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "update")],
  group: "hash",
  since: "8.0.0",
  summary: "Gives values to fields of a hash and sets their expiry.",
  complexity: COMPLEXITY,
  syntax: `key [FNX | FXX] [${EXPIRY_SYNTAX} | KEEPTTL] FIELDS numfields field value [field value ...]`,
  run(call: Call): void {
    const { buf, at, len, argc, db, limits } = call;
    const options = new SetOptions(call);
    const { first, expiry } = options;
    let e = writeHash(call);
    needFieldRoom(call, first);
    const store = call.storeOf(1);
    const { hashes } = store;
    if (!conditionHolds(call, store, e, options)) {
      call.reply.int(0);
      return;
    }
    if (e !== 0) e = hashes.entry;
    const timed = expiry !== NO_EXPIRY;
    const past = timed && expiry <= call.nowMs && store.expiryEnabled;
    if (e === 0) e = hashes.createFrom(db, 1, call, first, argc, limits);
    else {
      e = hashes.expect(db, e, call, first, argc, limits);
      for (let i = first; i < argc; i += 2) {
        e = hashes.set(db, e, buf, at[i], len[i], buf, at[i + 1], len[i + 1], timed || options.keepExpiry, limits);
      }
    }
    if (timed) e = hashes.toExpiring(db, e);
    for (let i = first; timed && i < argc; i += 2) {
      // A field that is named twice may be gone already.
      if (!hashes.find(e, buf, at[i], len[i])) continue;
      e = past ? hashes.removeFound(db, e) : hashes.setExpiry(db, e, expiry);
    }
    call.changed(1, (argc - first) >> 1);
    call.notify(NotifyClass.HASH, "hset", 1);
    if (timed) call.notify(NotifyClass.HASH, past ? "hdel" : "hexpire", 1);
    if (call.effects.on) recordSet(call, store, e, options, past);
    dropEmpty(call, store, e);
    call.reply.int(1);
  },
};

/** Records HSETEX in commands that older servers know too. */
function recordSet(call: Call, store: Store, e: number, options: SetOptions, past: boolean): void {
  const { effects, buf, at, len, argc } = call;
  const { first, expiry } = options;
  if (past) {
    recordRemoved(call, first, argc, 2);
    return;
  }
  effects.begin(2 + argc - first);
  effects.text("HSET");
  effects.arg(1);
  effects.args(first, argc);
  if (expiry !== NO_EXPIRY) recordExpiry(call, expiry, first, argc, 2);
  if (!options.keepExpiry) return;
  // HSET takes the expiries away; those that were kept are given again.
  const { hashes } = store;
  for (let i = first; i < argc; i += 2) {
    if (hashes.find(e, buf, at[i], len[i]) && hashes.expiry !== NO_EXPIRY) {
      recordExpiry(call, hashes.expiry, i, i + 1, 1);
    }
  }
}

/** Whether FXX or FNX let the fields be set; `hashes.entry` is the hash afterwards. */
function conditionHolds(call: Call, store: Store, e: number, options: SetOptions): boolean {
  const { hashes } = store;
  hashes.entry = e;
  if (!options.mustExist && !options.mustNotExist) return true;
  for (let i = options.first; i < call.argc; i += 2) {
    if (findField(call, store, hashes.entry, i) !== options.mustExist) return false;
  }
  return true;
}
