/**
 * Uploads: requests too large for a message, on their way to shards in chunks. Main thread.
 *
 * Invariants:
 * 1. One upload moves at a time, the first that came; its session is busy until it has gone.
 * 2. Last chunks make the parts run. Those of one request go together in one turn, behind the HOLD messages of its hold, so that a large
 *    request is one point in the order like any other.
 */
import { CHUNK_WORDS, padded, ToShard } from "../../ring/messages.ts";
import type { Session } from "./session.ts";
import { isTight, type ShardEnd } from "./shard_end.ts";

/** What the rings do for it. */
export interface UploadRings {
  readonly ends: readonly ShardEnd[];
  /** Number of the last request. */
  readonly number: number;
  /** The next request has the next number. */
  count(): void;
  /** Room for a message, which there is while the ring is not tight. */
  reserve(end: ShardEnd, size: number): number;
  publish(end: ShardEnd): void;
  /** Puts HOLD into the participants' rings. */
  sendHolds(slot: number, participants: readonly number[]): void;
}

/** What one shard gets: a whole message, in private memory. */
interface Part {
  readonly shard: number;
  readonly bytes: Uint8Array;
  sent: number;
}

interface Upload {
  readonly session: Session;
  readonly parts: Part[];
  /** Shards to be held, and the hold's slot, when the last chunks go. */
  readonly participants: number[];
  slot: number;
}

export class Uploads {
  private readonly queue: Upload[] = [];

  constructor(private readonly rings: UploadRings) {}

  /** Requests that have not gone as a whole. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Takes in a message of the session's request. */
  add(session: Session, shard: number, bytes: Uint8Array): void {
    let upload = this.queue.find((each) => each.session === session);
    if (upload === undefined) this.queue.push(upload = { session, parts: [], participants: [], slot: -1 });
    upload.parts.push({ shard, bytes, sent: 0 });
    session.uploading = true;
  }

  /** The latest request needs a hold with these participants. */
  hold(slot: number, participants: readonly number[]): void {
    const upload = this.queue.at(-1)!;
    upload.slot = slot;
    upload.participants.push(...participants);
  }

  /** Moves what the rings have room for. */
  move(): void {
    const { queue, rings } = this;
    const { ends } = rings;
    for (;;) {
      const upload = queue[0];
      if (upload === undefined) return;
      let waiting = false;
      for (const part of upload.parts) {
        const end = ends[part.shard];
        const piece = end.requests.maxMessage - CHUNK_WORDS * 4;
        while (part.bytes.length - part.sent > piece) {
          if (isTight(end)) {
            waiting = true;
            break;
          }
          this.chunk(end, part, piece);
        }
      }
      if (waiting || upload.parts.some((part) => isTight(ends[part.shard]))) return;
      if (upload.participants.some((shard) => isTight(ends[shard]))) return;
      rings.count();
      rings.sendHolds(upload.slot, upload.participants);
      for (const part of upload.parts) ends[part.shard].sent = rings.number;
      for (const part of upload.parts) this.chunk(ends[part.shard], part, part.bytes.length - part.sent);
      queue.shift();
      upload.session.uploading = false;
    }
  }

  private chunk(end: ShardEnd, part: Part, size: number): void {
    const at = this.rings.reserve(end, padded(CHUNK_WORDS * 4 + size));
    const { i32, u8 } = end.requests;
    i32[(at >> 2) + 1] = ToShard.CHUNK;
    i32[(at >> 2) + 2] = part.bytes.length;
    i32[(at >> 2) + 3] = size;
    i32[(at >> 2) + 4] = this.rings.number;
    u8.set(part.bytes.subarray(part.sent, part.sent + size), at + CHUNK_WORDS * 4);
    part.sent += size;
    this.rings.publish(end);
  }
}
