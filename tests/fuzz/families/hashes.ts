/** Grammar of the hash commands. */

import type { Family } from "../grammar.ts";

export const hashes: Family = {
  name: "hashes",
  kinds: {
    field: (random) => random.chance(0.9) ? "f" + random.between(0, 9) : random.pick(["", "\x00\xff", "x".repeat(70)]),
  },
  commands: `
    8: HSET hash {field value}
    3: HSET hash {field int}
    2: HMSET hash {field value}
    2: HSETNX hash field value
    4: HGET hash field
    3: HMGET hash {field}
    3: HGETALL hash
    1: HKEYS hash
    1: HVALS hash
    2: HLEN hash
    2: HSTRLEN hash field
    2: HEXISTS hash field
    5: HDEL hash {field}
    4: HINCRBY hash field int
    4: HINCRBYFLOAT hash field float
    2: HRANDFIELD hash [signedcount [WITHVALUES]]
    2: HSCAN hash 0 [MATCH memberpattern] [COUNT count]
  `,
};
