/** The geo family: its table entries. */
import type { ShardCommand } from "../command.ts";

export const geoCommands: readonly ShardCommand[] = [];
