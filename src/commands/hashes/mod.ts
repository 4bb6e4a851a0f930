/** The hashes family: its table entries. */
import type { ShardCommand } from "../command.ts";
import { hgetall, hkeys, hscan, hvals } from "./all.ts";
import { hdel, hgetdel } from "./delete.ts";
import { hexpire, hexpireat, hpersist, hpexpire, hpexpireat } from "./expire.ts";
import { hexists, hget, hlen, hmget, hstrlen } from "./get.ts";
import { hgetex, hsetex } from "./get_set_expire.ts";
import { hincrby, hincrbyfloat } from "./increment.ts";
import { hrandfield } from "./random.ts";
import { hmset, hset, hsetnx } from "./set.ts";
import { hexpiretime, hpexpiretime, hpttl, httl } from "./ttl.ts";

export const hashCommands: readonly ShardCommand[] = [
  hset,
  hmset,
  hsetnx,
  hget,
  hmget,
  hgetall,
  hkeys,
  hvals,
  hlen,
  hexists,
  hstrlen,
  hdel,
  hincrby,
  hincrbyfloat,
  hrandfield,
  hscan,
  hexpire,
  hpexpire,
  hexpireat,
  hpexpireat,
  hpersist,
  httl,
  hpttl,
  hexpiretime,
  hpexpiretime,
  hgetex,
  hsetex,
  hgetdel,
];
