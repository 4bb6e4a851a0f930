/**
 * Settings: what the configuration tells an engine, as plain numbers, so that they cross threads in a message. Main makes them
 * (threads/main/config_effects.ts), `Engine.configure` obeys them. Any thread.
 */
import { Limits } from "../../commands/limits.ts";
import type { EvictionPolicy } from "../../store/eviction.ts";

export class Settings {
  readonly limits: Limits = new Limits();

  /** What maxmemory leaves to the stores, all together, in bytes; 0 without limit. */
  maxMemory = 0;
  /** maxmemory-policy: index in EVICTION_POLICIES. */
  policy: EvictionPolicy = 0;
  /** maxmemory-samples: keys looked at to find one to evict. */
  samples = 5;
  /** maxmemory-eviction-tenacity, 0..100. */
  tenacity = 10;
  lfuLogFactor = 10;
  lfuDecayMinutes = 1;

  /** 1 unless DEBUG SET-ACTIVE-EXPIRE turned it off. */
  activeExpiry = 1;
  /** DEBUG QUICKLIST-PACKED-THRESHOLD: elements of so many bytes have nodes of their own; 0: as list-max-listpack-size says. */
  plainFrom = 0;
  /** 1 when DEBUG SET-SKIP-CHECKSUM-VALIDATION lets RESTORE take payloads whose checksum is wrong. */
  trustsPayloads = 0;
  /** active-expire-effort, 1..10. */
  expiryEffort = 1;
  /** 1 when calls are timed for percentiles (latency-tracking). */
  latencyTracking = 1;
  /** Calls that take so many microseconds are told to main (slowlog, latency monitor); Infinity for none. */
  slowUs = Infinity;
  /** hz: how often background work looks for something to do. */
  hz = 10;
  /** key-load-delay and rdb-key-save-delay, as base/pace.ts takes them. */
  loadDelay = 0;
  saveDelay = 0;
  /** notify-keyspace-events: bits of NotifyClass; 0 unless events go to one kind of channels at least. */
  notifyClasses = 0;
  /** 1 while main wants to know every changed key (client-side caching). */
  tellChanges = 0;

  /** All values in the order of their declaration, to cross threads. */
  toNumbers(): number[] {
    const { limits, ...own } = this;
    return [...Object.values(own), ...limits.toNumbers()];
  }

  /** Takes over what `toNumbers` gave. */
  fromNumbers(numbers: ArrayLike<number>): void {
    const names = Object.keys(this).filter((name) => name !== "limits");
    names.forEach((name, i) => Object.assign(this, { [name]: numbers[i] }));
    this.limits.fromNumbers(Array.from(numbers).slice(names.length));
  }
}
