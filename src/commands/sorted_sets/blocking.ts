/** BZPOPMIN, BZPOPMAX and BZMPOP: what their sisters without B do, as soon as there is a member. */
import { Type } from "../../store/entry.ts";
import type { Call } from "../call.ts";
import { keysCounted, keysFrom, type ShardCommand } from "../command.ts";
import { holds, timeoutArgument, type Waiting, waitOrNil } from "../wait.ts";
import { parseMpop, popFirst, popPairs } from "./pop.ts";

const WAITING: Waiting = { replies: (call, i) => holds(call, i, Type.ZSET) };

const facts = {
  arity: -3,
  flags: ["write", "blocking", "fast"],
  keys: [keysFrom(1, -2, 1, "RW", "access", "delete")],
  group: "sorted-set",
  since: "5.0.0",
  complexity: "O(log(N)) with N members in the sorted set",
  syntax: "key [key ...] timeout:double",
  history: [["6.0.0", "The timeout may have decimals."]],
  waiting: WAITING,
} as const;

export const bzpopmin: ShardCommand = {
  name: "bzpopmin",
  ...facts,
  summary:
    "Takes the member with the lowest score out of the first of several sorted sets that is not empty; waits for one.",
  run(call: Call): void {
    pop(call, false, "ZPOPMIN");
  },
};

export const bzpopmax: ShardCommand = {
  name: "bzpopmax",
  ...facts,
  summary:
    "Takes the member with the highest score out of the first of several sorted sets that is not empty; waits for one.",
  run(call: Call): void {
    pop(call, true, "ZPOPMAX");
  },
};

function pop(call: Call, max: boolean, effect: string): void {
  const { argc, reply, effects } = call;
  const deadlineMs = timeoutArgument(call, argc - 1);
  for (let i = 1; i < argc - 1; i++) {
    const e = call.writeTyped(i, Type.ZSET);
    if (e === 0) continue;
    reply.array(3);
    reply.bulk(call.buf, call.at[i], call.len[i]);
    popPairs(call, i, e, 1, max, false);
    if (effects.on) effects.ofKey(effect, i);
    return;
  }
  waitOrNil(call, 1, argc - 2, deadlineMs);
}

export const bzmpop: ShardCommand = {
  name: "bzmpop",
  arity: -5,
  flags: ["write", "blocking", "movablekeys"],
  keys: [keysCounted(2, "RW", "access", "delete")],
  group: "sorted-set",
  since: "7.0.0",
  summary: "Takes members with the lowest or highest scores out of the first of several sorted sets; waits for one.",
  complexity:
    "O(K)+O(M*log(N)), K the number of keys, N the size of the sorted set and M the number of members taken out",
  syntax: "timeout:double numkeys key ... <MIN | MAX> [COUNT count]",
  waiting: WAITING,
  run(call: Call): void {
    const wanted = parseMpop(call, 2);
    const deadlineMs = timeoutArgument(call, 1);
    if (popFirst(call, 3, wanted)) return;
    waitOrNil(call, 3, wanted.keys, deadlineMs);
  },
};
