/** The strings family: its table entries. */
import type { ShardCommand } from "../command.ts";
import { get } from "./get.ts";
import { set } from "./set.ts";

export const stringCommands: readonly ShardCommand[] = [get, set];
