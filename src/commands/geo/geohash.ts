/**
 * Geohash: points of the earth as 52-bit numbers, as sorted sets keep them, and the squares that such numbers name. Pure.
 *
 * A longitude within ±180 and a latitude within ±85.05112878 (the square Mercator map, EPSG:900913) are each halved `step` times; the
 * bits interleave, latitude's at the even places. A hash of `step` s has 2s bits; 26 steps make the 52 bits of a score. Numbers are
 * handled as doubles, their two coordinates as 26-bit integers.
 *
 * Sources: Redis documentation, GEOADD; G. Niemeyer's geohash.org for the text form.
 */

export const MIN_LONGITUDE = -180;
export const MAX_LONGITUDE = 180;
export const MIN_LATITUDE = -85.05112878;
export const MAX_LATITUDE = 85.05112878;

/** Halvings of a whole score. */
export const MAX_STEP = 26;

const LONGITUDE_SPAN = MAX_LONGITUDE - MIN_LONGITUDE;
const LATITUDE_SPAN = MAX_LATITUDE - MIN_LATITUDE;
/** Half of a coordinate's bits: interleaving is done by halves, which fit 32-bit integers. */
const HALF_STEP = 13;
const HALF_MASK = (1 << HALF_STEP) - 1;
const HALF_HASH = 2 ** MAX_STEP;

/** The bits of a 16-bit number at the even places. */
function spread(n: number): number {
  n = (n | (n << 8)) & 0x00ff00ff;
  n = (n | (n << 4)) & 0x0f0f0f0f;
  n = (n | (n << 2)) & 0x33333333;
  return (n | (n << 1)) & 0x55555555;
}

/** The inverse of `spread`. */
function gather(n: number): number {
  n &= 0x55555555;
  n = (n | (n >>> 1)) & 0x33333333;
  n = (n | (n >>> 2)) & 0x0f0f0f0f;
  n = (n | (n >>> 4)) & 0x00ff00ff;
  return (n | (n >>> 8)) & 0x0000ffff;
}

/** The hash of two coordinates of at most 26 bits. */
export function interleave(x: number, y: number): number {
  const low = spread(y & HALF_MASK) | (spread(x & HALF_MASK) << 1);
  const high = spread(y >>> HALF_STEP) | (spread(x >>> HALF_STEP) << 1);
  return high * HALF_HASH + low;
}

/** Longitude's coordinate in a hash. */
export function hashX(hash: number): number {
  const high = Math.floor(hash / HALF_HASH);
  return (gather(high >>> 1) << HALF_STEP) | gather((hash - high * HALF_HASH) >>> 1);
}

/** Latitude's coordinate in a hash. */
export function hashY(hash: number): number {
  const high = Math.floor(hash / HALF_HASH);
  return (gather(high) << HALF_STEP) | gather(hash - high * HALF_HASH);
}

/** Longitude's coordinate after `step` halvings. */
export function longitudeX(longitude: number, step: number): number {
  return Math.trunc(((longitude - MIN_LONGITUDE) / LONGITUDE_SPAN) * (1 << step));
}

/** Latitude's coordinate after `step` halvings. */
export function latitudeY(latitude: number, step: number): number {
  return Math.trunc(((latitude - MIN_LATITUDE) / LATITUDE_SPAN) * (1 << step));
}

/** The score of a point. */
export function scoreOfPoint(longitude: number, latitude: number): number {
  return interleave(longitudeX(longitude, MAX_STEP), latitudeY(latitude, MAX_STEP));
}

/** The western edge of column `x`. */
export function westOf(x: number, step: number): number {
  return MIN_LONGITUDE + (x / (1 << step)) * LONGITUDE_SPAN;
}

/** The southern edge of row `y`. */
export function southOf(y: number, step: number): number {
  return MIN_LATITUDE + (y / (1 << step)) * LATITUDE_SPAN;
}

/** Scores from here on are no hashes (ZADD can make such), and take the slow way. */
const HASH_LIMIT = 2 ** 52;

/** Longitude of the middle of a score's square. */
export function longitudeOf(score: number): number {
  const x = score >= 0 && score < HASH_LIMIT ? hashX(Math.floor(score)) : wideCoordinate(score, 1n);
  const middle = (westOf(x, MAX_STEP) + westOf(x + 1, MAX_STEP)) / 2;
  return Math.min(MAX_LONGITUDE, Math.max(MIN_LONGITUDE, middle));
}

/** Latitude of the middle of a score's square. */
export function latitudeOf(score: number): number {
  const y = score >= 0 && score < HASH_LIMIT ? hashY(Math.floor(score)) : wideCoordinate(score, 0n);
  const middle = (southOf(y, MAX_STEP) + southOf(y + 1, MAX_STEP)) / 2;
  return Math.min(MAX_LATITUDE, Math.max(MIN_LATITUDE, middle));
}

/** Every second bit, from bit `first` on, of a score as 64 unsigned bits. */
function wideCoordinate(score: number, first: bigint): number {
  const bits = unsignedBits(score);
  let n = 0;
  for (let k = 31n; k >= 0n; k--) n = n * 2 + Number((bits >> (2n * k + first)) & 1n);
  return n;
}

/** A double as C on amd64 makes it an unsigned 64-bit integer, as Redis's results show. */
function unsignedBits(score: number): bigint {
  if (score >= 2 ** 64) return 0n;
  if (score < -(2 ** 63)) return 1n << 63n;
  return BigInt.asUintN(64, BigInt(Math.trunc(score)));
}

const ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz";
const TEXT_LENGTH = 11;

/** The standard geohash (11 characters) of a point: its latitudes span ±90, and of the last character's bits none is known. */
export function geohashText(longitude: number, latitude: number): string {
  const x = Math.trunc(((longitude - MIN_LONGITUDE) / LONGITUDE_SPAN) * (1 << MAX_STEP));
  const y = Math.trunc(((latitude + 90) / 180) * (1 << MAX_STEP));
  const hash = interleave(x, y);
  let text = "";
  for (let k = 1; k < TEXT_LENGTH; k++) text += ALPHABET[Math.floor(hash / 2 ** (52 - 5 * k)) % 32];
  return text + "0";
}
