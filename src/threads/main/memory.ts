/**
 * Memory: how much the server uses, and whether it may use more. Main thread.
 *
 * What counts against maxmemory is what the stores have given out; clients' buffers are bounded by limits of their own, so that a
 * slow reader can't make keys be evicted.
 */
import { rssBytes } from "../../runtime/mod.ts";
import { clientBytes } from "./client_memory.ts";
import type { Server } from "./server.ts";

export class Memory {
  /** What the empty stores took. */
  readonly startupBytes: number;
  /** Most ever used, as of the last `sample`. */
  peakBytes = 0;
  limitBytes = 0;

  constructor(private readonly server: Server) {
    this.startupBytes = this.dataBytes;
  }

  /** Bytes that the stores have given out. */
  get dataBytes(): number {
    let used = 0;
    for (const store of this.server.shards.stores) used += store.arena.usedBytes;
    return used;
  }

  /** Bytes that clients take: requests not yet complete, replies not yet sent, queues of transactions, and what they listen to. */
  get clientBytes(): number {
    let bytes = 0;
    for (const session of this.server.connections.sessions.values()) bytes += clientBytes(session);
    return bytes;
  }

  get usedBytes(): number {
    return this.dataBytes + this.clientBytes;
  }

  /** Bytes of the tables that find keys. */
  get tableBytes(): number {
    let bytes = 0;
    for (const store of this.server.shards.stores) {
      for (let db = 0; db < store.dbCount; db++) if (store.count(db) > 0) bytes += store.tableBytes(db);
    }
    return bytes;
  }

  /** Bytes of slabs and large allocations, free places in them included. */
  get activeBytes(): number {
    return this.server.shards.stores.reduce((sum, store) => sum + store.arena.activeBytes, 0);
  }

  /** Bytes that were ever part of those: no more of the stores can be resident. */
  get touchedBytes(): number {
    return this.server.shards.stores.reduce((sum, store) => sum + store.arena.touchedBytes, 0);
  }

  get residentBytes(): number {
    return rssBytes();
  }

  /** Notes the peak. */
  sample(): void {
    this.peakBytes = Math.max(this.peakBytes, this.usedBytes);
  }

  /** True when maxmemory is exceeded and nothing can be evicted: commands that need memory must be refused. */
  isShort(): boolean {
    return this.limitBytes !== 0 && this.dataBytes > this.limitBytes && !this.server.shards.relieve();
  }
}
