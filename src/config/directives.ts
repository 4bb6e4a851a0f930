/**
 * The one table of directives: every one of Redis 7.4, and Ringshard's own: `shards` (number of shard threads; 0 runs
 * the engine on the main thread, -1 chooses by the number of cores), `network` (which socket layer) and `rdb-version`
 * (format of the RDB files written).
 *
 * Types of values follow from the table: `ValueOf<"port">` is number, `ValueOf<"save">` a list of save points.
 */

import type { Directive } from "./directive.ts";
import { memoryDirectives } from "./directives/memory.ts";
import { networkDirectives } from "./directives/network.ts";
import { persistenceDirectives } from "./directives/persistence.ts";
import { replicationDirectives } from "./directives/replication.ts";
import { serverDirectives } from "./directives/server.ts";

export const directives = {
  ...networkDirectives,
  ...persistenceDirectives,
  ...memoryDirectives,
  ...replicationDirectives,
  ...serverDirectives,
};

/** A primary name; aliases are only for people. */
export type DirectiveName = keyof typeof directives;

/** The type of a directive's value. */
export type ValueOf<N extends DirectiveName> = (typeof directives)[N] extends Directive<infer V> ? V : never;

/** The names of directives whose value is a `V`. */
export type NamesOf<V> = { [N in DirectiveName]: ValueOf<N> extends V ? N : never }[DirectiveName];

/** Directives of older versions that redis.conf may still hold: accepted with one argument, and ignored. */
export const OBSOLETE_DIRECTIVES: readonly string[] = [
  "list-max-ziplist-entries",
  "list-max-ziplist-value",
  "lua-replicate-commands",
];
