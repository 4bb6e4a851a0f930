/** Found: the members of a zset within an area, and their order by distance. */
import type { ZsetCursor } from "../../store/types/zset_cursor.ts";
import { Seek } from "../../structures/ordered_index.ts";
import type { Area } from "./area.ts";

const FIRST_CAPACITY = 64;
/** Ranges up to this length are sorted by insertion. */
const SHORT = 12;
const NO_BYTES = new Uint8Array(0);

export class Found {
  count = 0;
  /** Of each member found: where it lies (ZsetCursor.place), its score, its distance from the centre in metres. */
  place = new Int32Array(FIRST_CAPACITY);
  score = new Float64Array(FIRST_CAPACITY);
  metres = new Float64Array(FIRST_CAPACITY);
  /** Order of the reply, as indices; the order of finding until sorted. */
  order = new Int32Array(FIRST_CAPACITY);

  /** Looks at all members in the squares that cover the area, until `limit` are found. The cursor is open. */
  gather(area: Area, cursor: ZsetCursor, limit: number): void {
    area.cover();
    for (let k = 0; k < area.squares && this.count < limit; k++) {
      cursor.start(cursor.seek(Seek.BEFORE_SCORE, area.first[k], NO_BYTES, 0, 0), false);
      while (this.count < limit && cursor.nextScore() && cursor.score < area.behind[k]) {
        const metres = area.distanceOfScore(cursor.score);
        if (metres >= 0) this.add(cursor.place, cursor.score, metres);
      }
    }
  }

  private add(place: number, score: number, metres: number): void {
    const n = this.count;
    if (n === this.place.length) this.widen(n * 2);
    this.place[n] = place;
    this.score[n] = score;
    this.metres[n] = metres;
    this.order[n] = n;
    this.count++;
  }

  private widen(capacity: number): void {
    const { place, score, metres, order } = this;
    (this.place = new Int32Array(capacity)).set(place);
    (this.score = new Float64Array(capacity)).set(score);
    (this.metres = new Float64Array(capacity)).set(metres);
    (this.order = new Int32Array(capacity)).set(order);
  }

  /** Puts the first `n` of the order by distance in place, ascending (1) or descending (-1); equal ones in the order of finding. */
  sort(direction: number, n: number): void {
    this.sortRange(0, this.count, n, direction);
  }

  /** Quicksort of order[from, to) that leaves parts behind `n` alone. */
  private sortRange(from: number, to: number, n: number, direction: number): void {
    const order = this.order;
    while (to - from > SHORT && from < n) {
      const pivot = this.median(order[from], order[(from + to) >> 1], order[to - 1], direction);
      let i = from;
      let j = to - 1;
      for (;;) {
        while (this.isBefore(order[i], pivot, direction)) i++;
        while (this.isBefore(pivot, order[j], direction)) j--;
        if (i >= j) break;
        const swap = order[i];
        order[i++] = order[j];
        order[j--] = swap;
      }
      // The shorter part by recursion: its depth is then at most the logarithm of the length.
      if (i - from < to - i) {
        this.sortRange(from, i, n, direction);
        from = i;
      } else {
        this.sortRange(i, to, n, direction);
        to = i;
      }
    }
    if (to - from <= SHORT) this.sortShort(from, to, direction);
  }

  private sortShort(from: number, to: number, direction: number): void {
    const order = this.order;
    for (let i = from + 1; i < to; i++) {
      const index = order[i];
      let j = i;
      for (; j > from && this.isBefore(index, order[j - 1], direction); j--) order[j] = order[j - 1];
      order[j] = index;
    }
  }

  private isBefore(a: number, b: number, direction: number): boolean {
    const difference = (this.metres[a] - this.metres[b]) * direction;
    return difference < 0 || (difference === 0 && a < b);
  }

  private median(a: number, b: number, c: number, direction: number): number {
    if (this.isBefore(b, a, direction)) [a, b] = [b, a];
    if (this.isBefore(c, b, direction)) b = this.isBefore(c, a, direction) ? a : c;
    return b;
  }
}
