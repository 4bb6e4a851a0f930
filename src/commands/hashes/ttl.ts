/** HTTL, HPTTL, HEXPIRETIME and HPEXPIRETIME: when fields expire. */
import { NO_EXPIRY } from "../../store/store.ts";
import type { Call } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { countedFields } from "./expiry_argument.ts";
import { readHash } from "./lookup.ts";

const COMPLEXITY = "O(N) with N fields given";
const SYNTAX = "key FIELDS numfields field [field ...]";
const NO_FIELD = -2;
const NO_TTL = -1;

export const httl: ShardCommand = {
  name: "httl",
  arity: -5,
  flags: ["readonly", "fast"],
  keys: [keyAt(1, "RO", "access")],
  group: "hash",
  since: "7.4.0",
  summary: "Returns after how many seconds fields of a hash will expire.",
  complexity: COMPLEXITY,
  syntax: SYNTAX,
  tips: ["nondeterministic_output"],
  run(call: Call): void {
    replyExpiries(call, 1000, true);
  },
};

export const hpttl: ShardCommand = {
  name: "hpttl",
  arity: -5,
  flags: ["readonly", "fast"],
  keys: [keyAt(1, "RO", "access")],
  group: "hash",
  since: "7.4.0",
  summary: "Returns after how many milliseconds fields of a hash will expire.",
  complexity: COMPLEXITY,
  syntax: SYNTAX,
  tips: ["nondeterministic_output"],
  run(call: Call): void {
    replyExpiries(call, 1, true);
  },
};

export const hexpiretime: ShardCommand = {
  name: "hexpiretime",
  arity: -5,
  flags: ["readonly", "fast"],
  keys: [keyAt(1, "RO", "access")],
  group: "hash",
  since: "7.4.0",
  summary: "Returns the Unix time in seconds at which fields of a hash will expire.",
  complexity: COMPLEXITY,
  syntax: SYNTAX,
  run(call: Call): void {
    replyExpiries(call, 1000, false);
  },
};

export const hpexpiretime: ShardCommand = {
  name: "hpexpiretime",
  arity: -5,
  flags: ["readonly", "fast"],
  keys: [keyAt(1, "RO", "access")],
  group: "hash",
  since: "7.4.0",
  summary: "Returns the Unix time in milliseconds at which fields of a hash will expire.",
  complexity: COMPLEXITY,
  syntax: SYNTAX,
  run(call: Call): void {
    replyExpiries(call, 1, false);
  },
};

/** Replies for each field with its expiry in units of `unit` ms, rounded up; `relative`: from now on. */
function replyExpiries(call: Call, unit: number, relative: boolean): void {
  const { buf, at, len, reply } = call;
  const e = readHash(call);
  countedFields(call, 2);
  const { hashes } = call.storeOf(1);
  reply.array(call.argc - 4);
  for (let i = 4; i < call.argc; i++) {
    if (e === 0 || !hashes.find(e, buf, at[i], len[i]) || hashes.isStale(hashes.expiry)) reply.int(NO_FIELD);
    else if (hashes.expiry === NO_EXPIRY) reply.int(NO_TTL);
    else reply.int(Math.floor((hashes.expiry + unit - 1 - (relative ? call.nowMs : 0)) / unit));
  }
}
