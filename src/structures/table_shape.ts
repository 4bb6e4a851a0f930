/**
 * TableShape: how the items of one or several tables lie in their buckets. Any thread. What Redis calls a chain is here the items of one
 * home bucket, whether they lie in it, in the next one or in the stash.
 */
import type { Table } from "./table.ts";

export class TableShape {
  /** Home buckets; slots for items, stash included; items. */
  buckets = 0;
  slots = 0;
  items = 0;
  /** How many home buckets have so many items. */
  readonly chains: number[] = [];

  /** Takes in a table, bucket by bucket. */
  add(table: Table, root: number): void {
    this.slots += table.slotCount(root);
    this.items += table.count(root);
    if (table.count(root) === 0) return;
    let cursor = 0;
    do {
      cursor = table.scan(root, cursor);
      this.buckets++;
      const n = table.foundCount;
      while (this.chains.length <= n) this.chains.push(0);
      this.chains[n]++;
    } while (cursor !== 0);
  }

  /** Home buckets with an item at least. */
  get filled(): number {
    return this.buckets - (this.chains[0] ?? 0);
  }

  /** Items of the fullest home bucket. */
  get longest(): number {
    return Math.max(0, this.chains.length - 1);
  }
}
