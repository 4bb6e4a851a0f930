/**
 * ZsetCursor: finds places in a zset by rank, score or member, and walks from there, whatever the encoding. Any thread, one at a time.
 *
 * Invariants:
 * 1. A walk is good while no zset of its store changes, and while no other cursor of that store seeks or walks.
 * 2. A member's bytes are good until the next step.
 */
import { compareBytes } from "../../base/bytes.ts";
import { Seek } from "../../structures/ordered_index.ts";
import { ROOT_WORDS } from "../../structures/table.ts";
import { Encoding } from "../entry.ts";
import type { Store } from "../store.ts";
import { memberAt, memberLen, type Zsets } from "./zset.ts";

const NOWHERE = -2;

export class ZsetCursor {
  /** After `open`: number of members. */
  count = 0;
  /** An interval of ranks that was looked for: its first, and the first behind it. */
  from = 0;
  end = 0;
  /** After `open`: whether it is a listpack. */
  inListpack = false;
  /** After `next` returned true: the member's bytes and its score. */
  bytes: Uint8Array;
  at = 0;
  len = 0;
  score = 0;
  /** Where it lies: the item, or the listpack's entry. `revisit` takes it. */
  place = 0;

  private value = 0;
  /** Rank of the index's cursor after a seek. */
  private sought = NOWHERE;
  private reverse = false;
  private withScores = true;
  // What comes next: an entry of the listpack, or an item.
  private following = 0;
  private followingScore = 0;

  constructor(private readonly store: Store, private readonly zsets: Zsets) {
    this.bytes = store.u8;
  }

  /** Chooses the zset. */
  open(e: number): void {
    const store = this.store;
    store.open(e);
    this.openValue(store.encoding(e), store.valueAt);
  }

  /** The same for a value outside an entry. */
  openValue(encoding: Encoding, payload: number): void {
    this.value = payload;
    this.sought = NOWHERE;
    this.inListpack = encoding === Encoding.LISTPACK;
    this.count = this.inListpack
      ? this.store.listpack.count(payload) >> 1
      : this.zsets.index.count((payload >> 2) + ROOT_WORDS);
  }

  /** Number of members before the place that the mode and the key name. */
  seek(mode: Seek, score: number, buf: Uint8Array, from: number, len: number): number {
    if (!this.inListpack) {
      this.sought = this.zsets.index.seek((this.value >> 2) + ROOT_WORDS, mode, score, buf, from, len);
      return this.sought;
    }
    const listpack = this.store.listpack;
    let rank = 0;
    let p = listpack.first(this.value);
    while (p !== 0 && this.isBefore(p, mode, score, buf, from, len)) {
      rank++;
      p = listpack.next(listpack.skip(p));
    }
    return rank;
  }

  /** The entry of a listpack, or its end mark, before which a pair belongs. */
  pairPlace(lp: number, score: number, buf: Uint8Array, from: number, len: number): number {
    const listpack = this.store.listpack;
    const end = listpack.end(lp);
    const last = listpack.prev(lp, end);
    // Scores that only grow are common, and then there is nothing to walk.
    if (last === 0 || this.zsets.scoreAt(last) < score) return end;
    let p = listpack.first(lp);
    while (p !== end && this.isBefore(p, Seek.BEFORE_MEMBER, score, buf, from, len)) {
      p = listpack.skip(listpack.skip(p));
    }
    return p;
  }

  /** True when the pair at `p` lies before the place that the mode and the key name. */
  private isBefore(p: number, mode: Seek, score: number, buf: Uint8Array, from: number, len: number): boolean {
    const listpack = this.store.listpack;
    if (mode < Seek.BEFORE_LEX) {
      const d = this.zsets.scoreAt(listpack.skip(p));
      if (d !== score) return d < score;
      if (mode < Seek.BEFORE_MEMBER) return mode === Seek.AFTER_SCORE;
    }
    listpack.readBytes(p);
    const c = compareBytes(listpack.bytes, listpack.at, listpack.len, buf, from, len);
    return c < 0 || (c === 0 && (mode & 1) !== 0);
  }

  /**
   * Starts a walk, upwards or downwards, at the member with `rank` members before it; none is there beyond the ends. Without
   * `withScores` those of a listpack are not read.
   */
  start(rank: number, reverse: boolean, withScores = true): void {
    this.reverse = reverse;
    this.withScores = withScores;
    if (this.inListpack) {
      this.following = rank < 0 ? 0 : this.store.listpack.seek(this.value, rank * 2);
      return;
    }
    const index = this.zsets.index;
    // Where a seek has just been, or one before, the index's cursor need not go down the tree again.
    if (rank === this.sought) this.following = index.item();
    else this.following = rank === this.sought - 1 ? index.previous() : 0;
    if (this.following === 0) this.following = index.seekRank((this.value >> 2) + ROOT_WORDS, rank);
    this.sought = NOWHERE;
    if (this.following !== 0) this.followingScore = index.score();
  }

  /** Goes to the next member of the walk; false behind the last. */
  next(): boolean {
    if (this.following === 0) return false;
    if (this.inListpack) {
      this.readPair();
      return true;
    }
    this.score = this.followingScore;
    this.readItem(this.following);
    const index = this.zsets.index;
    this.following = this.reverse ? index.previous() : index.next();
    if (this.following !== 0) this.followingScore = index.score();
    return true;
  }

  /** As `next`, but sets only `place` and `score`: a walk that passes over most members need not touch their memory. */
  nextScore(): boolean {
    const place = this.following;
    if (place === 0) return false;
    this.place = place;
    if (this.inListpack) {
      const listpack = this.store.listpack;
      const scoreAt = listpack.skip(place);
      this.score = this.zsets.scoreAt(scoreAt);
      this.following = this.reverse ? this.pairBefore(place) : listpack.next(scoreAt);
      return true;
    }
    this.score = this.followingScore;
    const index = this.zsets.index;
    this.following = this.reverse ? index.previous() : index.next();
    if (this.following !== 0) this.followingScore = index.score();
    return true;
  }

  /** Sets the fields as they were when `place` had this value, as long as the zset did not change; the walk goes on unharmed. */
  revisit(place: number): void {
    if (this.inListpack) {
      this.score = this.zsets.scoreAt(this.store.listpack.skip(place));
      this.readMember(place);
    } else {
      this.score = this.zsets.f64[place >> 3];
      this.readItem(place);
    }
  }

  private readItem(item: number): void {
    const u8 = this.store.u8;
    this.place = item;
    this.bytes = u8;
    this.at = memberAt(u8, item);
    this.len = memberLen(u8, item);
  }

  private readPair(): void {
    const listpack = this.store.listpack;
    const p = this.following;
    const scoreAt = listpack.skip(p);
    if (this.withScores) this.score = this.zsets.scoreAt(scoreAt);
    this.following = this.reverse ? this.pairBefore(p) : listpack.next(scoreAt);
    this.readMember(p);
  }

  private pairBefore(p: number): number {
    const listpack = this.store.listpack;
    const score = listpack.prev(this.value, p);
    return score === 0 ? 0 : listpack.prev(this.value, score);
  }

  private readMember(p: number): void {
    const listpack = this.store.listpack;
    this.place = p;
    listpack.readBytes(p);
    this.bytes = listpack.bytes;
    this.at = listpack.at;
    this.len = listpack.len;
  }
}
