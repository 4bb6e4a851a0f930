/** DELEX and DELIFEQ: keys deleted on a condition; DIGEST: what such a condition can compare with. */
import { equalsIgnoreCase } from "../../base/bytes.ts";
import { ReplyError, SYNTAX_ERROR, wrongArity } from "../../base/reply_error.ts";
import { xxh3Text } from "../../base/xxh3.ts";
import { Type } from "../../store/entry.ts";
import { type Call, NotifyClass } from "../call.ts";
import { type Arguments, keyAt, type KeyList, READ_KEY, type ShardCommand } from "../command.ts";
import { KeyUse } from "../key_specs.ts";
import { checkComparand, fulfils, ValueCondition, valueCondition } from "./value_condition.ts";

const NOT_A_STRING = new ReplyError("ERR Key should be of string type if conditions are specified");
const DELEX_ARITY = wrongArity("delex");

export const delex: ShardCommand = {
  name: "delex",
  arity: -2,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "delete", "variable_flags")],
  findKeys,
  group: "string",
  since: "8.4.0",
  summary:
    "Deletes a key, if told so only when the string it holds, or that string's digest, is a given one or is not.",
  complexity: "O(1) for IFEQ and IFNE, O(N) for IFDEQ and IFDNE where N is the length of the string.",
  syntax: "key [IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest]",
  run(call: Call): void {
    if (call.argc !== 2 && call.argc !== 4) throw DELEX_ARITY;
    const condition = call.argc === 4 ? valueCondition(call, 2) : ValueCondition.NONE;
    if (call.argc === 4 && condition === ValueCondition.NONE) throw SYNTAX_ERROR;
    checkComparand(call, condition, 3);
    const e = call.write(1);
    if (condition !== ValueCondition.NONE && e !== 0 && call.storeOf(1).type(e) !== Type.STRING) throw NOT_A_STRING;
    const wanted = e !== 0 &&
      (condition === ValueCondition.NONE || fulfils(call, call.storeOf(1), e, condition, 3));
    replyDeleted(call, wanted ? e : 0);
  },
};

export const delifeq: ShardCommand = {
  name: "delifeq",
  arity: 3,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RM", "delete")],
  group: "string",
  since: "9.0.0",
  summary: "Deletes a key when the string it holds is the given one.",
  complexity: "O(1)",
  syntax: "key value",
  run(call: Call): void {
    const e = call.writeTyped(1, Type.STRING);
    replyDeleted(call, fulfils(call, call.storeOf(1), e, ValueCondition.IFEQ, 2) ? e : 0);
  },
};

export const digest: ShardCommand = {
  name: "digest",
  arity: 2,
  flags: ["readonly", "fast"],
  keys: READ_KEY,
  group: "string",
  since: "8.4.0",
  summary: "Returns the digest of the string that a key holds: its 64-bit XXH3 hash in hexadecimal digits.",
  complexity: "O(N) where N is the length of the string.",
  syntax: "key",
  run(call: Call): void {
    const e = call.readTyped(1, Type.STRING);
    if (e === 0) {
      call.reply.nil();
      return;
    }
    const store = call.storeOf(1);
    store.open(e);
    call.reply.bulkText(xxh3Text(store.u8, store.valueAt, store.valueLen));
  },
};

/** Deletes entry `e` of the key in argument 1 (0: nothing) and replies how many keys went. */
function replyDeleted(call: Call, e: number): void {
  if (e !== 0) {
    call.storeOf(1).deleteEntry(call.db, e);
    call.changed(1);
    call.notify(NotifyClass.GENERIC, "del", 1);
    if (call.effects.on) call.effects.deleted(1, call.limits.lazyUserDel);
  }
  call.reply.int(e === 0 ? 0 : 1);
}

/** DELEX only reads the key where a condition says so. */
function findKeys(request: Arguments, keys: KeyList): void {
  const { buf, at, len } = request;
  const conditional = request.argc > 2 && len[2] >= 4 && equalsIgnoreCase(buf, at[2], 2, "if");
  keys.add(1, conditional ? KeyUse.RW | KeyUse.access | KeyUse.delete : KeyUse.RM | KeyUse.delete);
}
