/**
 * ClientMemory: what clients take, and maxmemory-clients, the bound on all of them together: beyond it those that take most are closed.
 * Main thread.
 *
 * Invariants:
 * 1. `noted` is the sum of the sessions' `notedBytes`. A session's may be more than it takes now, never less than it took when it last grew.
 * 2. Nobody is closed before all sessions were measured anew.
 */
import type { Config } from "../../config/config.ts";
import type { Connections } from "./connections.ts";
import type { Session } from "./session.ts";
import type { Topic } from "./pubsub.ts";

/** An estimate of what a connection's objects take without any buffer: a runtime does not tell what one object takes. */
const SESSION_BYTES = 1024;
/** About what a name in a set or a list takes beside its bytes: the entry and the object. */
const NAME_BYTES = 64;

/** Bytes of the commands that wait for EXEC. */
export function queueBytes({ queue }: Session): number {
  return queue === undefined ? 0 : queue.bytes;
}

/** About the bytes that a client takes. */
export function clientBytes(session: Session): number {
  const { subscriptions, tracking } = session;
  let bytes = SESSION_BYTES + (session.input?.length ?? 0) + session.output.bytes + queueBytes(session);
  for (const { key } of session.watched) bytes += NAME_BYTES + key.length;
  if (subscriptions !== undefined) {
    bytes += topicBytes(subscriptions.channels) + topicBytes(subscriptions.patterns) +
      topicBytes(subscriptions.shardChannels);
  }
  if (tracking !== undefined) { for (const prefix of tracking.prefixes) bytes += NAME_BYTES + prefix.length; }
  return bytes;
}

function topicBytes(topics: ReadonlySet<Topic>): number {
  let bytes = 0;
  for (const { name } of topics) bytes += NAME_BYTES + name.length;
  return bytes;
}

export class ClientMemory {
  /** The bound in bytes; 0 for none. */
  limitBytes = 0;
  evictedClients = 0;
  private noted = 0;

  /** `notice` writes a log line. */
  constructor(
    private readonly connections: Connections,
    private readonly config: Config,
    private readonly notice: (text: string) => void,
  ) {
    const configure = () => {
      this.limitBytes = limitOf(config);
      this.enforce();
    };
    config.on(["maxmemory", "maxmemory-clients"], configure);
    configure();
  }

  /** The session may have grown. To be called only while there is a bound. */
  grew(session: Session): void {
    if (session.closing) return;
    this.note(session);
    if (this.noted >= this.limitBytes) this.enforce();
  }

  /** The session's connection has ended. */
  forget(session: Session): void {
    this.noted -= session.notedBytes;
    session.notedBytes = 0;
  }

  /** Closes those that take most until the rest is within the bound. */
  enforce(): void {
    if (this.limitBytes === 0) return;
    const sessions = [...this.connections.sessions.values()].filter((session) => !session.closing);
    for (const session of sessions) this.note(session);
    if (this.noted < this.limitBytes) return;
    const victims = sessions.filter(({ noEvict }) => !noEvict).sort((a, b) => b.notedBytes - a.notedBytes);
    for (const victim of victims) {
      if (this.noted < this.limitBytes) return;
      this.notice(`Evicting client: ${this.connections.describe(victim)}`);
      this.evictedClients++;
      this.forget(victim);
      this.connections.close(victim);
    }
  }

  private note(session: Session): void {
    const bytes = clientBytes(session);
    this.noted += bytes - session.notedBytes;
    session.notedBytes = bytes;
  }
}

/** maxmemory-clients in bytes: a percentage is one of maxmemory. */
function limitOf(config: Config): number {
  const limit = config.int("maxmemory-clients");
  return limit >= 0 ? limit : Math.floor((config.int("maxmemory") * -limit) / 100);
}
