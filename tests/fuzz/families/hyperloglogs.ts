/** Grammar of the HyperLogLog commands. */

import type { Family } from "../grammar.ts";

export const hyperloglogs: Family = {
  name: "hyperloglogs",
  kinds: { element: (random) => "e" + random.between(0, 2000) },
  commands: `
    8: PFADD hll {element}
    1: PFADD hll
    4: PFCOUNT {hll}
    3: PFMERGE hll {hll}
    1: GET hll
    0.1: SET hll value
    1: DEL hll
  `,
};
