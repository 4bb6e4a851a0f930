/**
 * Figures: counters that a shard publishes for INFO, in shared memory. The shard writes, main reads; each is a double of its own, so
 * a reader sees a recent value of each, never a torn one. Any thread.
 */
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
} as const;

const COMMANDS_FROM = 16;

export class Figures {
  private readonly doubles: Float64Array;

  /** `commands`: how many shard commands are timed. */
  constructor(commands: number, readonly buffer = new SharedArrayBuffer((COMMANDS_FROM + commands) * 8)) {
    this.doubles = new Float64Array(buffer);
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

  addCommandUs(number: number, us: number): void {
    this.doubles[COMMANDS_FROM + number] += us;
  }

  resetCommands(): void {
    this.doubles.fill(0, COMMANDS_FROM);
  }
}
