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

/** Every top-level command that shards run, containers as one. */
export const shardEntries: readonly ShardEntry[] = [
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

/**
 * Every shard command that can run, subcommands among them; the index is its number in ring messages, the same in every thread
 * of a process.
 */
export const shardCommands: readonly ShardCommand[] = shardEntries.flatMap((entry): readonly ShardCommand[] =>
  entry.subcommands === undefined ? [entry] : entry.subcommands
);
