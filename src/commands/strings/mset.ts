/** MSET, MSETNX and MSETEX: several keys set at once. */
import { ReplyError, SYNTAX_ERROR, wrongArity } from "../../base/reply_error.ts";
import { NO_EXPIRY } from "../../store/store.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keysFrom, type ShardCommand } from "../command.ts";
import { expiryArgument, ExpiryForm, expiryForm } from "./expiry_argument.ts";
import { recordExpiring, storeString } from "./set.ts";

const INVALID_NUMKEYS = new ReplyError("ERR invalid numkeys value");
const WRONG_PAIRS = new ReplyError("ERR wrong number of key-value pairs");

/** Bytes of an entry beyond key and value, at most, and the part of the table that it may make grow. */
const ENTRY_OVERHEAD = 64;

export const mset: ShardCommand = {
  name: "mset",
  arity: -3,
  flags: ["write", "denyoom"],
  keys: [keysFrom(1, -1, 2, "OW", "update")],
  routing: "split",
  gather: "ok",
  group: "string",
  since: "1.0.1",
  summary: "Sets several keys to strings.",
  complexity: "O(N) where N is the number of keys.",
  syntax: "key value [key value ...]",
  tips: ["request_policy:multi_shard", "response_policy:all_succeeded"],
  run(call: Call): void {
    const { argc, keyRun } = call;
    if (argc % 2 === 0) throw wrongArity("mset");
    checkRoom(call, 1, argc);
    keyRun.start(1, argc, 2);
    for (let i = 1; i < argc; i += 2) {
      keyRun.at(i);
      storeString(call, i, i + 1, NO_EXPIRY);
    }
    keyRun.stop();
    call.reply.ok();
  },
};

export const msetnx: ShardCommand = {
  name: "msetnx",
  arity: -3,
  flags: ["write", "denyoom"],
  keys: [keysFrom(1, -1, 2, "OW", "insert")],
  routing: "keys",
  group: "string",
  since: "1.0.1",
  summary: "Sets several keys to strings unless one of them exists.",
  complexity: "O(N) where N is the number of keys.",
  syntax: "key value [key value ...]",
  tips: ["request_policy:multi_shard", "response_policy:agg_min"],
  run(call: Call): void {
    if (call.argc % 2 === 0) throw wrongArity("msetnx");
    for (let i = 1; i < call.argc; i += 2) {
      if (call.write(i) === 0) continue;
      call.reply.int(0);
      return;
    }
    checkRoom(call, 1, call.argc);
    for (let i = 1; i < call.argc; i += 2) storeString(call, i, i + 1, NO_EXPIRY);
    call.reply.int(1);
  },
};

export const msetex: ShardCommand = {
  name: "msetex",
  arity: -4,
  flags: ["write", "denyoom", "movablekeys"],
  keys: [{ flags: ["OW", "update"], begin: { index: 1 }, find: { num: 0, first: 1, step: 2 } }],
  routing: "keys",
  group: "string",
  since: "8.4.0",
  summary: "Sets several keys to strings that share an expiry, on condition that none or all of them exist.",
  complexity: "O(N) where N is the number of keys.",
  syntax:
    "numkeys key value [key value ...] [NX | XX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
  tips: ["request_policy:multi_shard", "response_policy:all_succeeded"],
  run(call: Call): void {
    const numkeys = call.int(1, 1, 2 ** 31 - 1, INVALID_NUMKEYS);
    const end = 2 + numkeys * 2;
    if (end > call.argc) throw WRONG_PAIRS;
    let nx = false;
    let xx = false;
    let keepTtl = false;
    let form: ExpiryForm = ExpiryForm.NONE;
    let expiryAt = 0;
    for (let i = end; i < call.argc; i++) {
      const f = expiryForm(call, i);
      if (call.is(i, "nx") && !xx) nx = true;
      else if (call.is(i, "xx") && !nx) xx = true;
      else if (call.is(i, "keepttl") && form === ExpiryForm.NONE) keepTtl = true;
      else if (f !== ExpiryForm.NONE && (form === ExpiryForm.NONE || form === f) && !keepTtl && i + 1 < call.argc) {
        form = f;
        expiryAt = ++i;
      } else throw SYNTAX_ERROR;
    }
    const expiry = form === ExpiryForm.NONE ? NO_EXPIRY : expiryArgument(call, expiryAt, form, "msetex");
    for (let i = 2; i < end; i += 2) {
      const exists = (nx || xx) && call.write(i) !== 0;
      if (nx ? !exists : exists || !xx) continue;
      call.reply.int(0);
      return;
    }
    checkRoom(call, 2, end);
    for (let i = 2; i < end; i += 2) {
      const old = keepTtl ? call.write(i) : 0;
      storeString(call, i, i + 1, old === 0 ? expiry : call.storeOf(i).expiry(old));
      if (form !== ExpiryForm.NONE) call.notify(NotifyClass.GENERIC, "expire", i);
    }
    if (call.effects.on) recordPairs(call, end, expiry, keepTtl);
    call.reply.int(1);
  },
};

/** Records the pairs in arguments [2, end) in commands that older servers know too. */
function recordPairs(call: Call, end: number, expiry: number, keepTtl: boolean): void {
  const { effects } = call;
  if (!keepTtl && expiry === NO_EXPIRY) {
    effects.begin(end - 1);
    effects.text("MSET");
    effects.args(2, end);
    return;
  }
  for (let i = 2; i < end; i += 2) {
    if (!keepTtl) {
      recordExpiring(call, i, i + 1, expiry);
      continue;
    }
    effects.begin(4);
    effects.text("SET");
    effects.args(i, i + 2);
    effects.text("KEEPTTL");
  }
}

/** Throws OOM unless the pairs in arguments [from, to) fit, each shard taken to get all of them. */
function checkRoom(call: Call, from: number, to: number): void {
  let bytes = 0;
  for (let i = from; i < to; i++) bytes += call.len[i] + ENTRY_OVERHEAD;
  for (let i = from; i < to; i += 2) call.needRoom(i, bytes);
}
