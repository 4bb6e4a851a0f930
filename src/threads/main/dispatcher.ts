/**
 * Dispatcher: from a parsed request to the command's run: finds it, checks what the client may do, counts it, and hands it to
 * the main thread's own function or to the shards. Main thread.
 *
 * Invariants:
 * 1. Each request gets exactly one reply, in the order of requests (none under CLIENT REPLY OFF and SKIP).
 * 2. Nothing is allocated on the way of a command that is known, allowed and sent to its shard.
 */
import { latin1Text } from "../../base/bytes.ts";
import { OUT_OF_MEMORY, ReplyError, wrongArity } from "../../base/reply_error.ts";
import type { Reply } from "../../codec/resp/reply.ts";
import type { Request } from "../../codec/resp/request.ts";
import type { Call } from "../../commands/call.ts";
import type { ShardCommand } from "../../commands/command.ts";
import type { CommandIndex } from "../../commands/lookup.ts";
import { monotonicUs } from "../../runtime/mod.ts";
import { type CommandEntry, Flag } from "./command_entry.ts";
import { MANY_ARGUMENTS, type SlowCall, slowCall } from "../slow_call.ts";
import type { MainContext } from "./main_command.ts";
import type { Server } from "./server.ts";
import { Pause } from "./pause.ts";
import { Gate, type Session } from "./session.ts";
import type { Shards } from "./shards.ts";

const DEBUG_REFUSED = new ReplyError(
  'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a local ' +
    "connection, otherwise you need to set this option in the configuration file, and then restart the server.",
);
const EXEC_ARITY = new ReplyError(
  "EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command",
);
const EXEC_OUT_OF_MEMORY = new ReplyError(
  `EXECABORT Transaction discarded because of: ${OUT_OF_MEMORY.text}`,
);
/** What a client may do between MULTI and EXEC however short memory is. */
const OUT_OF_QUEUE: readonly string[] = ["discard", "quit", "reset"];
const LOADING = new ReplyError("LOADING Redis is loading the dataset in memory");
const NO_AUTH = new ReplyError("NOAUTH Authentication required.");
/**
 * So many commands in 100 ms are timed each; of more, only every SAMPLE_EVERY-th, which then counts for as many: reading a clock twice costs
 * as much as a GET. An idle server's figures are exact, a busy one's a fair sample.
 */
const TIMED_PER_TICK = 100;
const SAMPLE_EVERY = 64;
/** Most names that errorstats tells apart, as Redis bounds them against clients that make up new ones. */
const ERROR_NAMES_MAX = 128;
/** Flags of commands that a connection which monitors may not run. */
const KEYSPACE = Flag.READONLY | Flag.WRITE | Flag.MAY_REPLICATE;
const NO_KEYSPACE = new ReplyError("ERR Replica can't interact with the keyspace");
/** How much of a request an "unknown command" error repeats. */
const ECHO_MAX = 128;

export class Dispatcher {
  /** Bits of Gate that concern all clients. */
  gate = 0;
  commandsProcessed = 0;
  errorReplies = 0;
  /** Calls that take so many microseconds are looked at; Infinity for none. */
  slowUs = Infinity;
  readonly errorCounts = new Map<string, number>();
  readonly pause: Pause;
  /** The reply of the `runQueued` that has just run, when it comes later. */
  later: Promise<Uint8Array> | undefined;
  /** The running command has left out what the client does not want (CLIENT REPLY). */
  muffled = false;
  private queued = false;
  /** Called when clients that a pause held back may go on. */
  onResume: () => void = () => {};

  private readonly context: MainContext;
  private readonly entries = new Map<ShardCommand, CommandEntry>();
  private timed = TIMED_PER_TICK;
  private untimed = 0;

  constructor(
    readonly server: Server,
    readonly index: CommandIndex<CommandEntry>,
    readonly call: Call,
    readonly reply: Reply,
    readonly shards: Shards,
  ) {
    this.pause = new Pause((on) => this.paused(on), () => this.onResume());
    this.context = { server, session: undefined as unknown as Session, args: call, reply, command: "", queued: false };
  }

  private paused(on: boolean): void {
    this.gate = on ? this.gate | Gate.PAUSED : this.gate & ~Gate.PAUSED;
    this.server.effects.holdExpiry(on);
  }

  /** Someone monitors from now on, or nobody any more. */
  monitored(on: boolean): void {
    this.gate = on ? this.gate | Gate.MONITORED : this.gate & ~Gate.MONITORED;
  }

  /** Another 100 ms have gone by: commands are timed one by one again, as long as they are few. */
  tick(): void {
    this.timed = TIMED_PER_TICK;
  }

  /** Runs one request of a session. False when it must wait and come again. */
  execute(session: Session, request: Request): boolean {
    const call = this.call;
    call.load(request, session.db, request.start);
    session.commandCount++;
    let entry = this.index.find(request.buf, request.at[0], request.len[0]);
    if (entry === undefined) {
      this.refuse(session, this.unknown(request));
      return true;
    }
    if (entry.subcommands !== undefined && request.argc > 1) {
      const sub = this.index.findSub(entry, request.buf, request.at[1], request.len[1]);
      // DEBUG as a whole is refused, whatever follows.
      if (entry.debugs && !this.server.allowsDebug(session)) {
        (sub ?? entry).rejectedCalls++;
        this.refuse(session, DEBUG_REFUSED);
        return true;
      }
      if (sub === undefined || (entry.facts.closed && !sub.accepts(request.argc))) {
        this.refuse(session, this.unknownSubcommand(entry, request));
        return true;
      }
      entry = sub;
    }
    if (session.lastCommand !== entry.fullName) session.lastCommand = entry.fullName; // spares a write barrier
    if (!entry.accepts(request.argc)) {
      entry.rejectedCalls++;
      this.refuse(session, entry.fullName === "exec" ? EXEC_ARITY : wrongArity(entry.fullName));
      // As in Redis, a malformed EXEC ends the transaction and the watches all the same.
      if (entry.fullName === "exec") this.server.transactions.discard(session);
      return true;
    }
    if ((session.gate | this.gate) !== 0) {
      if (!this.admit(session, entry)) return true;
      if ((this.gate & Gate.STALLED) !== 0 && entry.fullName !== "shutdown") return false;
      if ((this.gate & Gate.PAUSED) !== 0 && this.pause.holds(entry, session)) return false;
      if ((session.gate & Gate.WAITS) !== 0) return false;
      if ((session.gate & Gate.MULTI) !== 0) {
        if (!entry.immediate) {
          this.enqueue(session, entry, request);
          return true;
        }
        if (entry.fullName === "exec" && this.server.notifications.mayOvertakeIn(session)) {
          this.comeAgainSettled(session);
          return false;
        }
      }
    }
    this.commandsProcessed++;
    entry.calls++;
    if (this.timed > 0 || entry.watched || request.argc > MANY_ARGUMENTS) {
      this.call.weight = this.timed > 0 ? 1 : 0;
      this.timed--;
      const start = monotonicUs();
      this.dispatch(session, entry, request);
      const us = monotonicUs() - start;
      this.call.weight = 0;
      entry.took(us, 1);
      if (us >= this.slowUs) this.ranLong(session, entry, us);
    } else if (++this.untimed === SAMPLE_EVERY) {
      this.untimed = 0;
      this.call.weight = SAMPLE_EVERY;
      const start = monotonicUs();
      this.dispatch(session, entry, request);
      entry.took(monotonicUs() - start, SAMPLE_EVERY);
      this.call.weight = 0;
    } else this.dispatch(session, entry, request);
    return true;
  }

  private dispatch(session: Session, entry: CommandEntry, request: Request): void {
    const tracks = (session.gate & Gate.TRACKS) !== 0;
    if (entry.main === undefined) {
      if (tracks) this.server.tracking.run(session, entry, request);
      else this.shards.run(session, entry, request);
    } else {
      const { pushes } = this.server;
      const start = this.reply.pos;
      this.runMain(session, entry, start);
      this.shards.wrote(session, start);
      if (tracks) this.server.tracking.ran(session, entry);
      if (pushes.hasOwn) pushes.giveOwn(session, this.reply);
    }
    // An EXEC that takes several steps is shown when it has ended.
    if ((this.gate & Gate.MONITORED) !== 0 && !this.shards.exclusive) this.show(session, entry, request);
  }

  private enqueue(session: Session, entry: CommandEntry, request: Request): void {
    try {
      this.server.transactions.enqueue(session, entry, request);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      this.refuse(session, error);
      return;
    }
    if ((session.gate & Gate.REPLY_OFF) !== 0) return;
    const start = this.reply.pos;
    this.reply.simple("QUEUED");
    this.shards.wrote(session, start);
  }

  /** Runs a command of a queue that main runs itself; returns its reply instead of sending it. When it comes later, `later` is set. */
  runQueued(session: Session, entry: CommandEntry, request: Request): Uint8Array {
    const { pushes } = this.server;
    this.call.load(request, session.db);
    this.count(entry);
    const start = this.reply.pos;
    this.queued = true;
    this.runMain(session, entry, start);
    this.queued = false;
    const bytes = this.reply.buf.slice(start, this.reply.pos);
    this.reply.pos = start;
    // Within EXEC's own run its end gives them; a transaction that goes on later owes its reply already.
    if (pushes.running === undefined && pushes.hasOwn) pushes.giveOwn(session, this.reply);
    this.show(session, entry, request);
    return bytes;
  }

  /** A shard's command of a queue is about to run. */
  noteQueued(session: Session, entry: CommandEntry, request: Request): void {
    this.count(entry);
    this.show(session, entry, request);
  }

  private count(entry: CommandEntry): void {
    this.commandsProcessed++;
    entry.calls++;
  }

  /** Shows monitors a command that has run or is sure to. */
  show(session: Session, entry: CommandEntry, request: Request): void {
    if ((this.gate & Gate.MONITORED) !== 0) this.server.monitors.feed(session, entry, request, this.reply);
  }

  private runMain(session: Session, entry: CommandEntry, start: number): void {
    const reply = this.reply;
    reply.resp3 = session.resp3;
    const context = this.context;
    context.session = session;
    context.command = entry.fullName;
    context.queued = this.queued;
    const { pushes } = this.server;
    const outer = pushes.running;
    pushes.running = session;
    try {
      entry.main?.(context);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      reply.pos = start;
      reply.error(error);
      this.failed(entry, error);
    }
    pushes.running = outer;
    if (this.muffled) this.muffled = false;
    else if ((session.gate & (Gate.REPLY_OFF | Gate.REPLY_SKIP)) !== 0) this.muffle(session, entry, start);
  }

  /** Drops the reply written since `start`, as CLIENT REPLY OFF and SKIP ask. */
  private muffle(session: Session, entry: CommandEntry, start: number): void {
    // CLIENT REPLY SKIP itself sends nothing and lets the next command's reply be dropped.
    if ((session.gate & Gate.REPLY_SKIP) !== 0 && entry.fullName !== "client|reply") session.gate &= ~Gate.REPLY_SKIP;
    if (!entry.confirms) this.reply.pos = start;
  }

  /** The session's request comes again once everything that it is owed has gone. */
  private comeAgainSettled(session: Session): void {
    session.gate |= Gate.WAITS;
    session.onSettled = () => {
      session.onSettled = undefined;
      session.gate &= ~Gate.WAITS;
      if (!session.closed) this.server.connections.resume(session);
    };
  }

  /**
   * A main command runs once everything that its session is owed has gone: `write` appends the reply to what it is given. The
   * command itself writes none; the session's next requests wait.
   */
  whenSettled(session: Session, write: (reply: Reply) => void): void {
    session.gate |= Gate.WAITS;
    session.onSettled = () => {
      session.onSettled = undefined;
      session.gate &= ~Gate.WAITS;
      const { reply } = this;
      const { pushes } = this.server;
      const start = reply.pos;
      pushes.running = session;
      write(reply);
      pushes.running = undefined;
      if ((session.gate & Gate.REPLY_OFF) === 0) this.shards.append(session, reply.buf, start, reply.pos - start);
      reply.pos = start;
      pushes.giveOwn(session, reply);
      if (!session.closed) this.server.connections.resume(session);
    };
  }

  /** Resolves once the session's earlier requests, which shards' threads may still run, are answered. The session must wait meanwhile. */
  settled(session: Session): Promise<void> {
    if (session.pendingCount === 0) return Promise.resolve();
    return new Promise((resolve) => {
      session.onSettled = () => {
        session.onSettled = undefined;
        resolve();
      };
    });
  }

  /**
   * A main command's reply comes later: OK, or the error that `outcome` resolves to. The command itself writes none; the session's
   * next requests wait.
   */
  replyLater(session: Session, outcome: Promise<ReplyError | undefined>): void {
    if (this.queued) {
      this.later = outcome.then((error) => this.outcomeBytes(error));
      return;
    }
    session.gate |= Gate.WAITS;
    outcome.then((error) => this.answer(session, () => this.writeOutcome(error)));
  }

  /** Sends the reply that a session has waited for (Gate.WAITS), as `write` appends it, and lets the session go on. */
  answer(session: Session, write: (reply: Reply) => void): void {
    session.gate &= ~Gate.WAITS;
    if (session.closed) return;
    const { reply } = this;
    const start = reply.pos;
    const { resp3 } = reply;
    reply.resp3 = session.resp3;
    write(reply);
    reply.resp3 = resp3;
    if ((session.gate & Gate.REPLY_OFF) !== 0) reply.pos = start;
    if (session.pendingCount > 0) this.shards.wrote(session, start);
    // What else stands in `reply` may be another session's.
    else this.shards.append(session, reply.buf, start, reply.pos - start);
    reply.pos = start;
    this.server.connections.resume(session);
  }

  private writeOutcome(error: ReplyError | undefined): void {
    if (error === undefined) this.reply.ok();
    else {
      this.reply.error(error);
      this.countError(error.code);
    }
  }

  private outcomeBytes(error: ReplyError | undefined): Uint8Array {
    const start = this.reply.pos;
    this.writeOutcome(error);
    const bytes = this.reply.buf.slice(start, this.reply.pos);
    this.reply.pos = start;
    return bytes;
  }

  /** A call took `us`, at least `slowUs`. A call that went to a shard's thread is told of by that, one that waits when it is served. */
  private ranLong(session: Session, entry: CommandEntry, us: number): void {
    if (session.blocked !== undefined) return;
    if (entry.main !== undefined || this.shards.threads === 0) this.tookLong(session, entry, slowCall(us, this.call));
  }

  /** Enters a call into SLOWLOG and the latency monitor if they want it. */
  tookLong(session: Session, entry: CommandEntry, call: SlowCall): void {
    const { config, latency, slowLog } = this.server;
    const nowMs = this.server.nowMs();
    slowLog.add(session, call, nowMs);
    const thresholdMs = config.int("latency-monitor-threshold");
    const ms = Math.floor(call.us / 1000);
    if (thresholdMs === 0 || ms < thresholdMs) return;
    latency.add(entry.facts.flags.includes("fast") ? "fast-command" : "command", ms, nowMs);
  }

  /** A command's own error reply: counts it. */
  failed(entry: CommandEntry, error: ReplyError): void {
    this.failedWith(entry, error.code);
  }

  /** The same, known by the error's first word. */
  failedWith(entry: CommandEntry, code: string): void {
    entry.failedCalls++;
    this.countError(code);
  }

  /** A shard's command inside another one took `us`, if it was timed, and failed with `error` if it did. */
  ranInner(command: ShardCommand, us: number, error: ReplyError | undefined): void {
    const { weight } = this.call;
    if (weight !== 0) this.entryOf(command).took(us, weight);
    if (error !== undefined) this.failed(this.entryOf(command), error);
  }

  /** A shard's command inside another one failed, in another thread. */
  innerFailed(command: ShardCommand, code: string): void {
    this.failedWith(this.entryOf(command), code);
  }

  private entryOf(command: ShardCommand): CommandEntry {
    if (this.entries.size === 0) {
      for (const entry of this.index.commands) {
        for (const each of [entry, ...entry.subcommands ?? []]) if (each.shard) this.entries.set(each.shard, each);
      }
    }
    return this.entries.get(command)!;
  }

  resetFigures(): void {
    this.commandsProcessed = 0;
    this.errorReplies = 0;
    this.errorCounts.clear();
    for (const entry of this.index.commands) entry.resetFigures();
  }

  /** An error reply of that first word. */
  countError(code: string): void {
    this.errorReplies++;
    const count = this.errorCounts.get(code);
    if (count === undefined && this.errorCounts.size >= ERROR_NAMES_MAX) return;
    this.errorCounts.set(code, (count ?? 0) + 1);
  }

  /** An error before the command runs. */
  private refuse(session: Session, error: ReplyError): void {
    if (session.queue !== undefined) session.queue.broken = true;
    this.countError(error.code);
    if ((session.gate & Gate.REPLY_OFF) !== 0) return;
    const start = this.reply.pos;
    this.reply.error(error);
    this.shards.wrote(session, start);
  }

  /** The rare states of a client; false when the command was refused (and answered) or must wait. */
  private admit(session: Session, entry: CommandEntry): boolean {
    if ((session.gate & Gate.CLOSING) !== 0) return false;
    if ((session.gate & Gate.AUTH) !== 0 && (entry.flags & Flag.NO_AUTH) === 0) {
      entry.rejectedCalls++;
      this.refuse(session, NO_AUTH);
      return false;
    }
    if ((this.gate & Gate.MEMORY) !== 0 && needsMemory(session, entry) && this.server.memory.isShort()) {
      entry.rejectedCalls++;
      this.refuse(session, entry.fullName === "exec" ? EXEC_OUT_OF_MEMORY : OUT_OF_MEMORY);
      if (entry.fullName === "exec") this.server.transactions.discard(session);
      return false;
    }
    if ((this.gate & Gate.DISK) !== 0 && asksDisk(session, entry)) {
      this.turnAway(session, entry, this.server.persistence.refusal!);
      return false;
    }
    if ((session.gate & Gate.SUBSCRIBED) !== 0 && !session.resp3 && !entry.forSubscribers) {
      entry.rejectedCalls++;
      this.refuse(session, onlyForOthers(entry));
      return false;
    }
    if ((session.gate & Gate.MONITORS) !== 0 && (entry.flags & KEYSPACE) !== 0) {
      entry.rejectedCalls++;
      this.refuse(session, NO_KEYSPACE);
      return false;
    }
    if ((this.gate & Gate.LOADING) !== 0 && (entry.flags & Flag.LOADING) === 0) {
      this.turnAway(session, entry, LOADING);
      return false;
    }
    return true;
  }

  /** Refuses a command; an EXEC ends the transaction with that. */
  private turnAway(session: Session, entry: CommandEntry, error: ReplyError): void {
    entry.rejectedCalls++;
    if (entry.fullName !== "exec") {
      this.refuse(session, error);
      return;
    }
    this.refuse(session, new ReplyError(`EXECABORT Transaction discarded because of: ${error.text}`));
    this.server.transactions.discard(session);
  }

  private unknown(request: Request): ReplyError {
    let args = "";
    for (let i = 1; i < request.argc && args.length < ECHO_MAX; i++) {
      args += `'${echo(request, i, ECHO_MAX - args.length)}' `;
    }
    return new ReplyError(`ERR unknown command '${echo(request, 0, ECHO_MAX)}', with args beginning with: ${args}`);
  }

  private unknownSubcommand(container: CommandEntry, request: Request): ReplyError {
    const why = container.facts.closed ? "unknown subcommand or wrong number of arguments for" : "unknown subcommand";
    return new ReplyError(
      `ERR ${why} '${echo(request, 1, ECHO_MAX)}'. Try ${container.name.toUpperCase()} HELP.`,
    );
  }
}

/** True when a command may not run while memory is short: a queue must not grow then, nor run if a command of it may not. */
function needsMemory(session: Session, entry: CommandEntry): boolean {
  if ((entry.flags & Flag.DENY_OOM) !== 0) return true;
  if (session.queue === undefined) return false;
  if (entry.fullName !== "exec") return !OUT_OF_QUEUE.includes(entry.fullName);
  return session.queue.commands.some((each) => (each.entry.flags & Flag.DENY_OOM) !== 0);
}

function onlyForOthers(entry: CommandEntry): ReplyError {
  return new ReplyError(
    `ERR Can't execute '${entry.fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
  );
}

/** True for what is refused while the disk fails: writes, transactions with writes, and PING, so that monitors notice. */
function asksDisk(session: Session, entry: CommandEntry): boolean {
  if ((entry.flags & Flag.WRITE) !== 0 || entry.fullName === "ping") return true;
  if (entry.fullName !== "exec" || session.queue === undefined) return false;
  return session.queue.commands.some((each) => (each.entry.flags & Flag.WRITE) !== 0);
}

function echo(request: Request, i: number, max: number): string {
  const text = latin1Text(request.buf, request.at[i], request.at[i] + Math.min(request.len[i], max));
  const nul = text.indexOf("\0"); // Redis prints with %s
  return nul < 0 ? text : text.slice(0, nul);
}
