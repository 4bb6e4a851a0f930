/**
 * QueueRequest: a run of a transaction's commands as one internal `exec` request to the shards (commands/transactions/). Main thread.
 *
 * A run takes in the shards' commands, and those of main's that neither see what shards do nor change it: these run now, and their replies
 * travel with the request.
 */
import { latin1Bytes } from "../../base/bytes.ts";
import { Request } from "../../codec/resp/request.ts";
import { KeyFinder } from "../../commands/key_specs.ts";
import { type CommandEntry, Flag } from "./command_entry.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { Gate, type Session } from "./session.ts";
import type { Change } from "./tracking/reads_in_flight.ts";

/** Main's commands for which it makes no difference whether the queue's earlier ones have run in the shards yet. */
const INDIFFERENT: readonly string[] = ["echo", "ping", "publish", "select", "spublish"];

const RUN = latin1Bytes("run");
const REPLY = latin1Bytes("reply");
const ALL = latin1Bytes("all");
const KEYS = latin1Bytes("keys");

/** A command between MULTI and EXEC. */
export interface Queued {
  readonly entry: CommandEntry;
  readonly args: readonly Uint8Array[];
}

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

export class QueueRequest {
  private readonly steps: Uint8Array[] = [];
  private readonly watches: Uint8Array[] = [];
  private readonly keys = new Map<string, Uint8Array>();
  private readonly finder = new KeyFinder();
  /** Keys that the client reads in the run, if it tracks them. */
  readonly reads: string[] = [];
  /** What the run's own changes mean for them (tracking/). */
  readonly changes = new Map<string, Change>();
  private watchCount = 0;
  private all = false;

  constructor(private readonly session: Session, private readonly dispatcher: Dispatcher) {}

  /** The run is made only if none of these changed. */
  watch(watched: readonly Watched[]): void {
    for (const { db, key } of watched) {
      this.watches.push(decimal(db), key);
      this.note(key);
    }
    this.watchCount += watched.length;
  }

  /** Takes in a command that `fitsRun`. */
  add({ entry, args }: Queued): void {
    const { dispatcher, finder, session } = this;
    const request = new Request();
    request.load(args);
    if (entry.shard === undefined) {
      this.steps.push(REPLY, dispatcher.runQueued(session, entry, request));
      return;
    }
    dispatcher.noteQueued(session, entry, request);
    if ((session.gate & Gate.TRACKS) !== 0) this.noteReads(entry, request);
    this.steps.push(RUN, decimal(entry.shardNumber), decimal(session.db), decimal(args.length), ...args);
    const { routing = "keys", reachesAll } = entry.shard;
    if (routing === "all" || routing === "any" || routing === "cursor" || reachesAll?.(request) === true) {
      this.all = true;
    }
    finder.count = 0;
    finder.find(entry.facts, request);
    for (let k = 0; k < finder.count; k++) this.note(args[finder.index[k]]);
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

  /** The request's arguments behind its name. */
  arguments(): Uint8Array[] {
    return [
      this.all ? ALL : KEYS,
      decimal(this.session.id),
      decimal(this.keys.size),
      ...this.keys.values(),
      decimal(this.watchCount),
      ...this.watches,
      ...this.steps,
    ];
  }

  private note(key: Uint8Array): void {
    this.keys.set(key.join(), key);
  }
}

export function decimal(n: number): Uint8Array {
  return latin1Bytes(String(n));
}
