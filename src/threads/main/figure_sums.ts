/** FigureSums: what the engines of all shards counted, since the start or the last CONFIG RESETSTAT. Main thread. */
import { runnableCommands } from "../../commands/table.ts";
import { Figure } from "../figures.ts";
import { LatencySum } from "../latency_histogram.ts";
import type { CommandEntry } from "./command_entry.ts";
import type { Shards } from "./shards.ts";

/** States and lifetimes rather than counters: a reset does not touch them. */
const KEPT: readonly number[] = [
  Figure.DIRTY,
  Figure.DIRTY_AT_CUT,
  Figure.SNAPSHOT_ENTRIES,
  Figure.FLUSHES,
  Figure.LOADED_BYTES,
  Figure.LAZYFREE_PENDING,
  Figure.CPU_USER_US,
  Figure.CPU_SYSTEM_US,
  Figure.EVICTION_EXHAUSTED,
  Figure.BLOCKING_KEYS,
  Figure.BLOCKING_KEYS_UNTIL_GONE,
];

export class FigureSums {
  /** Values at the last reset: by figure, and by command. */
  private readonly before = new Map<number, number>();
  private readonly usecBefore = new Float64Array(runnableCommands.length);

  constructor(private readonly shards: Shards) {}

  /** The sum over all shards. */
  get(figure: number): number {
    return this.sum(figure) - (this.before.get(figure) ?? 0);
  }

  /** The mean over all shards. */
  mean(figure: number): number {
    return this.sum(figure) / this.shards.figures.length;
  }

  private sum(figure: number): number {
    return this.shards.figures.reduce((sum, figures) => sum + figures.get(figure), 0);
  }

  /** Microseconds that a command took where it ran. */
  usec(entry: CommandEntry): number {
    return this.runsInShards(entry) ? this.shardUs(entry.shardNumber) - this.usecBefore[entry.shardNumber] : entry.usec;
  }

  private shardUs(command: number): number {
    return this.shards.figures.reduce((sum, figures) => sum + figures.commandUs(command), 0);
  }

  /** Latencies of a command where it ran; undefined when none were counted. */
  latencies(entry: CommandEntry): LatencySum | undefined {
    const sum = new LatencySum();
    for (const part of entry.parts) {
      if (this.runsInShards(part)) {
        for (const figures of this.shards.figures) figures.addLatencies(part.shardNumber, sum);
      } else if (part.latencies !== undefined) sum.add(part.latencies, 0);
    }
    return sum.total > 0 ? sum : undefined;
  }

  private runsInShards(entry: CommandEntry): boolean {
    return entry.shard !== undefined && this.shards.threads > 0;
  }

  reset(): void {
    for (const figure of Object.values(Figure)) {
      if (!KEPT.includes(figure)) this.before.set(figure, this.sum(figure));
    }
    if (this.shards.threads === 0) return;
    for (let i = 0; i < this.usecBefore.length; i++) this.usecBefore[i] = this.shardUs(i);
    for (const figures of this.shards.figures) figures.resetLatencies();
  }
}
