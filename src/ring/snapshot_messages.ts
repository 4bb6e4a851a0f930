/**
 * Messages of the rings that carry snapshots from the engines to who writes the file, both ends in this file.
 *
 *   word 0 size | 1 kind | 2 job | 3 bytes | 4 detail | 5 - | bytes
 *     ENTRIES   entries of one database; detail: its number times 2, plus 1 when whole: 0, the last of them goes on in the next message
 *     END       the engine has written everything; detail: its number of entries
 *     FAILED    the engine can't take part: it has no memory left
 *
 * Main announces a job to the persistence thread before it tells the engines, so a message's job is known when the message is seen.
 */
import type { Doorbell } from "./doorbell.ts";
import { padded } from "./messages.ts";
import type { RingWriter } from "./ring.ts";

export const SnapshotMessage = { ENTRIES: 1, END: 2, FAILED: 3 } as const;

export const SNAPSHOT_WORDS = 6;
const HEAD_BYTES = SNAPSHOT_WORDS * 4;

/** The engine's end: messages in order; what the ring has no room for waits in memory. */
export class SnapshotSender {
  /** Messages that wait for room, complete with their heads. */
  private readonly waiting: Uint8Array[] = [];
  /** Bytes of them. */
  waitingBytes = 0;
  /** Most bytes of entries in one message. */
  readonly pieceMax: number;

  constructor(private readonly ring: RingWriter, private readonly bell: Doorbell) {
    this.pieceMax = ring.maxMessage - HEAD_BYTES;
  }

  /** Bytes that certainly go into the ring now. */
  room(): number {
    return this.waitingBytes > 0 ? 0 : Math.max(0, this.ring.room() - 2 * this.ring.maxMessage);
  }

  /** Sends one message of at most `pieceMax` bytes. */
  send(kind: number, job: number, buf: Uint8Array, from: number, to: number, detail: number): void {
    const size = padded(HEAD_BYTES + to - from);
    const at = this.waitingBytes > 0 ? 0 : this.ring.reserve(size);
    if (at !== 0) {
      fill(this.ring.u8, this.ring.i32, at, kind, job, buf, from, to, detail);
      return;
    }
    const message = new Uint8Array(size);
    const words = new Int32Array(message.buffer);
    words[0] = size;
    fill(message, words, 0, kind, job, buf, from, to, detail);
    this.waiting.push(message);
    this.waitingBytes += size;
  }

  /** Moves what waits, makes it visible and wakes the persistence thread. True when nothing waits any more. */
  flush(): boolean {
    while (this.waiting.length > 0) {
      const message = this.waiting[0];
      const at = this.ring.reserve(message.length);
      if (at === 0) break;
      this.ring.u8.set(message, at);
      this.waiting.shift();
      this.waitingBytes -= message.length;
    }
    if (this.ring.unpublished) {
      this.ring.publish();
      this.bell.ring();
    }
    return this.waiting.length === 0;
  }

  /** Drops what waits. */
  clear(): void {
    this.waiting.length = 0;
    this.waitingBytes = 0;
  }
}

function fill(
  u8: Uint8Array,
  i32: Int32Array,
  at: number,
  kind: number,
  job: number,
  buf: Uint8Array,
  from: number,
  to: number,
  detail: number,
): void {
  const w = at >> 2;
  i32[w + 1] = kind;
  i32[w + 2] = job;
  i32[w + 3] = to - from;
  i32[w + 4] = detail;
  u8.set(buf.subarray(from, to), at + HEAD_BYTES);
}
