/**
 * Holds: how one shard runs a command on several shards' stores while the others stand still. Main opens a hold; any thread.
 *
 * A hold is a slot of three words: how many participants have arrived, 1 when released, and 1 while in use. Main puts HOLD(slot) into the rings of
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

  /** A participant: gives its store to the runner and sleeps until it is given back. */
  participate(slot: number): void {
    const w = slot * SLOT_WORDS;
    Atomics.add(this.words, w + ARRIVED, 1); // releases our writes to the arena
    Atomics.notify(this.words, w + ARRIVED);
    while (Atomics.load(this.words, w + RELEASED) === 0) Atomics.wait(this.words, w + RELEASED, 0, 1000);
    // Counts out; the last one frees the slot.
    if (Atomics.sub(this.words, w + ARRIVED, 1) === 1) Atomics.store(this.words, w + USED, 0);
  }

  /** The runner: waits until `participants` others have arrived. */
  gatherAll(slot: number, participants: number): void {
    const w = slot * SLOT_WORDS;
    for (;;) {
      const arrived = Atomics.load(this.words, w + ARRIVED); // acquires the participants' writes
      if (arrived === participants) return;
      Atomics.wait(this.words, w + ARRIVED, arrived, 1000);
    }
  }

  /** The runner: gives the stores back. */
  release(slot: number): void {
    const w = slot * SLOT_WORDS;
    Atomics.store(this.words, w + RELEASED, 1); // releases our writes to their arenas
    Atomics.notify(this.words, w + RELEASED);
  }
}
