/**
 * RingHolds: which shards stand still for a request over several of them, who runs it, and which requests share a hold (threads/holds.ts).
 * Main thread.
 *
 * Three things make holds cheap. Requests that follow one another share one: of a hold whose messages nobody has seen yet more shards may be
 * asked, and its runner goes on with the next request. Shards that are parked (threads/parking.ts) are taken without a message. And while a
 * hold is under way the next one gathers requests if its runner would only wait for that. Requests without a shard in common never share a
 * hold, nor wait for one another.
 *
 * Invariants:
 * 1. A request joins a hold only if its message stands right behind the hold's latest one and nothing of the hold is published
 *    (`HoldRings.holdOpen`), and no client waits for a key: whom a request serves is served before the next one runs.
 * 2. A shard that is taken for a hold is taken for others only if the same shard runs them, so that they follow one another by themselves.
 * 3. What is gathered is published at the latest when the hold before it is over: that one's last reply comes behind its release, and makes
 *    main look.
 */
import { keepHold, setParticipants } from "../../ring/messages.ts";
import { type Holds, MASKED_SHARDS } from "../holds.ts";
import { Parking } from "../parking.ts";
import type { Routes } from "./routes.ts";
import type { ShardEnd } from "./shard_end.ts";

/** What the rings do for it. */
export interface HoldRings {
  readonly ends: readonly ShardEnd[];
  /** Set here when a request has opened or joined a hold; false once anything else is put into a ring, or published. */
  holdOpen: boolean;
  /** Puts HOLD into the participants' rings. */
  sendHolds(slot: number, participants: readonly number[]): void;
}

export interface Hold {
  readonly slot: number;
  readonly runner: number;
  /** Of each shard 1 when it takes part, the runner included. */
  readonly held: Uint8Array;
  /** The shards that a message asks to stand still. */
  readonly participants: number[];
  /** Where the first and the latest of its requests stand in the runner's ring. */
  first: number;
  last: number;
  requests: number;
}

/** Requests in one hold at most: the shards that are held stand still for as long as all of them take. */
const HOLD_REQUESTS = 32;

export class RingHolds {
  readonly parking: Parking;
  /** Of each shard that was taken while it was parked, who runs the latest hold for which it was. */
  private readonly takenBy: Int32Array;
  /** The hold that requests may join while `holdOpen`. */
  private latest: Hold | undefined;
  /** Of the holds whose runner answers behind their end: the newest, and the newest published as a whole. */
  private newest: Hold | undefined;
  private published: Hold | undefined;
  /** Nothing but the open hold is to be published. */
  private alone = false;

  constructor(
    private readonly rings: HoldRings,
    private readonly holds: Holds,
    private readonly routes: Routes,
    private readonly shards: number,
  ) {
    this.parking = new Parking(Parking.memory(shards));
    this.takenBy = new Int32Array(shards);
  }

  /**
   * A hold of the shards that the request needs (`Routes.locate`). `plain`: it is neither large nor may it wait, so parked shards are taken.
   * To be sent by the caller: HOLD to the participants, the request to the runner.
   */
  open(plain: boolean): Hold {
    const { routes, shards } = this;
    const slot = this.holds.open();
    if (slot === this.published?.slot) this.published = undefined; // it is free, so that hold is over
    this.alone = this.rings.ends.every((end) => !end.requests.unpublished);
    const runner = plain ? this.chooseRunner() : routes.owner[0];
    const participants: number[] = [];
    for (let shard = 0; shard < shards; shard++) {
      if (routes.owns[shard] === 0 || shard === runner) continue;
      if (!plain || !this.take(shard, slot, runner)) participants.push(shard);
    }
    const held = routes.owns.slice();
    held[runner] = 1;
    return { slot, runner, held, participants, first: 0, last: 0, requests: 1 };
  }

  /** The plain request of a hold stands at byte `at` of the runner's ring: the next one may join it. */
  opened(hold: Hold, at: number): void {
    hold.first = hold.last = at;
    this.newest = this.latest = hold;
    this.rings.holdOpen = true;
  }

  /** Widens the open hold to the shards that the next request needs; undefined when there is none that it may join. */
  join(): Hold | undefined {
    const { routes, shards } = this;
    const hold = this.latest!;
    if (!this.rings.holdOpen || hold.requests === HOLD_REQUESTS || !meet(routes.owns, hold.held)) return undefined;
    const { held, participants, runner, slot } = hold;
    const { i32 } = this.rings.ends[runner].requests;
    const others: number[] = [];
    for (let shard = 0; shard < shards; shard++) {
      if (routes.owns[shard] === 0 || held[shard] !== 0) continue;
      held[shard] = 1;
      if (!this.take(shard, slot, runner)) others.push(shard);
    }
    this.rings.sendHolds(slot, others);
    participants.push(...others);
    setParticipants(i32, hold.first, participants.length);
    keepHold(i32, hold.last);
    return hold;
  }

  /** The request that joins the hold stands at byte `at` of the runner's ring. */
  joined(hold: Hold, at: number): void {
    hold.last = at;
    hold.requests++;
    this.rings.holdOpen = true;
  }

  /** Who runs the next hold: where a shard that it needs is still taken for another hold, the runner of that. */
  private chooseRunner(): number {
    const { owner, owns } = this.routes;
    for (let shard = 0; shard < this.shards; shard++) {
      if (owns[shard] !== 0 && this.parking.isTaken(shard)) return this.takenBy[shard];
    }
    return owner[0];
  }

  /** Takes a shard that is parked, and has nothing to do before the hold, without waking it. */
  private take(shard: number, slot: number, runner: number): boolean {
    const { parking, takenBy } = this;
    // Everything sent to it was done before it was parked; nothing more is sent while this is decided.
    if (shard >= MASKED_SHARDS || !this.rings.ends[shard].requests.empty) return false;
    if (takenBy[shard] !== runner && parking.isTaken(shard)) return false;
    if (!parking.take(shard)) return false;
    takenBy[shard] = runner;
    this.holds.addTaken(slot, shard);
    return true;
  }

  /** The open hold may gather requests, since the one before it is still under way; its messages go in the first turn that finds that over. */
  get gathers(): boolean {
    const { alone, latest, published } = this;
    return this.rings.holdOpen && alone && published !== undefined && !this.holds.isReleased(published.slot) &&
      meet(latest!.held, published.held);
  }

  /** All that stands in the rings is published. */
  publishedAll(): void {
    if (this.newest !== undefined) this.published = this.newest;
    this.newest = undefined;
  }
}

/** True when a shard has its flag in both. */
function meet(a: Uint8Array, b: Uint8Array): boolean {
  for (let shard = 0; shard < a.length; shard++) if ((a[shard] & b[shard]) !== 0) return true;
  return false;
}
