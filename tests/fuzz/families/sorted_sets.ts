/** Grammar of the sorted set commands. */

import type { Family } from "../grammar.ts";

export const sortedSets: Family = {
  name: "sorted sets",
  kinds: {
    // Ranges by name are only defined where all scores are the same.
    lexset: (random) => "lex:" + random.between(0, 3),
    member: (random) => random.pick(["a", "b", "c", "d", "e", "aa", "ab", "1", "2", "", "\xff"]),
    scorebound: (random) =>
      random.pick(["-inf", "+inf", "(1", "(0", "0", "5", "-3", "(-2.5", "10", "2.5", "(x", "nan", "inf"]),
    lexbound: (random) => random.pick(["-", "+", "[a", "(a", "[b", "(c", "[", "(", "[aa", "[\xff", "a"]),
  },
  commands: `
    9: ZADD zset [NX | XX | GT | LT | XX GT | NX GT] [CH] {float member}
    2: ZADD zset [NX | XX] INCR float member
    4: ZREM zset {member}
    2: ZCARD zset
    3: ZSCORE zset member
    2: ZMSCORE zset {member}
    3: ZINCRBY zset float member
    3: ZRANK zset member
    3: ZREVRANK zset member
    4: ZRANGE zset index index [REV] [WITHSCORES]
    3: ZRANGE zset scorebound scorebound BYSCORE [REV] [LIMIT index index] [WITHSCORES]
    4: ZADD lexset {0 member}
    1: DEL lexset
    3: ZRANGE lexset lexbound lexbound BYLEX [REV] [LIMIT index index]
    2: ZRANGESTORE zset zset index index [REV]
    1: ZRANGESTORE zset zset scorebound scorebound BYSCORE [REV] [LIMIT index index]
    2: ZREVRANGE zset index index [WITHSCORES]
    2: ZRANGEBYSCORE zset scorebound scorebound [WITHSCORES] [LIMIT index index]
    2: ZREVRANGEBYSCORE zset scorebound scorebound [WITHSCORES] [LIMIT index index]
    2: ZRANGEBYLEX lexset lexbound lexbound [LIMIT index index]
    2: ZREVRANGEBYLEX lexset lexbound lexbound [LIMIT index index]
    2: ZCOUNT zset scorebound scorebound
    2: ZLEXCOUNT lexset lexbound lexbound
    2: ZREMRANGEBYRANK zset index index
    1: ZREMRANGEBYSCORE zset scorebound scorebound
    1: ZREMRANGEBYLEX lexset lexbound lexbound
    2: ZPOPMIN zset [count]
    2: ZPOPMAX zset [count]
    2: ZMPOP #zset (MIN | MAX) [COUNT count]
    0.2: BZPOPMIN zset zset 0.001
    0.2: BZPOPMAX zset zset 0.001
    0.2: BZMPOP 0.001 #zset (MIN | MAX) [COUNT count]
    2: ZUNION #zset [WEIGHTS float float] [AGGREGATE (SUM | MIN | MAX)] [WITHSCORES]
    2: ZINTER #zset [WEIGHTS float float] [AGGREGATE (SUM | MIN | MAX)] [WITHSCORES]
    2: ZDIFF #zset [WITHSCORES]
    2: ZUNIONSTORE zset #zset [WEIGHTS float float] [AGGREGATE (SUM | MIN | MAX)]
    2: ZINTERSTORE zset #zset [AGGREGATE (SUM | MIN | MAX)]
    1: ZINTERSTORE zset 2 zset set
    1: ZDIFFSTORE zset #zset
    2: ZINTERCARD #zset [LIMIT count]
    2: ZRANDMEMBER zset [signedcount [WITHSCORES]]
    2: ZSCAN zset 0 [MATCH memberpattern] [COUNT count]
  `,
};
