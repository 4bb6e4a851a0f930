/** The streams family: its table entries. */
import type { ShardEntry } from "../command.ts";
import { xack } from "./acknowledge.ts";
import { xadd } from "./add.ts";
import { xautoclaim, xclaim } from "./claim.ts";
import { xdel, xsetid } from "./delete.ts";
import { xackdel, xdelex } from "./delete_references.ts";
import { xgroup } from "./group.ts";
import { xinfo } from "./info.ts";
import { xpending } from "./pending.ts";
import { xlen, xrange, xrevrange } from "./range.ts";
import { xread, xreadgroup } from "./read.ts";
import { xtrim } from "./trim.ts";

export const streamCommands: readonly ShardEntry[] = [
  xadd,
  xlen,
  xrange,
  xrevrange,
  xdel,
  xdelex,
  xtrim,
  xsetid,
  xread,
  xgroup,
  xreadgroup,
  xack,
  xackdel,
  xpending,
  xclaim,
  xautoclaim,
  xinfo,
];
