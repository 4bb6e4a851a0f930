/**
 * Grammar of SORT. BY and ALPHA together leave the order of elements without a value open, and ALPHA compares bytes behind
 * a NUL or above 127 by the locale: so they do not meet, and ALPHA sees plain words.
 */

import type { Family } from "../grammar.ts";

export const sorting: Family = {
  name: "sorting",
  kinds: {
    words: (random) => "words:" + random.between(0, 3),
    word: (random) => random.pick(["a", "b", "c", "B", "ab", "aa", "10", "9", "zz", ""]) + random.between(0, 99),
    sortpattern: (random) => random.pick(["string:*", "counter:*", "hash:*->f1", "nosort", "#", "*", "x"]),
  },
  commands: `
    2: SORT list [LIMIT index count] [GET sortpattern] [ASC | DESC] [STORE list]
    2: SORT list BY sortpattern [LIMIT index count] [GET sortpattern] [ASC | DESC]
    3: SORT words [LIMIT index count] [GET sortpattern] [ASC | DESC] ALPHA [STORE words]
    1: SORT_RO words [LIMIT index count] [ASC | DESC] ALPHA
    3: RPUSH list {int}
    3: RPUSH words {word}
    1: DEL words
  `,
};
