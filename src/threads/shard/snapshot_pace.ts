/**
 * SnapshotPace: how long a snapshot's next step may take on a thread that also serves clients. Any thread; times are ms of one clock.
 *
 * A busy thread gives the walk a share of its time: each step as long as the time since the last one allows, less what commands have made
 * the walk write, so that the share is the same whether turns are short or long. The share is small as long as the save is on its way to end
 * in MOST_TIMES what it takes by itself, and grows when it falls behind that: Redis's SAVE takes about as long. Time that it waits for the disk counts, too. An idle thread leaves the
 * pauses out.
 *
 * Where the thread has been idle lately and turns are short, steps are the shortest: its next idle time makes up for that, while clients who
 * are answered together would feel a long step twice.
 */
const SHARE = 0.1;
const SHARE_BEHIND = 0.4;
const MOST_TIMES = 3;
/** Behind by so many ms, a save has the whole larger share. */
const BEHIND_MS = 200;

/** Shorter steps cost more in looking at the clock than they do, longer ones show in the latency. */
const STEP_MIN_MS = 0.05;
const STEP_MAX_MS = 0.6;
const SHORT_TURN_MS = 0.6;
const LATELY_MS = 50;

export class SnapshotPace {
  private steppedMs = 0;
  private idleMs = 0;
  private share = SHARE;

  /**
   * Most ms of the step that begins at `now`. `runMs`: since the job began; `aloneMs`: what it would have taken by itself up to here;
   * `asideMs`: what commands have written for it since the last step.
   */
  budget(now: number, runMs: number, aloneMs: number, asideMs: number): number {
    const turnMs = now - this.steppedMs;
    if (turnMs < STEP_MIN_MS) this.idleMs = now;
    const behind = Math.min(1, Math.max(0, (runMs - MOST_TIMES * aloneMs) / BEHIND_MS));
    this.share = SHARE + behind * (SHARE_BEHIND - SHARE);
    const fairMs = turnMs * (this.share / (1 - this.share)) - asideMs;
    const idleLately = now - this.idleMs < LATELY_MS;
    const mostMs = idleLately ? STEP_MIN_MS + Math.max(0, turnMs - SHORT_TURN_MS) : STEP_MAX_MS;
    return Math.min(mostMs, STEP_MAX_MS, Math.max(STEP_MIN_MS, fairMs));
  }

  /** The step has ended; returns the ms until a busy thread's next one. */
  stepped(now: number): number {
    this.steppedMs = now;
    return STEP_MIN_MS * (1 / this.share - 1);
  }
}
