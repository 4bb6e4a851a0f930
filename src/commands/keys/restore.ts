/** RESTORE: makes a key of what DUMP gave. */
import { ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { internalError } from "../../codec/rdb/file_reader.ts";
import { CorruptRdb, EmptyRdbValue } from "../../codec/rdb/reader.ts";
import { ValueReader } from "../../store/dump/value_reader.ts";
import { NO_EXPIRY, type Store } from "../../store/store.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";

const BUSY_KEY = new ReplyError("BUSYKEY Target key name already exists.");
const INVALID_IDLE = new ReplyError("ERR Invalid IDLETIME value, must be >= 0");
const INVALID_FREQ = new ReplyError("ERR Invalid FREQ value, must be >= 0 and <= 255");
const INVALID_TTL = new ReplyError("ERR Invalid TTL value, must be >= 0");
const WRONG_PAYLOAD = new ReplyError("ERR DUMP payload version or checksum are wrong");
const BAD_FORMAT = new ReplyError("ERR Bad data format");

const facts = {
  arity: -4,
  keys: [keyAt(1, "OW", "update")],
  complexity: "O(N) with N bytes, O(N log N) for sorted sets.",
  syntax: "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
  history: [["3.0.0", "REPLACE."], ["5.0.0", "ABSTTL."], ["5.0.0", "IDLETIME and FREQ."]],
} as const;

export const restore: ShardCommand = {
  name: "restore",
  ...facts,
  flags: ["write", "denyoom"],
  categories: ["dangerous"],
  group: "generic",
  since: "2.6.0",
  summary: "Makes a key of a serialized value.",
  run,
};

export const restoreAsking: ShardCommand = {
  name: "restore-asking",
  ...facts,
  flags: ["write", "denyoom", "asking"],
  categories: ["keyspace", "dangerous"],
  group: "server",
  since: "3.0.0",
  summary: "RESTORE for keys that move between nodes of a cluster.",
  docFlags: ["syscmd"],
  run,
};

function run(call: Call): void {
  let replace = false;
  let absolute = false;
  let idle = -1;
  let freq = -1;
  for (let i = 4; i < call.argc; i++) {
    if (call.is(i, "replace")) replace = true;
    else if (call.is(i, "absttl")) absolute = true;
    else if (call.is(i, "idletime") && i + 1 < call.argc && freq === -1) {
      idle = call.int(++i);
      if (idle < 0) throw INVALID_IDLE;
    } else if (call.is(i, "freq") && i + 1 < call.argc && idle === -1) {
      freq = call.int(++i);
      if (freq < 0 || freq > 255) throw INVALID_FREQ;
    } else throw SYNTAX_ERROR;
  }
  const store = call.storeOf(1);
  const { buf, at, len, db } = call;
  const old = call.write(1);
  if (old !== 0 && !replace) throw BUSY_KEY;
  const ttl = call.int(2);
  if (ttl < 0) throw INVALID_TTL;
  if (!call.payload.open(buf, at[3], len[3])) throw WRONG_PAYLOAD;
  const expiry = ttl === 0 ? NO_EXPIRY : absolute ? ttl : ttl + call.nowMs;
  const loose = readLoose(call, store, expiry);
  if (expiry !== NO_EXPIRY && expiry <= call.nowMs && store.expiryEnabled) {
    store.deleteEntry(db, loose);
    if (store.delete(db, buf, at[1], len[1])) {
      call.changed(1);
      call.notify(NotifyClass.GENERIC, "del", 1);
      if (call.effects.on) call.effects.deleted(1, call.limits.lazyServerDel);
    }
    call.reply.ok();
    return;
  }
  const e = store.move(db, loose, db, buf, at[1], len[1]);
  const clock = store.clock.restored(idle, freq);
  if (clock >= 0) store.setClock(e, clock);
  call.changed(1);
  call.notify(NotifyClass.GENERIC, "restore", 1);
  if (call.effects.on && expiry !== NO_EXPIRY && !absolute) recordAbsolute(call, expiry);
  call.reply.ok();
}

/** Records the request with its time to live as a moment. */
function recordAbsolute(call: Call, expiry: number): void {
  const { effects } = call;
  effects.begin(call.argc + 1);
  effects.args(0, 2);
  effects.number(expiry);
  effects.args(3, call.argc);
  effects.text("ABSTTL");
}

/**
 * Makes the value under a name that no key has, so that what the key holds stays as it is until the value is known to be good and to
 * have room. Returns the entry.
 */
function readLoose(call: Call, store: Store, expiry: number): number {
  const name = new Uint8Array(16);
  do {
    for (let k = 0; k < name.length; k++) name[k] = store.random() * 256;
  } while (store.peek(call.db, name, 0, name.length) !== 0);
  const { reader } = call.payload;
  const { tellsNew } = store;
  store.tellsNew = false;
  try {
    return new ValueReader(store, call.limits, true)
      .read(reader, reader.byte(), call.db, name, 0, name.length, expiry);
  } catch (error) {
    if (!(error instanceof CorruptRdb)) throw error;
    if (!(error instanceof EmptyRdbValue)) call.log(internalError(0, error.message));
    throw BAD_FORMAT;
  } finally {
    store.tellsNew = tellsNew;
  }
}
