/** TTL, PTTL, EXPIRETIME and PEXPIRETIME: when a key goes, as a span or a time, -1 for never and -2 for no such key. */
import { NO_EXPIRY } from "../../store/store.ts";
import type { Call } from "../call.ts";
import { READ_KEY, type ShardCommand } from "../command.ts";

const NO_KEY_REPLY = -2;
const NEVER_REPLY = -1;

const facts = {
  arity: 2,
  flags: ["readonly", "fast"],
  keys: READ_KEY,
  group: "generic",
  complexity: "O(1)",
  syntax: "key",
} as const;

export const ttl: ShardCommand = {
  name: "ttl",
  ...facts,
  since: "1.0.0",
  summary: "Tells in how many seconds a key expires.",
  tips: ["nondeterministic_output"],
  history: [["2.8.0", "-2 for no such key."]],
  run: (call) => answer(call, call.nowMs, true),
};

export const pttl: ShardCommand = {
  name: "pttl",
  ...facts,
  since: "2.6.0",
  summary: "Tells in how many milliseconds a key expires.",
  tips: ["nondeterministic_output"],
  history: [["2.8.0", "-2 for no such key."]],
  run: (call) => answer(call, call.nowMs, false),
};

export const expireTime: ShardCommand = {
  name: "expiretime",
  ...facts,
  since: "7.0.0",
  summary: "Tells at what Unix time in seconds a key expires.",
  run: (call) => answer(call, 0, true),
};

export const pexpireTime: ShardCommand = {
  name: "pexpiretime",
  ...facts,
  since: "7.0.0",
  summary: "Tells at what Unix time in milliseconds a key expires.",
  run: (call) => answer(call, 0, false),
};

/** Answers the key's expiry less `sinceMs`, in milliseconds or rounded to seconds. */
function answer(call: Call, sinceMs: number, inSeconds: boolean): void {
  const e = call.inspect(1);
  if (e === 0) {
    call.reply.int(NO_KEY_REPLY);
    return;
  }
  const store = call.storeOf(1);
  const expiry = store.expiry(e);
  if (expiry === NO_EXPIRY) {
    call.reply.int(NEVER_REPLY);
    return;
  }
  if (expiry > Number.MAX_SAFE_INTEGER) {
    const left = store.expiryBig(e) - BigInt(sinceMs);
    call.reply.bigInt(inSeconds ? (left + 500n) / 1000n : left);
    return;
  }
  const left = expiry > sinceMs ? expiry - sinceMs : 0;
  call.reply.int(inSeconds ? Math.floor((left + 500) / 1000) : left);
}
