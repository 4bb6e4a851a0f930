/**
 * LatencyMonitor: moments at which something took longer than latency-monitor-threshold, by event: "command" and "fast-command".
 * Main thread.
 */

/** Samples kept of an event; Redis's number. */
const MAX_SAMPLES = 160;

export interface LatencySample {
  readonly second: number;
  /** The longest in that second. */
  ms: number;
}

export interface LatencyEvent {
  /** Oldest first. */
  readonly samples: LatencySample[];
  /** The longest ever, ms. */
  max: number;
}

export class LatencyMonitor {
  readonly events = new Map<string, LatencyEvent>();

  /** Notes that `event` took `ms`, whole milliseconds, at `nowMs`. */
  add(event: string, ms: number, nowMs: number): void {
    const known = this.events.get(event) ?? { samples: [], max: 0 };
    this.events.set(event, known);
    known.max = Math.max(known.max, ms);
    const second = Math.floor(nowMs / 1000);
    const last = known.samples.at(-1);
    if (last?.second === second) {
      last.ms = Math.max(last.ms, ms);
      return;
    }
    known.samples.push({ second, ms });
    if (known.samples.length > MAX_SAMPLES) known.samples.shift();
  }

  /** Forgets events, all without names; returns how many there were. */
  reset(names: readonly string[]): number {
    if (names.length > 0) return names.filter((name) => this.events.delete(name)).length;
    const count = this.events.size;
    this.events.clear();
    return count;
  }
}
