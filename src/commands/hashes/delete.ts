/** HDEL and HGETDEL: removing fields. */
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { countedFields } from "./expiry_argument.ts";
import { dropEmpty, findField, writeHash } from "./lookup.ts";
import { recordRemoved } from "./record.ts";

export const hdel: ShardCommand = {
  name: "hdel",
  arity: -3,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "delete")],
  group: "hash",
  since: "2.0.0",
  summary: "Removes fields of a hash; the key goes with the last one.",
  complexity: "O(N) with N fields given",
  syntax: "key field [field ...]",
  history: [["2.4.0", "Takes several fields."]],
  run(call: Call): void {
    const { buf, at, len, db } = call;
    let e = writeHash(call);
    const store = call.storeOf(1);
    const { hashes } = store;
    let removed = 0;
    let left = e === 0 ? 0 : hashes.length(e);
    for (let i = 2; i < call.argc && left > 0; i++) {
      if (!hashes.find(e, buf, at[i], len[i])) continue;
      e = hashes.removeFound(db, e);
      removed++;
      left--;
    }
    if (removed > 0) {
      call.changed(1, removed);
      call.notify(NotifyClass.HASH, "hdel", 1);
      dropEmpty(call, store, e);
    }
    call.reply.int(removed);
  },
};

export const hgetdel: ShardCommand = {
  name: "hgetdel",
  arity: -5,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "access", "delete")],
  group: "hash",
  since: "8.0.0",
  summary: "Returns the values of fields of a hash and removes them.",
  complexity: "O(N) with N fields given",
  syntax: "key FIELDS numfields field [field ...]",
  run(call: Call): void {
    const { reply, db } = call;
    let e = writeHash(call);
    countedFields(call, 2);
    const store = call.storeOf(1);
    const { hashes } = store;
    let removed = 0;
    reply.array(call.argc - 4);
    for (let i = 4; i < call.argc; i++) {
      const met = findField(call, store, e, i, true);
      e = hashes.entry;
      if (!met) {
        reply.nil();
        continue;
      }
      reply.bulk(hashes.bytes, hashes.at, hashes.len);
      e = hashes.removeFound(db, e);
      removed++;
      // Fields that follow find nothing, and the key itself must wait for the event of what was removed.
      if (hashes.length(e) === 0) {
        for (i++; i < call.argc; i++) reply.nil();
      }
    }
    hashes.tellExpired(db, e);
    if (removed === 0) return;
    call.changed(1, removed);
    if (call.effects.on) recordRemoved(call, 4, call.argc, 1);
    call.notify(NotifyClass.HASH, "hdel", 1);
    if (e !== 0) dropEmpty(call, store, e);
  },
};
