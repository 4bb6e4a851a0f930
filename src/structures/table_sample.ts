/** Sampling: several distinct random items of a table. Any thread. */
import type { Table } from "./table.ts";

/** From this share of the items on, passing over all of them once is cheaper than throwing until enough differ. */
const WALK_SHARE = 1 / 3;

/**
 * `n` distinct items, every subset equally likely; `n` is less than the number of items. `random()` gives [0, 1). Allocates: for
 * commands that answer with many elements.
 */
export function sampleTable(table: Table, root: number, n: number, random: () => number): Int32Array {
  const items = new Int32Array(n);
  const count = table.count(root);
  let taken = 0;
  if (n >= count * WALK_SHARE) {
    // Selection sampling (Knuth, The Art of Computer Programming 3.4.2, algorithm S).
    let left = count;
    for (let place = table.walk(root, 0);; place = table.walk(root, place)) {
      for (let k = 0; k < table.foundCount && taken < n; k++) {
        if (random() * left < n - taken) items[taken++] = table.found[k];
        left--;
      }
      if (taken === n) return items;
    }
  }
  const seen = new Set<number>();
  while (taken < n) {
    const item = table.random(root, random);
    if (seen.has(item)) continue;
    seen.add(item);
    items[taken++] = item;
  }
  return items;
}
