/** OutputLimits: client-output-buffer-limit, the hard and the soft bound on a client's unsent replies. Main thread. */
import { clientLine } from "./client_line.ts";
import type { Session } from "./session.ts";

/** Bounds of one client class; 0 = none. */
export interface OutputLimit {
  hardBytes: number;
  softBytes: number;
  softMs: number;
}

export class OutputLimits {
  normal: OutputLimit = { hardBytes: 0, softBytes: 0, softMs: 0 };

  /** True when the session has more unsent than it may, at `nowMs`. Notes since when the soft bound is exceeded. */
  exceeded(session: Session, nowMs: number): boolean {
    const limit = this.normal;
    const bytes = session.output.bytes;
    if (limit.hardBytes > 0 && bytes >= limit.hardBytes) return true;
    if (limit.softBytes === 0 || bytes < limit.softBytes) {
      session.softLimitSince = 0;
      return false;
    }
    if (session.softLimitSince === 0) session.softLimitSince = nowMs;
    return nowMs - session.softLimitSince > limit.softMs;
  }

  describe(session: Session): string {
    return clientLine(session);
  }
}
