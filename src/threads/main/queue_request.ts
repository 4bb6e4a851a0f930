/**
 * QueueRequest: a run of a transaction's commands as one internal `exec` request to the shards (commands/transactions/). Main thread.
 *
 * A run takes in the shards' commands, and those of main's that neither see what shards do nor change it: these run now, and their replies
 * travel with the request.
 */
import { latin1Bytes } from "../../base/bytes.ts";
import type { Request } from "../../codec/resp/request.ts";
import type { KeyFinder } from "../../commands/key_specs.ts";
import { type CommandEntry, Flag } from "./command_entry.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Queued } from "./queue.ts";
import type { RequestBuilder } from "./request_builder.ts";
import { Gate, type Session } from "./session.ts";
import type { Change } from "./tracking/reads_in_flight.ts";

/** Main's commands for which it makes no difference whether the queue's earlier ones have run in the shards yet. */
const INDIFFERENT: readonly string[] = ["echo", "ping", "publish", "select", "spublish"];

const RUN = latin1Bytes("run");
const REPLY = latin1Bytes("reply");
const ALL = latin1Bytes("all");
const KEYS = latin1Bytes("keys");

/** A key that a session watches. */
export interface Watched {
  readonly db: number;
  readonly key: Uint8Array;
}

/** True for a command that a run can take in. A message must not overtake what shards tell of keys: then it is no part of a run. */
export function fitsRun({ shard, fullName, flags }: CommandEntry, notifies: boolean): boolean {
  if (shard !== undefined) return true;
  return INDIFFERENT.includes(fullName) && !(notifies && (flags & Flag.PUBSUB) !== 0);
}

/** A command of a run with its database, or a reply that is there already. */
interface Step {
  readonly queued: Queued;
  readonly db: number;
  readonly reply: Uint8Array | undefined;
}

export class QueueRequest {
  /** Keys that the client reads in the run, if it tracks them. */
  readonly reads: string[] = [];
  /** What the run's own changes mean for them (tracking/). */
  readonly changes = new Map<string, Change>();
  private readonly steps: Step[] = [];
  private watched: readonly Watched[] = [];
  /** Arguments of the steps' commands that are keys: for each the step and the argument. */
  private readonly keys: number[] = [];
  private all = false;

  constructor(
    private readonly session: Session,
    private readonly dispatcher: Dispatcher,
    private readonly finder: KeyFinder,
  ) {}

  /** The run is made only if none of these changed. */
  watch(watched: readonly Watched[]): void {
    this.watched = watched;
  }

  /** Takes in a command that `fitsRun`. */
  add(queued: Queued): void {
    const { dispatcher, finder, session } = this;
    const { entry, request } = queued;
    if (entry.shard === undefined) {
      this.steps.push({ queued, db: 0, reply: dispatcher.runQueued(session, entry, request) });
      return;
    }
    dispatcher.noteQueued(session, entry, request);
    if ((session.gate & Gate.TRACKS) !== 0) this.noteReads(entry, request);
    const { routing = "keys", reachesAll } = entry.shard;
    if (routing === "all" || routing === "any" || routing === "cursor" || reachesAll?.(request) === true) {
      this.all = true;
    }
    finder.count = 0;
    finder.find(entry.facts, request);
    for (let k = 0; k < finder.count; k++) this.keys.push(this.steps.length, finder.index[k]);
    this.steps.push({ queued, db: session.db, reply: undefined });
  }

  /** Writes the request's arguments behind its name. */
  write(to: RequestBuilder): void {
    const { keys, steps, watched } = this;
    const reach = this.all ? ALL : KEYS;
    to.add(reach, 0, reach.length);
    to.number(this.session.id);
    to.number(keys.length / 2 + watched.length);
    for (let k = 0; k < keys.length; k += 2) {
      const { buf, at, len } = steps[keys[k]].queued.request;
      to.add(buf, at[keys[k + 1]], len[keys[k + 1]]);
    }
    for (const { key } of watched) to.add(key, 0, key.length);
    to.number(watched.length);
    for (const { db, key } of watched) {
      to.number(db);
      to.add(key, 0, key.length);
    }
    for (const { queued: { entry, request }, db, reply } of steps) {
      if (reply !== undefined) {
        to.add(REPLY, 0, REPLY.length);
        to.add(reply, 0, reply.length);
        continue;
      }
      to.add(RUN, 0, RUN.length);
      to.number(entry.shardNumber);
      to.number(db);
      to.number(request.argc);
      for (let i = 0; i < request.argc; i++) to.add(request.buf, request.at[i], request.len[i]);
    }
  }

  private noteReads(entry: CommandEntry, request: Request): void {
    const { tracking } = this.dispatcher.server;
    for (const key of tracking.keysOf(this.session, entry, request)) {
      this.reads.push(key);
      // What was written before is what is read now.
      this.changes.set(key, { tells: this.changes.get(key)?.tells === true, outdates: false });
    }
    if ((entry.flags & Flag.WRITE) === 0) return;
    for (const key of tracking.namesOf(entry, request)) {
      if (this.changes.has(key)) this.changes.set(key, { tells: true, outdates: true });
    }
  }
}
