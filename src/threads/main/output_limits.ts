/** OutputLimits: client-output-buffer-limit, the hard and the soft bound on a client's unsent replies. Main thread. */
import type { Config } from "../../config/config.ts";
import { clientLine } from "./client_line.ts";
import type { Session } from "./session.ts";

/** Classes of clients, in the order of the directive's limits. */
const CLASSES: readonly string[] = ["normal", "replica", "pubsub"];

export class OutputLimits {
  constructor(private readonly config: Config) {}

  /** True when the session has more unsent than it may, at `nowMs`. Notes since when the soft bound is exceeded. */
  exceeded(session: Session, nowMs: number): boolean {
    const limits = this.config.value("client-output-buffer-limit");
    const limit = limits[Math.max(0, CLASSES.indexOf(session.type))];
    const bytes = session.output.bytes;
    if (limit.hard > 0 && bytes >= limit.hard) return true;
    if (limit.soft === 0 || bytes < limit.soft) {
      session.softLimitSince = 0;
      return false;
    }
    if (session.softLimitSince === 0) session.softLimitSince = nowMs;
    return nowMs - session.softLimitSince > limit.softSeconds * 1000;
  }

  describe(session: Session): string {
    return clientLine(session);
  }
}
