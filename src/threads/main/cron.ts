/** Cron: what the server does by the clock: idle clients, soft output limits, rates for INFO. Main thread. */
import type { Server } from "./server.ts";

const PERIOD_MS = 100;
/** Rates are means over this many samples, as Redis takes them (16 samples of 100 ms). */
const SAMPLES = 16;

/** A figure's growth per second, averaged over the last samples. */
class Rate {
  private readonly samples = new Float64Array(SAMPLES);
  private next = 0;
  private last = 0;
  private lastMs = 0;

  sample(value: number, nowMs: number): void {
    const elapsed = nowMs - this.lastMs;
    if (this.lastMs !== 0 && elapsed > 0) {
      this.samples[this.next] = ((value - this.last) * 1000) / elapsed;
      this.next = (this.next + 1) % SAMPLES;
    }
    this.last = value;
    this.lastMs = nowMs;
  }

  get perSecond(): number {
    let sum = 0;
    for (const s of this.samples) sum += s;
    return sum / SAMPLES;
  }
}

export class Cron {
  readonly commands = new Rate();
  readonly netInput = new Rate();
  readonly netOutput = new Rate();
  /** DEBUG PAUSE-CRON: nothing is done by the clock. */
  paused = false;
  private nextMs = 0;

  constructor(private readonly server: Server) {}

  /** Runs what is due at monotonic `nowMs`; returns ms until the next time. */
  turn(nowMs: number): number {
    if (nowMs >= this.nextMs) {
      if (!this.paused) this.run(nowMs);
      this.nextMs = nowMs + PERIOD_MS;
    }
    return this.nextMs - nowMs;
  }

  private run(nowMs: number): void {
    const { connections, dispatcher } = this.server;
    this.commands.sample(dispatcher.commandsProcessed, nowMs);
    this.netInput.sample(connections.netInput, nowMs);
    this.netOutput.sample(connections.netOutput, nowMs);
    this.server.shards.tick(this.server.nowMs());
    this.server.memory.sample();
    dispatcher.tick();
    this.server.persistence.cron();
    this.closeIdle();
    this.checkOutput();
  }

  private closeIdle(): void {
    const timeoutMs = this.server.config.int("timeout") * 1000;
    if (timeoutMs === 0) return;
    const before = this.server.nowMs() - timeoutMs;
    for (const session of this.server.connections.sessions.values()) {
      if (session.lastMs >= before || session.blocked !== undefined) continue;
      this.server.log.verbose("Closing idle client");
      this.server.connections.close(session);
    }
  }

  /** A soft limit runs out by the clock, without another reply. */
  private checkOutput(): void {
    for (const session of this.server.connections.sessions.values()) {
      if (session.softLimitSince !== 0) this.server.connections.checkOutput(session);
    }
  }
}
