/** The bitmaps family: its table entries. */
import type { ShardCommand } from "../command.ts";

export const bitmapCommands: readonly ShardCommand[] = [];
