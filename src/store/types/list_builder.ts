/**
 * ListBuilder: gathers elements into a list that then replaces a key. Any thread, one at a time.
 *
 * Invariants:
 * 1. One builder at a time works on a store (it owns loose root 0), and ends with `finish` or `discard`.
 * 2. Until `finish` no key is touched, so the elements may come from what the key holds.
 */
import { exceedsNode } from "../../structures/quicklist.ts";
import { ROOT_WORDS } from "../../structures/sequence_tree.ts";
import { Encoding, Type } from "../entry.ts";
import type { Store } from "../store.ts";
import type { ListLimits } from "./list.ts";

export class ListBuilder {
  /** Word index of the quicklist's root. */
  readonly root: number;

  constructor(private readonly store: Store, private readonly limits: ListLimits) {
    this.root = store.looseRoot(0);
  }

  get count(): number {
    return this.store.quicklists.tree.count(this.root);
  }

  /** Appends an element. Throws ArenaFull. */
  add(bytes: Uint8Array, at: number, len: number): void {
    this.store.quicklists.push(this.root, false, bytes, at, len, this.limits.listMaxListpackSize);
  }

  /** Frees what was gathered. */
  discard(): void {
    this.store.quicklists.free(this.root, Infinity);
  }

  /** Makes the key hold the list, which has elements, whatever it held. Returns the entry. Throws ArenaFull with the key as it was. */
  finish(db: number, key: Uint8Array, keyFrom: number, keyLen: number, expiry: number): number {
    const { store, root, limits } = this;
    const { quicklists, i32, u8 } = store;
    quicklists.firstNode(root);
    const at = quicklists.nodeAt;
    const size = quicklists.nodeBytes;
    const small = quicklists.tree.leafCount(root) === 1 && !quicklists.nodeIsPlain &&
      !exceedsNode(limits.listMaxListpackSize, size, this.count);
    try {
      if (small) {
        const e = store.reserve(db, key, keyFrom, keyLen, Type.LIST, Encoding.LISTPACK, size, expiry);
        u8.copyWithin(store.valueAt, at, at + size);
        this.discard();
        return e;
      }
      const e = store.reserve(db, key, keyFrom, keyLen, Type.LIST, Encoding.QUICKLIST, ROOT_WORDS * 4, expiry);
      i32.copyWithin(store.valueAt >> 2, root, root + ROOT_WORDS);
      i32.fill(0, root, root + ROOT_WORDS);
      return e;
    } catch (error) {
      this.discard();
      throw error;
    }
  }
}
