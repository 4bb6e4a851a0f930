/**
 * Broadcasts: CLIENT TRACKING's broadcast mode: who wants to know of changes to keys with which prefix, and which keys changed since the
 * last messages went out. Main thread.
 *
 * Invariant: a prefix is here exactly while a client wants it; its keys are those changed since the last `take`.
 */
import type { Session } from "../session.ts";

interface Prefix {
  readonly sessions: Set<Session>;
  /** Keys changed, and whose requests alone did it; undefined when others did too, or nobody's did (expiry). */
  keys: Map<string, Session | undefined>;
}

/** What one client is to be told. */
export type Tell = (session: Session, keys: readonly string[]) => void;

export class Broadcasts {
  private readonly prefixes = new Map<string, Prefix>();
  private changes = 0;

  /** Number of prefixes that anybody wants. */
  get size(): number {
    return this.prefixes.size;
  }

  add(session: Session, prefix: string): void {
    const known = this.prefixes.get(prefix);
    if (known === undefined) this.prefixes.set(prefix, { sessions: new Set([session]), keys: new Map() });
    else known.sessions.add(session);
  }

  remove(session: Session, prefix: string): void {
    const known = this.prefixes.get(prefix);
    known?.sessions.delete(session);
    if (known?.sessions.size === 0) this.prefixes.delete(prefix);
  }

  /** A key changed. */
  changed(key: string, cause: Session | undefined): void {
    for (const [prefix, { keys }] of this.prefixes) {
      if (!key.startsWith(prefix)) continue;
      if (!keys.has(key)) this.changes++;
      keys.set(key, !keys.has(key) || keys.get(key) === cause ? cause : undefined);
    }
  }

  /** Tells each client the keys of each prefix that it wants, one list a prefix; both in the order of their bytes, as Redis does. */
  take(tell: Tell): void {
    if (this.changes === 0) return;
    this.changes = 0;
    for (const name of [...this.prefixes.keys()].sort()) {
      const { keys, sessions } = this.prefixes.get(name)!;
      if (keys.size === 0) continue;
      const all = [...keys.keys()].sort();
      for (const session of sessions) {
        const own = session.tracking?.noLoop === true;
        const told = own ? all.filter((key) => keys.get(key) !== session) : all;
        if (told.length > 0) tell(session, told);
      }
      keys.clear();
    }
  }
}
