/** Grammar of transactions; the other families' commands fall between MULTI and EXEC by chance. */

import type { Family } from "../grammar.ts";

export const transactions: Family = {
  name: "transactions",
  commands: `
    3: MULTI
    6: EXEC
    1: DISCARD
    2: WATCH {key}
    1: UNWATCH
  `,
};
