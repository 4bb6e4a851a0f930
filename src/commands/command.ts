/**
 * Command: what a table entry says about one command. All that COMMAND, ACL categories, routing and docs need is here and
 * nowhere else; the entry stands beside its function.
 *
 * Source of the facts: Redis documentation, "Command key specifications", "Command tips", "COMMAND DOCS".
 */
import type { Call } from "./call.ts";
import type { Waiting } from "./wait.ts";

/** Flags as COMMAND INFO answers them. */
export type CommandFlag =
  | "write"
  | "readonly"
  | "denyoom"
  | "admin"
  | "pubsub"
  | "noscript"
  | "blocking"
  | "loading"
  | "stale"
  | "skip_monitor"
  | "skip_slowlog"
  | "asking"
  | "fast"
  | "no_auth"
  | "may_replicate"
  | "no_mandatory_keys"
  | "no_async_loading"
  | "no_multi"
  | "allow_busy"
  | "movablekeys";

/** Where keys start: at an argument, or behind a keyword searched from `from` (negative: from the end). */
export type BeginSearch = { index: number } | { keyword: string; from: number } | { unknown: true };

/**
 * Which arguments from there on are keys. range: up to `last` (relative to the start; negative: from the end of the
 * arguments) every `step`, of the remaining arguments only 1/limit when limit > 1. keynum: the argument at `num` says how many
 * follow from `first` on.
 */
export type FindKeys =
  | { last: number; step: number; limit: number }
  | { num: number; first: number; step: number }
  | { unknown: true };

/** One group of keys among a command's arguments. */
export interface KeySpec {
  /** "RO" | "RW" | "OW" | "RM", then what is done: "access" | "update" | "insert" | "delete", then "not_key", "incomplete", "variable_flags". */
  flags: readonly string[];
  begin: BeginSearch;
  find: FindKeys;
  notes?: string;
}

export type Group =
  | "bitmap"
  | "cluster"
  | "connection"
  | "generic"
  | "geo"
  | "hash"
  | "hyperloglog"
  | "list"
  | "pubsub"
  | "scripting"
  | "server"
  | "set"
  | "sorted-set"
  | "stream"
  | "string"
  | "transactions";

/**
 * How a command whose keys (or the lack of them) span shards is run.
 *   keys   on the shard that owns the keys; when they lie in several, all of those are held and one runs it
 *   split  each shard gets the keys it owns (with `step` arguments each) and answers for them; main gathers
 *   all    every shard runs it; main gathers
 *   any    one shard, whichever: the command looks at no key
 *   cursor the shard that the cursor argument names (SCAN)
 */
export type Routing = "keys" | "split" | "all" | "any" | "cursor";

/**
 * How main makes one reply of the shards' replies.
 *   sum      integers added
 *   ok       the first error, else +OK
 *   concat   arrays one behind the other
 *   scatter  array elements back in the order of the request's keys
 *   any      one of the replies that are not null, chosen at random; null when all are
 */
export type Gather = "sum" | "ok" | "concat" | "scatter" | "any";

/** A request's arguments: offsets into `buf`. Request and Call both are one. */
export interface Arguments {
  readonly buf: Uint8Array;
  readonly argc: number;
  readonly at: Int32Array;
  readonly len: Int32Array;
}

/** Takes in the keys of a request: the argument's number and bits of KeyUse (key_specs.ts). */
export interface KeyList {
  add(index: number, use: number): void;
}

/** What COMMAND, ACL rules, routing and docs know of a command, on whatever thread it runs. */
export interface CommandFacts {
  /** Lower case; of a subcommand its own name without the container's. */
  readonly name: string;
  /** Number of arguments with the name(s); negative: at least that many. */
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  /** ACL categories beyond those that flags and group imply, without "@"; one of those with "-" before it is taken away. */
  readonly categories?: readonly string[];
  readonly keys?: readonly KeySpec[];
  /** Where key specs can't tell the keys of a request, or what is done with them: enters them into `keys`. */
  readonly findKeys?: (request: Arguments, keys: KeyList) => void;
  /** Of a container: its subcommands are known to itself only; COMMAND, INFO and errors know one command. */
  readonly closed?: boolean;
  readonly group: Group;
  readonly since: string;
  /** One sentence, in our words. */
  readonly summary: string;
  readonly complexity: string;
  /**
   * The arguments behind the name(s), in the notation of Redis's documentation pages: lower-case words are values, capitals are
   * tokens, [] optional, <> one of, | choice, ... repeated. `word:type` says a value's type where the word alone does not
   * (syntax.ts). COMMAND DOCS and the fuzzer read it.
   */
  readonly syntax: string;
  readonly tips?: readonly string[];
  readonly history?: readonly (readonly [version: string, change: string])[];
  readonly deprecated?: { readonly since: string; readonly replacedBy: string };
  readonly docFlags?: readonly string[];
  /** Of a container: what its first argument chooses. A container itself is never run. */
  readonly subcommands?: readonly CommandFacts[];
}

/** A command that a shard's engine runs. */
export interface ShardCommand extends CommandFacts {
  readonly routing?: Routing;
  readonly gather?: Gather;
  /** True when a request may reach keys that its arguments don't name: all shards are held for it. */
  readonly reachesAll?: (request: Arguments) => boolean;
  /** Of a blocking command: what there is to know of its waiting. */
  readonly waiting?: Waiting;
  /**
   * Reads: parse all arguments, look up and check types, change, reply. Throws ReplyError before the first change, and nothing
   * after it.
   */
  readonly run: (call: Call) => void;
  readonly subcommands?: undefined;
}

/**
 * A command whose first argument chooses a subcommand. In a subcommand's arity and key positions the container's name counts:
 * OBJECT ENCODING key has arity 3 and its key at 2.
 */
export interface ShardContainer extends CommandFacts {
  readonly subcommands: readonly ShardCommand[];
}

/** What a family's list holds. */
export type ShardEntry = ShardCommand | ShardContainer;

/** First argument is a single key that is only read. */
export const READ_KEY: readonly KeySpec[] = [{
  flags: ["RO", "access"],
  begin: { index: 1 },
  find: { last: 0, step: 1, limit: 0 },
}];

/** A single key spec at an argument. */
export function keyAt(index: number, ...flags: string[]): KeySpec {
  return { flags, begin: { index }, find: { last: 0, step: 1, limit: 0 } };
}

/** All arguments from an index to the end (or `last`) are keys, every `step`. */
export function keysFrom(index: number, last: number, step: number, ...flags: string[]): KeySpec {
  return { flags, begin: { index }, find: { last, step, limit: 0 } };
}

/** The argument at an index says how many keys follow it. */
export function keysCounted(index: number, ...flags: string[]): KeySpec {
  return { flags, begin: { index }, find: { num: 0, first: 1, step: 1 } };
}
