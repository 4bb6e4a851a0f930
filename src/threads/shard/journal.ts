/**
 * Journal: who takes the effects of what an engine did (commands/effects.ts): the append-only file, in the end. Called on the
 * engine's thread.
 */
export interface Journal {
  /**
   * Takes buf[from, to): `commands` whole commands in RESP, and the SELECTs between them. The first belongs to database `db`, behind
   * the last `endDb` is selected. The bytes are good during the call only, unless they stay.
   *
   * `request` is the number of the request that did it (`Engine.request`): its commands stand together or not at all. For expiry and
   * eviction outside of requests, and for what clients that waited are served with, it is BACKGROUND: a record of its own, which comes
   * after everything that was appended before.
   *
   * `stays`: the bytes, one command of a request, are good until who drives the engine says otherwise (`Engine.requestsStay`).
   */
  append(
    request: number,
    db: number,
    endDb: number,
    commands: number,
    buf: Uint8Array,
    from: number,
    to: number,
    stays: boolean,
  ): void;
}

/** What an engine does with the effects of what it runs: as JOURNAL messages say it. */
export const JournalMode = {
  OFF: 0,
  /** They go to the journal. */
  ON: 1,
  /** They come from a journal: nothing expires and nothing is evicted unless they say so. */
  REPLAY: 2,
} as const;
export type JournalMode = (typeof JournalMode)[keyof typeof JournalMode];

/** `request` of what no request did. */
export const BACKGROUND = 0;
