/** XDEL and XSETID: single entries deleted; what a stream remembers of the past. */
import { NO_SUCH_KEY, ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { S_ADDED, S_FIRST, S_LAST, S_LENGTH, S_MAX_DELETED } from "../../store/types/stream.ts";
import { ID_WORDS } from "../../structures/stream_id.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { countChange } from "./groups.ts";

const BELOW_GIVEN = new ReplyError(
  "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
);
const BELOW_DELETED = new ReplyError("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
const BELOW_TOP = new ReplyError("ERR The ID specified in XSETID is smaller than the target stream top item");
const FEWER_ADDED = new ReplyError(
  "ERR The entries_added specified in XSETID is smaller than the target stream length",
);
const NEGATIVE_ADDED = new ReplyError("ERR entries_added must be positive");

export const xdel: ShardCommand = {
  name: "xdel",
  arity: -3,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "delete")],
  group: "stream",
  since: "5.0.0",
  summary: "Deletes entries of a stream and tells how many there were.",
  complexity: "O(log(N)) for each entry, N the length of the stream",
  syntax: "key id [id ...]",
  run(call: Call): void {
    const { argc } = call;
    const e = call.writeTyped(1, Type.STREAM);
    if (e === 0) {
      call.reply.int(0);
      return;
    }
    const { list, id } = readIds(call, 2, argc);
    const { streams, i32 } = call.storeOf(1);
    const s = streams.open(e);
    let deleted = 0;
    let first = false;
    for (let k = 0; k < argc - 2; k++) {
      id.load(list, k * ID_WORDS);
      if (!streams.remove(s, id)) continue;
      if (id.compareAt(i32, s + S_FIRST) === 0) first = true;
      deleted++;
    }
    if (first || (deleted > 0 && streams.length(s) === 0)) streams.renewFirst(s);
    if (deleted > 0) {
      call.changed(1, deleted);
      call.notify(NotifyClass.STREAM, "xdel", 1);
    }
    call.reply.int(deleted);
  },
};

/** Reads the identifiers of the arguments [first, end) into call.streams.list, and returns call.streams. */
export function readIds(call: Call, first: number, end: number): Call["streams"] {
  const { streams } = call;
  streams.reserve(end - first);
  for (let i = first; i < end; i++) {
    streams.read(call, i, streams.id);
    streams.id.store(streams.list, (i - first) * ID_WORDS);
  }
  return streams;
}

export const xsetid: ShardCommand = {
  name: "xsetid",
  arity: -3,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "update")],
  group: "stream",
  since: "5.0.0",
  summary: "Sets the last identifier that a stream has given, for what replicates or rebuilds streams.",
  complexity: "O(1)",
  syntax: "key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]",
  history: [["7.0.0", "Options `ENTRIESADDED` and `MAXDELETEDID`."]],
  run(call: Call): void {
    const { argc } = call;
    const { id, start: maxDeleted, other: top } = call.streams;
    call.streams.read(call, 2, id);
    maxDeleted.setMin();
    let added = -1;
    let addedHi = 0;
    let addedLo = 0;
    for (let i = 3; i < argc; i += 2) {
      if (i + 1 === argc) throw SYNTAX_ERROR;
      if (call.is(i, "entriesadded")) {
        added = call.int(i + 1);
        if (added < 0) throw NEGATIVE_ADDED;
        addedHi = call.number.hi;
        addedLo = call.number.lo;
      } else if (call.is(i, "maxdeletedid")) {
        call.streams.read(call, i + 1, maxDeleted);
        if (id.compare(maxDeleted) < 0) throw BELOW_GIVEN;
      } else throw SYNTAX_ERROR;
    }
    const e = call.writeTyped(1, Type.STREAM);
    if (e === 0) throw NO_SUCH_KEY;
    const { streams, i32 } = call.storeOf(1);
    const s = streams.open(e);
    if (id.compareAt(i32, s + S_MAX_DELETED) < 0) throw BELOW_DELETED;
    if (streams.lastEntry(s, top)) {
      if (id.compare(top) < 0) throw BELOW_TOP;
      if (added !== -1 && i32[s + S_LENGTH] > added) throw FEWER_ADDED;
    }
    id.store(i32, s + S_LAST);
    if (added !== -1) {
      i32[s + S_ADDED] = addedHi;
      i32[s + S_ADDED + 1] = addedLo;
    }
    if (!maxDeleted.isMin) maxDeleted.store(i32, s + S_MAX_DELETED);
    countChange(call, 1, 1);
    call.notify(NotifyClass.STREAM, "xsetid", 1);
    call.reply.ok();
  },
};
