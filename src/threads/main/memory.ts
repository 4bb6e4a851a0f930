/**
 * Memory: how much the server uses, and whether it may use more. Main thread.
 *
 * What counts against maxmemory is what the stores have given out and, as of the last `sample`, what clients take: the stores are told how
 * much that leaves them.
 */
import { rssBytes } from "../../runtime/mod.ts";
import { clientBytes } from "./client_memory.ts";
import type { Server } from "./server.ts";

/** What clients take is counted anew when it has changed by so many bytes: telling every shard costs more than the difference matters. */
const COUNT_STEP = 1 << 15;

export class Memory {
  /** What the empty stores took. */
  readonly startupBytes: number;
  /** Most ever used, as of the last `sample`. */
  peakBytes = 0;
  /** maxmemory; 0 for none. */
  limitBytes = 0;
  /** What clients take, as it counts against the limit. */
  countedBytes = 0;
  /** Called when `countedBytes` has changed. */
  onCounted: () => void = () => {};

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

  /** Bytes that the stores may use; 0 for any. */
  get storesLimitBytes(): number {
    return this.limitBytes === 0 ? 0 : Math.max(1, this.limitBytes - this.countedBytes);
  }

  /** Notes the peak, and counts what clients take. */
  sample(): void {
    const clients = this.clientBytes;
    this.peakBytes = Math.max(this.peakBytes, this.dataBytes + clients);
    if (Math.abs(clients - this.countedBytes) < COUNT_STEP) return;
    this.countedBytes = clients;
    if (this.limitBytes !== 0) this.onCounted();
  }

  /** True when maxmemory is exceeded and nothing can be evicted: commands that need memory must be refused. */
  isShort(): boolean {
    return this.limitBytes !== 0 && this.dataBytes > this.storesLimitBytes && !this.server.shards.relieve();
  }
}
