/** SlowLog: the last calls that took longer than slowlog-log-slower-than, newest first. Main thread. */
import type { Config } from "../../config/config.ts";
import type { SlowCall } from "../slow_call.ts";
import type { Session } from "./session.ts";

const REDACTED = "(redacted)";

export interface SlowEntry {
  readonly id: number;
  readonly atMs: number;
  readonly us: number;
  readonly args: readonly string[];
  readonly address: string;
  readonly clientName: string;
}

export class SlowLog {
  entries: SlowEntry[] = [];
  private nextId = 0;

  constructor(private readonly config: Config) {}

  /** Enters a call of a session if it took long enough. */
  add(session: Session, call: SlowCall, atMs: number): void {
    const thresholdUs = this.config.int("slowlog-log-slower-than");
    if (thresholdUs < 0 || call.us < thresholdUs || this.config.int("slowlog-max-len") === 0) return;
    this.entries.unshift({
      id: this.nextId++,
      atMs,
      us: Math.round(call.us),
      args: this.redacted(call.args),
      address: session.socket.remoteAddress,
      clientName: session.name,
    });
    this.trim();
  }

  /** Drops what is beyond slowlog-max-len. */
  trim(): void {
    const most = this.config.int("slowlog-max-len");
    if (this.entries.length > most) this.entries.length = most;
  }

  reset(): void {
    this.entries = [];
  }

  /** The arguments without passwords. */
  private redacted(args: readonly string[]): readonly string[] {
    const words = args.map((arg) => arg.toLowerCase());
    switch (words[0]) {
      case "auth":
        return args.map((arg, i) => i === 0 ? arg : REDACTED);
      case "hello": {
        const auth = words.indexOf("auth", 2);
        return args.map((arg, i) => auth > 0 && (i === auth + 1 || i === auth + 2) ? REDACTED : arg);
      }
      case "config":
        if (words[1] !== "set") return args;
        return args.map((arg, i) => i > 2 && i % 2 === 1 && this.config.isSensitive(words[i - 1]) ? REDACTED : arg);
      default:
        return args;
    }
  }
}
