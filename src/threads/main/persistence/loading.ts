/**
 * Loading: the keyspace from the disk, at the start and for DEBUG RELOAD; what clients are told meanwhile, and INFO. Main thread.
 *
 * Every shard reads the file for itself and keeps what lies in its slots; main only waits, and serves what may be served.
 */
import { FileError, monotonicMs, systemFiles } from "../../../runtime/mod.ts";
import { Figure } from "../../figures.ts";
import type { Server } from "../server.ts";
import { Gate } from "../session.ts";
import { AofLoading } from "./aof_loading.ts";
import type { LoadOrder, LoadResult } from "../../engine_order.ts";

/** What a load does besides reading the file: see LoadOrder. */
export type HowToLoad = Pick<LoadOrder, "flush" | "replace" | "keepExpired">;

const AT_START: HowToLoad = { flush: false, replace: false, keepExpired: false };
const FATAL = "Fatal error loading the DB, check server logs. Exiting.";

export class Loading {
  /** Unix time in seconds when the loading under way began; undefined while there is none. */
  private startedS: number | undefined;
  private startedMs = 0;
  private totalBytes = 0;
  private loadedBefore = 0;
  /** Of the last loading. */
  lastKeys = 0;
  lastExpired = 0;

  constructor(private readonly server: Server) {}

  /** True while commands without the flag "loading" are refused. */
  get active(): boolean {
    return this.startedS !== undefined;
  }

  /** Path of the RDB file. */
  get path(): string {
    const { config } = this.server;
    return `${config.path("dir")}/${config.path("dbfilename")}`;
  }

  /** From now on clients are told that data is loaded. */
  begin(): void {
    this.startedS = Math.floor(this.server.nowMs() / 1000);
    this.startedMs = monotonicMs();
    this.totalBytes = 0;
    this.loadedBefore = this.loadedBytes;
    this.server.dispatcher.gate |= Gate.LOADING;
  }

  end(): void {
    this.startedS = undefined;
    this.server.dispatcher.gate &= ~Gate.LOADING;
  }

  /**
   * What the server starts with: between `begin` and `end`. False when there are files that can't be loaded: the log has the reason,
   * and the server must not go on.
   */
  async fromDisk(): Promise<boolean> {
    const { config, log, persistence } = this.server;
    if (config.bool("appendonly")) return await new AofLoading(this.server).load(persistence.appendOnly.place);
    const result = await this.rdb(this.path, AT_START);
    if (result === undefined) return true;
    if (result.errors.length > 0) {
      log.warning(FATAL);
      return false;
    }
    log.notice(`DB loaded from disk: ${((monotonicMs() - this.startedMs) / 1000).toFixed(3)} seconds`);
    return true;
  }

  /**
   * Loads an RDB file into the shards, and logs as Redis does. Undefined when there is none; `errors` of the result are logged already.
   */
  async rdb(path: string, how: HowToLoad): Promise<LoadResult | undefined> {
    const { config, effects, log, shards } = this.server;
    let size: number | undefined;
    try {
      size = systemFiles.stat(path)?.sizeBytes;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      log.warning(`Fatal error: can't open the RDB file ${path} for reading: ${error.message}`);
      return { keys: 0, expired: 0, endBytes: 0, aux: [], errors: [error.message] };
    }
    if (size === undefined) return undefined;
    this.totalBytes = size;
    this.loadedBefore = this.loadedBytes;
    const results = await shards.load({
      kind: "load",
      path,
      checksum: config.bool("rdbchecksum") && !effects.skipsChecksums,
      nowMs: this.server.nowMs(),
      ...how,
    });
    const { aux, endBytes } = results[0];
    const keys = results.reduce((sum, each) => sum + each.keys, 0);
    const expired = results.reduce((sum, each) => sum + each.expired, 0);
    this.logAux(aux);
    // What is wrong with a file is the same for every shard, unless one ran out of memory.
    const errors = results.find((each) => each.errors.length > 0)?.errors ?? [];
    for (const line of errors) log.warning(line);
    if (errors.length === 0) log.notice(`Done loading RDB, keys loaded: ${keys}, keys expired: ${expired}.`);
    this.lastKeys = keys;
    this.lastExpired = expired;
    return { keys, expired, endBytes, aux, errors };
  }

  private logAux(aux: LoadResult["aux"]): void {
    const { log } = this.server;
    for (const [name, value] of aux) {
      if (name === "redis-ver") log.notice(`Loading RDB produced by version ${value}`);
      else if (name === "ctime") {
        log.notice(`RDB age ${Math.max(0, Math.floor(this.server.nowMs() / 1000) - Number(value))} seconds`);
      } else if (name === "used-mem") {
        log.notice(`RDB memory usage when created ${(Number(value) / 1048576).toFixed(2)} Mb`);
      } else if (name === "aof-base" && value !== "0") log.notice("RDB is base AOF");
    }
  }

  /** Bytes passed over so far, as the mean of the shards. */
  private get loadedBytes(): number {
    return this.server.figures.mean(Figure.LOADED_BYTES);
  }

  /** Fields of INFO persistence while data is loaded. */
  get fields(): (readonly [string, string | number])[] {
    if (this.startedS === undefined) return [];
    const loaded = Math.min(this.totalBytes, Math.floor(this.loadedBytes - this.loadedBefore));
    const seconds = Math.max(1, Math.floor((monotonicMs() - this.startedMs) / 1000));
    const share = this.totalBytes === 0 ? 0 : loaded / this.totalBytes;
    const rate = loaded / seconds;
    return [
      ["loading_start_time", this.startedS],
      ["loading_total_bytes", this.totalBytes],
      ["loading_rdb_used_mem", this.server.memory.usedBytes],
      ["loading_loaded_bytes", loaded],
      ["loading_loaded_perc", (share * 100).toFixed(2)],
      ["loading_eta_seconds", rate === 0 ? 1 : Math.floor((this.totalBytes - loaded) / rate)],
    ];
  }
}
