/**
 * AccessClock: the 24-bit clock in an entry's word 0, for LRU or LFU as Redis keeps it. Any thread, one at a time.
 *
 *   LRU  seconds of the last access, modulo 2^24
 *   LFU  16 bits: minutes of the last decay, modulo 2^16 | 8 bits: logarithmic access counter
 *
 * Source: Redis documentation, "Key eviction" (the approximated LRU and the Morris counter of LFU).
 */
import { CLOCK_SHIFT, KIND_MASK } from "./entry.ts";

const LFU_START = 5; // a new key must survive until it had a chance to be used
const LRU_MASK = 0xffffff;

export class AccessClock {
  /** True under an LFU maxmemory-policy. */
  lfu = false;
  lfuLogFactor = 10;
  lfuDecayMinutes = 1;
  /** Set for clients in NO-TOUCH mode. */
  paused = false;

  private seconds = 0;
  private minutes = 0;
  private shifted = 0;

  constructor(private readonly random: () => number) {}

  setNow(ms: number): void {
    const seconds = Math.floor(ms / 1000);
    this.minutes = Math.floor(seconds / 60) & 0xffff;
    this.seconds = seconds & LRU_MASK;
    this.shifted = this.seconds << CLOCK_SHIFT;
  }

  /** The clock of a new entry, in its place in word 0. */
  fresh(): number {
    return this.lfu ? ((this.minutes << 8) | LFU_START) << CLOCK_SHIFT : this.shifted;
  }

  /** Notes an access in word `w`; writes only when the clock differs, so that reads leave cache lines clean. */
  touch(i32: Int32Array, w: number): void {
    if (this.paused) return;
    const word0 = i32[w];
    const next = (word0 & KIND_MASK) | (this.lfu ? this.lfuAccess(word0) : this.shifted);
    if (next !== word0) i32[w] = next;
  }

  private lfuAccess(word0: number): number {
    let counter = this.frequency(word0);
    if (counter < 255) {
      const base = counter > LFU_START ? counter - LFU_START : 0;
      if (this.random() < 1 / (base * this.lfuLogFactor + 1)) counter++;
    }
    return ((this.minutes << 8) | counter) << CLOCK_SHIFT;
  }

  /** LFU counter now, with the decay of the time gone by. */
  frequency(word0: number): number {
    const counter = (word0 >>> CLOCK_SHIFT) & 255;
    if (this.lfuDecayMinutes === 0) return counter;
    const then = word0 >>> 16;
    const gone = (this.minutes - then) & 0xffff;
    const periods = Math.floor(gone / this.lfuDecayMinutes);
    return periods > counter ? 0 : counter - periods;
  }

  /** Seconds since the last access. */
  idleSeconds(word0: number): number {
    return (this.seconds - (word0 >>> CLOCK_SHIFT)) & LRU_MASK;
  }

  /**
   * The clock, as Store.setClock takes it, of a key that RESTORE or an RDB file says was idle for some seconds, or has an LFU counter
   * (-1: not told). Only what fits the policy counts; without it -1.
   */
  restored(idleSeconds: number, counter: number): number {
    if (this.lfu) return counter < 0 ? -1 : (this.minutes << 8) | counter;
    return idleSeconds < 0 ? -1 : (this.seconds - Math.min(idleSeconds, this.seconds)) & LRU_MASK;
  }
}
