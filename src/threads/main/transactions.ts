/**
 * Transactions: what MULTI queues, what WATCH looks after, and how EXEC becomes requests to the shards. Main thread.
 *
 * The queue's shard commands, the keys watched and the replies of main's own commands go into one internal `exec` request
 * (queue_request.ts), which is routed like any command: to one shard, or with all owners of its keys held. So a transaction is one point in
 * the order of all requests, and WATCH is checked at that very point. With commands of main's that must keep their place among the shards'
 * ones, or that WATCH may still abort, it takes several steps (stepwise_exec.ts). Where the shards are on this thread, a queue of their
 * commands runs as it lies there (inline_exec.ts).
 *
 * Invariants:
 * 1. No command of a queue runs when EXEC is aborted, and each sees what those before it did.
 * 2. A session's watches in the shards are those in `watched`; each way out of them (EXEC, DISCARD, UNWATCH, RESET, the connection's end)
 *    drops both.
 */
import { equalBytes, latin1Bytes } from "../../base/bytes.ts";
import { ReplyError } from "../../base/reply_error.ts";
import type { Request } from "../../codec/resp/request.ts";
import { KeyFinder } from "../../commands/key_specs.ts";
import { commandNumbers, internalCommands } from "../../commands/table.ts";
import { CommandEntry, Flag } from "./command_entry.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { InlineExec } from "./inline_exec.ts";
import { QueueMemory } from "./queue.ts";
import { fitsRun, QueueRequest } from "./queue_request.ts";
import { RequestBuilder } from "./request_builder.ts";
import { Gate, type Session } from "./session.ts";
import type { Shards } from "./shards.ts";
import { StepwiseExec } from "./stepwise_exec.ts";

const NOT_ALLOWED = new ReplyError("ERR Command not allowed inside a transaction");
const NO_EXEC = new ReplyError("ERR EXEC without MULTI");
const ABORTED = new ReplyError("EXECABORT Transaction discarded because of previous errors.");

/** Places of the internal commands in `entries`. */
const WATCH = 0;
const UNWATCH = 1;
const EXEC = 2;

export class Transactions {
  /** Sessions that watch keys now. */
  readonly watching = new Set<Session>();

  private readonly entries: readonly CommandEntry[] = internalCommands.map((each) =>
    new CommandEntry(each, undefined, commandNumbers)
  );
  private readonly builder = new RequestBuilder();
  private readonly memory = new QueueMemory();
  private readonly finder = new KeyFinder();
  /** Runs queues where the shards are on this thread; undefined where they are not. */
  private readonly inline: InlineExec | undefined;

  constructor(private readonly dispatcher: Dispatcher, private readonly shards: Shards) {
    this.inline = shards.threads === 0 ? new InlineExec(dispatcher, shards) : undefined;
  }

  /** Keys that are watched, each counted once. */
  get watchedKeys(): number {
    const names = new Set<string>();
    for (const { watched } of this.watching) for (const { db, key } of watched) names.add(`${db} ${key.join()}`);
    return names.size;
  }

  /** MULTI. */
  begin(session: Session): void {
    session.queue = this.memory.take();
    session.gate |= Gate.MULTI;
  }

  /** Takes a command into the queue; throws when it may not be in one. */
  enqueue(session: Session, entry: CommandEntry, request: Request): void {
    if ((entry.flags & Flag.NO_MULTI) !== 0) {
      session.queue!.broken = true;
      throw NOT_ALLOWED;
    }
    session.queue!.add(entry, request);
  }

  /** DISCARD, RESET and the connection's end: the queue and the watches are forgotten. */
  discard(session: Session): void {
    if (session.queue !== undefined) this.memory.giveBack(session.queue);
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
    this.ask(session, WATCH, session.db, pairsOf(keys, session));
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
      this.ask(session, UNWATCH, db, pairsOf(watched.map((each) => each.key), session));
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
    const { commands } = queue;
    if (this.inline?.takes(session, commands) === true) {
      this.inline.run(session, commands, watched);
      this.memory.giveBack(queue);
      return;
    }
    const { gate, server } = this.dispatcher;
    // Monitors may see a command only when it is sure to run.
    const together = watched.length === 0 || (gate & Gate.MONITORED) === 0;
    const fits = together &&
      commands.every(({ entry }) =>
        watched.length > 0 ? entry.shard !== undefined : fitsRun(entry, server.notifications.on)
      );
    if (!fits) {
      const ended = () => this.memory.giveBack(queue);
      new StepwiseExec(session, commands, this.dispatcher, this.shards, this.entries[EXEC], ended).start(watched);
      return;
    }
    const run = new QueueRequest(session, this.dispatcher, this.finder);
    run.watch(watched);
    for (const each of commands) run.add(each);
    this.builder.begin(this.entries[EXEC].nameBytes);
    run.write(this.builder);
    this.memory.giveBack(queue);
    if (run.reads.length === 0) this.send(session, EXEC, session.db);
    else {
      const { tracking } = this.dispatcher.server;
      tracking.runTransaction(session, run.reads, run.changes, () => this.send(session, EXEC, session.db));
    }
  }

  /** Runs the internal command of that index for the session, in the order of its requests. */
  private ask(session: Session, which: number, db: number, args: readonly Uint8Array[]): void {
    this.builder.begin(this.entries[which].nameBytes);
    for (const arg of args) this.builder.add(arg, 0, arg.length);
    this.send(session, which, db);
  }

  /** Sends the request that has been built. */
  private send(session: Session, which: number, db: number): void {
    const request = this.builder.end();
    const own = session.db;
    session.db = db;
    this.dispatcher.call.load(request, db);
    this.shards.run(session, this.entries[which], request);
    session.db = own;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && equalBytes(a, 0, b, 0, a.length);
}

/** Each key, then who watches it. */
function pairsOf(keys: readonly Uint8Array[], session: Session): Uint8Array[] {
  return keys.flatMap((key) => [key, latin1Bytes(String(session.id))]);
}
