/** The streams family: its table entries. */
import type { ShardCommand } from "../command.ts";

export const streamCommands: readonly ShardCommand[] = [];
