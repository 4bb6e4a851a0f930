/** Grammar of the set commands. */

import type { Family } from "../grammar.ts";

export const sets: Family = {
  name: "sets",
  kinds: {
    member: (random) => {
      const roll = random.between(0, 9);
      if (roll < 5) return String(random.between(-5, 15));
      if (roll < 8) return random.pick(["a", "b", "c", "d", "e"]);
      return random.pick([
        "9223372036854775807",
        "-9223372036854775808",
        "70000",
        "-40000",
        "",
        "\x00",
        "01",
        "5000000000",
      ]);
    },
  },
  commands: `
    8: SADD set {member}
    5: SREM set {member}
    3: SCARD set
    3: SISMEMBER set member
    3: SMISMEMBER set {member}
    4: SMEMBERS set
    3: SMOVE set set member
    1: SPOP set 1000
    2: SRANDMEMBER set [signedcount]
    3: SINTER {set}
    3: SUNION {set}
    3: SDIFF {set}
    2: SINTERSTORE set {set}
    2: SUNIONSTORE set {set}
    2: SDIFFSTORE set {set}
    3: SINTERCARD #set [LIMIT count]
    2: SSCAN set 0 [MATCH memberpattern] [COUNT count]
  `,
};
