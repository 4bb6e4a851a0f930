/**
 * OutputLimits: client-output-buffer-limit, the hard and the soft bound on a client's unsent replies. Main thread.
 *
 * As in Redis the hard bound also holds for replies that the socket would take: what a pipeline is answered counts before it is sent, but
 * for the first STATIC_BYTES.
 */
import type { Config } from "../../config/config.ts";
import { clientLine } from "./client_line.ts";
import type { Session } from "./session.ts";

/** Classes of clients, in the order of the directive's limits. */
const CLASSES: readonly string[] = ["normal", "replica", "pubsub"];

/** What does not count: Redis keeps the first 16 KiB of most replies beside the buffers that it counts, of some nothing. */
const STATIC_BYTES = 8192;

/** Up to this hard bound, replies to a pipeline are gathered until they exceed it; beyond, they are sent as they come. */
const GATHER_MAX = 1 << 20;

export class OutputLimits {
  /** No reply of fewer bytes is too long for any class of clients. */
  smallest = Infinity;
  /** Bytes of replies to a pipeline that must be gathered, so that the bound of normal clients can hold; 0 when there is none. */
  gathered = 0;

  constructor(private readonly config: Config) {}

  /** Takes the configured limits over. */
  configure(): void {
    const limits = this.config.value("client-output-buffer-limit");
    this.smallest = Infinity;
    for (const { hard } of limits) if (hard > 0) this.smallest = Math.min(this.smallest, hard + STATIC_BYTES);
    const normal = limits[0].hard;
    this.gathered = normal > 0 && normal <= GATHER_MAX ? normal + STATIC_BYTES : 0;
  }

  /** True when replies of so many bytes, not sent yet, are more than the session may have. */
  tooLong(session: Session, bytes: number): boolean {
    const { hard } = this.limitOf(session);
    return hard > 0 && bytes >= hard + STATIC_BYTES;
  }

  /** True when the session has more unsent than it may, at `nowMs`. Notes since when the soft bound is exceeded. */
  exceeded(session: Session, nowMs: number): boolean {
    const limit = this.limitOf(session);
    const bytes = session.output.bytes;
    if (limit.hard > 0 && bytes >= limit.hard) return true;
    if (limit.soft === 0 || bytes < limit.soft) {
      session.softLimitSince = 0;
      return false;
    }
    if (session.softLimitSince === 0) session.softLimitSince = nowMs;
    return nowMs - session.softLimitSince > limit.softSeconds * 1000;
  }

  private limitOf(session: Session) {
    const limits = this.config.value("client-output-buffer-limit");
    return limits[Math.max(0, CLASSES.indexOf(session.type))];
  }

  describe(session: Session): string {
    return clientLine(session);
  }
}
