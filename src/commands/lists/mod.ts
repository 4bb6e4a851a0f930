/** The lists family: its table entries. */
import type { ShardCommand } from "../command.ts";

export const listCommands: readonly ShardCommand[] = [];
