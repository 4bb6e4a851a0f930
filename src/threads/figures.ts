/**
 * Figures: counters that a shard publishes for INFO, in shared memory. The shard writes, main reads; each is a double of its own, so
 * a reader sees a recent value of each, never a torn one. Any thread.
 */
import { HISTOGRAM_WORDS, type LatencySum, recordLatency } from "./latency_histogram.ts";

export const Figure = {
  HITS: 0,
  MISSES: 1,
  EXPIRED_KEYS: 2,
  EXPIRED_FIELDS: 3,
  DIRTY: 4,
  EXPIRY_CAP_REACHED: 5,
  STALE_SHARE: 6,
  LAZYFREE_PENDING: 7,
  LAZYFREED: 8,
  CPU_USER_US: 9,
  CPU_SYSTEM_US: 10,
  EVICTED_KEYS: 11,
  /** 1 when the shard is over maxmemory and has nothing to evict. */
  EVICTION_EXHAUSTED: 12,
  EXPIRY_CPU_US: 13,
  /** Keys that blocked clients wait for, and those of them whose going is waited for. */
  BLOCKING_KEYS: 14,
  BLOCKING_KEYS_UNTIL_GONE: 15,
  /** DIRTY as it was at the last snapshot's cut. */
  DIRTY_AT_CUT: 16,
  /** Entries that the snapshot under way has written. */
  SNAPSHOT_ENTRIES: 17,
  /** Times that FLUSHALL has run. */
  FLUSHES: 18,
  /** Bytes of the file that the load under way, or the last one, has passed over. */
  LOADED_BYTES: 19,
} as const;

/** Gauges first, then for each command its microseconds, then the commands' histograms. */
const COMMANDS_FROM = 32;

export class Figures {
  private readonly doubles: Float64Array;
  private readonly histograms: Uint32Array;
  /** False while nobody wants percentiles (latency-tracking no). */
  tracking = true;

  /** `commands`: how many shard commands are timed. */
  constructor(commands: number, readonly buffer = new SharedArrayBuffer(sizeOf(commands))) {
    this.doubles = new Float64Array(buffer, 0, COMMANDS_FROM + commands);
    this.histograms = new Uint32Array(buffer, this.doubles.byteLength);
  }

  get(figure: number): number {
    return this.doubles[figure];
  }

  set(figure: number, value: number): void {
    this.doubles[figure] = value;
  }

  /** Microseconds that a shard command has taken so far. */
  commandUs(number: number): number {
    return this.doubles[COMMANDS_FROM + number];
  }

  /** A call took `us`; it stands for `weight` calls like it. */
  addCommandUs(number: number, us: number, weight: number): void {
    this.doubles[COMMANDS_FROM + number] += us * weight;
    if (this.tracking) recordLatency(this.histograms, number * HISTOGRAM_WORDS, us, weight);
  }

  /** Adds a command's latencies to a sum. */
  addLatencies(number: number, sum: LatencySum): void {
    sum.add(this.histograms, number * HISTOGRAM_WORDS);
  }

  /** The reader's: starts commands' latencies anew. A call noted at the same moment may be lost. */
  resetLatencies(): void {
    this.histograms.fill(0);
  }
}

function sizeOf(commands: number): number {
  return (COMMANDS_FROM + commands) * 8 + commands * HISTOGRAM_WORDS * 4;
}
