/** ShardEnd: main's end of a shard's thread: the rings to and from it. Main thread. */
import type { RingReader, RingWriter } from "../../ring/ring.ts";
import type { Thread } from "../../runtime/mod.ts";
import type { Figures } from "../figures.ts";

export interface ShardEnd {
  readonly thread: Thread;
  readonly requests: RingWriter;
  readonly replies: RingReader;
  readonly figures: Figures;
  /** Time last told to the shard, ms. */
  toldMs: number;
  /** Bytes reserved since the last publish. */
  unpublished: number;
  /** Number of the last request sent to the shard. */
  sent: number;
  /** Pieces of events that lack their end. */
  readonly eventPieces: Uint8Array[];
}

/** True when the ring may lack the room for a message of any size and what goes with it. */
export function isTight(end: ShardEnd): boolean {
  return end.requests.room() < 2 * end.requests.maxMessage;
}
