/** Pause: CLIENT PAUSE, the time in which commands wait. Main thread. */
import { type CommandEntry, Flag } from "./command_entry.ts";
import { Gate } from "./session.ts";

export class Pause {
  /** Until when, ms since 1970; 0 when nothing waits. */
  untilMs = 0;
  private writesOnly = false;

  /** `setGate` turns Gate.PAUSED on or off for all clients; `released` lets the waiting ones go on. */
  constructor(private readonly setGate: (bit: number, on: boolean) => void, private readonly released: () => void) {}

  /** Starts or prolongs; of two pauses the longer and the stricter hold. */
  begin(untilMs: number, writesOnly: boolean): void {
    if (this.untilMs === 0) this.writesOnly = writesOnly;
    else this.writesOnly &&= writesOnly;
    this.untilMs = Math.max(this.untilMs, untilMs);
    this.setGate(Gate.PAUSED, true);
  }

  end(): void {
    if (this.untilMs === 0) return;
    this.untilMs = 0;
    this.setGate(Gate.PAUSED, false);
    this.released();
  }

  /** Ends when its time has come; returns ms until then, Infinity without a pause. */
  turn(nowMs: number): number {
    if (this.untilMs === 0) return Infinity;
    if (nowMs < this.untilMs) return this.untilMs - nowMs;
    this.end();
    return Infinity;
  }

  /** True when the command must wait. */
  holds(entry: CommandEntry): boolean {
    return !this.writesOnly || (entry.flags & (Flag.WRITE | Flag.MAY_REPLICATE)) !== 0;
  }

  /** "all", "write" or "none", for INFO. */
  get mode(): string {
    return this.untilMs === 0 ? "none" : this.writesOnly ? "write" : "all";
  }
}
