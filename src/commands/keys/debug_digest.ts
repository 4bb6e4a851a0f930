/** DEBUG DIGEST, DIGEST-VALUE, POPULATE and STRINGMATCH-LEN: what tests of servers ask of a keyspace. */
import { encodeText } from "../../base/bytes.ts";
import { globMatch } from "../../base/glob.ts";
import { ReplyError } from "../../base/reply_error.ts";
import { hex, SHA1_SIZE } from "../../codec/sha1.ts";
import { Digest } from "../../store/dump/digest.ts";
import { NO_EXPIRY } from "../../store/store.ts";
import type { Call } from "../call.ts";
import { keysFrom, type ShardCommand } from "../command.ts";

const NOT_POSITIVE = new ReplyError("ERR value is out of range, must be positive");
const DEFAULT_PREFIX = "key";

const facts = {
  flags: ["admin", "noscript", "loading", "stale"],
  group: "server",
  since: "1.0.0",
  docFlags: ["syscmd"],
} as const;

export const digest: ShardCommand = {
  name: "digest",
  ...facts,
  arity: 2,
  summary: "Answers a fingerprint of all keys and values.",
  complexity: "O(N) with N bytes.",
  syntax: "",
  reachesAll: () => true,
  run(call: Call): void {
    call.reply.simple(hex(new Digest().ofKeyspace(call.stores ?? [call.store])));
  },
};

export const digestValue: ShardCommand = {
  name: "digest-value",
  ...facts,
  arity: -2,
  keys: [keysFrom(2, -1, 1, "RO")],
  summary: "Answers a fingerprint of each key's value.",
  complexity: "O(N) with N bytes.",
  syntax: "[key [key ...]]",
  run(call: Call): void {
    const digest = new Digest();
    call.reply.array(call.argc - 2);
    for (let i = 2; i < call.argc; i++) {
      const found = new Uint8Array(SHA1_SIZE);
      const e = call.peek(i);
      if (e !== 0) digest.xorValue(found, call.storeOf(i), e);
      call.reply.simple(hex(found));
    }
  },
};

export const populate: ShardCommand = {
  name: "populate",
  ...facts,
  arity: -3,
  summary: "Makes many string keys, where there are none of those names.",
  complexity: "O(N) with N keys.",
  syntax: "count [prefix] [size:integer]",
  reachesAll: () => true,
  run(call: Call): void {
    const count = call.int(2, 0, Number.MAX_SAFE_INTEGER, NOT_POSITIVE);
    const prefix = call.argc > 3 ? call.text(3) : DEFAULT_PREFIX;
    const size = call.argc > 4 ? call.int(4, 0, call.limits.maxBulk, NOT_POSITIVE) : -1;
    for (let n = 0; n < count; n++) {
      const name = encodeText(`${prefix}:${n}`);
      const store = call.storeOfName(name, 0, name.length);
      if (store.peek(call.db, name, 0, name.length) !== 0) continue;
      let value = encodeText(`value:${n}`);
      if (size >= 0) {
        const sized = new Uint8Array(size);
        sized.set(value.subarray(0, size));
        value = sized;
      }
      store.setString(call.db, name, 0, name.length, value, 0, value.length, NO_EXPIRY);
    }
    call.reply.ok();
  },
};

export const stringMatchLen: ShardCommand = {
  name: "stringmatch-len",
  ...facts,
  arity: 4,
  summary: "Matches a pattern against a long run of one letter.",
  complexity: "O(N*M) with a pattern of N bytes and a text of M.",
  syntax: "length:integer pattern",
  run(call: Call): void {
    const text = new Uint8Array(call.int(2, 0, call.limits.maxBulk)).fill(0x61);
    const from = call.at[3];
    call.reply.int(globMatch(call.buf, from, from + call.len[3], text, 0, text.length, false) ? 1 : 0);
  },
};
