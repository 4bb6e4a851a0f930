/** The hyperloglog family: its table entries. */
import type { ShardCommand } from "../command.ts";

export const hyperLogLogCommands: readonly ShardCommand[] = [];
