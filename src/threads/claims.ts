/**
 * Claims: who may answer a blocked client. Main hands out a ticket for each request that may wait and writes it into the claim word of the
 * request's record; whoever exchanges it for nothing first answers: a shard that found something, or main at a timeout. Any thread.
 *
 * Invariants:
 * 1. A ticket is taken once.
 * 2. A record's word belongs to its latest ticket, so an old one that a shard has not forgotten yet can't be taken.
 */

/** As many as there are records (main/ring_shards.ts); memory is used only where records are. */
const WORDS = 1 << 21;
const TAKEN = 0;

export class Claims {
  private readonly words: Int32Array;

  constructor(readonly buffer = new SharedArrayBuffer(WORDS * 4)) {
    this.words = new Int32Array(buffer);
  }

  /** Main: the record's claim is open under `ticket`, which is above 0. */
  open(record: number, ticket: number): void {
    Atomics.store(this.words, record, ticket);
  }

  isOpen(record: number, ticket: number): boolean {
    return Atomics.load(this.words, record) === ticket;
  }

  /** True for the one who takes the ticket. */
  take(record: number, ticket: number): boolean {
    // Orders nothing else: what the taker does with the keyspace is the shard's own or held.
    return Atomics.compareExchange(this.words, record, ticket, TAKEN) === ticket;
  }
}
