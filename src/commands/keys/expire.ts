/** EXPIRE, PEXPIRE, EXPIREAT and PEXPIREAT: when a key goes. */
import { latin1Text } from "../../base/bytes.ts";
import { ReplyError } from "../../base/reply_error.ts";
import { NO_EXPIRY } from "../../store/store.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";

const NX = 1;
const XX = 2;
const GT = 4;
const LT = 8;

const NX_AND_OTHERS = new ReplyError("ERR NX and XX, GT or LT options at the same time are not compatible");
const GT_AND_LT = new ReplyError("ERR GT and LT options at the same time are not compatible");

const INT64_MAX = 2n ** 63n - 1n;

const facts = {
  arity: -3,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "update")],
  group: "generic",
  complexity: "O(1)",
  history: [["7.0.0", "NX, XX, GT and LT."]],
} as const;

export const expire: ShardCommand = {
  name: "expire",
  ...facts,
  since: "1.0.0",
  summary: "Lets a key expire after some seconds.",
  syntax: "key seconds [NX | XX | GT | LT]",
  run: (call) => setExpiry(call, 1000, call.nowMs, "expire"),
};

export const pexpire: ShardCommand = {
  name: "pexpire",
  ...facts,
  since: "2.6.0",
  summary: "Lets a key expire after some milliseconds.",
  syntax: "key milliseconds [NX | XX | GT | LT]",
  run: (call) => setExpiry(call, 1, call.nowMs, "pexpire"),
};

export const expireAt: ShardCommand = {
  name: "expireat",
  ...facts,
  since: "1.2.0",
  summary: "Lets a key expire at a Unix time in seconds.",
  syntax: "key unix-time-seconds [NX | XX | GT | LT]",
  run: (call) => setExpiry(call, 1000, 0, "expireat"),
};

export const pexpireAt: ShardCommand = {
  name: "pexpireat",
  ...facts,
  since: "2.6.0",
  summary: "Lets a key expire at a Unix time in milliseconds.",
  syntax: "key unix-time-milliseconds [NX | XX | GT | LT]",
  run: (call) => setExpiry(call, 1, 0, "pexpireat"),
};

function setExpiry(call: Call, unitMs: number, baseMs: number, command: string): void {
  const options = call.argc === 3 ? 0 : parseOptions(call);
  const number = call.int64(2);
  let when = number.value * unitMs + baseMs;
  // Beyond 2^53 the time is kept exactly all the same, as Redis does.
  let big = 0n;
  const exact = number.safe && Number.isSafeInteger(when);
  if (!exact) {
    big = exactTime(number.toBigInt(), BigInt(unitMs), BigInt(baseMs), command);
    when = Number(big);
  }
  const e = call.write(1);
  if (e === 0 || (options !== 0 && !admits(call, options, e, when))) {
    call.reply.int(0);
    return;
  }
  const store = call.storeOf(1);
  if (when <= call.nowMs && store.expiryEnabled) {
    store.deleteEntry(call.db, e);
    call.changed(1);
    call.notify(NotifyClass.GENERIC, "del", 1);
    if (call.effects.on) call.effects.deleted(1, call.limits.lazyExpire);
  } else {
    if (exact) store.setExpiry(call.db, e, when);
    else store.setExpiryBig(call.db, e, big);
    call.changed(1);
    call.notify(NotifyClass.GENERIC, "expire", 1);
    if (call.effects.on && (unitMs !== 1 || baseMs !== 0)) recordExpiry(call, exact ? when : undefined, big);
  }
  call.reply.int(1);
}

/** Records the time, `when` or beyond doubles `big`, with the options, as PEXPIREAT. */
function recordExpiry(call: Call, when: number | undefined, big: bigint): void {
  const { effects } = call;
  effects.begin(call.argc);
  effects.text("PEXPIREAT");
  effects.arg(1);
  if (when !== undefined) effects.number(when);
  else effects.text(big.toString());
  effects.args(3, call.argc);
}

function unsupported(option: string): ReplyError {
  // Redis prints it as a C string, up to the first NUL.
  return new ReplyError(`ERR Unsupported option ${option.split("\0", 1)[0]}`);
}

function parseOptions(call: Call): number {
  let options = 0;
  for (let i = 3; i < call.argc; i++) {
    if (call.is(i, "nx")) options |= NX;
    else if (call.is(i, "xx")) options |= XX;
    else if (call.is(i, "gt")) options |= GT;
    else if (call.is(i, "lt")) options |= LT;
    else throw unsupported(latin1Text(call.buf, call.at[i], call.at[i] + call.len[i]));
  }
  if ((options & NX) !== 0 && (options & ~NX) !== 0) throw NX_AND_OTHERS;
  if ((options & GT) !== 0 && (options & LT) !== 0) throw GT_AND_LT;
  return options;
}

/** True when the options allow the new time; a key without expiry counts as one that never expires. */
function admits(call: Call, options: number, e: number, when: number): boolean {
  const current = call.storeOf(1).expiry(e);
  if ((options & NX) !== 0) return current === NO_EXPIRY;
  if ((options & XX) !== 0 && current === NO_EXPIRY) return false;
  if ((options & GT) !== 0) return current !== NO_EXPIRY && when > current;
  if ((options & LT) !== 0) return current === NO_EXPIRY || when < current;
  return true;
}

/** The time in milliseconds of a number too large to reckon with doubles. Throws when it leaves int64 as Redis reckons. */
function exactTime(number: bigint, unit: bigint, base: bigint, command: string): bigint {
  const outside = unit > 1n && (number > INT64_MAX / unit || number < (-INT64_MAX - 1n) / unit);
  if (outside || number * unit > INT64_MAX - base) {
    throw new ReplyError(`ERR invalid expire time in '${command}' command`);
  }
  return number * unit + base;
}
