/**
 * ReadsInFlight: keys that clients which cache have asked shards for, until the replies have gone. Main thread.
 *
 * A key that changes between a read and the moment its reply leaves must be invalidated behind that reply: before it, the client would keep
 * the old value for good. Which of two requests came first is told by the serial numbers of their replies' records (pending.ts).
 *
 * Invariants:
 * 1. A session's reads are in the order of its requests.
 * 2. `byKey` holds exactly the reads under way, by each of their keys.
 */
import type { Session } from "../session.ts";

/** What a change means for a key that was read: whether the client is to be told, and whether what it has read is an old value. */
export interface Change {
  readonly tells: boolean;
  readonly outdates: boolean;
}

const OUTDATED: Change = { tells: true, outdates: true };

/** One request's keys. */
export interface Read {
  readonly session: Session;
  readonly keys: readonly string[];
  /** The reply's record and its serial number; with an engine on this thread 0 and Infinity. */
  readonly record: number;
  readonly serial: number;
  /** Of a transaction, whose own changes concern its reads: what they mean, by key; OUTDATED where nothing is said. */
  readonly own: ReadonlyMap<string, Change> | undefined;
  /** Keys that changed since. */
  changed: Map<string, Change> | undefined;
}

export class ReadsInFlight {
  private readonly byKey = new Map<string, Set<Read>>();

  add(read: Read): void {
    (read.session.reads ??= []).push(read);
    for (const key of read.keys) {
      const reads = this.byKey.get(key);
      if (reads === undefined) this.byKey.set(key, new Set([read]));
      else reads.add(read);
    }
  }

  /** Takes out the session's oldest read if it is that of the record. */
  take(session: Session, record: number): Read | undefined {
    const read = session.reads?.[0];
    if (read === undefined || read.record !== record) return undefined;
    session.reads!.shift();
    if (session.reads!.length === 0) session.reads = undefined;
    this.forget(read);
    return read;
  }

  /** Drops all reads of a session. */
  drop(session: Session): void {
    for (const read of session.reads ?? []) this.forget(read);
    session.reads = undefined;
  }

  private forget(read: Read): void {
    for (const key of read.keys) {
      const reads = this.byKey.get(key);
      reads?.delete(read);
      if (reads?.size === 0) this.byKey.delete(key);
    }
  }

  /**
   * A request with this serial number, of session `cause`, changed the key. Returns the sessions that will be told of it behind the
   * reply that they wait for.
   */
  changed(key: string, serial: number, cause: Session | undefined): ReadonlySet<Session> | undefined {
    const reads = this.byKey.get(key);
    if (reads === undefined) return undefined;
    const told = new Set<Session>();
    for (const read of reads) {
      if (!precedes(read, serial)) continue;
      let { tells, outdates } = read.serial === serial ? read.own!.get(key) ?? OUTDATED : OUTDATED;
      if (read.session === cause && read.session.tracking?.noLoop === true) tells = false;
      if (tells) told.add(read.session);
      const before = read.changed?.get(key);
      tells ||= before?.tells === true;
      outdates ||= before?.outdates === true;
      (read.changed ??= new Map()).set(key, { tells, outdates });
    }
    return told;
  }

  /** A request with this serial number changed every key. */
  flushed(serial: number): void {
    for (const [key, reads] of this.byKey) {
      for (const read of reads) if (precedes(read, serial)) (read.changed ??= new Map()).set(key, OUTDATED);
    }
  }
}

function precedes(read: Read, serial: number): boolean {
  return read.serial < serial || (read.serial === serial && read.own !== undefined);
}
