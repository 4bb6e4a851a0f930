/** Seeded randomness for tests: the same seed gives the same run on every machine and runtime. */

/** A small generator (Mulberry32: 32 bits of state, good enough to vary tests). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A float in [0, 1). */
  float(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let word = this.#state;
    word = Math.imul(word ^ (word >>> 15), word | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 4294967296;
  }

  /** An integer in [from, to]. */
  between(from: number, to: number): number {
    return from + Math.floor(this.float() * (to - from + 1));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.float() < probability;
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.float() * items.length)];
  }

  /** A binary string of this many random bytes. */
  bytes(length: number): string {
    let text = "";
    for (let i = 0; i < length; i++) text += String.fromCharCode(this.between(0, 255));
    return text;
  }
}

/** The seed that `text` names: a number, "random" for another each time, else the `usual` one. */
export function seedFrom(text: string | undefined, usual: number): number {
  if (text === "random") return Math.floor(Math.random() * 2 ** 31);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : usual;
}
