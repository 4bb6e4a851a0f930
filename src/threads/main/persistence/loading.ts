/**
 * Loading: the keyspace from the disk, at the start and for DEBUG RELOAD and LOADAOF; what clients are told meanwhile, and INFO. Main
 * thread.
 *
 * Every shard reads the file for itself and keeps what lies in its slots; main only waits, and serves what may be served.
 */
import { type AuxField, readAux } from "../../../codec/rdb/aux_fields.ts";
import { FileError, monotonicMs, systemFiles } from "../../../runtime/mod.ts";
import { TOLD_MAX } from "../../../store/rdb_loader.ts";
import { Figure } from "../../figures.ts";
import type { Server } from "../server.ts";
import { Gate } from "../session.ts";
import { AofLoading } from "./aof_loading.ts";
import type { LoadOrder, LoadResult } from "../../engine_order.ts";

/** What a load does besides reading the file: see LoadOrder. */
export type HowToLoad = Pick<LoadOrder, "flush" | "replace" | "keepExpired">;

const AT_START: HowToLoad = { flush: false, replace: false, keepExpired: false };
const TERMINATING = "Terminating server after rdb file reading failure.";
const FATAL = "Fatal error loading the DB, check server logs. Exiting.";

export class Loading {
  /** Unix time in seconds when the loading under way began; undefined while there is none. */
  private startedS: number | undefined;
  private startedMs = 0;
  /** Bytes of all files to be loaded; of them, what is behind: without the RDB part under way, which the engines tell of. */
  totalBytes = 0;
  passedBytes = 0;
  /** What the engines' figure was when the RDB part under way began; undefined without one. */
  private rdbFrom: number | undefined;
  /** Clients wait: they are told of the loading when it turns out to be a long one. */
  private quiet = false;
  /** Memory that the server which wrote the file used, as the file says. */
  private usedMemory = "0";
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

  /**
   * Data will be loaded. The caller has stalled the clients: they wait, as in Redis, until more than loading-process-events-interval-bytes
   * have been read, and are told of it from then on.
   */
  begin(): void {
    this.startedS = Math.floor(this.server.nowMs() / 1000);
    this.startedMs = monotonicMs();
    this.totalBytes = this.passedBytes = 0;
    this.usedMemory = "0";
    this.quiet = true;
  }

  end(): void {
    this.startedS = undefined;
    this.server.dispatcher.gate &= ~Gate.LOADING;
  }

  /** Some times a second. */
  cron(): void {
    const { config, dispatcher } = this.server;
    if (!this.active || !this.quiet) return;
    if (this.loadedBytes <= config.int("loading-process-events-interval-bytes")) return;
    this.quiet = false;
    dispatcher.gate |= Gate.LOADING;
    this.server.stall(false);
  }

  /**
   * What the server starts with: between `begin` and `end`. False when there are files that can't be loaded: the log has the reason,
   * and the server must not go on.
   */
  async fromDisk(): Promise<boolean> {
    const { config, log, persistence } = this.server;
    if (config.bool("appendonly")) return await new AofLoading(this.server).load(persistence.appendOnly.place, false);
    const result = await this.rdb(this.path, AT_START);
    if (result === undefined) return true;
    if (result.errors.length > 0) {
      log.warning(result.damaged ? TERMINATING : FATAL);
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
      if (size !== undefined) this.noteAux(path, size);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      log.warning(`Fatal error: can't open the RDB file ${path} for reading: ${error.message}`);
      return { keys: 0, expired: 0, endBytes: 0, empty: 0, told: [], errors: [error.message], damaged: false };
    }
    if (size === undefined) return undefined;
    if (this.totalBytes === 0) this.totalBytes = size;
    this.rdbFrom = this.server.figures.mean(Figure.LOADED_BYTES);
    const results = await shards.load({
      kind: "load",
      path,
      checksum: config.bool("rdbchecksum") && !effects.skipsChecksums,
      nowMs: this.server.nowMs(),
      ...how,
    });
    const { endBytes } = results[0];
    this.rdbFrom = undefined;
    this.passedBytes += endBytes;
    const keys = sum(results, "keys");
    const expired = sum(results, "expired");
    const empty = sum(results, "empty");
    for (const line of results.flatMap((each) => each.told).slice(0, TOLD_MAX)) log.warning(line);
    // What is wrong with a file is the same for every shard, unless one ran out of memory.
    const { errors, damaged } = results.find((each) => each.errors.length > 0) ?? results[0];
    for (const line of errors) log.warning(line);
    if (errors.length === 0) {
      const skipped = empty === 0 ? "" : `, empty keys skipped: ${empty}`;
      log.notice(`Done loading RDB, keys loaded: ${keys}, keys expired: ${expired}${skipped}.`);
    }
    this.lastKeys = keys;
    this.lastExpired = expired;
    return { keys, expired, empty, endBytes, told: [], errors, damaged };
  }

  /** Looks at the head of a file before it is loaded, for the log and INFO. */
  private noteAux(path: string, sizeBytes: number): void {
    const file = systemFiles.open(path, "read");
    let aux: AuxField[];
    try {
      aux = readAux(file, sizeBytes);
    } finally {
      file.close();
    }
    const { log } = this.server;
    for (const [name, value] of aux) {
      if (name === "redis-ver") log.notice(`Loading RDB produced by version ${value}`);
      else if (name === "ctime") {
        log.notice(`RDB age ${Math.max(0, Math.floor(this.server.nowMs() / 1000) - Number(value))} seconds`);
      } else if (name === "used-mem") {
        log.notice(`RDB memory usage when created ${(Number(value) / 1048576).toFixed(2)} Mb`);
        this.usedMemory = value;
      } else if (name === "aof-base" && value !== "0") log.notice("RDB is base AOF");
    }
  }

  /** Bytes passed over so far: of an RDB part under way, as the mean of the shards. */
  private get loadedBytes(): number {
    if (this.rdbFrom === undefined) return this.passedBytes;
    const part = Math.max(0, this.server.figures.mean(Figure.LOADED_BYTES) - this.rdbFrom);
    return this.passedBytes + Math.floor(part);
  }

  /** Fields of INFO persistence while data is loaded. */
  get fields(): (readonly [string, string | number])[] {
    if (this.startedS === undefined) return [];
    const loaded = Math.min(this.totalBytes, this.loadedBytes);
    const seconds = Math.max(1, Math.floor((monotonicMs() - this.startedMs) / 1000));
    const share = this.totalBytes === 0 ? 0 : loaded / this.totalBytes;
    const rate = loaded / seconds;
    return [
      ["loading_start_time", this.startedS],
      ["loading_total_bytes", this.totalBytes],
      ["loading_rdb_used_mem", this.usedMemory],
      ["loading_loaded_bytes", loaded],
      ["loading_loaded_perc", (share * 100).toFixed(2)],
      ["loading_eta_seconds", rate === 0 ? 1 : Math.floor((this.totalBytes - loaded) / rate)],
    ];
  }
}

function sum(results: readonly LoadResult[], what: "keys" | "expired" | "empty"): number {
  return results.reduce((sum, each) => sum + each[what], 0);
}
