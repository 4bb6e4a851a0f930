/** The HyperLogLog family: its table entries. */
import type { ShardCommand } from "../command.ts";
import { pfadd } from "./pfadd.ts";
import { pfcount } from "./pfcount.ts";
import { pfdebug, pfselftest } from "./pfdebug.ts";
import { pfmerge } from "./pfmerge.ts";

export const hyperLogLogCommands: readonly ShardCommand[] = [pfadd, pfcount, pfmerge, pfdebug, pfselftest];
