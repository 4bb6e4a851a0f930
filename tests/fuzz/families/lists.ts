/** Grammar of the list commands. */

import type { Family } from "../grammar.ts";

export const lists: Family = {
  name: "lists",
  commands: `
    6: LPUSH list {value}
    6: RPUSH list {value}
    2: LPUSHX list {value}
    2: RPUSHX list {value}
    3: LPOP list [count]
    3: RPOP list [count]
    2: LLEN list
    3: LINDEX list index
    4: LSET list index value
    4: LINSERT list (BEFORE | AFTER) value value
    5: LRANGE list index index
    3: LTRIM list index index
    4: LREM list signedcount value
    3: LPOS list value [RANK signedcount] [COUNT count] [MAXLEN count]
    3: LMOVE list list (LEFT | RIGHT) (LEFT | RIGHT)
    3: RPOPLPUSH list list
    2: LMPOP #list (LEFT | RIGHT) [COUNT count]
    0.3: BLPOP list list 0.001
    0.3: BRPOP list list list 0.001
    0.3: BLMOVE list list (LEFT | RIGHT) (LEFT | RIGHT) 0.001
    0.2: BRPOPLPUSH list list 0.001
    0.3: BLMPOP 0.001 #list (LEFT | RIGHT) [COUNT count]
  `,
};
