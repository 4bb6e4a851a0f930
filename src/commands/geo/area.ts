/**
 * Area: a circle or a box on the earth, and the up to nine squares of the geohash grid that cover it. Pure.
 *
 * The squares are the one with the centre and its neighbours, on a grid just coarse enough; neighbours that the area does not touch
 * are left out. As a search visits them in this order, it is the order of unsorted replies: middle, north, south, east, west,
 * north-east, north-west, south-east, south-west.
 */
import { degrees, distance, EARTH_RADIUS, latitudeDistance, radians } from "./distance.ts";
import { interleave, latitudeOf, latitudeY, longitudeOf, longitudeX, MAX_STEP, southOf, westOf } from "./geohash.ts";

/** Half the length of the equator on the Mercator map, metres. */
const MERCATOR_MAX = 20037726.37;

/** Far more than the rounding of a haversine. */
const ROUNDING = 1e-9;

// Columns and rows of the nine squares, relative to the middle.
const DX = [0, 0, 0, 1, -1, 1, -1, 1, -1];
const DY = [0, 1, -1, 0, 0, 1, 1, -1, -1];

export class Area {
  longitude = 0;
  latitude = 0;
  /** Metres in the unit that the request used. */
  unit = 1;
  /** Radius of a circle in metres; a box has width and height instead. */
  radius = 0;
  isBox = false;
  width = 0;
  height = 0;

  /** After `cover`: each square's first score and the first behind it, `squares` of them. */
  readonly first = new Float64Array(9);
  readonly behind = new Float64Array(9);
  squares = 0;

  // Of a circle, by `cover`: the centre in radians, its latitude's cosine, and the haversine beyond which all is surely outside.
  private x = 0;
  private y = 0;
  private cosine = 0;
  private far = 0;

  /** After `cover`: distance of the point of a score from the centre in metres, or -1 when it lies outside. */
  distanceOfScore(score: number): number {
    const latitude = latitudeOf(score);
    return this.isBox ? this.distanceInBox(longitudeOf(score), latitude) : this.distanceInCircle(score, latitude);
  }

  private distanceInBox(longitude: number, latitude: number): number {
    if (latitudeDistance(latitude, this.latitude) > this.height / 2) return -1;
    if (distance(longitude, latitude, this.longitude, latitude) > this.width / 2) return -1;
    return distance(this.longitude, this.latitude, longitude, latitude);
  }

  /** `distance` with the centre's part computed once, and without its last steps where the result is not needed. */
  private distanceInCircle(score: number, latitude: number): number {
    const y = radians(latitude);
    const u = Math.sin((y - this.y) / 2);
    if (u * u > this.far) return -1;
    const v = Math.sin((radians(longitudeOf(score)) - this.x) / 2);
    if (v === 0) {
      const metres = latitudeDistance(this.latitude, latitude);
      return metres > this.radius ? -1 : metres;
    }
    const haversine = u * u + this.cosine * Math.cos(y) * v * v;
    if (haversine > this.far) return -1;
    const metres = 2 * EARTH_RADIUS * Math.asin(Math.sqrt(haversine));
    return metres > this.radius ? -1 : metres;
  }

  /** Finds the squares. */
  cover(): void {
    const { longitude, latitude } = this;
    this.x = radians(longitude);
    this.y = radians(latitude);
    this.cosine = Math.cos(this.y);
    const angle = this.radius / EARTH_RADIUS / 2;
    this.far = angle < Math.PI / 2 ? Math.sin(angle) ** 2 * (1 + ROUNDING) + ROUNDING ** 2 : Infinity;
    const halfHeight = this.isBox ? this.height / 2 : this.radius;
    const halfWidth = this.isBox ? this.width / 2 : this.radius;
    const reach = this.isBox ? Math.sqrt(halfWidth * halfWidth + halfHeight * halfHeight) : this.radius;
    const dy = degrees(halfHeight / EARTH_RADIUS);
    // Meridians come closer towards the pole: the wider of both edges counts.
    const nearPole = latitude < 0 ? latitude - dy : latitude + dy;
    const dx = degrees(halfWidth / EARTH_RADIUS / Math.cos(radians(nearPole)));
    const north = latitude + dy;
    const south = latitude - dy;
    const east = longitude + dx;
    const west = longitude - dx;

    let step = stepFor(reach, latitude);
    let x = longitudeX(longitude, step);
    let y = latitudeY(latitude, step);
    const cells = 1 << step;
    const tooFine = southOf(wrap(y + 1, cells) + 1, step) < north || southOf(wrap(y - 1, cells), step) > south ||
      westOf(wrap(x + 1, cells) + 1, step) < east || westOf(wrap(x - 1, cells), step) > west;
    if (step > 1 && tooFine) {
      step--;
      x = longitudeX(longitude, step);
      y = latitudeY(latitude, step);
    }
    const leaveOut = step >= 2;
    const noSouth = leaveOut && southOf(y, step) < south;
    const noNorth = leaveOut && southOf(y + 1, step) > north;
    const noWest = leaveOut && westOf(x, step) < west;
    const noEast = leaveOut && westOf(x + 1, step) > east;

    this.squares = 0;
    const size = 2 ** (2 * (MAX_STEP - step));
    const side = 1 << step;
    for (let k = 0; k < 9; k++) {
      if ((noSouth && DY[k] < 0) || (noNorth && DY[k] > 0)) continue;
      if ((noWest && DX[k] < 0) || (noEast && DX[k] > 0)) continue;
      // At the very edge of the map (longitude 180) the middle lies one column outside, as the scores of points there do.
      const column = DX[k] === 0 ? x : wrap(x + DX[k], side);
      const row = DY[k] === 0 ? y : wrap(y + DY[k], side);
      this.addSquare(interleave(column, row) * size, size);
    }
  }

  private addSquare(first: number, size: number): void {
    const n = this.squares;
    // On a coarse grid both neighbours can be the same square. Redis skips one that equals the one before.
    if (n > 0 && this.first[n - 1] === first) return;
    this.first[n] = first;
    this.behind[n] = first + size;
    this.squares++;
  }
}

/** The grid is a torus of `n` cells: beyond the last lies the first. */
function wrap(i: number, n: number): number {
  return (i + n) & (n - 1);
}

/** Halvings for squares about as large as the reach. */
function stepFor(reach: number, latitude: number): number {
  if (reach === 0) return MAX_STEP;
  let step = 1;
  while (reach < MERCATOR_MAX) {
    reach *= 2;
    step++;
  }
  step -= 2; // the reach lies within the nine squares in most cases
  // Towards the poles squares get narrow.
  if (latitude > 66 || latitude < -66) {
    step--;
    if (latitude > 80 || latitude < -80) step--;
  }
  return Math.min(MAX_STEP, Math.max(1, step));
}
