/** The sorted sets family: its table entries. */
import type { ShardCommand } from "../command.ts";
import { zadd, zincrby } from "./add.ts";
import { zdiff, zdiffstore, zinter, zintercard, zinterstore, zunion, zunionstore } from "./algebra.ts";
import { bzmpop, bzpopmax, bzpopmin } from "./blocking.ts";
import { zcount, zlexcount } from "./count.ts";
import { zmpop, zpopmax, zpopmin } from "./pop.ts";
import { zrandmember } from "./random.ts";
import {
  zrange,
  zrangebylex,
  zrangebyscore,
  zrangestore,
  zrevrange,
  zrevrangebylex,
  zrevrangebyscore,
} from "./range.ts";
import { zrank, zrevrank } from "./rank.ts";
import { zrem, zremrangebylex, zremrangebyrank, zremrangebyscore } from "./remove.ts";
import { zscan } from "./scan.ts";
import { zcard, zmscore, zscore } from "./score.ts";

export const sortedSetCommands: readonly ShardCommand[] = [
  zadd,
  zincrby,
  zrem,
  zcard,
  zscore,
  zmscore,
  zrank,
  zrevrank,
  zcount,
  zlexcount,
  zrange,
  zrangestore,
  zrevrange,
  zrangebyscore,
  zrevrangebyscore,
  zrangebylex,
  zrevrangebylex,
  zremrangebyrank,
  zremrangebyscore,
  zremrangebylex,
  zpopmin,
  zpopmax,
  zmpop,
  bzpopmin,
  bzpopmax,
  bzmpop,
  zrandmember,
  zunion,
  zunionstore,
  zinter,
  zinterstore,
  zdiff,
  zdiffstore,
  zintercard,
  zscan,
];
