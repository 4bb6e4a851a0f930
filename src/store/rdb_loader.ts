/**
 * RdbLoader: loads an RDB file into a store, in bounded steps. Any thread, one at a time. Several shards may load one file at the same
 * time: each reads all of it and passes over what is not its own.
 *
 * Invariants:
 * 1. Nothing of the file is trusted: whatever it holds, `step` ends with a whole load or an RdbFileError.
 * 2. Keys come with the expiry, access clock and database that the file gives them; those that have expired are left out, unless they
 *    are to be kept (the RDB part of an AOF, whose commands delete them later).
 */
import { copyBytes, latin1Text } from "../base/bytes.ts";
import { RdbFileError, RdbFileReader, type RdbSource } from "../codec/rdb/file_reader.ts";
import { RdbOpcode, RdbType } from "../codec/rdb/format.ts";
import { CorruptRdb, EmptyRdbValue } from "../codec/rdb/reader.ts";
import { skipValue } from "../codec/rdb/skip.ts";
import { ArenaFull } from "../memory/arena.ts";
import { type ValueLimits, ValueReader } from "./dump/value_reader.ts";
import { NO_EXPIRY, type Store } from "./store.ts";

/** What to do with what a file holds. */
export interface LoadRules {
  /** True for keys of this shard; undefined: all are. */
  readonly owns?: (buf: Uint8Array, from: number, len: number) => boolean;
  /** rdbchecksum; one of the shards that load a file is enough. */
  readonly checksum: boolean;
  /** Keep keys whose time has come. */
  readonly keepExpired: boolean;
  /** Keys that are there already are replaced (DEBUG RELOAD MERGE); otherwise they are an error. */
  readonly replace: boolean;
  /** sanitize-dump-payload: compact forms are searched for what no command would have made. */
  readonly sanitize: boolean;
  /** Number of databases of the whole server. */
  readonly dbCount: number;
}

/** Parts read between two looks at the clock. */
const PARTS = 64;
const SECOND = 1000;

const UNEXPECTED_END = "Short read or OOM loading DB. Unrecoverable error, aborting now.";

export class RdbLoader {
  /** Keys of this shard that were loaded; those left out because they had expired; those left out because they were empty. */
  loaded = 0;
  expired = 0;
  empty = 0;
  /** Auxiliary fields of the header, by name: redis-ver, ctime, used-mem, aof-base and such. */
  readonly aux = new Map<string, string>();
  /** Source code of the function libraries in the file. */
  readonly functions: Uint8Array[] = [];

  private readonly reader: RdbFileReader;
  private readonly values: ValueReader;
  private started = false;
  private ended = false;

  // What the file said of the next key.
  private db = 0;
  private expiry = NO_EXPIRY;
  private idle = -1;
  private frequency = -1;
  private key = new Uint8Array(256);

  /** Loads a file of `sizeBytes`; sizes and encodings of values by `limits`. */
  constructor(
    private readonly store: Store,
    limits: ValueLimits,
    source: RdbSource,
    sizeBytes: number,
    private readonly rules: LoadRules,
  ) {
    this.reader = new RdbFileReader(source, sizeBytes, rules.checksum);
    this.values = new ValueReader(store, limits, rules.sanitize);
  }

  /** Bytes of the file read so far; at the end those of the RDB part, checksum included. */
  get position(): number {
    return this.reader.position;
  }

  /** The file's version, once the first step is done. */
  get version(): number {
    return this.reader.version;
  }

  /**
   * Goes on for about `budgetMs` (a huge value may take longer); `clock` gives ms. True when the file is loaded. Throws RdbFileError;
   * what was loaded until then stays.
   */
  step(budgetMs: number, clock: () => number): boolean {
    const end = clock() + budgetMs;
    try {
      if (!this.started) {
        this.reader.readHeader();
        this.started = true;
      }
      while (!this.ended) {
        for (let k = 0; k < PARTS && !this.ended; k++) this.readPart();
        if (clock() >= end) break;
      }
      return this.ended;
    } catch (error) {
      throw this.toFileError(error);
    }
  }

  private toFileError(error: unknown): unknown {
    const { reader } = this;
    if (error instanceof ArenaFull) {
      return new RdbFileError(`${UNEXPECTED_END} No memory is left.`, reader.position);
    }
    if (!(error instanceof CorruptRdb)) return error;
    if (reader.short) return new RdbFileError(UNEXPECTED_END, reader.position);
    const what = error.message;
    return new RdbFileError(`Internal error in RDB reading offset ${reader.position} -> ${what}`, reader.position);
  }

  private readPart(): void {
    const { reader } = this;
    const type = reader.byte();
    switch (type) {
      case RdbOpcode.EXPIRE_TIME_MS:
        this.expiry = reader.littleEndian64();
        break;
      case RdbOpcode.EXPIRE_TIME:
        this.expiry = reader.littleEndian32() * SECOND;
        break;
      case RdbOpcode.IDLE:
        this.idle = reader.len();
        break;
      case RdbOpcode.FREQ:
        this.frequency = reader.byte();
        break;
      case RdbOpcode.SELECT_DB:
        this.db = reader.len();
        if (this.db >= this.rules.dbCount) this.fail(tooManyDatabases(this.rules.dbCount));
        break;
      case RdbOpcode.RESIZE_DB:
        reader.len64();
        reader.len64();
        break;
      case RdbOpcode.SLOT_INFO:
        for (let k = 0; k < 3; k++) reader.len64();
        break;
      case RdbOpcode.AUX:
        this.readAux();
        break;
      case RdbOpcode.FUNCTION_2:
        reader.string();
        this.functions.push(reader.stringBuf.slice(reader.stringAt, reader.stringAt + reader.stringLen));
        break;
      case RdbOpcode.FUNCTION_PRE_GA:
        this.fail("Pre-release function format not supported.");
        break;
      case RdbOpcode.MODULE_AUX:
        reader.len64();
        this.fail(`The RDB file contains AUX module data I can't load: no matching module '${moduleName(reader)}'`);
        break;
      case RdbOpcode.EOF:
        reader.readChecksum();
        this.ended = true;
        break;
      default:
        this.readKey(type);
    }
  }

  private fail(message: string): never {
    throw new RdbFileError(message, this.reader.position);
  }

  private readAux(): void {
    const { reader } = this;
    reader.string();
    const name = latin1Text(reader.stringBuf, reader.stringAt, reader.stringAt + reader.stringLen);
    reader.string();
    this.aux.set(name, latin1Text(reader.stringBuf, reader.stringAt, reader.stringAt + reader.stringLen));
  }

  private readKey(type: number): void {
    const { reader, rules, store, expiry } = this;
    if (type > RdbType.HASH_LISTPACK_EX) this.fail(unknownType(reader.position, type));
    reader.string();
    const len = reader.stringLen;
    if (type === RdbType.MODULE_PRE_GA || type === RdbType.MODULE_2) {
      reader.len64();
      this.fail(`The RDB file contains module data I can't load: no matching module type '${moduleName(reader)}'`);
    }
    const { stringBuf, stringAt } = reader;
    const own = rules.owns === undefined || rules.owns(stringBuf, stringAt, len);
    const expired = expiry !== NO_EXPIRY && expiry < store.nowMs && !rules.keepExpired;
    if (own && !expired) {
      // The value that is read next may move the window.
      if (len > this.key.length) this.key = new Uint8Array(len * 2);
      copyBytes(this.key, 0, stringBuf, stringAt, len);
      this.readValue(type, len);
    } else {
      skipValue(reader, type);
      if (own) this.expired++;
    }
    this.expiry = NO_EXPIRY;
    this.idle = this.frequency = -1;
  }

  private readValue(type: number, keyLen: number): void {
    const { store, db, key, expiry, idle, frequency } = this;
    const old = store.peek(db, key, 0, keyLen);
    if (old !== 0) {
      if (!this.rules.replace) {
        this.fail(`RDB has duplicated key '${latin1Text(key, 0, keyLen)}' in DB ${db}`);
      }
      store.deleteEntry(db, old);
    }
    try {
      const e = this.values.read(this.reader, type, db, key, 0, keyLen, expiry);
      this.loaded++;
      if (idle < 0 && frequency < 0) return;
      const clock = store.clock.restored(idle, frequency);
      if (clock >= 0) store.setClock(e, clock);
    } catch (error) {
      if (!(error instanceof EmptyRdbValue)) throw error;
      this.empty++;
    }
  }
}

function unknownType(offset: number, type: number): string {
  return `Internal error in RDB reading offset ${offset} -> Unknown RDB encoding type ${type}`;
}

function tooManyDatabases(dbCount: number): string {
  return `FATAL: Data file was created with a Redis server configured to handle more than ${dbCount} databases. Exiting`;
}

const MODULE_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The name in a module's number, which a reader has just read: nine characters of 6 bits, then 10 bits of version. */
function moduleName({ hi, lo }: RdbFileReader): string {
  let id = ((BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)) >> 10n;
  let name = "";
  for (let k = 0; k < 9; k++) {
    name = MODULE_CHARACTERS[Number(id & 63n)] + name;
    id >>= 6n;
  }
  return name;
}
