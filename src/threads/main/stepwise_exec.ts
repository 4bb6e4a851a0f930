/**
 * StepwiseExec: EXEC of a queue in which main's own commands stand among the shards' ones, so that each sees what those before it did (INFO,
 * CONFIG SET, CLIENT...). Main thread.
 *
 * The watched keys are checked first, by a run without commands; then runs of shard commands (QueueRequest) and main's commands take turns,
 * until the reply is whole.
 *
 * Invariants:
 * 1. From `start` to the end `shards.exclusive` is set: no other request is taken in and time stands still, so the steps are one point in
 *    the order of all requests. Such queues are rare, and a step takes as long as a request.
 * 2. A part of the reply is left out when the client wants none at that moment (CLIENT REPLY), as Redis does.
 */
import { latin1Bytes } from "../../base/bytes.ts";
import { Request } from "../../codec/resp/request.ts";
import { KeyFinder } from "../../commands/key_specs.ts";
import type { CommandEntry } from "./command_entry.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { join } from "./gather.ts";
import type { Queued } from "./queue.ts";
import { fitsRun, QueueRequest, type Watched } from "./queue_request.ts";
import { RequestBuilder } from "./request_builder.ts";
import { Gate, type Session } from "./session.ts";
import type { Composition, Shards } from "./shards.ts";
import type { Change } from "./tracking/reads_in_flight.ts";

const STAR = 42;
const LF = 10;
const ZERO = 48;
const NO_CHANGES: ReadonlyMap<string, Change> = new Map();

export class StepwiseExec {
  /** The reply as far as shards have a part in it; opened with the first step that waits. */
  private composition: Composition | undefined;
  private readonly pieces: Uint8Array[] = [];
  private readonly request = new Request();
  private readonly builder = new RequestBuilder();
  private readonly finder = new KeyFinder();
  /** EXEC as the client wrote it. */
  private readonly asked: Uint8Array;
  /** CLIENT REPLY SKIP stood before EXEC: nothing of it is replied. */
  private readonly skipped: boolean;
  /** CLIENT REPLY SKIP stands in the queue: the reply of what follows EXEC is dropped. */
  private skipsNext = false;
  private next = 0;
  private waiting = false;
  private running = false;
  private started = false;

  /** `exec` is the internal command's entry; `ended` is called when no queued request is needed any more. */
  constructor(
    private readonly session: Session,
    private readonly commands: readonly Queued[],
    private readonly dispatcher: Dispatcher,
    private readonly shards: Shards,
    private readonly exec: CommandEntry,
    private readonly ended: () => void,
  ) {
    const { buf, at, len } = dispatcher.call;
    this.asked = buf.slice(at[0], at[0] + len[0]);
    this.skipped = (session.gate & Gate.REPLY_SKIP) !== 0;
    session.gate &= ~Gate.REPLY_SKIP;
  }

  start(watched: readonly Watched[]): void {
    this.shards.exclusive = true;
    this.push(latin1Bytes(`*${this.commands.length}\r\n`));
    this.running = true;
    if (watched.length > 0) this.check(watched);
    this.running = false;
    this.goOn();
    this.started = true;
  }

  private check(watched: readonly Watched[]): void {
    const run = new QueueRequest(this.session, this.dispatcher, this.finder);
    run.watch(watched);
    this.ask(run, (reply) => {
      // An empty array, or null when a key has changed.
      if (reply[0] === STAR && reply[1] === ZERO) return;
      this.pieces.length = 0;
      this.push(reply);
      this.next = this.commands.length;
    });
  }

  /** Takes steps until one must wait. */
  private goOn(): void {
    if (this.running) return;
    this.running = true;
    while (!this.waiting && this.next < this.commands.length) this.step();
    this.running = false;
    if (!this.waiting) this.end();
  }

  private step(): void {
    const queued = this.commands[this.next];
    const { on: notifies } = this.dispatcher.server.notifications;
    if (!fitsRun(queued.entry, notifies)) {
      this.next++;
      this.runMain(queued);
      return;
    }
    const run = new QueueRequest(this.session, this.dispatcher, this.finder);
    while (this.next < this.commands.length && fitsRun(this.commands[this.next].entry, notifies)) {
      run.add(this.commands[this.next++]);
    }
    this.ask(run, (reply) => this.push(reply.subarray(reply.indexOf(LF) + 1)));
  }

  private runMain({ entry, request }: Queued): void {
    const { dispatcher, session } = this;
    const reply = dispatcher.runQueued(session, entry, request);
    if ((session.gate & Gate.REPLY_SKIP) !== 0) {
      session.gate &= ~Gate.REPLY_SKIP;
      this.skipsNext = true;
    }
    const { later } = dispatcher;
    dispatcher.later = undefined;
    if (later === undefined) {
      this.push(reply);
      return;
    }
    this.wait();
    later.then((outcome) => {
      this.waiting = false;
      this.push(outcome);
      this.goOn();
    });
  }

  private ask(run: QueueRequest, answered: (reply: Uint8Array) => void): void {
    this.builder.begin(this.exec.nameBytes);
    run.write(this.builder);
    const request = this.builder.end();
    const composition = this.wait();
    const { tracking } = this.dispatcher.server;
    // A later step may change what this one reads, whatever its own commands do.
    tracking.runTransaction(this.session, run.reads, NO_CHANGES, () => {
      this.dispatcher.call.load(request, this.session.db);
      composition.run(this.exec, request, (reply) => {
        this.waiting = false;
        answered(reply);
        this.goOn();
      });
    });
  }

  private wait(): Composition {
    this.waiting = true;
    return this.composition ??= this.shards.compose(this.session, this.exec);
  }

  private push(piece: Uint8Array): void {
    if (!this.skipped && (this.session.gate & Gate.REPLY_OFF) === 0) this.pieces.push(piece);
  }

  private end(): void {
    const { session } = this;
    this.ended();
    if (this.skipsNext) session.gate |= Gate.REPLY_SKIP;
    this.shards.exclusive = false;
    // Whoever waits for what these commands left is served with the time of now.
    this.dispatcher.server.connections.timePassed();
    this.dispatcher.server.tracking.ran(session, this.exec);
    const reply = join(this.pieces);
    if (this.composition === undefined) this.dispatcher.reply.raw(reply, 0, reply.length);
    else this.composition.finish(reply);
    if (!this.started) {
      this.dispatcher.muffled = true;
      return;
    }
    this.show();
    const { server } = this.dispatcher;
    if (!session.closed) server.connections.flush(session);
    // Its last commands may have made it known again.
    else server.forget(session);
  }

  private show(): void {
    const { dispatcher, asked, request, session } = this;
    request.load([asked]);
    dispatcher.show(session, dispatcher.index.find(asked, 0, asked.length)!, request);
  }
}
