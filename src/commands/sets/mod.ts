/** The sets family: its table entries. */
import type { ShardCommand } from "../command.ts";

export const setCommands: readonly ShardCommand[] = [];
