/** The sorted sets family: its table entries. */
import type { ShardCommand } from "../command.ts";

export const sortedSetCommands: readonly ShardCommand[] = [];
