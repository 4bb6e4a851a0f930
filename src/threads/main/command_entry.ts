/** CommandEntry: a command as one server knows it: the shared facts, precomputed for dispatch, with this server's figures. Main thread. */
import { latin1Bytes } from "../../base/bytes.ts";
import type { CommandFacts, CommandFlag, ShardCommand, ShardEntry } from "../../commands/command.ts";
import { fixedRange, type KeyRange } from "../../commands/key_specs.ts";
import { CommandIndex } from "../../commands/lookup.ts";
import { HISTOGRAM_WORDS, recordLatency } from "../latency_histogram.ts";
import type { MainCommand } from "./main_command.ts";

/** Flags the dispatcher asks for, as bits. */
export const Flag = {
  WRITE: 1,
  READONLY: 2,
  DENY_OOM: 4,
  NO_AUTH: 8,
  LOADING: 16,
  STALE: 32,
  NO_MULTI: 64,
  PUBSUB: 128,
  BLOCKING: 256,
  MAY_REPLICATE: 512,
  ADMIN: 1024,
} as const;

const BITS: Partial<Record<CommandFlag, number>> = {
  write: Flag.WRITE,
  readonly: Flag.READONLY,
  denyoom: Flag.DENY_OOM,
  no_auth: Flag.NO_AUTH,
  loading: Flag.LOADING,
  stale: Flag.STALE,
  no_multi: Flag.NO_MULTI,
  pubsub: Flag.PUBSUB,
  blocking: Flag.BLOCKING,
  may_replicate: Flag.MAY_REPLICATE,
  admin: Flag.ADMIN,
};

/** Commands that MULTI does not queue. */
const IMMEDIATE: readonly string[] = ["exec", "discard", "multi", "watch", "quit", "reset"];

/** Commands beside (P|S)SUBSCRIBE and (P|S)UNSUBSCRIBE that a RESP2 connection may use while it listens to channels. */
const FOR_SUBSCRIBERS: readonly string[] = ["ping", "quit", "reset"];

export class CommandEntry {
  readonly name: string;
  /** `name`, as a request has it. */
  readonly nameBytes: Uint8Array;
  /** "get", "client|list"; of a closed container's subcommand the container's. */
  readonly fullName: string;
  readonly subcommands: readonly CommandEntry[] | undefined;
  /** It and its subcommands, as far as those are commands of their own for clients. */
  readonly told: readonly CommandEntry[];
  /** Whose figures are its own: it, and the subcommands of a closed container. */
  readonly parts: readonly CommandEntry[];
  readonly arity: number;
  readonly flags: number;
  /** Set for commands that shards run, with their number in ring messages. */
  readonly shard: ShardCommand | undefined;
  readonly shardNumber: number;
  readonly main: MainCommand["main"];
  readonly confirms: boolean;
  readonly secret: MainCommand["secret"];
  /** True for what MONITOR does not show. */
  readonly unmonitored: boolean;
  /** True for what a connection may do in RESP2 while it listens to channels. */
  readonly forSubscribers: boolean;
  /** True for what runs at once even between MULTI and EXEC. */
  readonly immediate: boolean;
  /** Where its keys lie; undefined when the arguments must be looked at. */
  readonly keys: KeyRange | undefined;

  // INFO commandstats.
  calls = 0;
  usec = 0;
  rejectedCalls = 0;
  failedCalls = 0;
  /** Latencies of the calls timed here; undefined without latency-tracking. */
  latencies: Uint32Array | undefined;
  /** True when every call is timed on this thread, so that none that takes long is missed (slow_call.ts). */
  watched = false;
  /** True for DEBUG, which needs enable-debug-command. */
  readonly debugs: boolean;

  constructor(
    readonly facts: ShardEntry | MainCommand,
    parent: CommandFacts | undefined,
    numbers: Map<ShardCommand, number>,
  ) {
    this.name = facts.name;
    this.nameBytes = latin1Bytes(facts.name);
    this.fullName = parent === undefined ? facts.name : parent.closed ? parent.name : `${parent.name}|${facts.name}`;
    this.subcommands = facts.subcommands?.map((sub) => new CommandEntry(sub, facts, numbers));
    this.told = facts.closed || this.subcommands === undefined ? [this] : [this, ...this.subcommands];
    this.parts = facts.closed ? [this, ...this.subcommands!] : [this];
    this.arity = facts.arity;
    this.flags = facts.flags.reduce((bits, flag) => bits | (BITS[flag] ?? 0), 0);
    this.shard = "run" in facts ? facts : undefined;
    this.shardNumber = this.shard === undefined ? -1 : numbers.get(this.shard) ?? -1;
    this.debugs = facts.name === "debug" && parent === undefined;
    this.main = "main" in facts ? facts.main : undefined;
    this.confirms = "confirms" in facts && facts.confirms === true;
    this.secret = "secret" in facts ? facts.secret : undefined;
    this.unmonitored = facts.flags.includes("admin") || facts.flags.includes("skip_monitor");
    this.forSubscribers = this.confirms || FOR_SUBSCRIBERS.includes(this.fullName);
    this.immediate = IMMEDIATE.includes(this.fullName);
    this.keys = fixedRange(facts);
  }

  /** True when a request with this many arguments is well formed. */
  accepts(argc: number): boolean {
    return this.arity >= 0 ? argc === this.arity : argc >= -this.arity;
  }

  /** A call took `us` microseconds; it stands for `weight` calls like it. */
  took(us: number, weight: number): void {
    this.usec += us * weight;
    if (this.latencies !== undefined) recordLatency(this.latencies, 0, us, weight);
  }

  /** Starts or ends counting latencies (latency-tracking). */
  track(on: boolean): void {
    this.latencies = on ? this.latencies ?? new Uint32Array(HISTOGRAM_WORDS) : undefined;
  }

  resetFigures(): void {
    this.latencies?.fill(0);
    this.calls =
      this.usec =
      this.rejectedCalls =
      this.failedCalls =
        0;
    this.subcommands?.forEach((sub) => sub.resetFigures());
  }
}

/** All commands of a server. `numbers` gives the shard commands' numbers in ring messages. */
export function indexCommands(
  facts: readonly (ShardEntry | MainCommand)[],
  numbers: Map<ShardCommand, number>,
  renamed?: ReadonlyMap<string, string>,
): CommandIndex<CommandEntry> {
  return new CommandIndex(joinContainers(facts).map((each) => new CommandEntry(each, undefined, numbers)), renamed);
}

/** Facts of all commands for COMMAND: as `indexCommands`, without those that rename-command removed. */
export function indexFacts(
  facts: readonly (ShardEntry | MainCommand)[],
  renamed?: ReadonlyMap<string, string>,
): CommandIndex<CommandFacts> {
  const left: readonly CommandFacts[] = joinContainers(facts).filter((each) => renamed?.get(each.name) !== "")
    .map((each) => each.closed ? { ...each, subcommands: undefined } : each);
  return new CommandIndex(left, renamed);
}

/** One container of two with the same name, when some of its subcommands run in shards and some on the main thread. */
function joinContainers(facts: readonly (ShardEntry | MainCommand)[]): (ShardEntry | MainCommand)[] {
  const joined = new Map<string, ShardEntry | MainCommand>();
  for (const each of facts) {
    const before = joined.get(each.name);
    const subcommands = [...(before?.subcommands ?? []), ...(each.subcommands ?? [])];
    joined.set(each.name, before === undefined ? each : { ...each, subcommands } as ShardEntry | MainCommand);
  }
  return [...joined.values()];
}
