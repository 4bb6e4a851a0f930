/**
 * RingReplies: what shards in worker threads send: replies and their parts, events, words for the log, results of a load. Main thread.
 *
 * Invariant: what a shard sent is passed on in its order; that replies go out in the order of a session's requests is pending.ts's.
 */
import { latin1Text } from "../../base/bytes.ts";
import { runnableCommands } from "../../commands/table.ts";
import { FromShard, KIND_MASK, REPLY_WORDS } from "../../ring/messages.ts";
import type { LoadResult } from "../engine_order.ts";
import { decodeSlowCall } from "../slow_call.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Pending } from "./pending.ts";
import { NEXT_REPLY } from "./pushes.ts";
import type { RingWaits } from "./ring_waits.ts";
import type { ShardEnd } from "./shard_end.ts";

/** A record's number and the part of a gathering share a word: a million requests in flight, 1024 shards. */
export const PART_SHIFT = 21;
const RECORD_MASK = (1 << PART_SHIFT) - 1;

const MINUS = 45;

/** Who is told what is no reply. */
export interface ReplyListener {
  readonly dispatcher: Dispatcher;
  /** Takes what commands have for the log, level verbose. */
  readonly log: (line: string) => void;
}

/** A load under way, in so many shards. */
interface Load {
  readonly threads: number;
  readonly results: LoadResult[];
  readonly resolve: (results: LoadResult[]) => void;
}

export class RingReplies {
  private loading: Load | undefined;

  constructor(
    private readonly listener: ReplyListener,
    private readonly pending: Pending,
    private readonly waits: RingWaits,
  ) {}

  /** Takes in all that a shard has sent; true when there was something. */
  receive(end: ShardEnd, shard: number): boolean {
    const { replies } = end;
    const { i32, u8 } = replies;
    let any = false;
    for (let at = replies.peek(); at !== 0; at = replies.peek()) {
      const w = at >> 2;
      const last = (i32[w + 1] & KIND_MASK) === FromShard.REPLY;
      const record = i32[w + 2] & RECORD_MASK;
      const from = at + REPLY_WORDS * 4;
      const len = i32[w + 3];
      const kind = i32[w + 1] & KIND_MASK;
      if (kind >= FromShard.LOADED) {
        if (kind === FromShard.LOADED) this.takeLoaded(u8.slice(from, from + len));
        else if (kind === FromShard.LOG) this.listener.log(latin1Text(u8, from, from + len));
        else this.listener.dispatcher.innerFailed(runnableCommands[record], latin1Text(u8, from, from + len));
        replies.advance();
        any = true;
        continue;
      }
      if (kind >= FromShard.EVENT) {
        if (kind >= FromShard.WAITS) this.waits.told(kind, shard, replies.buffer, from);
        else this.takeEvents(end, kind === FromShard.EVENT, i32[w + 2], u8, i32, from, len);
        replies.advance();
        any = true;
        continue;
      }
      const gathering = this.pending.gatheringOf(record);
      if ((i32[w + 1] & KIND_MASK) === FromShard.SLOW) {
        const entry = this.pending.entryOf(record);
        const session = this.pending.sessionOf(record);
        if (entry !== undefined) this.listener.dispatcher.tookLong(session, entry, decodeSlowCall(u8, from, len));
      } else if (gathering === undefined) {
        if (u8[from] === MINUS && last) this.failed(record, u8, from, len);
        this.pending.receive(record, u8, from, len, last);
      } else if (gathering.add(i32[w + 2] >>> PART_SHIFT, u8, from, len, last)) {
        const pieces = gathering.result();
        if (pieces[0][0] === MINUS) this.failed(record, pieces[0], 0, pieces[0].length);
        pieces.forEach((piece, k) => {
          this.pending.receive(record, piece, 0, piece.length, k === pieces.length - 1, true);
        });
      }
      replies.advance();
      any = true;
    }
    replies.release();
    return any;
  }

  /** Passes on events, the pieces of long ones together. `cause` is the request's record with its part, or -1. */
  private takeEvents(
    end: ShardEnd,
    last: boolean,
    cause: number,
    u8: Uint8Array,
    i32: Int32Array,
    from: number,
    len: number,
  ): void {
    const { notifications } = this.listener.dispatcher.server;
    const record = cause < 0 ? NEXT_REPLY : cause & RECORD_MASK;
    const session = cause < 0 ? undefined : this.pending.sessionOf(record);
    // A client's events come in the order of its requests, whichever shards they ran in.
    const inTurn = session === undefined || this.pending.isNext(record);
    if (last && end.eventPieces.length === 0) {
      if (inTurn) notifications.take(u8, i32, from, from + len, session, record);
      else this.pending.keepEvents(record, u8.slice(from, from + len));
      return;
    }
    end.eventPieces.push(u8.slice(from, from + len));
    if (!last) return;
    const whole = new Uint8Array(end.eventPieces.reduce((size, piece) => size + piece.length, 0));
    let at = 0;
    for (const piece of end.eventPieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    end.eventPieces.length = 0;
    if (!inTurn) this.pending.keepEvents(record, whole);
    else notifications.take(whole, new Int32Array(whole.buffer), 0, whole.length, session, record);
  }

  private failed(record: number, buf: Uint8Array, from: number, len: number): void {
    const entry = this.pending.entryOf(record);
    if (entry === undefined) return;
    let code = "";
    for (let i = from + 1; i < from + len && buf[i] !== 32 && buf[i] !== 13; i++) code += String.fromCharCode(buf[i]);
    this.listener.dispatcher.failedWith(entry, code);
  }

  /** What each of so many shards has loaded, once they all have. */
  loads(threads: number): Promise<readonly LoadResult[]> {
    return new Promise((resolve) => this.loading = { threads, results: [], resolve });
  }

  /** A shard has loaded its part. */
  private takeLoaded(text: Uint8Array): void {
    const { results, threads, resolve } = this.loading!;
    results.push(JSON.parse(new TextDecoder().decode(text)));
    if (results.length < threads) return;
    this.loading = undefined;
    resolve(results);
  }
}
