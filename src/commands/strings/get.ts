/** GET and its like: the strings that keys hold, whole. */
import { Type } from "../../store/entry.ts";
import { NO_EXPIRY } from "../../store/store.ts";
import { SYNTAX_ERROR } from "../../base/reply_error.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, keysFrom, READ_KEY, type ShardCommand } from "../command.ts";
import { expiryArgument, ExpiryForm, expiryForm, isAbsolute } from "./expiry_argument.ts";
import { replyString } from "./set.ts";

export const get: ShardCommand = {
  name: "get",
  arity: 2,
  flags: ["readonly", "fast"],
  keys: READ_KEY,
  group: "string",
  since: "1.0.0",
  summary: "Returns the string that a key holds.",
  complexity: "O(1)",
  syntax: "key",
  run(call: Call): void {
    replyString(call, 1, call.readTyped(1, Type.STRING));
  },
};

export const mget: ShardCommand = {
  name: "mget",
  arity: -2,
  flags: ["readonly", "fast"],
  keys: [keysFrom(1, -1, 1, "RO", "access")],
  routing: "split",
  gather: "scatter",
  group: "string",
  since: "1.0.0",
  summary: "Returns the strings that several keys hold, nil for those that hold none.",
  complexity: "O(N) where N is the number of keys.",
  syntax: "key [key ...]",
  tips: ["request_policy:multi_shard"],
  run(call: Call): void {
    const { argc, keyRun } = call;
    call.reply.array(argc - 1);
    keyRun.start(1, argc, 1);
    for (let i = 1; i < argc; i++) {
      keyRun.at(i);
      const e = call.read(i);
      replyString(call, i, e !== 0 && call.storeOf(i).type(e) === Type.STRING ? e : 0);
    }
    keyRun.stop();
  },
};

export const getdel: ShardCommand = {
  name: "getdel",
  arity: 2,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "access", "delete")],
  group: "string",
  since: "6.2.0",
  summary: "Returns the string that a key holds and deletes the key.",
  complexity: "O(1)",
  syntax: "key",
  run(call: Call): void {
    const e = call.readTyped(1, Type.STRING);
    replyString(call, 1, e);
    if (e !== 0) remove(call, e, call.limits.lazyUserDel);
  },
};

export const getex: ShardCommand = {
  name: "getex",
  arity: -2,
  flags: ["write", "fast"],
  keys: [{ ...keyAt(1, "RW", "access", "update"), notes: "RW and UPDATE because it changes the TTL" }],
  group: "string",
  since: "6.2.0",
  summary: "Returns the string that a key holds and sets or removes the key's expiry.",
  complexity: "O(1)",
  syntax: "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]",
  run(call: Call): void {
    let form: ExpiryForm = ExpiryForm.NONE;
    let expiryAt = 0;
    let persist = false;
    for (let i = 2; i < call.argc; i++) {
      if (call.is(i, "persist") && form === ExpiryForm.NONE) {
        persist = true;
        continue;
      }
      const f = expiryForm(call, i);
      if (f === ExpiryForm.NONE || (form !== ExpiryForm.NONE && form !== f) || persist || i + 1 === call.argc) {
        throw SYNTAX_ERROR;
      }
      form = f;
      expiryAt = ++i;
    }
    const e = call.readTyped(1, Type.STRING);
    if (e === 0) {
      call.reply.nil();
      return;
    }
    // Redis looks at the number only when there is something that could expire.
    const expiry = form === ExpiryForm.NONE ? NO_EXPIRY : expiryArgument(call, expiryAt, form, "getex");
    const store = call.storeOf(1);
    replyString(call, 1, e);
    if (isAbsolute(form) && expiry <= call.nowMs) remove(call, e, call.limits.lazyExpire);
    else if (form !== ExpiryForm.NONE) {
      store.setExpiry(call.db, e, expiry);
      call.changed(1);
      call.notify(NotifyClass.GENERIC, "expire", 1);
      if (call.effects.on) recordExpiry(call, expiry);
    } else if (persist && store.expiry(e) !== NO_EXPIRY) {
      store.setExpiry(call.db, e, NO_EXPIRY);
      call.changed(1);
      call.notify(NotifyClass.GENERIC, "persist", 1);
      if (call.effects.on) recordPersist(call);
    }
  },
};

/** Removes the key in argument 1; `lazy` is the lazyfree directive that applies. */
function remove(call: Call, e: number, lazy: number): void {
  call.storeOf(1).deleteEntry(call.db, e);
  call.changed(1);
  call.notify(NotifyClass.GENERIC, "del", 1);
  if (call.effects.on) call.effects.deleted(1, lazy);
}

function recordExpiry(call: Call, expiry: number): void {
  const { effects } = call;
  effects.begin(3);
  effects.text("PEXPIREAT");
  effects.arg(1);
  effects.number(expiry);
}

function recordPersist(call: Call): void {
  const { effects } = call;
  effects.ofKey("PERSIST", 1);
}
