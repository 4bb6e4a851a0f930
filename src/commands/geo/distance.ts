/** Distances on the earth as a sphere, in metres, and how they are read and written. */
import { ReplyError } from "../../base/reply_error.ts";
import type { Reply } from "../../codec/resp/reply.ts";
import type { Call } from "../call.ts";
import { scoreArgument } from "../sorted_sets/bounds.ts";
import { MAX_LATITUDE, MAX_LONGITUDE, MIN_LATITUDE, MIN_LONGITUDE } from "./geohash.ts";

/** The radius of the sphere: the one that Redis takes. */
export const EARTH_RADIUS = 6372797.560856;

/** Bytes of the longest distance as a bulk string: 16 digits, a point, the length and line ends. */
const REPLY_MAX = 32;

const RADIANS = Math.PI / 180;

const UNSUPPORTED_UNIT = new ReplyError("ERR unsupported unit provided. please use M, KM, FT, MI");

export function radians(degrees: number): number {
  return degrees * RADIANS;
}

export function degrees(radians: number): number {
  return radians / RADIANS;
}

/** Distance between two points on one meridian. */
export function latitudeDistance(latitude1: number, latitude2: number): number {
  return EARTH_RADIUS * Math.abs(radians(latitude2) - radians(latitude1));
}

/** Great-circle distance by the haversine formula. */
export function distance(longitude1: number, latitude1: number, longitude2: number, latitude2: number): number {
  const v = Math.sin((radians(longitude2) - radians(longitude1)) / 2);
  if (v === 0) return latitudeDistance(latitude1, latitude2);
  const y1 = radians(latitude1);
  const y2 = radians(latitude2);
  const u = Math.sin((y2 - y1) / 2);
  return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(u * u + Math.cos(y1) * Math.cos(y2) * v * v));
}

/** Metres in the unit that argument `i` names. */
export function unitArgument(call: Call, i: number): number {
  if (call.is(i, "m")) return 1;
  if (call.is(i, "km")) return 1000;
  if (call.is(i, "ft")) return 0.3048;
  if (call.is(i, "mi")) return 1609.34;
  throw UNSUPPORTED_UNIT;
}

/** Argument `i` as a longitude and the next as a latitude: the first of them; throws when they are no point. */
export function longitudeArgument(call: Call, i: number): number {
  const longitude = scoreArgument(call, i);
  const latitude = scoreArgument(call, i + 1);
  if (
    longitude < MIN_LONGITUDE || longitude > MAX_LONGITUDE || latitude < MIN_LATITUDE || latitude > MAX_LATITUDE
  ) throw new ReplyError(`ERR invalid longitude,latitude pair ${fixed6(longitude)},${fixed6(latitude)}`);
  return longitude;
}

/** C's "%f". */
function fixed6(n: number): string {
  if (!Number.isFinite(n)) return n < 0 ? "-inf" : "inf";
  if (Object.is(n, -0)) return "-0.000000";
  return Math.abs(n) < 1e21 ? n.toFixed(6) : BigInt(n).toString() + ".000000";
}

/** Writes a distance as a bulk string with four decimals. */
export function replyDistance(reply: Reply, metres: number): void {
  const units = roundToEven(metres * 10000);
  if (units > Number.MAX_SAFE_INTEGER) {
    reply.bulkText(metres.toFixed(4));
    return;
  }
  const whole = Math.floor(units / 10000);
  const rest = units - whole * 10000;
  let width = 1;
  for (let limit = 10; whole >= limit; limit *= 10) width++;
  reply.ensure(REPLY_MAX);
  const { buf } = reply;
  buf[reply.pos++] = 36;
  reply.digits(width + 5);
  buf[reply.pos++] = 13;
  buf[reply.pos++] = 10;
  reply.digits(whole);
  let at = reply.pos;
  buf[at++] = 46;
  for (let power = 1000; power >= 1; power /= 10) buf[at++] = 48 + Math.floor(rest / power) % 10;
  buf[at++] = 13;
  buf[at++] = 10;
  reply.pos = at;
}

function roundToEven(n: number): number {
  const floor = Math.floor(n);
  const rest = n - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
