/** Table: all commands that shards run, by family. Any thread. */
import { bitmapCommands } from "./bitmaps/mod.ts";
import type { ShardCommand, ShardEntry } from "./command.ts";
import { geoCommands } from "./geo/mod.ts";
import { hashCommands } from "./hashes/mod.ts";
import { hyperLogLogCommands } from "./hyperloglog/mod.ts";
import { keyCommands } from "./keys/mod.ts";
import { listCommands } from "./lists/mod.ts";
import { setCommands } from "./sets/mod.ts";
import { sortedSetCommands } from "./sorted_sets/mod.ts";
import { streamCommands } from "./streams/mod.ts";
import { stringCommands } from "./strings/mod.ts";
import { transactionCommands } from "./transactions/mod.ts";

/** Every shard command, containers included. */
export const shardCommands: readonly ShardEntry[] = [
  ...stringCommands,
  ...bitmapCommands,
  ...keyCommands,
  ...listCommands,
  ...hashCommands,
  ...setCommands,
  ...sortedSetCommands,
  ...geoCommands,
  ...hyperLogLogCommands,
  ...streamCommands,
];

/** What main asks of shards for transactions; no client names them. */
export const internalCommands: readonly ShardCommand[] = transactionCommands(() => runnableCommands);

/** What can be run; the index is a command's number in ring messages, the same in every thread of a process. */
export const runnableCommands: readonly ShardCommand[] = [
  ...shardCommands.flatMap((entry) => entry.subcommands === undefined ? [entry] : entry.subcommands),
  ...internalCommands,
];

/** Numbers of the runnable commands. */
export const commandNumbers: Map<ShardCommand, number> = new Map(
  runnableCommands.map((command, number) => [command, number]),
);
