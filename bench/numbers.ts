/** Reproducible numbers for keys and members: the same on every server and in every round. */

/** Spreads an index over 0..limit-1, looking random (a multiplicative hash; Knuth, TAOCP 6.4). */
export function spread(index: number, limit: number): number {
  let h = Math.imul(index ^ (index >>> 15), 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 13), 0x85ebca6b);
  return ((h ^ (h >>> 16)) >>> 0) % limit;
}

/** "member:000123": 13 bytes up to a million, the length behind the published figures for bytes a member. */
export function member(index: number): string {
  return `member:${String(index).padStart(6, "0")}`;
}
