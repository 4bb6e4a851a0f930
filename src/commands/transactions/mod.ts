/**
 * What shards do for transactions. Main makes these requests (threads/main/transactions.ts); no client can.
 *
 *   watch    key watcher [key watcher ...]      the watcher watches the keys of the call's database
 *   unwatch  key watcher [key watcher ...]      and no longer
 *   exec     see below: checks what was watched, runs the queued commands, replies for all of them
 *
 *   exec <"all" | "keys"> watcher keyCount key... watchCount (db key)... step...
 *     step   "run" command db argc arg...       a queued command, by its number
 *            "reply" bytes                       a reply that main has made already
 *
 * The keys stand there for routing: with keys in several shards those are held, so that the whole is one point in the order.
 */
import type { Call } from "../call.ts";
import type { Arguments, KeyList, ShardCommand } from "../command.ts";
import { keysFrom } from "../command.ts";
import { runInner } from "../run.ts";

/** What the internal commands say of themselves. */
export const internalFacts = {
  arity: -1,
  flags: ["write"],
  group: "transactions",
  since: "1.0.0",
  summary: "Internal.",
  complexity: "O(N)",
  syntax: "",
} as const;

const pairs = { keys: [keysFrom(1, -2, 2, "RO")], routing: "split", gather: "ok" } as const;

const watch: ShardCommand = {
  name: "watch",
  ...internalFacts,
  ...pairs,
  run(call: Call): void {
    for (let i = 1; i + 1 < call.argc; i += 2) {
      const store = call.storeOf(i);
      // An expired key counts as missing from the start.
      store.peek(call.db, call.buf, call.at[i], call.len[i]);
      store.watches.add(call.db, call.buf, call.at[i], call.len[i], call.int(i + 1));
    }
    call.reply.ok();
  },
};

const unwatch: ShardCommand = {
  name: "unwatch",
  ...internalFacts,
  ...pairs,
  run(call: Call): void {
    for (let i = 1; i + 1 < call.argc; i += 2) {
      call.storeOf(i).watches.drop(call.db, call.buf, call.at[i], call.len[i], call.int(i + 1));
    }
    call.reply.ok();
  },
};

const KEYS_FROM = 4;

/** Runs a queue; `commands` gives the runnable commands by number. */
const exec = (commands: () => readonly ShardCommand[]): ShardCommand => ({
  name: "exec",
  ...internalFacts,
  findKeys(request: Arguments, keys: KeyList): void {
    let count = 0;
    for (let i = 0; i < request.len[3]; i++) count = count * 10 + request.buf[request.at[3] + i] - 48;
    for (let k = 0; k < count; k++) keys.add(KEYS_FROM + k, 0);
  },
  reachesAll: (request: Arguments) => request.len[1] === 3, // "all"
  run(call: Call): void {
    const watcher = call.int(2);
    let i = KEYS_FROM + call.int(3);
    const watched = call.int(i++);
    let changed = false;
    for (let k = 0; k < watched; k++, i += 2) {
      const db = call.int(i);
      const store = call.storeOf(i + 1);
      const { buf, at, len } = call;
      // A watched key whose time has come goes now, which is a change.
      store.peek(db, buf, at[i + 1], len[i + 1]);
      if (!store.watches.unchanged(db, buf, at[i + 1], len[i + 1], watcher)) changed = true;
      store.watches.drop(db, buf, at[i + 1], len[i + 1], watcher);
    }
    if (changed) call.reply.nilArray();
    else runSteps(call, i, commands());
  },
});

/** Runs the steps from argument `i` on; replies with the array of their replies. */
function runSteps(call: Call, i: number, commands: readonly ShardCommand[]): void {
  const { buf, at, len, argc, db, reply } = call;
  const place = reply.openArray();
  const resp3 = reply.resp3;
  let steps = 0;
  const { mayBlock } = call;
  // Each command's arguments in turn: as many as the whole has are enough.
  const step = { buf, argc: 0, at: new Int32Array(argc), len: new Int32Array(argc) };
  call.mayBlock = false;
  for (; i < argc; steps++) {
    if (call.is(i, "reply")) {
      reply.raw(buf, at[i + 1], len[i + 1]);
      i += 2;
      continue;
    }
    const command = commands[call.int(i + 1)];
    const commandDb = call.int(i + 2);
    const count = call.int(i + 3);
    const from = i + 4;
    for (let k = 0; k < count; k++) {
      step.at[k] = at[from + k];
      step.len[k] = len[from + k];
    }
    step.argc = count;
    call.load(step, commandDb);
    runInner(command, call);
    call.load({ buf, argc, at, len }, db);
    i = from + count;
  }
  call.mayBlock = mayBlock;
  // Each command's effects are recorded; the queue itself adds none.
  call.effects.none();
  reply.resp3 = resp3;
  reply.closeArray(place, steps);
}

/** Entered behind the commands that clients know: watch, unwatch, exec. */
export function transactionCommands(commands: () => readonly ShardCommand[]): readonly ShardCommand[] {
  return [watch, unwatch, exec(commands)];
}
