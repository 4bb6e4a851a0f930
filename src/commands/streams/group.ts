/** XGROUP: makes, moves and removes consumer groups and consumers. */
import { ReplyError } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { NO_EXPIRY, type Store } from "../../store/store.ts";
import { S_GROUPS, S_LAST } from "../../store/types/stream.ts";
import { C_PENDING, G_LAST, G_READ } from "../../store/types/stream_groups.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand, type ShardContainer } from "../command.ts";
import { writeHelp } from "../help.ts";
import { countChange, cText, groupArgument, makeConsumer } from "./groups.ts";

const NO_STREAM = new ReplyError(
  "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to " +
    "create an empty stream automatically.",
);
const BUSY_GROUP = new ReplyError("BUSYGROUP Consumer Group name already exists");
const NEGATIVE_READ = new ReplyError("ERR value for ENTRIESREAD must be positive or -1");
const DOLLAR = 36;

/** What Redis says of arguments that fit no subcommand of a container. */
export function wrongSubcommand(call: Call, container: string): ReplyError {
  return new ReplyError(
    `ERR unknown subcommand or wrong number of arguments for '${cText(call, 1).slice(0, 128)}'. Try ${container} HELP.`,
  );
}

/** Options of CREATE and SETID; the halves of the entries read. */
interface GroupOptions {
  makeStream: boolean;
  readHi: number;
  readLo: number;
}

function groupOptions(call: Call, mayMake: boolean): GroupOptions {
  const options = { makeStream: false, readHi: -1, readLo: -1 };
  for (let i = 5; i < call.argc; i++) {
    if (mayMake && call.is(i, "mkstream")) options.makeStream = true;
    else if (i + 1 < call.argc && call.is(i, "entriesread")) {
      if (call.int(++i) < -1) throw NEGATIVE_READ;
      options.readHi = call.number.hi;
      options.readLo = call.number.lo;
    } else throw wrongSubcommand(call, "XGROUP");
  }
  return options;
}

/** The stream in argument 2 as the word index of its payload; throws when there is none. */
function existingStream(call: Call, store: Store): number {
  const e = call.writeTyped(2, Type.STREAM);
  if (e === 0) throw NO_STREAM;
  return store.streams.open(e);
}

/** The group in argument 3; throws NOGROUP. */
function existingGroup(call: Call, store: Store, s: number): number {
  const g = groupArgument(call, store, s, 3);
  if (g === 0) {
    throw new ReplyError(`NOGROUP No such consumer group '${cText(call, 3)}' for key name '${cText(call, 2)}'`);
  }
  return g;
}

/** True when argument 4 is $. */
function isLast(call: Call): boolean {
  return call.len[4] === 1 && call.buf[call.at[4]] === DOLLAR;
}

const create: ShardCommand = {
  name: "create",
  arity: -5,
  flags: ["write", "denyoom"],
  keys: [keyAt(2, "RW", "insert")],
  group: "stream",
  since: "5.0.0",
  summary: "Makes a consumer group that starts behind an identifier.",
  complexity: "O(1)",
  syntax: "key group <id | $> [MKSTREAM] [ENTRIESREAD entries-read]",
  history: [["7.0.0", "Option `ENTRIESREAD`."]],
  run(call: Call): void {
    const { argc, db, buf, at, len } = call;
    const { id } = call.streams;
    const options = groupOptions(call, true);
    let e = call.writeTyped(2, Type.STREAM);
    if (e === 0 && !options.makeStream) throw NO_STREAM;
    if (argc > 8) throw wrongSubcommand(call, "XGROUP");
    const store = call.storeOf(2);
    const { streams, i32 } = store;
    const { groups } = streams;
    if (!isLast(call)) call.streams.read(call, 4, id);
    else if (e === 0) id.setMin();
    else id.load(i32, streams.open(e) + S_LAST);
    if (e !== 0 && groupArgument(call, store, streams.open(e), 3) !== 0) throw BUSY_GROUP;
    const makes = e === 0;
    if (makes) e = streams.create(db, buf, at[2], len[2], NO_EXPIRY);
    let g: number;
    try {
      g = groups.createGroup(streams.open(e) + S_GROUPS, buf, at[3], len[3]);
    } catch (error) {
      if (makes) store.delete(db, buf, at[2], len[2]);
      throw error;
    }
    id.store(i32, g + G_LAST);
    i32[g + G_READ] = options.readHi;
    i32[g + G_READ + 1] = options.readLo;
    if (makes) call.changed(2);
    else countChange(call, 2, 1);
    call.notify(NotifyClass.STREAM, "xgroup-create", 2);
    call.reply.ok();
  },
};

const setId: ShardCommand = {
  name: "setid",
  arity: -5,
  flags: ["write"],
  keys: [keyAt(2, "RW", "update")],
  group: "stream",
  since: "5.0.0",
  summary: "Sets the identifier behind which a consumer group goes on.",
  complexity: "O(1)",
  syntax: "key group <id | $> [ENTRIESREAD entries-read]",
  history: [["7.0.0", "Option `ENTRIESREAD`."]],
  run(call: Call): void {
    const { id } = call.streams;
    const options = groupOptions(call, false);
    const store = call.storeOf(2);
    const s = existingStream(call, store);
    const g = existingGroup(call, store, s);
    if (call.argc > 7) throw wrongSubcommand(call, "XGROUP");
    if (isLast(call)) id.load(store.i32, s + S_LAST);
    else call.streams.readLoose(call, 4, id);
    id.store(store.i32, g + G_LAST);
    store.i32[g + G_READ] = options.readHi;
    store.i32[g + G_READ + 1] = options.readLo;
    countChange(call, 2, 1);
    call.notify(NotifyClass.STREAM, "xgroup-setid", 2);
    call.reply.ok();
  },
};

const destroy: ShardCommand = {
  name: "destroy",
  arity: 4,
  flags: ["write"],
  keys: [keyAt(2, "RW", "delete")],
  group: "stream",
  since: "5.0.0",
  summary: "Removes a consumer group with its consumers and all that is pending.",
  complexity: "O(1); the memory is freed in the background",
  syntax: "key group",
  run(call: Call): void {
    const store = call.storeOf(2);
    const s = existingStream(call, store);
    const g = groupArgument(call, store, s, 3);
    if (g !== 0) {
      store.streams.destroyGroup(s, g);
      countChange(call, 2, 1);
      call.ready(2);
      call.notify(NotifyClass.STREAM, "xgroup-destroy", 2);
    }
    call.reply.int(g === 0 ? 0 : 1);
  },
};

const createConsumer: ShardCommand = {
  name: "createconsumer",
  arity: 5,
  flags: ["write", "denyoom"],
  keys: [keyAt(2, "RW", "insert")],
  group: "stream",
  since: "6.2.0",
  summary: "Makes a consumer in a group, and tells whether it is new.",
  complexity: "O(log(N)) with N consumers",
  syntax: "key group consumer",
  run(call: Call): void {
    const store = call.storeOf(2);
    const g = existingGroup(call, store, existingStream(call, store));
    const found = store.streams.groups.findConsumer(g, call.buf, call.at[4], call.len[4]);
    if (found === 0) makeConsumer(call, store, g, 4, 2);
    call.reply.int(found === 0 ? 1 : 0);
  },
};

const delConsumer: ShardCommand = {
  name: "delconsumer",
  arity: 5,
  flags: ["write"],
  keys: [keyAt(2, "RW", "delete")],
  group: "stream",
  since: "5.0.0",
  summary: "Removes a consumer with all that is pending for it, and tells how much that was.",
  complexity: "O(M*log(N)) with M entries pending for the consumer, N in the group",
  syntax: "key group consumer",
  run(call: Call): void {
    const store = call.storeOf(2);
    const { groups } = store.streams;
    const g = existingGroup(call, store, existingStream(call, store));
    const c = groups.findConsumer(g, call.buf, call.at[4], call.len[4]);
    if (c === 0) {
      call.reply.int(0);
      return;
    }
    const pending = groups.owned.count(c + C_PENDING);
    groups.removeConsumer(g, c);
    countChange(call, 2, 1);
    call.notify(NotifyClass.STREAM, "xgroup-delconsumer", 2);
    call.reply.int(pending);
  },
};

const help: ShardCommand = {
  name: "help",
  arity: 2,
  flags: ["loading", "stale"],
  group: "stream",
  since: "5.0.0",
  summary: "Explains the subcommands.",
  complexity: "O(1)",
  syntax: "",
  run(call: Call): void {
    writeHelp(call.reply, "XGROUP", [
      "CREATE <key> <groupname> <id|$> [option]",
      "    Create a new consumer group. Options are:",
      "    * MKSTREAM",
      "      Create the empty stream if it does not exist.",
      "    * ENTRIESREAD entries_read",
      "      Set the group's entries_read counter (internal use).",
      "CREATECONSUMER <key> <groupname> <consumer>",
      "    Create a new consumer in the specified group.",
      "DELCONSUMER <key> <groupname> <consumer>",
      "    Remove the specified consumer.",
      "DESTROY <key> <groupname>",
      "    Remove the specified group.",
      "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
      "    Set the current group ID and entries_read counter.",
    ]);
  },
};

export const xgroup: ShardContainer = {
  name: "xgroup",
  arity: -2,
  flags: [],
  group: "stream",
  since: "5.0.0",
  summary: "Works on consumer groups.",
  complexity: "Depends on the subcommand.",
  syntax: "",
  subcommands: [create, setId, destroy, createConsumer, delConsumer, help],
};
