/** Grammar of SORT. */

import type { Family } from "../grammar.ts";

export const sorting: Family = {
  name: "sorting",
  kinds: { sortpattern: (random) => random.pick(["string:*", "counter:*", "hash:*->f1", "nosort", "#", "*", "x"]) },
  commands: `
    3: SORT list [BY sortpattern] [LIMIT index count] [GET sortpattern] [ASC | DESC] [ALPHA] [STORE list]
    1: SORT zset [LIMIT index count] [ASC | DESC] ALPHA
    1: SORT_RO list [LIMIT index count] [ASC | DESC] ALPHA
    3: RPUSH list {int}
  `,
};
