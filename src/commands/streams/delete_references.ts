/** XDELEX and XACKDEL: entries deleted with an eye on what consumer groups know of them (reference_policy.ts). */
import { ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { S_FIRST } from "../../store/types/stream.ts";
import { ID_WORDS } from "../../structures/stream_id.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { readIds } from "./delete.ts";
import { countChange, groupArgument } from "./groups.ts";
import { recordAcknowledged, recordDeleted } from "./record.ts";
import { ACKED, DELREF, KEEPREF, policyArgument } from "./reference_policy.ts";
import { forget, referredTo } from "./references.ts";

const NO_IDS = new ReplyError("ERR Number of IDs must be a positive integer");
const IDS_MISMATCH = new ReplyError("ERR The `numids` parameter must match the number of arguments");

// What is replied for an identifier.
const NO_ENTRY = -1;
const DELETED = 1;
const REFERRED_TO = 2;

/** Policies take two bits of what `readOptions` returns, the number of identifiers the others. */
const POLICY_BITS = 2;
const POLICY_MASK = 3;
const IDS_MAX = 2 ** 31 - 1;

/**
 * Reads the arguments from `first` on: a policy and the identifiers, these into call.streams.list. Returns the policy and, behind it, how
 * many identifiers there are. Throws ReplyError.
 */
function readOptions(call: Call, first: number): number {
  const { argc } = call;
  let policy = -1;
  let idsAt = 0;
  let count = 0;
  for (let i = first; i < argc; i++) {
    const named = policyArgument(call, i);
    if (named !== -1) {
      if (policy !== -1) throw SYNTAX_ERROR;
      policy = named;
    } else if (idsAt === 0 && i + 1 < argc && call.is(i, "ids")) {
      count = call.int(i + 1, 1, IDS_MAX, NO_IDS);
      idsAt = i + 2;
      if (count > argc - idsAt) throw IDS_MISMATCH;
      i = idsAt + count - 1;
    } else throw SYNTAX_ERROR;
  }
  if (idsAt === 0) throw SYNTAX_ERROR;
  readIds(call, idsAt, idsAt + count);
  return (count << POLICY_BITS) | Math.max(policy, KEEPREF);
}

/** Replies NO_ENTRY for every identifier. */
function replyNone(call: Call, count: number): void {
  call.reply.array(count);
  for (let k = 0; k < count; k++) call.reply.int(NO_ENTRY);
}

/**
 * Deletes the `count` entries of call.streams.list from the stream at `s`, as the policy says, and replies what came of each. With a group
 * `g` (0: none) only what is pending there, which is acknowledged in any case.
 */
function deleteEntries(call: Call, s: number, g: number, policy: number, count: number): void {
  const store = call.storeOf(1);
  const { streams, i32 } = store;
  const { list, id } = call.streams;
  let deleted = 0;
  let forgotten = 0;
  let first = false;
  call.reply.array(count);
  for (let k = 0; k < count; k++) {
    id.load(list, k * ID_WORDS);
    if (g !== 0) {
      if (!streams.groups.acknowledge(g, id)) {
        call.reply.int(NO_ENTRY);
        continue;
      }
      if (call.effects.on) recordAcknowledged(call, 1, 2, id);
      forgotten++;
    }
    if (policy === DELREF) forgotten += forget(call, store, s, id);
    if (policy === ACKED && referredTo(store, s, id)) {
      call.reply.int(g !== 0 || streams.has(s, id) ? REFERRED_TO : NO_ENTRY);
      continue;
    }
    const removed = streams.remove(s, id);
    if (removed) {
      if (call.effects.on) recordDeleted(call, id);
      deleted++;
      if (id.compareAt(i32, s + S_FIRST) === 0) first = true;
    }
    call.reply.int(removed || g !== 0 ? DELETED : NO_ENTRY);
  }
  if (first || (deleted > 0 && streams.length(s) === 0)) streams.renewFirst(s);
  countChange(call, 1, forgotten);
  if (deleted === 0) return;
  call.changed(1, deleted);
  call.notify(NotifyClass.STREAM, "xdel", 1);
}

export const xdelex: ShardCommand = {
  name: "xdelex",
  arity: -5,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "delete")],
  group: "stream",
  since: "8.2.0",
  summary: "Deletes entries of a stream, with a choice of what becomes of the consumer groups' references to them.",
  complexity: "O(log(N)) for each entry, N the length of the stream, and each consumer group",
  syntax: "key [KEEPREF | DELREF | ACKED] IDS numids id [id ...]",
  run(call: Call): void {
    const options = readOptions(call, 2);
    const count = options >> POLICY_BITS;
    const e = call.writeTyped(1, Type.STREAM);
    if (e === 0) return replyNone(call, count);
    deleteEntries(call, call.storeOf(1).streams.open(e), 0, options & POLICY_MASK, count);
  },
};

export const xackdel: ShardCommand = {
  name: "xackdel",
  arity: -6,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "delete")],
  group: "stream",
  since: "8.2.0",
  summary:
    "Acknowledges entries in a consumer group and deletes them, with a choice of what becomes of other references.",
  complexity: "O(log(N)) for each entry, N the length of the stream, and each consumer group",
  syntax: "key group [KEEPREF | DELREF | ACKED] IDS numids id [id ...]",
  run(call: Call): void {
    const options = readOptions(call, 3);
    const count = options >> POLICY_BITS;
    const e = call.writeTyped(1, Type.STREAM);
    const store = call.storeOf(1);
    const s = e === 0 ? 0 : store.streams.open(e);
    const g = e === 0 ? 0 : groupArgument(call, store, s, 2);
    if (g === 0) return replyNone(call, count);
    deleteEntries(call, s, g, options & POLICY_MASK, count);
  },
};
