/** Load: an engine's part in loading an RDB file: reads all of it and keeps the keys of its slots (store/rdb_loader.ts). On the engine's thread. */
import { keySlot } from "../../codec/crc16.ts";
import { RdbFileError } from "../../codec/rdb/file_reader.ts";
import { mayPass } from "../../base/pace.ts";
import { FileError, monotonicMs, type OpenFile, systemFiles } from "../../runtime/mod.ts";
import { RdbLoader } from "../../store/rdb_loader.ts";
import type { ValueLimits } from "../../store/dump/value_reader.ts";
import type { Store } from "../../store/store.ts";
import type { LoadOrder, LoadResult } from "../engine_order.ts";

export class Load {
  active = true;
  /** True while key-load-delay holds the load up. */
  waits = false;
  private readonly startedMs = monotonicMs();
  private file: OpenFile | undefined;
  private loader: RdbLoader | undefined;

  /** Begins with the first `step`. `ended` gets the result, once. */
  constructor(
    private readonly store: Store,
    private readonly limits: ValueLimits,
    private readonly shard: number,
    private readonly shardCount: number,
    private readonly order: LoadOrder,
    private readonly ended: (result: LoadResult) => void,
  ) {}

  /** Bytes of the file passed over. */
  get bytes(): number {
    return this.loader?.position ?? 0;
  }

  /** Goes on for about `budgetMs`; `clock` gives ms, `delay` is key-load-delay. */
  step(budgetMs: number, clock: () => number, delay: number): void {
    try {
      this.loader ??= this.open();
      if (delay !== 0) {
        this.waits = !mayPass((this.loader.keys + 1) * this.shardCount, delay, clock() - this.startedMs);
        if (this.waits) return;
        budgetMs = 0;
      } else this.waits = false;
      if (this.loader.step(budgetMs, clock)) this.end([]);
    } catch (error) {
      if (error instanceof RdbFileError) this.end(error.message.split("\n"), error.damaged);
      else if (error instanceof FileError) {
        this.end([`Fatal error: can't open the RDB file ${this.order.path} for reading: ${error.message}`]);
      } else throw error;
    }
  }

  private open(): RdbLoader {
    const { order, shard, shardCount, store } = this;
    if (order.flush) { for (let db = 0; db < store.dbCount; db++) store.flush(db); }
    store.setNow(order.nowMs);
    this.file = systemFiles.open(order.path, "read");
    return new RdbLoader(store, this.limits, this.file, this.file.size(), {
      owns: shardCount === 1 ? undefined : (buf, from, len) => (keySlot(buf, from, len) * shardCount) >> 14 === shard,
      share: 1 / shardCount,
      checksum: order.checksum && shard === 0,
      keepExpired: order.keepExpired,
      replace: order.replace,
      sanitize: false,
      dbCount: store.dbCount,
    });
  }

  private end(errors: readonly string[], damaged = false): void {
    const { loader } = this;
    this.active = false;
    this.file?.close();
    this.ended({
      keys: loader?.loaded ?? 0,
      expired: loader?.expired ?? 0,
      endBytes: loader?.position ?? 0,
      empty: loader?.empty ?? 0,
      told: loader?.told ?? [],
      errors,
      damaged,
    });
  }
}
