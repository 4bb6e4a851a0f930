/** All families of the fuzzer's grammar. */

export { bitmaps } from "./bitmaps.ts";
export { geo } from "./geo.ts";
export { hashes } from "./hashes.ts";
export { hyperloglogs } from "./hyperloglogs.ts";
export { keys } from "./keys.ts";
export { lists } from "./lists.ts";
export { sets } from "./sets.ts";
export { sortedSets } from "./sorted_sets.ts";
export { sorting } from "./sorting.ts";
export { streams } from "./streams.ts";
export { strings } from "./strings.ts";
export { transactions } from "./transactions.ts";
