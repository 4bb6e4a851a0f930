/** BLPOP, BRPOP, BLMPOP, BLMOVE and BRPOPLPUSH: what their sisters without B do, as soon as there is an element. */
import { Type } from "../../store/entry.ts";
import type { Call } from "../call.ts";
import { keyAt, keysCounted, keysFrom, type ShardCommand } from "../command.ts";
import { holds, timeoutArgument, type Waiting, waitOrNil } from "../wait.ts";
import { endArgument, popElement } from "./elements.ts";
import { moveElement } from "./move.ts";
import { countArgument, keysArgument, popFirstOf } from "./pop.ts";

const WAITING: Waiting = { replies: (call, i) => holds(call, i, Type.LIST) };

const facts = {
  arity: -3,
  flags: ["write", "blocking"],
  keys: [keysFrom(1, -2, 1, "RW", "access", "delete")],
  group: "list",
  since: "2.0.0",
  complexity: "O(N) with N keys given",
  syntax: "key [key ...] timeout:double",
  history: [["6.0.0", "The timeout may have decimals."]],
  waiting: WAITING,
} as const;

export const blpop: ShardCommand = {
  name: "blpop",
  ...facts,
  summary: "Takes the first element of the first list that is not empty among several; waits for one.",
  run(call: Call): void {
    pop(call, true, "LPOP");
  },
};

export const brpop: ShardCommand = {
  name: "brpop",
  ...facts,
  summary: "Takes the last element of the first list that is not empty among several; waits for one.",
  run(call: Call): void {
    pop(call, false, "RPOP");
  },
};

function pop(call: Call, atHead: boolean, effect: string): void {
  const { argc, reply, effects } = call;
  const deadlineMs = timeoutArgument(call, argc - 1);
  for (let i = 1; i < argc - 1; i++) {
    const e = call.writeTyped(i, Type.LIST);
    if (e === 0) continue;
    reply.array(2);
    reply.bulk(call.buf, call.at[i], call.len[i]);
    popElement(call, i, e, atHead);
    if (effects.on) effects.ofKey(effect, i);
    return;
  }
  waitOrNil(call, 1, argc - 2, deadlineMs);
}

export const blmpop: ShardCommand = {
  name: "blmpop",
  arity: -5,
  flags: ["write", "blocking", "movablekeys"],
  keys: [keysCounted(2, "RW", "access", "delete")],
  group: "list",
  since: "7.0.0",
  summary: "Takes elements from an end of the first list that is not empty among several; waits for one.",
  complexity: "O(N+M) with N keys given and M elements taken",
  syntax: "timeout:double numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
  waiting: WAITING,
  run(call: Call): void {
    const keys = keysArgument(call, 2);
    const atHead = endArgument(call, 3 + keys);
    const count = countArgument(call, 4 + keys);
    const deadlineMs = timeoutArgument(call, 1);
    if (popFirstOf(call, 3, keys, atHead, count)) return;
    waitOrNil(call, 3, keys, deadlineMs);
  },
};

const MOVE_KEYS = [keyAt(1, "RW", "access", "delete"), keyAt(2, "RW", "insert")];
const MOVING: Waiting = { ...WAITING, firstKeyOnly: true };

export const blmove: ShardCommand = {
  name: "blmove",
  arity: 6,
  flags: ["write", "denyoom", "blocking"],
  keys: MOVE_KEYS,
  group: "list",
  since: "6.2.0",
  summary: "Takes an element from an end of a list, adds it at an end of another or the same; waits for one.",
  complexity: "O(1)",
  syntax: "source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout:double",
  waiting: MOVING,
  run(call: Call): void {
    const fromHead = endArgument(call, 3);
    const toHead = endArgument(call, 4);
    move(call, fromHead, toHead, 5, "LMOVE");
  },
};

export const brpoplpush: ShardCommand = {
  name: "brpoplpush",
  arity: 4,
  flags: ["write", "denyoom", "blocking"],
  keys: MOVE_KEYS,
  group: "list",
  since: "2.2.0",
  summary: "Takes the last element of a list, adds it at the head of another or the same; waits for one.",
  complexity: "O(1)",
  syntax: "source destination timeout:double",
  deprecated: { since: "6.2.0", replacedBy: "`BLMOVE` with the `RIGHT` and `LEFT` arguments" },
  docFlags: ["deprecated"],
  history: [["6.0.0", "The timeout may have decimals."]],
  waiting: MOVING,
  run(call: Call): void {
    move(call, false, true, 3, "RPOPLPUSH");
  },
};

function move(call: Call, fromHead: boolean, toHead: boolean, timeoutAt: number, effect: string): void {
  const { effects } = call;
  const deadlineMs = timeoutArgument(call, timeoutAt);
  if (moveElement(call, fromHead, toHead)) {
    if (!effects.on) return;
    effects.begin(timeoutAt);
    effects.text(effect);
    effects.args(1, timeoutAt);
  } else if (call.mayBlock) call.wait.ask(1, 1, deadlineMs);
  else call.reply.nil();
}
