/** The hashes family: its table entries. */
import type { ShardCommand } from "../command.ts";

export const hashCommands: readonly ShardCommand[] = [];
