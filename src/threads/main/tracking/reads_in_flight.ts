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

/** One request's keys. */
export interface Read {
  readonly session: Session;
  readonly keys: readonly string[];
  /** The reply's record and its serial number; of an engine on this thread 0. */
  readonly record: number;
  readonly serial: number;
  /** True for a transaction, whose own changes concern its reads. */
  readonly transaction: boolean;
  /** Keys that changed since, and whether the client wants to know. */
  changed: Map<string, boolean> | undefined;
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

  /** A request with this serial number, of session `cause`, changed the key. */
  changed(key: string, serial: number, cause: Session | undefined): void {
    if (this.byKey.size === 0) return;
    for (const read of this.byKey.get(key) ?? []) {
      if (!precedes(read, serial)) continue;
      const tells = read.session !== cause || read.session.tracking?.noLoop !== true;
      (read.changed ??= new Map()).set(key, tells || read.changed.get(key) === true);
    }
  }

  /** A request with this serial number changed every key. */
  flushed(serial: number): void {
    for (const [key, reads] of this.byKey) {
      for (const read of reads) if (precedes(read, serial)) (read.changed ??= new Map()).set(key, true);
    }
  }
}

function precedes(read: Read, serial: number): boolean {
  return read.serial < serial || (read.serial === serial && read.transaction);
}
