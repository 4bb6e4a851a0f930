/** OutputLimits: client-output-buffer-limit, the hard and the soft bound on a client's unsent replies. Main thread. */
import type { Config } from "../../config/config.ts";
import { clientLine } from "./client_line.ts";
import type { Session } from "./session.ts";

export class OutputLimits {
  constructor(private readonly config: Config) {}

  /** True when the session has more unsent than it may, at `nowMs`. Notes since when the soft bound is exceeded. */
  exceeded(session: Session, nowMs: number): boolean {
    const [normal] = this.config.value("client-output-buffer-limit");
    const bytes = session.output.bytes;
    if (normal.hard > 0 && bytes >= normal.hard) return true;
    if (normal.soft === 0 || bytes < normal.soft) {
      session.softLimitSince = 0;
      return false;
    }
    if (session.softLimitSince === 0) session.softLimitSince = nowMs;
    return nowMs - session.softLimitSince > normal.softSeconds * 1000;
  }

  describe(session: Session): string {
    return clientLine(session);
  }
}
