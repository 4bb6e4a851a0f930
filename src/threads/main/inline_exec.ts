/**
 * InlineExec: EXEC where the engine runs on the main thread and the whole queue is its commands: they run as they were queued, without
 * going through a request of their own. Main thread.
 *
 * It is one command for everyone else: one point in the order, one place in the journal, one reply.
 */
import type { Call } from "../../commands/call.ts";
import type { Arguments, ShardCommand } from "../../commands/command.ts";
import { runInner } from "../../commands/run.ts";
import { internalFacts } from "../../commands/transactions/mod.ts";
import { Request } from "../../codec/resp/request.ts";
import { CommandEntry } from "./command_entry.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Queued } from "./queue.ts";
import type { Watched } from "./queue_request.ts";
import { Gate, type Session } from "./session.ts";
import type { Shards } from "./shards.ts";

const NOTHING: readonly Watched[] = [];

export class InlineExec {
  private readonly command: ShardCommand = { name: "exec", ...internalFacts, run: (call) => this.runQueue(call) };
  private readonly entry = new CommandEntry(this.command, undefined, new Map());
  private readonly asked = new Request();
  // The EXEC under way.
  private session: Session | undefined;
  private commands: readonly Queued[] = [];
  private watched: readonly Watched[] = NOTHING;

  constructor(private readonly dispatcher: Dispatcher, private readonly shards: Shards) {
    this.asked.load([this.entry.nameBytes]);
  }

  /** True for a queue that `run` can run. */
  takes(session: Session, commands: readonly Queued[]): boolean {
    if ((session.gate & Gate.TRACKS) !== 0) return false;
    for (let i = 0; i < commands.length; i++) if (commands[i].entry.shard === undefined) return false;
    return true;
  }

  /** Runs the queue unless a watched key changed; the reply is the client's. */
  run(session: Session, commands: readonly Queued[], watched: readonly Watched[]): void {
    this.session = session;
    this.commands = commands;
    this.watched = watched;
    this.shards.run(session, this.entry, this.asked);
    this.session = undefined;
    this.commands = [];
    this.watched = NOTHING;
  }

  private runQueue(call: Call): void {
    const { reply } = call;
    if (this.watchedChanged(call)) {
      reply.nilArray();
      return;
    }
    const { commands, dispatcher } = this;
    const session = this.session!;
    const { buf, argc, at, len, db, mayBlock } = call;
    const asked: Arguments = { buf, argc, at, len };
    call.mayBlock = false;
    reply.array(commands.length);
    for (let i = 0; i < commands.length; i++) {
      const { entry, request } = commands[i];
      dispatcher.noteQueued(session, entry, request);
      call.load(request, session.db);
      runInner(entry.shard!, call);
    }
    call.mayBlock = mayBlock;
    call.load(asked, db);
    // Each command's effects are recorded; the queue itself adds none.
    call.effects.none();
  }

  /** True when one of the keys watched is no longer what it was; the watches are gone afterwards. */
  private watchedChanged({ store }: Call): boolean {
    let changed = false;
    const watcher = this.session!.id;
    for (const { db, key } of this.watched) {
      // A watched key whose time has come goes now, which is a change.
      store.peek(db, key, 0, key.length);
      if (!store.watches.unchanged(db, key, 0, key.length, watcher)) changed = true;
      store.watches.drop(db, key, 0, key.length, watcher);
    }
    return changed;
  }
}
