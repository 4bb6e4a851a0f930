/** Grammar of the bitmap commands. */

import type { Family } from "../grammar.ts";

export const bitmaps: Family = {
  name: "bitmaps",
  kinds: {
    bitoffset: (random) => String(random.chance(0.9) ? random.between(0, 400) : random.pick([-1, 4294967296])),
    bit: (random) => String(random.chance(0.95) ? random.between(0, 1) : 2),
    bitindex: (random) => String(random.between(-90, 90)),
    bittype: (random) => random.pick(["u", "i"]) + random.pick([1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 32, 33, 62, 63, 64, 0]),
    fieldoffset: (random) => (random.chance(0.3) ? "#" : "") + random.between(0, 70),
  },
  commands: `
    6: SETBIT bitmap bitoffset bit
    4: GETBIT bitmap bitoffset
    4: BITCOUNT bitmap [index index | index index (BYTE | BIT) | bitindex bitindex BIT]
    5: BITPOS bitmap bit [index | index index | index index BYTE | bitindex bitindex BIT]
    5: BITOP (AND | OR | XOR) bitmap {bitmap}
    2: BITOP NOT bitmap bitmap
    2: BITOP (AND | OR) string {string}
    4: BITFIELD bitmap {GET bittype fieldoffset}
    5: BITFIELD bitmap [OVERFLOW (WRAP | SAT | FAIL)] {SET bittype fieldoffset int} [GET bittype fieldoffset]
    6: BITFIELD bitmap [OVERFLOW (WRAP | SAT | FAIL)] {INCRBY bittype fieldoffset int}
    3: BITFIELD_RO bitmap {GET bittype fieldoffset}
    2: SET bitmap value
    1: DEL bitmap
  `,
};
