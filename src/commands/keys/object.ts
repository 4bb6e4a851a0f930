/** OBJECT: how a value is kept. Nothing here counts as an access. */
import { ReplyError } from "../../base/reply_error.ts";
import { ENCODING_NAMES } from "../../store/entry.ts";
import type { Call } from "../call.ts";
import { keyAt, type ShardCommand, type ShardContainer } from "../command.ts";
import { writeHelp } from "../help.ts";

const NO_LFU = new ReplyError(
  "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between " +
    "policies at runtime LRU and LFU data will take some time to adjust.",
);
const NO_LRU = new ReplyError(
  "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at " +
    "runtime LRU and LFU data will take some time to adjust.",
);

const facts = {
  arity: 3,
  flags: ["readonly"],
  keys: [keyAt(2, "RO")],
  group: "generic",
  complexity: "O(1)",
  syntax: "key",
  tips: ["nondeterministic_output"],
} as const;

const encoding: ShardCommand = {
  name: "encoding",
  ...facts,
  since: "2.2.3",
  summary: "Names the encoding of a key's value.",
  run(call: Call): void {
    const e = call.peek(2);
    if (e === 0) call.reply.nil();
    else call.reply.bulkText(ENCODING_NAMES[call.storeOf(2).encoding(e)]);
  },
};

const freq: ShardCommand = {
  name: "freq",
  ...facts,
  since: "4.0.0",
  summary: "Tells a key's access counter, which grows with the logarithm of its accesses.",
  run(call: Call): void {
    const e = call.peek(2);
    if (e === 0) {
      call.reply.nil();
      return;
    }
    const store = call.storeOf(2);
    if (!store.clock.lfu) throw NO_LFU;
    call.reply.int(store.clock.frequency(store.i32[e >> 2]));
  },
};

const idleTime: ShardCommand = {
  name: "idletime",
  ...facts,
  since: "2.2.3",
  summary: "Tells how many seconds ago a key was accessed.",
  run(call: Call): void {
    const e = call.peek(2);
    if (e === 0) {
      call.reply.nil();
      return;
    }
    const store = call.storeOf(2);
    if (store.clock.lfu) throw NO_LRU;
    call.reply.int(store.clock.idleSeconds(store.i32[e >> 2]));
  },
};

const refCount: ShardCommand = {
  name: "refcount",
  ...facts,
  since: "2.2.3",
  summary: "Tells how many keys share a value: always 1.",
  run(call: Call): void {
    if (call.peek(2) === 0) call.reply.nil();
    else call.reply.int(1);
  },
};

const help: ShardCommand = {
  name: "help",
  arity: 2,
  flags: ["loading", "stale"],
  group: "generic",
  since: "6.2.0",
  summary: "Explains the subcommands.",
  complexity: "O(1)",
  syntax: "",
  run(call: Call): void {
    writeHelp(call.reply, "OBJECT", [
      "ENCODING <key>",
      "    Return the kind of internal representation used in order to store the value",
      "    associated with a <key>.",
      "FREQ <key>",
      "    Return the access frequency index of the <key>. The returned integer is",
      "    proportional to the logarithm of the recent access frequency of the key.",
      "IDLETIME <key>",
      "    Return the idle time of the <key>, that is the approximated number of",
      "    seconds elapsed since the last access to the key.",
      "REFCOUNT <key>",
      "    Return the number of references of the value associated with the specified",
      "    <key>.",
    ]);
  },
};

export const object: ShardContainer = {
  name: "object",
  arity: -2,
  flags: [],
  group: "generic",
  since: "2.2.3",
  summary: "Looks at how values are kept.",
  complexity: "Depends on the subcommand.",
  syntax: "",
  subcommands: [encoding, freq, idleTime, refCount, help],
};
