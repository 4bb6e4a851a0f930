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
import { internalError, RdbFileError, RdbFileReader, type RdbSource } from "../codec/rdb/file_reader.ts";
import { LEN_32, RdbOpcode, RdbType } from "../codec/rdb/format.ts";
import { CorruptRdb, EmptyRdbValue } from "../codec/rdb/reader.ts";
import { skipValue } from "../codec/rdb/skip.ts";
import { ArenaFull } from "../memory/arena.ts";
import { PREFETCH_MAX } from "../structures/table.ts";
import { type ValueLimits, ValueReader } from "./dump/value_reader.ts";
import { stringEncoding, Type } from "./entry.ts";
import { NO_EXPIRY, type Store } from "./store.ts";

/** What to do with what a file holds. */
export interface LoadRules {
  /** True for keys of this shard; undefined: all are. */
  readonly owns?: (buf: Uint8Array, from: number, len: number) => boolean;
  /** About which share of the keys that is; 1 unless told. */
  readonly share?: number;
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
/** Bytes that a key takes in a file at least, nearly always: bounds what a wrong count can cost. */
const KEY_BYTES_MIN = 8;

/** Longest string with a length of one or two bytes, and those. */
const SHORT_STRING = 16385;

/** Of keys that are left out because they are empty so many are told, as in Redis. */
export const TOLD_MAX = 10;

const UNEXPECTED_END = "Short read or OOM loading DB. Unrecoverable error, aborting now.";

export class RdbLoader {
  /** Keys of this shard that were loaded; those left out because they had expired; those left out because they were empty. */
  loaded = 0;
  expired = 0;
  empty = 0;
  /** Lines for the log: of the first keys that were left out because they were empty. */
  readonly told: string[] = [];

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

  // What `lookAhead` found: this shard's keys in the window's bytes [aheadFrom, aheadTo), by place and hash.
  private aheadMoves = -1;
  private aheadFrom = 0;
  private aheadTo = 0;
  private ahead = 0;
  private nextAhead = 0;
  private readonly aheadAt = new Int32Array(PREFETCH_MAX);
  private readonly aheadHash = new Int32Array(PREFETCH_MAX);

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

  /** Keys of this shard so far. */
  get keys(): number {
    return this.loaded + this.expired + this.empty;
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
      this.store.expectKey(this.key, -1, 0, 0);
      throw this.toFileError(error);
    }
  }

  private toFileError(error: unknown): unknown {
    const { reader } = this;
    if (error instanceof ArenaFull) {
      return new RdbFileError(`${UNEXPECTED_END} No memory is left.`, reader.position);
    }
    if (!(error instanceof CorruptRdb)) return error;
    if (!reader.short) return new RdbFileError(internalError(reader.position, error.message), reader.position);
    const line = internalError(reader.position, "Unexpected EOF reading RDB file");
    return new RdbFileError(`${UNEXPECTED_END}\n${line}`, reader.position);
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
      case RdbOpcode.RESIZE_DB: {
        const keys = Math.min(reader.len(), reader.rest / KEY_BYTES_MIN);
        reader.len64();
        this.store.expectKeys(this.db, keys * (this.rules.share ?? 1));
        break;
      }
      case RdbOpcode.SLOT_INFO:
        for (let k = 0; k < 3; k++) reader.len64();
        break;
      case RdbOpcode.AUX:
        reader.skipString();
        reader.skipString();
        break;
      case RdbOpcode.FUNCTION_2:
        // Left out they would be gone with the next save.
        this.fail("The RDB file contains functions, which this server does not have");
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

  private readKey(type: number): void {
    const { reader, rules, store, expiry } = this;
    if (type > RdbType.HASH_LISTPACK_EX) this.fail(unknownType(reader.position, type));
    // The type's byte was the last one read, so the window's place says whether this key was seen.
    const stale = reader.moves !== this.aheadMoves || reader.at <= this.aheadFrom || reader.at >= this.aheadTo;
    if (stale) this.lookAhead(type);
    reader.string();
    const { stringBuf, stringAt, stringLen } = reader;
    const fresh = reader.moves === this.aheadMoves;
    if (type === RdbType.MODULE_PRE_GA || type === RdbType.MODULE_2) {
      reader.len64();
      this.fail(`The RDB file contains module data I can't load: no matching module type '${moduleName(reader)}'`);
    }
    const seen = fresh && stringBuf === reader.buf && this.nextAhead < this.ahead &&
      this.aheadAt[this.nextAhead] === stringAt;
    const own = seen || this.owns(stringBuf, stringAt, stringLen);
    const expired = expiry !== NO_EXPIRY && expiry < store.nowMs && !rules.keepExpired;
    const h = seen ? this.aheadHash[this.nextAhead++] : 0;
    if (!own || expired) {
      skipValue(reader, type);
      if (own) this.expired++;
    } else if (type === RdbType.STRING && stringBuf === reader.buf && this.isShortString()) {
      if (seen) store.expectKey(stringBuf, stringAt, stringLen, h);
      this.readShortString(stringAt, stringLen);
    } else {
      // The value that is read next may move the window.
      if (stringLen > this.key.length) this.key = new Uint8Array(stringLen * 2);
      copyBytes(this.key, 0, stringBuf, stringAt, stringLen);
      if (seen) store.expectKey(this.key, 0, stringLen, h);
      this.readValue(type, stringLen);
    }
    store.expectKey(this.key, -1, 0, 0);
    this.expiry = NO_EXPIRY;
    this.idle = this.frequency = -1;
  }

  private owns(buf: Uint8Array, from: number, len: number): boolean {
    return this.rules.owns === undefined || this.rules.owns(buf, from, len);
  }

  /** True when a string follows that lies in the window as it is. */
  private isShortString(): boolean {
    const { buf, at, end } = this.reader;
    return end - at > SHORT_STRING && buf[at] < LEN_32;
  }

  private readShortString(keyAt: number, keyLen: number): void {
    const { reader, store, db, expiry } = this;
    const before = store.count(db);
    reader.string();
    const { stringBuf, stringAt, stringLen } = reader;
    const encoding = stringEncoding(stringBuf, stringAt, stringLen);
    const e = store.reserve(db, stringBuf, keyAt, keyLen, Type.STRING, encoding, stringLen, expiry);
    copyBytes(store.u8, store.valueAt, stringBuf, stringAt, stringLen);
    this.made(e, before, stringBuf, keyAt, keyLen);
  }

  private readValue(type: number, keyLen: number): void {
    const { store, db, key, expiry } = this;
    const before = store.count(db);
    try {
      const e = this.values.read(this.reader, type, db, key, 0, keyLen, expiry);
      this.made(e, before, key, 0, keyLen);
    } catch (error) {
      if (!(error instanceof EmptyRdbValue)) throw error;
      if (this.empty++ < TOLD_MAX) this.told.push(`rdbLoadObject skipping empty key: ${latin1Text(key, 0, keyLen)}`);
    }
  }

  /** Entry `e` was made of a key; `before`: the number of keys there were. */
  private made(e: number, before: number, key: Uint8Array, at: number, len: number): void {
    const { store, db, idle, frequency } = this;
    this.loaded++;
    if (store.count(db) === before && !this.rules.replace) {
      this.fail(`RDB has duplicated key '${latin1Text(key, at, at + len)}' in DB ${db}`);
    }
    if (idle < 0 && frequency < 0) return;
    const clock = store.clock.restored(idle, frequency);
    if (clock >= 0) store.setClock(e, clock);
  }

  /**
   * Reads on, within the window, from a key of a type whose byte was just read: over the next keys that are this shard's. Their hashes
   * are noted, and where they will come in the table is brought into the processor's cache at once rather than one miss after the other.
   */
  private lookAhead(type: number): void {
    const { reader, store, aheadAt, aheadHash } = this;
    const { at } = reader;
    let n = 0;
    this.aheadMoves = reader.moves;
    this.aheadFrom = at - 1;
    reader.fixed = true;
    try {
      while (n < PREFETCH_MAX) {
        reader.string();
        const { stringBuf, stringAt, stringLen } = reader;
        if (stringBuf === reader.buf && this.owns(stringBuf, stringAt, stringLen)) {
          aheadAt[n] = stringAt;
          aheadHash[n++] = store.hash.of(stringBuf, stringAt, stringLen);
        }
        skipValue(reader, type);
        this.aheadTo = reader.at;
        type = this.nextType();
        if (type > RdbType.HASH_LISTPACK_EX) break;
      }
    } catch (error) {
      if (!(error instanceof CorruptRdb)) throw error;
      // The window's end, or what the reading proper will complain about.
    }
    reader.fixed = false;
    reader.at = at;
    this.ahead = n;
    this.nextAhead = 0;
    if (this.aheadTo <= at) this.aheadTo = at + 1;
    store.prefetch(this.db, aheadHash, n);
  }

  /** The next key's type; what else stands before a key is passed over. Another opcode is returned. */
  private nextType(): number {
    const { reader } = this;
    for (;;) {
      const type = reader.byte();
      if (type === RdbOpcode.EXPIRE_TIME_MS) reader.skip(8);
      else if (type === RdbOpcode.IDLE) reader.len();
      else if (type === RdbOpcode.FREQ) reader.byte();
      else return type;
    }
  }
}

function unknownType(offset: number, type: number): string {
  return internalError(offset, `Unknown RDB encoding type ${type}`);
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
