/**
 * Transactions: what MULTI queues, what WATCH looks after, and how EXEC becomes one request to the shards. Main thread.
 *
 * The queue's shard commands, the keys watched and main's own replies go into one internal `exec` request (commands/transactions/),
 * which is routed like any command: to one shard, or with all owners of its keys held. So a transaction is one point in the order of
 * all requests, and WATCH is checked at that very point.
 *
 * Invariants:
 * 1. Main's own commands of a queue run when EXEC is sequenced, in their order; their replies travel with the request.
 * 2. A session's watches in the shards are those in `watched`; each way out of them (EXEC, DISCARD, UNWATCH, RESET, the connection's end)
 *    drops both.
 */
import { equalBytes, latin1Bytes } from "../../base/bytes.ts";
import { ReplyError } from "../../base/reply_error.ts";
import { Request } from "../../codec/resp/request.ts";
import { KeyFinder } from "../../commands/key_specs.ts";
import { commandNumbers, internalCommands } from "../../commands/table.ts";
import { CommandEntry } from "./command_entry.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { Gate, type Session } from "./session.ts";
import type { Shards } from "./shards.ts";

const NOT_ALLOWED = new ReplyError("ERR Command not allowed inside a transaction");
const NO_EXEC = new ReplyError("ERR EXEC without MULTI");
const ABORTED = new ReplyError("EXECABORT Transaction discarded because of previous errors.");

interface Queued {
  readonly entry: CommandEntry;
  readonly args: readonly Uint8Array[];
}

/** A key that a session watches. */
export interface Watched {
  readonly db: number;
  readonly key: Uint8Array;
}

/** A session's state between MULTI and EXEC. */
export interface Queue {
  readonly commands: Queued[];
  /** True when a command was refused while queueing: EXEC must refuse too. */
  broken: boolean;
}

export class Transactions {
  /** Sessions that watch keys now. */
  readonly watching = new Set<Session>();

  private readonly entries: readonly CommandEntry[] = internalCommands.map((each) =>
    new CommandEntry(each, undefined, commandNumbers)
  );
  private readonly finder = new KeyFinder();
  private readonly request = new Request();

  constructor(private readonly dispatcher: Dispatcher, private readonly shards: Shards) {}

  /** MULTI. */
  begin(session: Session): void {
    session.queue = { commands: [], broken: false };
    session.gate |= Gate.MULTI;
  }

  /** Takes a command into the queue; throws when it may not be in one. */
  enqueue(session: Session, entry: CommandEntry, request: Request): void {
    if (entry.facts.flags.includes("no_multi")) {
      session.queue!.broken = true;
      throw NOT_ALLOWED;
    }
    const args: Uint8Array[] = [];
    for (let i = 0; i < request.argc; i++) args.push(request.buf.slice(request.at[i], request.at[i] + request.len[i]));
    session.queue!.commands.push({ entry, args });
  }

  /** DISCARD, RESET and the connection's end: the queue and the watches are forgotten. */
  discard(session: Session): void {
    session.queue = undefined;
    session.gate &= ~Gate.MULTI;
    this.unwatch(session);
  }

  /** WATCH of keys of the session's database; the shards' reply is the client's. */
  watch(session: Session, keys: readonly Uint8Array[]): void {
    for (const key of keys) {
      const known = session.watched.some((each) => each.db === session.db && sameBytes(each.key, key));
      if (!known) session.watched.push({ db: session.db, key });
    }
    this.watching.add(session);
    this.ask(session, 0, session.db, pairsOf(keys, session));
  }

  /** Drops the session's watches. */
  unwatch(session: Session): void {
    if (session.watched.length === 0) return;
    const byDb = Map.groupBy(session.watched, (each) => each.db);
    session.watched = [];
    this.watching.delete(session);
    for (const [db, watched] of byDb) {
      // The shards' answer is nobody's.
      const skipping = session.gate & Gate.REPLY_SKIP;
      session.gate |= Gate.REPLY_SKIP;
      this.ask(session, 1, db, pairsOf(watched.map((each) => each.key), session));
      session.gate |= skipping;
    }
  }

  /** EXEC: the shards' reply is the client's. Throws for what a client did wrong. */
  exec(session: Session): void {
    const queue = session.queue;
    if (queue === undefined) throw NO_EXEC;
    if (queue.broken) {
      this.discard(session);
      throw ABORTED;
    }
    session.queue = undefined;
    session.gate &= ~Gate.MULTI;
    // Taken now: a queued UNWATCH comes too late to save a transaction whose keys have changed.
    const { watched } = session;
    session.watched = [];
    this.watching.delete(session);
    const steps: Uint8Array[] = [];
    const keys = new Map<string, Uint8Array>();
    let all = false;
    for (const { entry, args } of queue.commands) {
      const request = new Request();
      request.load(args);
      if (entry.shard === undefined) {
        steps.push(REPLY, this.dispatcher.runQueued(session, entry, request));
        continue;
      }
      this.dispatcher.countQueued(entry);
      steps.push(RUN, decimal(entry.shardNumber), decimal(session.db), decimal(args.length), ...args);
      const { routing = "keys", reachesAll } = entry.shard;
      if (routing === "all" || routing === "any" || routing === "cursor" || reachesAll?.(request) === true) all = true;
      this.finder.count = 0;
      this.finder.find(entry.facts, request);
      for (let k = 0; k < this.finder.count; k++) this.note(keys, args[this.finder.index[k]]);
    }
    const watches: Uint8Array[] = [];
    for (const { db, key } of watched) {
      watches.push(decimal(db), key);
      this.note(keys, key);
    }
    this.ask(session, 2, session.db, [
      all ? ALL : KEYS,
      decimal(session.id),
      decimal(keys.size),
      ...keys.values(),
      decimal(watched.length),
      ...watches,
      ...steps,
    ]);
  }

  private note(keys: Map<string, Uint8Array>, key: Uint8Array): void {
    keys.set(key.join(), key);
  }

  /** Runs the internal command of that index for the session, in the order of its requests. */
  private ask(session: Session, which: 0 | 1 | 2, db: number, args: readonly Uint8Array[]): void {
    const entry = this.entries[which];
    this.request.load([latin1Bytes(entry.name), ...args]);
    const own = session.db;
    session.db = db;
    this.dispatcher.call.load(this.request, db);
    this.shards.run(session, entry, this.request);
    session.db = own;
  }
}

const RUN = latin1Bytes("run");
const REPLY = latin1Bytes("reply");
const ALL = latin1Bytes("all");
const KEYS = latin1Bytes("keys");

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && equalBytes(a, 0, b, 0, a.length);
}

function decimal(n: number): Uint8Array {
  return latin1Bytes(String(n));
}

/** Each key, then who watches it. */
function pairsOf(keys: readonly Uint8Array[], session: Session): Uint8Array[] {
  return keys.flatMap((key) => [key, decimal(session.id)]);
}
