/** The sets family: its table entries. */
import type { ShardCommand } from "../command.ts";
import { sadd } from "./add.ts";
import { sdiff, sdiffstore } from "./difference.ts";
import { sinter, sintercard, sinterstore } from "./intersection.ts";
import { smembers, sscan } from "./members.ts";
import { scard, sismember, smismember } from "./membership.ts";
import { smove } from "./move.ts";
import { spop } from "./pop.ts";
import { srandmember } from "./random.ts";
import { srem } from "./remove.ts";
import { sunion, sunionstore } from "./union.ts";

export const setCommands: readonly ShardCommand[] = [
  sadd,
  srem,
  sismember,
  smismember,
  scard,
  smembers,
  sscan,
  spop,
  srandmember,
  smove,
  sinter,
  sinterstore,
  sintercard,
  sunion,
  sunionstore,
  sdiff,
  sdiffstore,
];
