/** Grammar of the commands that work on keys of any type. */

import type { Family } from "../grammar.ts";

export const keys: Family = {
  name: "keys",
  kinds: {
    database: (random) => String(random.chance(0.97) ? random.between(0, 1) : random.pick([-1, 16, 99])),
    cursor: (random) => random.pick(["0", "0", "0", "x", "-1", ""]),
  },
  commands: `
    2: DEL {key}
    1: UNLINK {key}
    3: EXISTS {key}
    1: TOUCH {key}
    3: TYPE key
    2: KEYS pattern
    1: DBSIZE
    1: RANDOMKEY
    1: RENAME key key
    0.5: RENAMENX key key
    2: COPY key key [DB database] [REPLACE]
    0.5: MOVE key database
    0.5: SELECT database
    3: EXPIRE key seconds [NX | XX | GT | LT | XX GT | XX LT | NX GT | GT LT]
    2: PEXPIRE key milliseconds [NX | XX | GT | LT]
    2: EXPIREAT key unixseconds [NX | XX | GT | LT]
    2: PEXPIREAT key unixmilliseconds [NX | XX | GT | LT]
    3: TTL key
    3: PTTL key
    2: EXPIRETIME key
    2: PEXPIRETIME key
    3: PERSIST key
    4: OBJECT ENCODING key
    1: OBJECT REFCOUNT key
    1: SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]
    0.3: SWAPDB database database
    0.05: FLUSHDB [SYNC | ASYNC]
  `,
};
