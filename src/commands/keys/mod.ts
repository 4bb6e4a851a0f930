/** The keys family: its table entries. */
import type { ShardCommand } from "../command.ts";

export const keyCommands: readonly ShardCommand[] = [];
