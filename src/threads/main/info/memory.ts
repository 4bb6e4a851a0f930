/** INFO's section on memory. Main thread. */
import { totalMemoryBytes } from "../../../runtime/mod.ts";
import { Figure } from "../../figures.ts";
import type { Server } from "../server.ts";
import type { Field } from "./sections.ts";
import { humanBytes, percent, ratio } from "./units.ts";

/** The figures that INFO memory and MEMORY STATS have in common, in bytes. */
export interface MemoryFigures {
  readonly used: number;
  readonly peak: number;
  readonly startup: number;
  /** Everything but keys and values: what empty stores take, tables that find keys, clients' buffers. */
  readonly overhead: number;
  readonly tables: number;
  readonly dataset: number;
  readonly clients: number;
  /** Of the clients' bytes those that don't count against maxmemory yet. */
  readonly uncounted: number;
  /** The arenas: given out, in slabs and large allocations, ever touched. */
  readonly allocated: number;
  readonly active: number;
  readonly resident: number;
  /** The process. */
  readonly rss: number;
}

export function memoryFigures({ memory }: Server): MemoryFigures {
  memory.sample();
  const { clientBytes: clients, tableBytes: tables, startupBytes: startup, usedBytes: used } = memory;
  const overhead = Math.min(used, startup + tables + clients);
  return {
    used,
    peak: memory.peakBytes,
    startup,
    overhead,
    tables,
    dataset: used - overhead,
    clients,
    uncounted: Math.max(0, clients - memory.countedBytes),
    allocated: memory.dataBytes,
    active: memory.activeBytes,
    resident: memory.touchedBytes,
    rss: memory.residentBytes,
  };
}

export function memoryFields(server: Server): Field[] {
  const { config, figures } = server;
  const m = memoryFigures(server);
  const limit = config.int("maxmemory");
  const total = totalMemoryBytes();
  return [
    ["used_memory", m.used],
    ["used_memory_human", humanBytes(m.used)],
    ["used_memory_rss", m.rss],
    ["used_memory_rss_human", humanBytes(m.rss)],
    ["used_memory_peak", m.peak],
    ["used_memory_peak_human", humanBytes(m.peak)],
    ["used_memory_peak_perc", percent(m.used, m.peak)],
    ["used_memory_overhead", m.overhead],
    ["used_memory_startup", m.startup],
    ["used_memory_dataset", m.dataset],
    ["used_memory_dataset_perc", percent(m.dataset, m.used - m.startup)],
    ["allocator_allocated", m.allocated],
    ["allocator_active", m.active],
    ["allocator_resident", m.resident],
    ["total_system_memory", total],
    ["total_system_memory_human", humanBytes(total)],
    ["maxmemory", limit],
    ["maxmemory_human", humanBytes(limit)],
    ["maxmemory_policy", config.value("maxmemory-policy")],
    ["allocator_frag_ratio", ratio(m.active, m.allocated).toFixed(2)],
    ["allocator_frag_bytes", m.active - m.allocated],
    ["allocator_rss_ratio", ratio(m.resident, m.active).toFixed(2)],
    ["allocator_rss_bytes", m.resident - m.active],
    ["rss_overhead_ratio", ratio(m.rss, m.resident).toFixed(2)],
    ["rss_overhead_bytes", m.rss - m.resident],
    ["mem_fragmentation_ratio", ratio(m.rss, m.used).toFixed(2)],
    ["mem_fragmentation_bytes", m.rss - m.used],
    ["mem_not_counted_for_evict", m.uncounted],
    ["mem_clients_normal", m.clients],
    ["mem_allocator", "ringshard-arena"],
    ["lazyfree_pending_objects", figures.get(Figure.LAZYFREE_PENDING)],
    ["lazyfreed_objects", figures.get(Figure.LAZYFREED)],
  ];
}
