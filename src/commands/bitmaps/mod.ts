/** The bitmaps family: its table entries. */
import type { ShardCommand } from "../command.ts";
import { getbit, setbit } from "./bit.ts";
import { bitcount, bitpos } from "./bit_range.ts";
import { bitfield, bitfieldRo } from "./bitfield.ts";
import { bitop } from "./bitop.ts";

export const bitmapCommands: readonly ShardCommand[] = [setbit, getbit, bitcount, bitpos, bitop, bitfield, bitfieldRo];
