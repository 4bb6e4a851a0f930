/**
 * Connections: from sockets to requests and from replies back to sockets. Main thread.
 *
 * Invariants:
 * 1. A complete request is parsed where it was received and its bytes are not copied; only an unfinished one is kept.
 * 2. A client that does not read is not read from: beyond OUTPUT_PAUSE bytes of unsent output its socket is paused, and its
 *    requests already received wait. So memory is bounded by what a client's last request answers.
 * 3. Replies go to the socket once per pipeline, not once per request, and for several clients one right behind the other (reply_group.ts).
 */
import { ReplyError } from "../../base/reply_error.ts";
import type { Reply } from "../../codec/resp/reply.ts";
import { Parsed, Request } from "../../codec/resp/request.ts";
import type { Socket, SocketHandler } from "../../runtime/mod.ts";
import { PREFETCH_MAX } from "../../structures/table.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { OutputLimits } from "./output_limits.ts";
import type { ClientMemory } from "./client_memory.ts";
import type { CommitGate } from "./persistence/commit_gate.ts";
import type { Pushes } from "./pushes.ts";
import { ReplyGroup } from "./reply_group.ts";
import { Gate, Session } from "./session.ts";
import type { Shards } from "./shards.ts";

/** Unsent bytes at which a client is no longer read from. */
const OUTPUT_PAUSE = 1 << 18;
/** Replies gathered at which they are offered to the socket even in the middle of a pipeline. */
const FLUSH_AT = 1 << 16;
/** A reply to a single request that is longer does not wait for others. */
const LONE_MAX = 512;
/** Requests of a pipeline that are parsed before the first of them runs: as many as a prefetch takes. */
const AHEAD = PREFETCH_MAX;
/** An unfinished request is given at least so many bytes at a time: the lengths of small arguments need not be met one by one. */
const PIECE = 512;
/** Arguments of an unfinished request worth keeping parsed; fewer are parsed again. */
const KEEP_ARGS = 16;

const MAX_CLIENTS = new ReplyError("ERR max number of clients reached");
const PROTECTED = new ReplyError(
  "DENIED Ringshard is running in protected mode because protected mode is enabled and no password is set for the " +
    "default user. In this mode connections are only accepted from the loopback interface. To accept others, set a " +
    "password with 'requirepass', bind only trusted addresses, or turn it off with 'protected-mode no'.",
);

/** What connections ask of the server around them. */
export interface ConnectionRules {
  nowMs(): number;
  maxClients(): number;
  authRequired(): boolean;
  /** True when only loopback and Unix-socket clients may come in. */
  isProtected(): boolean;
  readonly outputLimits: OutputLimits;
  /** Log lines in Redis's words; cold. */
  verbose(text: string): void;
  warning(text: string): void;
  opened(session: Session): void;
  /** The connection is about to be closed from this side. */
  leaving(session: Session): void;
  closed(session: Session): void;
}

export class Connections implements SocketHandler {
  readonly sessions = new Map<number, Session>();
  connectionsReceived = 0;
  rejectedConnections = 0;
  outputLimitDisconnections = 0;
  queryLimitDisconnections = 0;
  netInput = 0;
  netOutput = 0;
  /** Receives and sends. */
  reads = 0;
  writes = 0;

  pushes!: Pushes;

  /** Told of sessions that grow. */
  memory!: ClientMemory;

  /** Set while replies wait for the disk (appendfsync always). */
  commits: CommitGate | undefined;

  private nextId = 1;
  /** Requests parsed ahead, those of the batch that runs, and where each starts. */
  private readonly ahead = Array.from({ length: AHEAD }, () => new Request());
  private readonly batch: Request[] = [...this.ahead];
  private readonly starts = new Int32Array(AHEAD);
  /** proto-max-bulk-len and client-query-buffer-limit, in bytes. */
  maxBulk = 0;
  queryBufferLimit = 0;

  private stamped = false;
  /** Time of this turn's requests. */
  private stampedMs = 0;
  /** Sessions whose requests wait for the shards (rings full, too much in flight). */
  private readonly waiting = new Set<Session>();
  /** Sessions whose next request waits for the end of CLIENT PAUSE. */
  private readonly postponed = new Set<Session>();

  /** Replies that leave together. */
  readonly group: ReplyGroup;

  constructor(
    private readonly rules: ConnectionRules,
    private readonly dispatcher: Dispatcher,
    private readonly shards: Shards,
    private readonly reply: Reply,
  ) {
    this.group = new ReplyGroup(reply, (session, buf, from, to) => this.transmit(session, buf, from, to, false));
    dispatcher.onResume = () => this.resumePostponed();
  }

  resetFigures(): void {
    this.connectionsReceived = 0;
    this.rejectedConnections = 0;
    this.outputLimitDisconnections = 0;
    this.queryLimitDisconnections = 0;
    this.netInput = 0;
    this.netOutput = 0;
    this.reads = 0;
    this.writes = 0;
  }

  open(socket: Socket): void {
    this.connectionsReceived++;
    const refusal = this.sessions.size >= this.rules.maxClients()
      ? MAX_CLIENTS
      : this.rules.isProtected() && !isLocal(socket.remoteAddress)
      ? PROTECTED
      : undefined;
    if (refusal !== undefined) {
      this.rejectedConnections++;
      const line = new Uint8Array([45, ...refusal.bytes, 13, 10]);
      socket.write(line, 0, line.length);
      socket.shut();
      return;
    }
    const session = new Session(this.nextId++, socket, this.rules.nowMs());
    if (this.rules.authRequired()) session.gate |= Gate.AUTH;
    socket.session = session;
    this.sessions.set(session.id, session);
    this.rules.opened(session);
    this.rules.verbose(`Accepted ${socket.remoteAddress}`);
  }

  data(socket: Socket, buf: Uint8Array, from: number, to: number): void {
    const session = socket.session as Session | undefined;
    if (session === undefined || session.closing) return;
    this.stamp();
    session.lastMs = this.stampedMs;
    session.netIn += to - from;
    this.netInput += to - from;
    this.reads++;
    const before = session.commandCount;
    if (session.inputLength > 0) from = this.complete(session, buf, from, to);
    if (session.inputLength > 0) session.keep(buf, from, to);
    else if (from < to && !session.closing) {
      const done = this.mustWait(session) ? from : this.consume(session, buf, from, to);
      if (done < to && !session.closing) {
        session.request?.shift(-done);
        session.keep(buf, done, to);
      }
    }
    this.checkInput(session);
    this.leaveSoon(session, session.commandCount - before);
    if (this.memory.limitBytes !== 0) this.memory.grew(session);
  }

  /**
   * Adds of buf[from, to) to the session's unfinished request what that lacks, and runs it; returns how far it came. So the requests
   * behind it are parsed where they were received, too.
   */
  private complete(session: Session, buf: Uint8Array, from: number, to: number): number {
    while (from < to && session.inputLength > 0) {
      if (session.closing || this.mustWait(session)) return from;
      const piece = Math.min(to - from, Math.max(session.inputNeeds - session.inputLength, PIECE));
      session.keep(buf, from, from + piece);
      from += piece;
      if (this.memory.limitBytes !== 0) this.memory.grew(session);
      if (!this.checkInput(session)) return from;
      this.consumeKept(session);
      const rest = session.inputLength;
      if (rest === 0 || rest > piece || session.closing || this.mustWait(session)) continue;
      // All that is left came with this piece: it is read again where it lies.
      session.request = undefined;
      session.consumed(rest);
      return from - rest;
    }
    return from;
  }

  /** The session as the log tells of it. */
  describe(session: Session): string {
    return this.rules.outputLimits.describe(session);
  }

  /** Closes a session that has sent more than it may without its being run; false then. */
  private checkInput(session: Session): boolean {
    if (session.closing) return false;
    if (session.inputLength <= this.queryBufferLimit) return true;
    this.queryLimitDisconnections++;
    this.rules.warning(
      `Closing client that reached max query buffer length: ${this.rules.outputLimits.describe(session)}`,
    );
    this.close(session);
    return false;
  }

  drain(socket: Socket): void {
    const session = socket.session as Session;
    this.sendOutput(session);
    if (session.output.bytes < OUTPUT_PAUSE) this.goOn(session);
  }

  /** The peer sends no more but still reads: what it asked for is run and answered first, as Redis does. */
  end(socket: Socket): void {
    const session = socket.session as Session | undefined;
    if (session === undefined) return socket.shut();
    session.ended = true;
    // There is nothing that a client which waits for a key still has to get.
    if (session.isBlocked) return this.close(session);
    this.closeIfEnded(session);
    this.shutIfDone(session);
  }

  /** Clients whose next request waits for the end of CLIENT PAUSE. */
  get postponedClients(): number {
    let count = 0;
    for (const session of this.postponed) if (session.postponed) count++;
    return count;
  }

  close(session: Session): void;
  close(socket: Socket, error?: string): void;
  close(which: Session | Socket): void {
    if (which instanceof Session) {
      if (which.grouped) this.group.leave();
      if (which.closing) return;
      which.gate |= Gate.CLOSING;
      this.rules.leaving(which);
      which.socket.shut();
      return;
    }
    const session = which.session as Session | undefined;
    if (session === undefined) return;
    which.session = undefined;
    session.closed = true;
    session.gate |= Gate.CLOSING;
    session.output.clear();
    session.input = undefined;
    session.request = undefined;
    this.waiting.delete(session);
    this.postponed.delete(session);
    this.sessions.delete(session.id);
    this.rules.closed(session);
  }

  /** Closes the connection once what was replied so far is sent; no further request of it is run. */
  closeAfterReply(session: Session): void {
    session.closeAfterOutput = true;
    session.gate |= Gate.CLOSING;
  }

  /**
   * The network's turn has ended: the next request takes a new time, and clients that waited for the shards go on. True when one did:
   * its requests wait for the shards' next turn to be published.
   */
  turn(): boolean {
    this.stamped = false;
    if (this.waiting.size === 0) return false;
    let went = false;
    for (const session of this.waiting) {
      if (session.paused || this.shards.busy(session)) continue;
      this.waiting.delete(session);
      this.goOn(session);
      went = true;
    }
    return went;
  }

  /** True while the session's next request may not run yet; it is in `waiting` or `postponed` then, or its output drains. */
  private mustWait(session: Session): boolean {
    if (session.paused || this.waiting.has(session) || this.postponed.has(session)) return true;
    if ((session.gate & Gate.WAITS) !== 0) return true; // until `resume`
    if (!this.shards.busy(session)) return false;
    this.waiting.add(session);
    return true;
  }

  /** The session has the reply that its next requests waited for (Gate.WAITS). */
  resume(session: Session): void {
    this.postponed.delete(session);
    session.postponed = false;
    if (session.inputLength > 0 || session.ended) this.waiting.add(session);
  }

  private resumePostponed(): void {
    const sessions = [...this.postponed];
    this.postponed.clear();
    for (const session of sessions) {
      session.postponed = false;
      this.waiting.add(session);
    }
  }

  /** What ran took its time on purpose: the clock is read again for what follows. */
  timePassed(): void {
    this.stamped = false;
    this.stamp();
  }

  private stamp(): void {
    if (this.stamped) return;
    this.stamped = true;
    this.stampedMs = this.rules.nowMs();
    this.shards.setNow(this.stampedMs);
  }

  /** Reads on from a client that had to wait. */
  private goOn(session: Session): void {
    if (session.closing) return;
    this.stamp();
    if (session.paused) {
      session.paused = false;
      session.socket.resume();
    }
    if (session.inputLength > 0 && !this.mustWait(session)) this.consumeKept(session);
    this.closeIfEnded(session);
    this.flush(session);
  }

  private closeIfEnded(session: Session): void {
    if (session.ended && !this.mustWait(session)) this.closeAfterReply(session);
  }

  private consumeKept(session: Session): void {
    const input = session.input!;
    const done = this.consume(session, input, 0, session.inputLength);
    session.request?.shift(-done);
    session.consumed(done);
  }

  /** Runs the complete requests in buf[from, to); returns where the first unfinished (or waiting) one starts. */
  private consume(session: Session, buf: Uint8Array, from: number, to: number): number {
    this.shards.requestsStay(true);
    const done = this.consumeAll(session, buf, from, to);
    this.shards.requestsStay(false);
    return done;
  }

  private consumeAll(session: Session, buf: Uint8Array, from: number, to: number): number {
    const maxBulk = this.maxBulk;
    while (from < to) {
      // Some requests are parsed ahead, so that the shards can warm up for all of them at once.
      const trusted = (session.gate & Gate.AUTH) === 0;
      let count = 0;
      let next = from;
      let parsed: Parsed = Parsed.EMPTY;
      while (next < to && count < AHEAD) {
        const request = count === 0 && session.request !== undefined ? session.request : this.ahead[count];
        parsed = request.parse(buf, next, to, maxBulk, trusted);
        if (parsed !== Parsed.REQUEST) {
          if (count > 0) request.restart(); // what runs first may change how it is to be parsed
          break;
        }
        request.hashed = false;
        this.starts[count] = next;
        this.batch[count++] = request;
        next = request.next;
      }
      if (count > 1) this.shards.prepare(session, this.batch, count);
      for (let k = 0; k < count; k++) {
        const request = this.batch[k];
        if (!this.runs(session, request)) return this.starts[k];
        if (request === session.request) session.request = undefined;
        if (session.closing) return to;
        if (this.reply.pos - this.group.start >= FLUSH_AT && this.mayFlush()) {
          this.flush(session);
          if (session.closing) return to;
        }
        if ((session.gate & Gate.WAITS) !== 0) return request.next;
        const stop = session.paused || this.shards.busy(session);
        if (!stop) continue;
        if (!session.paused) this.waiting.add(session);
        return request.next;
      }
      from = next;
      if (parsed === Parsed.REQUEST || from >= to) continue;
      const request = session.request ?? this.ahead[0];
      parsed = request.parse(buf, from, to, maxBulk, (session.gate & Gate.AUTH) === 0);
      if (parsed === Parsed.EMPTY) from = request.next;
      else if (parsed === Parsed.INCOMPLETE) {
        session.inputNeeds = request.needed;
        this.keepParsed(session, request);
        return from;
      } else if (parsed === Parsed.ERROR) {
        this.protocolError(session, request.error);
        return to;
      } else request.restart();
    }
    return from;
  }

  /** Runs a request; false when it must come again later. */
  private runs(session: Session, request: Request): boolean {
    if (this.dispatcher.execute(session, request)) return true;
    this.postponed.add(session);
    session.postponed = this.dispatcher.pause.untilMs !== 0;
    request.restart();
    return false;
  }

  /** Keeps what was parsed of an unfinished request, if that is worth it. */
  private keepParsed(session: Session, request: Request): void {
    if (request.argc <= KEEP_ARGS) {
      request.restart();
      return;
    }
    session.request = request;
    const k = this.ahead.indexOf(request);
    if (k >= 0) this.ahead[k] = new Request();
  }

  private protocolError(session: Session, error: string): void {
    this.rules.verbose(`Protocol error (${error}) from client: ${this.rules.outputLimits.describe(session)}`);
    const start = this.reply.pos;
    this.reply.error(new ReplyError(`ERR Protocol error: ${error}`));
    this.shards.wrote(session, start);
    this.closeAfterReply(session);
  }

  /**
   * Sends what was replied to the `requests` of a session, together with what others are replied in this turn; a long reply to a single
   * one goes at once, so that the client reads while others are served.
   */
  private leaveSoon(session: Session, requests: number): void {
    const length = this.reply.pos - this.group.start;
    const alone = length === 0 || (length > LONE_MAX && requests < 2) || session.grouped || session.gate !== 0 ||
      session.pushTo !== 0 || session.output.bytes > 0 ||
      (this.commits?.active === true && !this.commits.inTurn);
    if (alone) this.flush(session);
    else this.group.add(session);
  }

  /** Sends what was replied to a session; keeps what the socket does not take. */
  flush(session: Session): void {
    const { reply, group } = this;
    if (reply.pos > group.start) {
      this.send(session, reply.buf, group.start, reply.pos);
      group.drop();
    }
    this.shutIfDone(session);
  }

  /** Closes a connection that was to close after its replies, when the last one is sent. */
  private shutIfDone(session: Session): void {
    if (!session.closeAfterOutput || session.pendingCount > 0) return;
    if (session.grouped) this.group.leave();
    if (session.output.bytes === 0) session.socket.shut();
  }

  /** Sends buf[from, to) behind what is still unsent. `owned`: the bytes stay as they are, so that they need no copy. */
  send(session: Session, buf: Uint8Array, from: number, to: number, owned = false): void {
    if (session.grouped) this.group.leave();
    if (session.pushTo !== 0) this.pushes.leave(session);
    this.transmit(session, buf, from, to, owned);
  }

  private transmit(session: Session, buf: Uint8Array, from: number, to: number, owned: boolean): void {
    const { outputLimits } = this.rules;
    const unsent = session.output.bytes + to - from;
    if (unsent >= outputLimits.smallest && !session.closing && outputLimits.tooLong(session, unsent)) {
      this.endTooLong(session);
      return;
    }
    session.netOut += to - from;
    this.netOutput += to - from;
    this.writes++;
    const waits = this.commits !== undefined && this.commits.holds(session);
    if (waits) this.commits!.hold(session, to - from);
    else if (session.output.bytes === 0) from += session.socket.write(buf, from, to);
    if (from === to) return;
    if (!session.socket.open) return;
    if (owned) session.output.adopt(buf, from, to);
    else session.output.append(buf, from, to);
    this.checkOutput(session);
  }

  private sendOutput(session: Session): void {
    if (session.output.drain(session.socket, session.heldBytes)) {
      session.softLimitSince = 0;
      this.shutIfDone(session);
    }
  }

  /** Some of what a session was not to be sent may go now. */
  release(session: Session): void {
    this.sendOutput(session);
    if (session.paused && session.output.bytes < OUTPUT_PAUSE) this.goOn(session);
  }

  /** Whether replies may leave in the middle of a pipeline. */
  private mayFlush(): boolean {
    return this.reply.pos - this.group.start >= this.rules.outputLimits.gathered;
  }

  private endTooLong(session: Session): void {
    this.outputLimitDisconnections++;
    const client = this.rules.outputLimits.describe(session);
    this.rules.warning(`Client ${client} scheduled to be closed ASAP for overcoming of output buffer limits.`);
    this.close(session);
  }

  /** Closes a session that has more unsent than it may; pauses one that has much. */
  checkOutput(session: Session): void {
    if (this.rules.outputLimits.exceeded(session, this.rules.nowMs())) {
      this.endTooLong(session);
      return;
    }
    if (this.memory.limitBytes !== 0) this.memory.grew(session);
    if (session.output.bytes >= OUTPUT_PAUSE && !session.paused && !session.closing) {
      session.paused = true;
      session.socket.pause();
    }
  }
}

/** True for the address of a client on this machine: loopback, or a Unix socket. */
export function isLocal(address: string): boolean {
  return address.startsWith("127.") || address.startsWith("[::1]") || address.startsWith("/") ||
    address.endsWith(":0") ||
    address.startsWith("[::ffff:127.");
}
