/**
 * LatencyHistogram: how long a command's calls took, as counts in buckets whose width grows with the time: 16 for every doubling from
 * 64 ns to 4 s, so that a percentile is at most 1/16 too high. Any thread.
 *
 * Counts lie in a Uint32Array, at `from`, so that a shard's may lie in shared memory (figures.ts).
 */
const SUB_BITS = 4;
const SUBS = 1 << SUB_BITS;
const FIRST_BIT = 6; // 64 ns
const LAST_BIT = 31; // up to 4.3 s

/** Words of one histogram. */
export const HISTOGRAM_WORDS = (LAST_BIT - FIRST_BIT + 1) * SUBS;

/** Counts `weight` calls of `us` microseconds. */
export function recordLatency(counts: Uint32Array, from: number, us: number, weight: number): void {
  counts[from + bucketOf(us)] += weight;
}

function bucketOf(us: number): number {
  const ns = us * 1000;
  if (ns < 1 << FIRST_BIT) return 0;
  if (ns >= 4294967295) return HISTOGRAM_WORDS - 1;
  const n = ns >>> 0;
  const bit = 31 - Math.clz32(n);
  return (bit - FIRST_BIT) * SUBS + ((n >>> (bit - SUB_BITS)) & (SUBS - 1));
}

/** The longest time that falls into a bucket, in µs. */
function upperUs(bucket: number): number {
  const bit = FIRST_BIT + Math.floor(bucket / SUBS);
  return (2 ** (bit - SUB_BITS) * (SUBS + (bucket % SUBS) + 1) - 1) / 1000;
}

/** The sum of several histograms, for reading. */
export class LatencySum {
  readonly counts: number[] = new Array(HISTOGRAM_WORDS).fill(0);
  total = 0;

  add(counts: Uint32Array, from: number): void {
    for (let i = 0; i < HISTOGRAM_WORDS; i++) {
      this.counts[i] += counts[from + i];
      this.total += counts[from + i];
    }
  }

  /** µs within which `percent` of the calls ended; 0 without calls. */
  percentile(percent: number): number {
    let left = Math.max(1, Math.ceil((this.total * percent) / 100));
    for (let i = 0; i < HISTOGRAM_WORDS; i++) {
      left -= this.counts[i];
      if (left <= 0) return upperUs(i);
    }
    return 0;
  }

  /** Calls that ended within `us` microseconds, by the upper ends of the buckets. */
  within(us: number): number {
    let count = 0;
    for (let i = 0; i < HISTOGRAM_WORDS && upperUs(i) <= us; i++) count += this.counts[i];
    return count;
  }
}
