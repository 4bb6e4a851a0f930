/** XADD: appends an entry to a stream. */
import { ReplyError, wrongArity } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { NO_EXPIRY, type Store } from "../../store/store.ts";
import { S_LAST } from "../../store/types/stream.ts";
import type { StreamId } from "../../structures/stream_id.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { replyId } from "./entry_reply.ts";
import { recordAdded, recordTrimmed } from "./record.ts";

const ID_ZERO = new ReplyError("ERR The ID specified in XADD must be greater than 0-0");
const EXHAUSTED = new ReplyError("ERR The stream has exhausted the last possible ID, unable to add more items");
const NOT_GREATER = new ReplyError(
  "ERR The ID specified in XADD is equal or smaller than the target stream top item",
);
const TOO_LARGE = new ReplyError("ERR Elements are too large to be stored");

const STAR = 42;
/** Redis's bound on the bytes of one entry. */
const ENTRY_MAX = 1 << 30;

export const xadd: ShardCommand = {
  name: "xadd",
  arity: -5,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "update")],
  group: "stream",
  since: "5.0.0",
  summary: "Appends an entry to a stream, and trims the stream if asked; a missing key becomes a stream.",
  complexity: "O(1); O(N) with N entries trimmed",
  syntax: "key [NOMKSTREAM] [KEEPREF | DELREF | ACKED] [<MAXLEN | MINID> [= | ~] threshold [LIMIT count]] " +
    "<* | id> field value [field value ...]",
  tips: ["nondeterministic_output"],
  history: [
    ["6.2.0", "Options `NOMKSTREAM`, `MINID` and `LIMIT`."],
    ["7.0.0", "An identifier whose sequence number is left to the server: `ms-*`."],
    ["8.2.0", "Options `KEEPREF`, `DELREF` and `ACKED`."],
  ],
  run(call: Call): void {
    const { argc, db, buf, at, len, limits, trim } = call;
    const { id } = call.streams;
    const idAt = trim.read(call, true);
    const first = idAt + 1;
    if (argc - first < 2 || (argc - first) % 2 !== 0) throw wrongArity("xadd");
    const given = !(len[idAt] === 1 && buf[at[idAt]] === STAR);
    const whole = given && call.streams.hasSequence;
    if (whole && id.isMin) throw ID_ZERO;
    const store = call.storeOf(1);
    const { streams } = store;
    let e = call.writeTyped(1, Type.STREAM);
    if (e === 0 && trim.noMakeStream) {
      call.reply.nil();
      return;
    }
    if (e !== 0) chooseId(call, store, streams.open(e) + S_LAST, given, whole);
    else if (!given) id.setMs(call.nowMs);
    else if (id.isMin) id.increment(); // 0-*: no entry is 0-0
    let bytes = 0;
    for (let i = first; i < argc; i++) bytes += len[i];
    if (bytes > ENTRY_MAX) throw TOO_LARGE;
    const created = e === 0;
    if (created) e = streams.create(db, buf, at[1], len[1], NO_EXPIRY);
    const s = streams.open(e);
    try {
      streams.append(s, id, buf, at, len, first, (argc - first) >> 1, limits);
    } catch (error) {
      if (created) store.delete(db, buf, at[1], len[1]);
      throw error;
    }
    replyId(call, id);
    call.changed(1);
    call.ready(1);
    call.notify(NotifyClass.STREAM, "xadd", 1);
    if (call.effects.on && trim.oneByOne) recordAdded(call, first, id);
    if (trim.given && trim.apply(call, store, s) > 0) call.notify(NotifyClass.STREAM, "xtrim", 1);
    if (!call.effects.on || trim.oneByOne) return;
    if (!whole || trim.approximate || trim.policyNamed) recordTrimmed(call, store, s, idAt, id);
  },
};

/** Makes call.streams.id the identifier of an entry behind the last one, which lies in the words at `w`. */
function chooseId(call: Call, store: Store, w: number, given: boolean, whole: boolean): void {
  const { id, other: last } = call.streams;
  last.load(store.i32, w);
  if (last.isMax) throw EXHAUSTED;
  if (!given) id.setMs(call.nowMs);
  if (!whole && (sameMs(id, last) || (!given && id.compare(last) < 0))) {
    // Time stood still, or went back: the sequence number goes on.
    if (given && last.seqHi === -1 && last.seqLo === -1) throw NOT_GREATER;
    id.copy(last);
    id.increment();
  }
  if (id.compare(last) <= 0) throw NOT_GREATER;
}

function sameMs(a: StreamId, b: StreamId): boolean {
  return a.msHi === b.msHi && a.msLo === b.msLo;
}
