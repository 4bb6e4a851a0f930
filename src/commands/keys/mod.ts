/** The generic family: its table entries. */
import type { ShardEntry } from "../command.ts";
import { copy } from "./copy.ts";
import { debug } from "./debug_object.ts";
import { dbsize } from "./dbsize.ts";
import { del, unlink } from "./del.ts";
import { dump } from "./dump.ts";
import { exists, touch } from "./exists.ts";
import { expire, expireAt, pexpire, pexpireAt } from "./expire.ts";
import { flushAll, flushDb } from "./flush.ts";
import { keys } from "./keys.ts";
import { memory } from "./memory_usage.ts";
import { move } from "./move.ts";
import { object } from "./object.ts";
import { persist } from "./persist.ts";
import { randomKey } from "./random_key.ts";
import { rename, renameNx } from "./rename.ts";
import { restore, restoreAsking } from "./restore.ts";
import { scan } from "./scan.ts";
import { sort, sortRo } from "./sort.ts";
import { swapDb } from "./swapdb.ts";
import { expireTime, pexpireTime, pttl, ttl } from "./ttl.ts";
import { type } from "./type.ts";

export const keyCommands: readonly ShardEntry[] = [
  del,
  unlink,
  exists,
  touch,
  type,
  keys,
  scan,
  randomKey,
  dbsize,
  rename,
  renameNx,
  copy,
  move,
  expire,
  pexpire,
  expireAt,
  pexpireAt,
  ttl,
  pttl,
  expireTime,
  pexpireTime,
  persist,
  sort,
  sortRo,
  dump,
  restore,
  restoreAsking,
  object,
  memory,
  debug,
  flushDb,
  flushAll,
  swapDb,
];
