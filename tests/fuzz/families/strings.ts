/** Grammar of the string commands. */

import type { Family } from "../grammar.ts";

export const strings: Family = {
  name: "strings",
  commands: `
    8: SET string value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unixseconds | PXAT unixmilliseconds | KEEPTTL]
    6: GET string
    2: SETNX string value
    2: SETEX string seconds value
    1: PSETEX string milliseconds value
    2: GETSET string value
    2: GETDEL string
    3: GETEX string [EX seconds | PX milliseconds | EXAT unixseconds | PXAT unixmilliseconds | PERSIST]
    4: APPEND string value
    2: STRLEN string
    3: GETRANGE string index index
    1: SUBSTR string index index
    3: SETRANGE string offset value
    4: INCR counter
    3: DECR counter
    0.5: DECR string
    4: INCRBY counter int
    0.5: INCRBY string int
    3: DECRBY counter int
    4: INCRBYFLOAT counter float
    0.5: INCRBYFLOAT string float
    2: SET counter int
    3: MGET {string}
    3: MSET {string value}
    2: MSETNX {string value}
    2: LCS string string [LEN | IDX] [MINMATCHLEN count] [WITHMATCHLEN]
  `,
};
