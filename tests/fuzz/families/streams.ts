/**
 * Grammar of the stream commands. Identifiers are explicit: those the servers would make from their clocks differ. XINFO GROUPS is left
 * to the transcripts: since 7.2 it counts other consumers, and since 7.4 it knows more lags.
 */

import type { Family } from "../grammar.ts";

export const streams: Family = {
  name: "streams",
  kinds: {
    id: (random) => random.between(0, 12) + (random.chance(0.7) ? "-" + random.between(0, 3) : ""),
    newid: (random) => random.between(1, 4000) + random.pick(["-0", "-1", "-*", "", "-5"]),
    from: (random) => (random.chance(0.2) ? "(" : "") + random.pick(["-", "0", "3", "5-1", "10", "100"]),
    to: (random) => (random.chance(0.2) ? "(" : "") + random.pick(["+", "4", "9-2", "20", "300"]),
    group: (random) => "g" + random.between(0, 1),
    consumer: (random) => "c" + random.between(0, 2),
  },
  commands: `
    14: XADD stream [NOMKSTREAM] [MAXLEN count | MAXLEN = count | MINID = id] newid {value value}
    1.5: DEL stream
    2: XLEN stream
    4: XRANGE stream from to [COUNT count]
    3: XREVRANGE stream to from [COUNT count]
    3: XDEL stream {id}
    2: XTRIM stream (MAXLEN | MINID) [=] count
    3: XREAD [COUNT count] STREAMS stream id
    2: XREAD [COUNT count] STREAMS stream stream id id
    0.5: XREAD [COUNT count] BLOCK 1 STREAMS stream stream id id
    8: XGROUP CREATE stream group id [MKSTREAM] [ENTRIESREAD count]
    0.2: XGROUP DESTROY stream group
    2: XGROUP SETID stream group id
    1: XGROUP CREATECONSUMER stream group consumer
    1: XGROUP DELCONSUMER stream group consumer
    5: XREADGROUP GROUP group consumer [COUNT count] [NOACK] STREAMS stream >
    2: XREADGROUP GROUP group consumer [COUNT count] STREAMS stream id
    0.5: XREADGROUP GROUP group consumer [COUNT count] BLOCK 1 STREAMS stream stream > >
    3: XACK stream group {id}
    2: XPENDING stream group
    1: XPENDING stream group from to count [consumer]
    2: XCLAIM stream group consumer 0 {id} [FORCE] [JUSTID]
    2: XAUTOCLAIM stream group consumer 0 id [COUNT count] [JUSTID]
    0.1: XSETID stream newid
    1: XINFO STREAM stream
  `,
};
