/** GEOPOS, GEOHASH, GEODIST: where members are, and how far apart. */
import { SYNTAX_ERROR } from "../../base/reply_error.ts";
import type { Reply } from "../../codec/resp/reply.ts";
import { Type } from "../../store/entry.ts";
import type { Call } from "../call.ts";
import { READ_KEY, type ShardCommand } from "../command.ts";
import { replyCoordinate } from "./coordinate.ts";
import { distance, replyDistance, unitArgument } from "./distance.ts";
import { geohashText, latitudeOf, longitudeOf } from "./geohash.ts";

export const geopos: ShardCommand = {
  name: "geopos",
  arity: -2,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "geo",
  since: "3.2.0",
  summary: "Returns the longitudes and latitudes of members of a geospatial index.",
  complexity: "O(1) for each member",
  syntax: "key [member ...]",
  run(call: Call): void {
    const { reply } = call;
    const e = call.readTyped(1, Type.ZSET);
    reply.array(call.argc - 2);
    for (let i = 2; i < call.argc; i++) {
      if (findMember(call, e, i)) replyPoint(reply, call.storeOf(1).zsets.score);
      else reply.nilArray();
    }
  },
};

export const geohash: ShardCommand = {
  name: "geohash",
  arity: -2,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "geo",
  since: "3.2.0",
  summary: "Returns the places of members of a geospatial index as geohash texts.",
  complexity: "O(1) for each member",
  syntax: "key [member ...]",
  run(call: Call): void {
    const { reply } = call;
    const e = call.readTyped(1, Type.ZSET);
    reply.array(call.argc - 2);
    for (let i = 2; i < call.argc; i++) {
      if (findMember(call, e, i)) {
        const score = call.storeOf(1).zsets.score;
        reply.bulkText(geohashText(longitudeOf(score), latitudeOf(score)));
      } else reply.nil();
    }
  },
};

export const geodist: ShardCommand = {
  name: "geodist",
  arity: -4,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "geo",
  since: "3.2.0",
  summary: "Returns the distance between two members of a geospatial index.",
  complexity: "O(1)",
  syntax: "key member1 member2 [M | KM | FT | MI]",
  run(call: Call): void {
    const { reply } = call;
    if (call.argc > 5) throw SYNTAX_ERROR;
    const unit = call.argc === 5 ? unitArgument(call, 4) : 1;
    const e = call.readTyped(1, Type.ZSET);
    const zsets = call.storeOf(1).zsets;
    if (!findMember(call, e, 2)) {
      reply.nil();
      return;
    }
    const one = zsets.score;
    if (!findMember(call, e, 3)) {
      reply.nil();
      return;
    }
    const other = zsets.score;
    const metres = distance(longitudeOf(one), latitudeOf(one), longitudeOf(other), latitudeOf(other));
    replyDistance(reply, metres / unit);
  },
};

/** Looks for the member in argument `i` of zset `e` (0: there is none), the key in argument 1. */
export function findMember(call: Call, e: number, i: number): boolean {
  return e !== 0 && call.storeOf(1).zsets.find(e, call.buf, call.at[i], call.len[i]);
}

/** Replies the point of a score. */
export function replyPoint(reply: Reply, score: number): void {
  reply.array(2);
  replyCoordinate(reply, longitudeOf(score));
  replyCoordinate(reply, latitudeOf(score));
}
