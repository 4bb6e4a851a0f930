/**
 * Waits: the requests that wait for keys of a shard, and their being served: in the order of waiting, right after the command, script
 * or transaction that made a key ready. Runs on the engine's thread.
 *
 * A blocking command that found nothing (`call.wait.asked`) is kept with its arguments in the queues of its keys. Which keys became
 * ready is written in the arena (store/waited_keys.ts), by this shard or by one that held it. For each of them those in its queue whose
 * request would now get a reply run it again. One whose result goes to another shard is relayed: main lets it run with both held, and
 * the queue stands still until that is done.
 *
 * Invariants:
 * 1. A request is in the queues of all keys it waits for that are this shard's own, or in none.
 * 2. A request runs again only after it was claimed for this shard (threads/claims.ts), and then gets a reply.
 * 3. Waiting costs nothing: a waiter is looked at only when one of its keys became ready.
 */
import { assert } from "../../base/assert.ts";
import { copyBytes } from "../../base/bytes.ts";
import type { ShardCommand } from "../../commands/command.ts";
import type { ArgumentRanges } from "../../ring/messages.ts";
import { monotonicUs } from "../../runtime/mod.ts";
import type { Engine } from "./engine.ts";
import { BACKGROUND } from "./journal.ts";

/** A request that waits. */
export interface Waiter {
  readonly ticket: number;
  readonly record: number;
  readonly command: ShardCommand;
  readonly db: number;
  readonly resp3: boolean;
  readonly noTouch: boolean;
  /** Its keys lie in several shards; or, of one that waits for its first key only, its other key does. */
  readonly spread: boolean;
  /** Arguments: their bytes, one behind the other, and their lengths. */
  readonly bytes: Uint8Array;
  readonly lengths: readonly number[];
  /** Where it stands in the queues of its keys. */
  readonly places: readonly Place[];
  /** Main was asked to run it with other shards held. */
  relayed: boolean;
}

/** A waiter's place in a queue. One that was left still leads to those behind it, so that a walk gets on. */
interface Place {
  readonly waiter: Waiter;
  readonly queue: Queue;
  /** The argument that is the key. */
  readonly key: number;
  before: Place | undefined;
  behind: Place | undefined;
  left: boolean;
}

/** Who waits for a key, in the order of waiting. */
interface Queue {
  readonly number: number;
  first: Place | undefined;
  last: Place | undefined;
  /** How many of them are also answered when the key goes. */
  untilGone: number;
}

/** What the thread around does for waits. */
export interface WaitDriver {
  /** Takes the waiter for this shard; false when it is answered elsewhere. */
  claim(waiter: Waiter): boolean;
  /** The waiter's reply, which took `us` to make, lies in engine.reply from `start` on; takes it away from there. */
  served(waiter: Waiter, start: number, us: number): void;
  /** Asks main to let the waiter's request run with other shards held. */
  relay(waiter: Waiter): void;
}

export class Waits {
  /** Keys that someone waits for; and those whose going someone waits for. */
  keys = 0;
  keysUntilGone = 0;

  private readonly queues: (Queue | undefined)[] = [];
  private readonly free: number[] = [];
  private readonly waiters = new Map<number, Waiter>();
  private readonly args: ArgumentRanges = {
    buf: new Uint8Array(0),
    argc: 0,
    at: new Int32Array(64),
    len: new Int32Array(64),
  };

  constructor(private readonly engine: Engine, private readonly driver: WaitDriver) {}

  /** Requests that wait; while there is none, `serve` need not be called. */
  get count(): number {
    return this.waiters.size;
  }

  find(ticket: number): Waiter | undefined {
    return this.waiters.get(ticket);
  }

  /** The request that `engine.call` holds, which has just asked to, waits from now on. Throws ArenaFull. */
  add(command: ShardCommand, record: number, ticket: number, spread: boolean): void {
    const { call, store, reply } = this.engine;
    const { wait, argc, db } = call;
    const lengths: number[] = [];
    let size = 0;
    for (let i = 0; i < argc; i++) {
      lengths.push(wait.texts.get(i)?.length ?? call.len[i]);
      size += lengths[i];
    }
    const bytes = new Uint8Array(size);
    let to = 0;
    for (let i = 0; i < argc; i++) {
      const text = wait.texts.get(i);
      if (text === undefined) copyBytes(bytes, to, call.buf, call.at[i], call.len[i]);
      else bytes.set(text, to);
      to += lengths[i];
    }
    const places: Place[] = [];
    const waiter: Waiter = {
      ticket,
      record,
      command,
      db,
      resp3: reply.resp3,
      noTouch: store.clock.paused,
      spread,
      bytes,
      lengths,
      places,
      relayed: false,
    };
    try {
      for (let i = wait.first; i < wait.first + wait.count; i++) {
        if (!call.owns(i)) continue;
        const queue = this.queueOf(db, call.buf, call.at[i], call.len[i]);
        if (queue.last?.waiter === waiter) continue; // the key stands there twice
        places.push(this.enter(queue, waiter, i));
      }
    } catch (error) {
      this.leaveQueues(waiter);
      throw error;
    }
    this.waiters.set(ticket, waiter);
  }

  /** The waiter with that ticket, if there is one, is answered by somebody else. */
  forget(ticket: number): void {
    const waiter = this.waiters.get(ticket);
    if (waiter === undefined) return;
    this.remove(waiter);
    // Those behind a waiter that was relayed stood still.
    if (waiter.relayed) this.touch(waiter);
  }

  /** Serves those for whose keys something happened, and those for whom that makes keys ready, until nothing more is to be done. */
  serve(): void {
    const { store, call, reply } = this.engine;
    if (!store.waited.ready) return;
    const { buf, at, len, argc, db } = call;
    const { resp3 } = reply;
    const { request } = this.engine;
    // What is served is journaled by itself, behind the request that made it possible.
    this.engine.request = BACKGROUND;
    for (let n = store.waited.takeReady(); n >= 0; n = store.waited.takeReady()) {
      const queue = this.queues[n];
      if (queue !== undefined) this.serveQueue(queue);
    }
    this.engine.request = request;
    call.load({ buf, at, len, argc }, db);
    reply.resp3 = resp3;
  }

  private serveQueue(queue: Queue): void {
    const { call } = this.engine;
    for (let place = queue.first; place !== undefined; place = place.behind) {
      if (place.left) continue;
      const { waiter, key } = place;
      if (waiter.relayed) return;
      this.load(waiter);
      if (call.peek(key) === 0 && queue.untilGone === 0) return;
      if (!this.replies(waiter, key)) continue;
      if (waiter.spread && waiter.command.waiting!.firstKeyOnly === true) {
        waiter.relayed = true;
        this.driver.relay(waiter);
        return;
      }
      this.remove(waiter);
      if (this.driver.claim(waiter)) this.finish(waiter);
    }
  }

  private replies(waiter: Waiter, key: number): boolean {
    const { call } = this.engine;
    call.partial = waiter.spread;
    const replies = waiter.command.waiting!.replies(call, key);
    call.partial = false;
    return replies;
  }

  /** Runs a waiter's request, which `engine.call` holds, once more: the one place where a wait ends with a result. */
  private finish(waiter: Waiter): void {
    const { engine } = this;
    const { call, store, reply } = engine;
    const start = reply.pos;
    reply.resp3 = waiter.resp3;
    store.clock.paused = waiter.noTouch;
    call.partial = waiter.spread;
    const startUs = monotonicUs();
    engine.run(waiter.command);
    const us = monotonicUs() - startUs;
    call.partial = false;
    store.clock.paused = false;
    assert(!call.wait.asked, "a request that was to be served waits again");
    this.driver.served(waiter, start, us);
  }

  /**
   * Main lets a relayed waiter's request run: `engine.call` holds it, and the other shards are held. Returns true when it has run
   * and its reply lies in engine.reply.
   */
  runRelayed(waiter: Waiter): boolean {
    const { engine } = this;
    const { call } = engine;
    waiter.relayed = false;
    const replies = waiter.command.waiting!.replies(call, 1);
    if (replies) this.remove(waiter);
    // Those behind it stood still.
    this.touch(waiter);
    if (!replies) return false;
    if (!this.driver.claim(waiter)) return false;
    engine.run(waiter.command);
    assert(!call.wait.asked, "a request that was to be served waits again");
    return true;
  }

  /** What the waiter waits for counts as ready. */
  private touch(waiter: Waiter): void {
    const { store } = this.engine;
    const from = waiter.lengths[0];
    store.waited.touch(waiter.db, waiter.bytes, from, waiter.lengths[1]);
  }

  private load(waiter: Waiter): void {
    const { args } = this;
    const { bytes, lengths } = waiter;
    if (lengths.length > args.at.length) {
      args.at = new Int32Array(lengths.length * 2);
      args.len = new Int32Array(lengths.length * 2);
    }
    args.buf = bytes;
    args.argc = lengths.length;
    let at = 0;
    for (let i = 0; i < lengths.length; i++) {
      args.at[i] = at;
      args.len[i] = lengths[i];
      at += lengths[i];
    }
    this.engine.call.load(args, waiter.db);
  }

  private queueOf(db: number, buf: Uint8Array, from: number, len: number): Queue {
    const { waited } = this.engine.store;
    const known = waited.queueOf(db, buf, from, len);
    if (known >= 0) return this.queues[known]!;
    const number = this.free.pop() ?? this.queues.length;
    try {
      waited.enter(db, buf, from, len, number);
    } catch (error) {
      this.free.push(number);
      throw error;
    }
    this.keys++;
    return this.queues[number] = { number, first: undefined, last: undefined, untilGone: 0 };
  }

  /** The waiter gets the last place of a queue. */
  private enter(queue: Queue, waiter: Waiter, key: number): Place {
    const place: Place = { waiter, queue, key, before: queue.last, behind: undefined, left: false };
    if (queue.last === undefined) queue.first = place;
    else queue.last.behind = place;
    queue.last = place;
    if (waiter.command.waiting!.untilGone === true && queue.untilGone++ === 0) this.keysUntilGone++;
    return place;
  }

  private remove(waiter: Waiter): void {
    this.waiters.delete(waiter.ticket);
    this.leaveQueues(waiter);
  }

  private leaveQueues(waiter: Waiter): void {
    const { waited } = this.engine.store;
    const { lengths } = waiter;
    let argument = 0;
    let at = 0;
    for (const place of waiter.places) {
      const { queue, key, before, behind } = place;
      if (before === undefined) queue.first = behind;
      else before.behind = behind;
      if (behind === undefined) queue.last = before;
      else behind.before = before;
      place.left = true;
      if (waiter.command.waiting!.untilGone === true && --queue.untilGone === 0) this.keysUntilGone--;
      if (queue.first !== undefined) continue;
      // Places are in the order of arguments.
      for (; argument < key; argument++) at += lengths[argument];
      waited.leave(waiter.db, waiter.bytes, at, lengths[key]);
      this.queues[queue.number] = undefined;
      this.free.push(queue.number);
      this.keys--;
    }
  }
}
