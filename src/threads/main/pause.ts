/** Pause: CLIENT PAUSE, the time in which commands wait. Main thread. */
import { type CommandEntry, Flag } from "./command_entry.ts";
import type { Session } from "./session.ts";

export class Pause {
  /** Until when, ms since 1970; 0 when nothing waits. */
  untilMs = 0;
  private writesOnly = false;

  /** `turned` is told when it begins and ends; `released` lets the waiting clients go on. */
  constructor(private readonly turned: (on: boolean) => void, private readonly released: () => void) {}

  /** Starts or prolongs; of two pauses the longer and the stricter hold. */
  begin(untilMs: number, writesOnly: boolean): void {
    if (this.untilMs === 0) this.writesOnly = writesOnly;
    else this.writesOnly &&= writesOnly;
    this.untilMs = Math.max(this.untilMs, untilMs);
    this.turned(true);
  }

  end(): void {
    if (this.untilMs === 0) return;
    this.untilMs = 0;
    this.turned(false);
    this.released();
  }

  /** Ends when its time has come; returns ms until then, Infinity without a pause. */
  turn(nowMs: number): number {
    if (this.untilMs === 0) return Infinity;
    if (nowMs < this.untilMs) return this.untilMs - nowMs;
    this.end();
    return Infinity;
  }

  /** True when the command must wait; an EXEC as what it would run. */
  holds(entry: CommandEntry, { queue }: Session): boolean {
    if (!this.writesOnly || changes(entry)) return true;
    return entry.fullName === "exec" && queue !== undefined && queue.commands.some((each) => changes(each.entry));
  }

  /** "all", "write" or "none", for INFO. */
  get mode(): string {
    return this.untilMs === 0 ? "none" : this.writesOnly ? "write" : "all";
  }
}

/** True for what CLIENT PAUSE WRITE is about. */
function changes(entry: CommandEntry): boolean {
  return (entry.flags & (Flag.WRITE | Flag.MAY_REPLICATE)) !== 0;
}
