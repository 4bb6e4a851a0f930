/**
 * RingWaits: clients that wait for keys of shards in threads: who may answer them, and what shards tell and are told of them. Main
 * thread.
 *
 * Invariant: what main itself has to say to a shard waits here until its ring has room that no session was promised.
 */
import { FromShard } from "../../ring/messages.ts";
import { Claims } from "../claims.ts";
import type { Blocked, Blocking, BlockingShards } from "./blocking.ts";

/** What the rings do for it. */
export interface WaitRings {
  /** Tells a shard to forget a ticket; false when there is no room. */
  sendForget(shard: number, ticket: number): boolean;
  /** Sends a client's request once more, to be run with the owners of all its keys held; false when there is no room. */
  sendRelay(blocked: Blocked): boolean;
  /** The whole reply of a record; the bytes stay as they are. */
  complete(record: number, reply: Uint8Array): void;
}

export class RingWaits implements BlockingShards {
  blocking!: Blocking;
  readonly claims = new Claims();
  private readonly forgets: { shard: number; ticket: number }[] = [];
  private readonly relays: Blocked[] = [];

  constructor(private readonly rings: WaitRings) {}

  take(blocked: Blocked): boolean {
    return this.claims.take(blocked.record, blocked.ticket);
  }

  forget(blocked: Blocked, except: number): void {
    for (const shard of blocked.shards) if (shard !== except) this.forgets.push({ shard, ticket: blocked.ticket });
  }

  answer(blocked: Blocked, reply: Uint8Array): void {
    this.rings.complete(blocked.record, reply);
  }

  /** A shard's message of `kind` about a ticket, with its numbers at byte `from`. */
  told(kind: number, shard: number, buffer: SharedArrayBuffer, from: number): void {
    const { blocking } = this;
    const numbers = new Float64Array(buffer, from, kind === FromShard.WAITS ? 2 : 1);
    const ticket = numbers[0];
    if (kind === FromShard.WAITS) blocking.waits(ticket, numbers[1]);
    else if (kind === FromShard.WOKEN) blocking.woken(ticket, shard);
    else {
      const blocked = blocking.find(ticket);
      if (blocked !== undefined) this.relays.push(blocked);
    }
  }

  /** Sends what waits, as far as there is room. True when something still does. */
  send(): boolean {
    const { forgets, relays, rings } = this;
    let sent = 0;
    while (sent < forgets.length && rings.sendForget(forgets[sent].shard, forgets[sent].ticket)) sent++;
    if (sent > 0) forgets.splice(0, sent);
    sent = 0;
    for (; sent < relays.length; sent++) {
      // It may have ended while it stood here.
      if (this.blocking.find(relays[sent].ticket) === relays[sent] && !rings.sendRelay(relays[sent])) break;
    }
    if (sent > 0) relays.splice(0, sent);
    return forgets.length > 0 || relays.length > 0;
  }
}
