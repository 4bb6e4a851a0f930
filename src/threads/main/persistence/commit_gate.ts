/**
 * CommitGate: under `appendfsync always` replies wait here until everything that ran before them is on the disk. Main thread.
 *
 * Replies of one turn make a batch; a batch goes when every engine's journal is durable as far as it had come at the turn's end. So many
 * clients share one sync, and main never waits for the disk: the next turns' requests run meanwhile.
 *
 * Invariants:
 * 1. What a session has unsent ends in `session.heldBytes` bytes that must not go yet, in the order of its batches.
 * 2. A reply that was made while nothing was unsynced, to a session with nothing held, goes at once.
 */
import { JournalPositions } from "../../journal_positions.ts";
import type { Session } from "../session.ts";
import type { Shards } from "../shards.ts";

interface Batch {
  /** Records of each engine that must be durable. */
  readonly needs: Int32Array;
  readonly sessions: Session[];
  readonly bytes: number[];
}

export class CommitGate {
  /** True while replies are to wait. */
  active = false;
  /** True when what a turn recorded is on the disk when it ends: its replies are sent after that (reply_group.ts) and seldom wait here. */
  inTurn = false;
  /** Sends what a session has that is no longer held. */
  onRelease: (session: Session) => void = () => {};
  private open: Batch;
  private readonly sealed: Batch[] = [];
  private readonly positions: JournalPositions;

  constructor(private readonly shards: Shards, positions: SharedArrayBuffer) {
    this.positions = new JournalPositions(positions);
    this.open = this.newBatch();
  }

  /** Whether what is to be sent to the session now must wait. */
  holds(session: Session): boolean {
    return session.heldBytes > 0 || (this.active && this.shards.unsynced);
  }

  /** So many bytes were appended to the session's output, and wait. */
  hold(session: Session, bytes: number): void {
    session.heldBytes += bytes;
    const { sessions, bytes: counts } = this.open;
    const last = sessions.length - 1;
    if (last >= 0 && sessions[last] === session) counts[last] += bytes;
    else {
      sessions.push(session);
      counts.push(bytes);
    }
  }

  /** Clients that wait; one counts again for each turn in which it has asked something. */
  get waiting(): number {
    let count = this.open.sessions.length;
    for (let i = 0; i < this.sealed.length; i++) count += this.sealed[i].sessions.length;
    return count;
  }

  /** True while no reply waits. */
  get idle(): boolean {
    return this.sealed.length === 0 && this.open.sessions.length === 0;
  }

  /** Each turn, when its requests have run: lets go what is durable. */
  turn(): void {
    const { open, sealed, positions } = this;
    if (open.sessions.length > 0) {
      this.shards.settleJournal();
      for (let k = 0; k < open.needs.length; k++) open.needs[k] = positions.recorded(k);
      sealed.push(open);
      this.open = this.newBatch();
    }
    let count = 0;
    while (count < sealed.length && this.isDurable(sealed[count])) this.release(sealed[count++]);
    if (count > 0) sealed.splice(0, count);
  }

  private isDurable({ needs }: Batch): boolean {
    if (!this.active) return true;
    const { positions } = this;
    for (let k = 0; k < needs.length; k++) if (((positions.durable(k) - needs[k]) | 0) < 0) return false;
    return true;
  }

  private release({ sessions, bytes }: Batch): void {
    for (let i = 0; i < sessions.length; i++) {
      sessions[i].heldBytes -= bytes[i];
      if (!sessions[i].closed) this.onRelease(sessions[i]);
    }
  }

  private newBatch(): Batch {
    return { needs: new Int32Array(this.positions.engines), sessions: [], bytes: [] };
  }
}
