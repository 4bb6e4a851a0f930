/** PublishFigures: an engine's counters into its Figures, for INFO. Any thread. */
import type { Store } from "../../store/store.ts";
import { Figure, type Figures } from "../figures.ts";
import type { Engine } from "./engine.ts";

/** `stores`: all Store objects of the engine's thread, since a command run under a hold counts in another shard's. */
export function publishFigures(figures: Figures, engine: Engine, stores: readonly Store[]): void {
  const { call, expiry, eviction, store } = engine;
  let expiredKeys = 0;
  let expiredFields = 0;
  let flushes = 0;
  for (let i = 0; i < stores.length; i++) {
    expiredKeys += stores[i].expiredKeys;
    expiredFields += stores[i].expiredFields;
    flushes += stores[i].flushes;
  }
  figures.set(Figure.HITS, call.hits);
  figures.set(Figure.MISSES, call.misses);
  figures.set(Figure.EXPIRED_KEYS, expiredKeys);
  figures.set(Figure.EXPIRED_FIELDS, expiredFields);
  figures.set(Figure.DIRTY, engine.changes);
  figures.set(Figure.DIRTY_AT_CUT, engine.changesAtCut);
  figures.set(Figure.SNAPSHOT_ENTRIES, engine.snapshots?.entries ?? 0);
  figures.set(Figure.FLUSHES, flushes);
  figures.set(Figure.LOADED_BYTES, engine.loadedBytes);
  figures.set(Figure.EXPIRY_CAP_REACHED, expiry.timeCapReached);
  figures.set(Figure.EXPIRY_CPU_US, expiry.spentUs);
  figures.set(Figure.STALE_SHARE, expiry.staleShare);
  figures.set(Figure.LAZYFREE_PENDING, store.garbage.pending);
  figures.set(Figure.LAZYFREED, store.garbage.freed);
  figures.set(Figure.EVICTED_KEYS, eviction.evictedKeys);
  figures.set(Figure.EVICTION_EXHAUSTED, eviction.exhausted ? 1 : 0);
}
