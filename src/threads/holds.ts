/**
 * Holds: how one shard runs a command on several shards' stores while the others stand still. Main opens a hold; any thread.
 *
 * A hold is a slot of four words: how many participants have arrived, 1 when released, 1 while in use, and how many the runner waits for
 * once it does; a fifth names the shards that main has taken for it while they were parked (parking.ts). Main puts HOLD(slot) into the rings of
 * all participants but one and RUN_HELD(slot) into that one's, all in one turn, so every two holds meet in the same order in
 * every ring: there is one total order of holds, hence no deadlock.
 *
 * Invariants:
 * 1. A participant's memory belongs to the runner from its arrival to the release, and to itself at all other times.
 * 2. Each arrival and release is an atomic operation, which orders the plain reads and writes of the arenas around it.
 */
const SLOT_WORDS = 16; // one cache line
const ARRIVED = 0;
const RELEASED = 1;
const USED = 2;
const WANTED = 3;
const TAKEN = 4;
/** Shards that a hold's word for those taken has bits for. */
export const MASKED_SHARDS = 32;
/** Holds under way at once; more wait in main. */
const SLOTS = 64;

export class Holds {
  private readonly words: Int32Array;
  private nextSlot = 0;

  constructor(readonly buffer = new SharedArrayBuffer(SLOTS * SLOT_WORDS * 4)) {
    this.words = new Int32Array(buffer);
  }

  /** Main: a free slot, or -1. */
  open(): number {
    for (let tries = 0; tries < SLOTS; tries++) {
      const slot = this.nextSlot;
      this.nextSlot = (slot + 1) % SLOTS;
      const w = slot * SLOT_WORDS;
      // Acquires the runner's release: no participant waits on this slot any more (each counted itself out).
      if (Atomics.load(this.words, w + USED) !== 0) continue;
      Atomics.store(this.words, w + ARRIVED, 0);
      Atomics.store(this.words, w + RELEASED, 0);
      Atomics.store(this.words, w + WANTED, 0);
      Atomics.store(this.words, w + TAKEN, 0);
      Atomics.store(this.words, w + USED, 1);
      return slot;
    }
    return -1;
  }

  /** Main: whether `open` would find a slot. */
  get available(): boolean {
    for (let slot = 0; slot < SLOTS; slot++) {
      if (Atomics.load(this.words, ((this.nextSlot + slot) % SLOTS) * SLOT_WORDS + USED) === 0) return true;
    }
    return false;
  }

  /** Main: adds a shard, less than MASKED_SHARDS, to those taken for the hold. To be called before its request is published. */
  addTaken(slot: number, shard: number): void {
    Atomics.or(this.words, slot * SLOT_WORDS + TAKEN, 1 << shard);
  }

  /** The runner: a bit for each shard that was taken for the hold. */
  taken(slot: number): number {
    return Atomics.load(this.words, slot * SLOT_WORDS + TAKEN);
  }

  /** Whether the runner has given the stores back. */
  isReleased(slot: number): boolean {
    return Atomics.load(this.words, slot * SLOT_WORDS + RELEASED) === 1;
  }

  /** A participant: gives its store to the runner. */
  arrive(slot: number): void {
    const w = slot * SLOT_WORDS;
    const arrived = Atomics.add(this.words, w + ARRIVED, 1) + 1; // releases our writes to the arena
    // The runner stores what it wants and then looks at the arrivals, we the other way round: one of us sees the other.
    if (arrived === Atomics.load(this.words, w + WANTED)) Atomics.notify(this.words, w + ARRIVED);
  }

  /** A participant that has arrived: sleeps until its store is given back. */
  leave(slot: number): void {
    const w = slot * SLOT_WORDS;
    while (Atomics.load(this.words, w + RELEASED) === 0) Atomics.wait(this.words, w + RELEASED, 0, 1000);
    // Counts out; the last one frees the slot.
    if (Atomics.sub(this.words, w + ARRIVED, 1) === 1) Atomics.store(this.words, w + USED, 0);
  }

  /** The runner: waits until `participants` others have arrived. */
  gatherAll(slot: number, participants: number): void {
    const w = slot * SLOT_WORDS;
    Atomics.store(this.words, w + WANTED, participants);
    for (;;) {
      const arrived = Atomics.load(this.words, w + ARRIVED); // acquires the participants' writes
      if (arrived === participants) return;
      Atomics.wait(this.words, w + ARRIVED, arrived, 1000);
    }
  }

  /** The runner: gives the stores of so many participants back. */
  release(slot: number, participants: number): void {
    const w = slot * SLOT_WORDS;
    Atomics.store(this.words, w + RELEASED, 1); // releases our writes to their arenas
    if (participants === 0) Atomics.store(this.words, w + USED, 0);
    else Atomics.notify(this.words, w + RELEASED);
  }
}
