/** The strings family: its table entries. */
import type { ShardCommand } from "../command.ts";
import { delex, delifeq, digest } from "./delete_if.ts";
import { get, getdel, getex, mget } from "./get.ts";
import { decr, decrby, incr, incrby, incrbyfloat } from "./incr.ts";
import { increx } from "./increx.ts";
import { lcs } from "./lcs.ts";
import { mset, msetex, msetnx } from "./mset.ts";
import { append, getrange, setrange, strlen, substr } from "./range.ts";
import { getset, psetex, set, setex, setnx } from "./set.ts";

export const stringCommands: readonly ShardCommand[] = [
  get,
  set,
  setnx,
  setex,
  psetex,
  getset,
  getdel,
  getex,
  mget,
  mset,
  msetnx,
  msetex,
  append,
  strlen,
  getrange,
  substr,
  setrange,
  incr,
  decr,
  incrby,
  decrby,
  incrbyfloat,
  increx,
  lcs,
  delex,
  delifeq,
  digest,
];
