/**
 * ValueReader: makes keys of values in RDB files and DUMP payloads, in every form from Redis 2.6 to 7.4. Any thread, one at a time.
 *
 * Invariants:
 * 1. Small forms are checked, then copied as they lie; they become large encodings where the limits in force say so, as in Redis.
 * 2. A value that is not well-formed throws CorruptRdb; one that finds no memory ArenaFull. The key is then gone: who must keep
 *    what it held checks the value first (value_check.ts).
 */
import { copyBytes, latin1Text } from "../../base/bytes.ts";
import { parseScoreBound } from "../../base/doubles.ts";
import { Container, RdbType } from "../../codec/rdb/format.ts";
import { type Elements, StringElements, ZiplistElements, ZipmapElements } from "../../codec/rdb/elements.ts";
import { CorruptRdb, EmptyRdbValue, type RdbReader } from "../../codec/rdb/reader.ts";
import { validIntset } from "../../structures/intset.ts";
import { validListpack } from "../../structures/listpack.ts";
import { Encoding, Type } from "../entry.ts";
import { NO_EXPIRY, type Store } from "../store.ts";
import type { HashLimits } from "../types/hash.ts";
import type { ListLimits } from "../types/list.ts";
import { ListBuilder } from "../types/list_builder.ts";
import { createSet, setAdd, type SetLimits } from "../types/set.ts";
import type { ZsetLimits } from "../types/zset.ts";
import { IntsetElements, ListpackElements } from "./compact_elements.ts";
import { StreamReader } from "./stream_reader.ts";

/** The configuration that chooses encodings. */
export interface ValueLimits extends HashLimits, ListLimits, SetLimits, ZsetLimits {}

/** Types of values in Redis's log. */
const NAMES: Partial<Record<Type, string>> = { [Type.SET]: "Set", [Type.ZSET]: "Zset", [Type.HASH]: "Hash" };

const ZSET_TWICE = "Duplicate zset fields detected";
const HASH_TWICE = "Duplicate hash fields detected";

export class ValueReader {
  // The key being made.
  private db = 0;
  private key: Uint8Array = new Uint8Array(0);
  private keyFrom = 0;
  private keyLen = 0;
  private expiry = NO_EXPIRY;

  /** `thorough`: compact forms are also searched for members that come twice and scores out of order. */
  constructor(
    private readonly store: Store,
    private readonly limits: ValueLimits,
    private readonly thorough: boolean,
  ) {}

  /**
   * Makes the key hold the value of form `rdbType` that comes next in the reader, whatever it held. `key` must not lie in what the
   * reader may move. Returns the entry.
   */
  read(
    reader: RdbReader,
    rdbType: number,
    db: number,
    key: Uint8Array,
    keyFrom: number,
    keyLen: number,
    expiry: number,
  ): number {
    this.db = db;
    this.key = key;
    this.keyFrom = keyFrom;
    this.keyLen = keyLen;
    this.expiry = expiry;
    try {
      return this.readForm(reader, rdbType);
    } catch (error) {
      this.store.delete(db, key, keyFrom, keyLen);
      throw error;
    }
  }

  private readForm(reader: RdbReader, rdbType: number): number {
    switch (rdbType) {
      case RdbType.STRING: {
        const { store, db, key, keyFrom, keyLen, expiry } = this;
        reader.string();
        return store.setString(db, key, keyFrom, keyLen, reader.stringBuf, reader.stringAt, reader.stringLen, expiry);
      }
      case RdbType.LIST:
      case RdbType.LIST_ZIPLIST:
      case RdbType.LIST_QUICKLIST:
      case RdbType.LIST_QUICKLIST_2:
        return this.readList(reader, rdbType);
      case RdbType.SET: {
        const count = reader.len();
        return this.makeSet(new StringElements(reader, count), count);
      }
      case RdbType.SET_INTSET:
        return this.readIntset(reader);
      case RdbType.SET_LISTPACK:
        return this.readListpack(reader, Type.SET);
      case RdbType.ZSET:
      case RdbType.ZSET_2:
        return this.readScored(reader, rdbType === RdbType.ZSET_2);
      case RdbType.ZSET_LISTPACK:
        return this.readListpack(reader, Type.ZSET);
      case RdbType.ZSET_ZIPLIST:
        return this.makeZset(ziplist(reader, "Zset ziplist"), "Zset ziplist integrity check failed.");
      case RdbType.HASH: {
        const count = reader.len();
        return this.makeHash(new StringElements(reader, count * 2));
      }
      case RdbType.HASH_LISTPACK:
        return this.readListpack(reader, Type.HASH);
      case RdbType.HASH_ZIPLIST:
        return this.makeHash(ziplist(reader, "Hash ziplist"), "Hash ziplist integrity check failed.");
      case RdbType.HASH_ZIPMAP:
        reader.string();
        return this.makeHash(
          new ZipmapElements(reader.stringBuf, reader.stringAt, reader.stringLen),
          "Hash zipmap with dup elements, or big length",
        );
      case RdbType.HASH_METADATA:
      case RdbType.HASH_METADATA_PRE_GA:
      case RdbType.HASH_LISTPACK_EX:
      case RdbType.HASH_LISTPACK_EX_PRE_GA:
        return this.readExpiringHash(reader, rdbType);
      case RdbType.STREAM_LISTPACKS:
      case RdbType.STREAM_LISTPACKS_2:
      case RdbType.STREAM_LISTPACKS_3: {
        const { store, db, key, keyFrom, keyLen, expiry } = this;
        const e = store.streams.create(db, key, keyFrom, keyLen, expiry);
        new StreamReader(reader, store, store.streams.open(e)).read(rdbType);
        return e;
      }
      default:
        throw new CorruptRdb(`Unknown RDB encoding type ${rdbType}`);
    }
  }

  /** Reserves the key's entry. */
  private reserve(type: Type, encoding: Encoding, valueLen: number): number {
    const { store, db, key, keyFrom, keyLen, expiry } = this;
    return store.reserve(db, key, keyFrom, keyLen, type, encoding, valueLen, expiry);
  }

  /** The key with bytes as they lie for its payload. */
  private makeCompact(type: Type, encoding: Encoding, bytes: Uint8Array, from: number, len: number): number {
    const e = this.reserve(type, encoding, len);
    copyBytes(this.store.u8, this.store.valueAt, bytes, from, len);
    return e;
  }

  // ---- lists --------------------------------------------------------------------------------------------------------

  private readList(reader: RdbReader, rdbType: number): number {
    const { store, db, key, keyFrom, keyLen, expiry } = this;
    const list = new ListBuilder(store, this.limits);
    try {
      if (rdbType === RdbType.LIST) addAll(list, new StringElements(reader, reader.len()));
      else if (rdbType === RdbType.LIST_ZIPLIST) addAll(list, ziplist(reader, "List ziplist"));
      else {
        for (let nodes = reader.len(); nodes > 0; nodes--) {
          if (rdbType === RdbType.LIST_QUICKLIST) addAll(list, ziplist(reader, "Ziplist"));
          else this.readNode(reader, list.root);
        }
      }
      if (list.count === 0) throw new EmptyRdbValue();
    } catch (error) {
      list.discard();
      throw error;
    }
    return list.finish(db, key, keyFrom, keyLen, expiry);
  }

  /** A node of LIST_QUICKLIST_2. Empty ones, which some versions of Redis wrote, are left out. */
  private readNode(reader: RdbReader, root: number): void {
    const { quicklists } = this.store;
    const container = reader.len();
    reader.string();
    const { stringBuf, stringAt, stringLen } = reader;
    if (stringLen === 0) throw new CorruptRdb("Quicklist integrity check failed.");
    if (container === Container.PLAIN) quicklists.appendPlain(root, stringBuf, stringAt, stringLen);
    else if (container === Container.PACKED) {
      const elements = validListpack(stringBuf, stringAt, stringLen);
      if (elements < 0) throw new CorruptRdb("Listpack integrity check failed.");
      if (elements > 0) quicklists.appendListpack(root, stringBuf, stringAt, stringLen, elements);
    } else throw new CorruptRdb("Quicklist integrity check failed.");
  }

  // ---- compact forms ------------------------------------------------------------------------------------------------

  private readIntset(reader: RdbReader): number {
    reader.string();
    const { stringBuf, stringAt, stringLen } = reader;
    const count = validIntset(stringBuf, stringAt, stringLen);
    if (count < 0) throw new CorruptRdb("Intset integrity check failed.");
    if (count > this.limits.setMaxIntsetEntries) return this.makeSet(new IntsetElements(stringBuf, stringAt), count);
    return this.makeCompact(Type.SET, Encoding.INTSET, stringBuf, stringAt, stringLen);
  }

  private readListpack(reader: RdbReader, type: Type): number {
    const { limits } = this;
    reader.string();
    const { stringBuf, stringAt, stringLen } = reader;
    const count = validListpack(stringBuf, stringAt, stringLen);
    const sound = count >= 0 && (type === Type.SET || count % 2 === 0);
    if (!sound) throw new CorruptRdb(`${NAMES[type]} listpack integrity check failed.`);
    if (count === 0) throw new EmptyRdbValue();
    const elements = () => new ListpackElements(stringBuf, stringAt, stringLen, `${NAMES[type]} listpack`);
    if (this.thorough && !isDistinct(elements(), type)) {
      throw new CorruptRdb(`${NAMES[type]} listpack integrity check failed.`);
    }
    if (type === Type.SET && count > limits.setMaxListpackEntries) return this.makeSet(elements(), count);
    if (type === Type.ZSET && count / 2 > limits.zsetMaxListpackEntries) return this.makeZset(elements(), ZSET_TWICE);
    if (type === Type.HASH && count / 2 > limits.hashMaxListpackEntries) return this.makeHash(elements());
    return this.makeCompact(type, Encoding.LISTPACK, stringBuf, stringAt, stringLen);
  }

  // ---- element by element -------------------------------------------------------------------------------------------

  private makeSet(elements: Elements, count: number): number {
    const { store, db, key, keyFrom, keyLen, expiry, limits } = this;
    if (!elements.next()) throw new EmptyRdbValue();
    const { bytes, at, len } = elements;
    let e = createSet(store, db, key, keyFrom, keyLen, bytes, at, len, count, limits, expiry);
    do {
      const next = setAdd(store, db, e, elements.bytes, elements.at, elements.len, limits);
      if (next === 0) throw new CorruptRdb("Duplicate set members detected");
      e = next;
    } while (elements.next());
    return e;
  }

  private readScored(reader: RdbReader, binary: boolean): number {
    const count = reader.len();
    const members = new StringElements(reader, count);
    let e = this.createZset(count);
    for (let n = 0; members.next(); n++) {
      // The score comes behind the member, and reading it may move the member's bytes.
      this.holdMember(members);
      e = this.addScored(e, this.held, 0, this.heldLen, binary ? reader.double() : reader.textDouble(), ZSET_TWICE);
    }
    return e;
  }

  private held = new Uint8Array(64);
  private heldLen = 0;

  private holdMember(elements: Elements): void {
    if (elements.len > this.held.length) this.held = new Uint8Array(elements.len * 2);
    copyBytes(this.held, 0, elements.bytes, elements.at, elements.len);
    this.heldLen = elements.len;
  }

  /** `twice`: the log's line when a member comes twice. */
  private makeZset(elements: Elements, twice: string): number {
    let e = this.createZset(1);
    let members = 0;
    for (; elements.next(); members++) {
      this.holdMember(elements);
      if (!elements.next()) throw new CorruptRdb("Zset ziplist integrity check failed.");
      const score = parseScoreBound(elements.bytes, elements.at, elements.at + elements.len);
      e = this.addScored(e, this.held, 0, this.heldLen, score, twice);
    }
    if (members === 0) throw new EmptyRdbValue();
    return e;
  }

  private createZset(members: number): number {
    const { store, db, key, keyFrom, keyLen, expiry, limits } = this;
    if (members === 0) throw new EmptyRdbValue();
    return store.zsets.create(db, key, keyFrom, keyLen, members, 0, limits, expiry);
  }

  private addScored(e: number, bytes: Uint8Array, at: number, len: number, score: number, twice: string): number {
    const { zsets } = this.store;
    if (score !== score) throw new CorruptRdb("Zset with NAN score detected");
    if (zsets.find(e, bytes, at, len)) throw new CorruptRdb(twice);
    return zsets.add(this.db, e, bytes, at, len, score, this.limits);
  }

  private makeHash(elements: Elements, twice = HASH_TWICE): number {
    let e = this.createHash();
    let fields = 0;
    for (; elements.next(); fields++) {
      this.holdMember(elements);
      if (!elements.next()) throw new CorruptRdb("Hash ziplist integrity check failed.");
      e = this.setField(e, elements, twice);
    }
    if (fields === 0) throw new EmptyRdbValue();
    return e;
  }

  private createHash(): number {
    const { store, db, key, keyFrom, keyLen, expiry } = this;
    return store.hashes.create(db, key, keyFrom, keyLen, expiry);
  }

  /** Sets the field held to the value at hand. */
  private setField(e: number, value: Elements, twice = HASH_TWICE): number {
    const { hashes } = this.store;
    const { db, held, heldLen, limits } = this;
    e = hashes.set(db, e, held, 0, heldLen, value.bytes, value.at, value.len, false, limits);
    if (!hashes.created) throw new CorruptRdb(twice);
    return e;
  }

  /** A hash with fields that expire: their expiries lie before each (0: none), or behind each in a listpack. */
  private readExpiringHash(reader: RdbReader, rdbType: number): number {
    const inListpack = rdbType === RdbType.HASH_LISTPACK_EX || rdbType === RdbType.HASH_LISTPACK_EX_PRE_GA;
    const released = rdbType === RdbType.HASH_METADATA || rdbType === RdbType.HASH_LISTPACK_EX;
    const earliest = released ? reader.littleEndian64() : 0;
    let e = this.createHash();
    let fields = 0;
    if (inListpack) {
      reader.string();
      const elements = new ListpackElements(reader.stringBuf, reader.stringAt, reader.stringLen, "Hash listpackex");
      for (; elements.next(); fields++) {
        this.holdMember(elements);
        if (!elements.next()) throw new CorruptRdb("Hash listpackex integrity check failed.");
        e = this.setField(e, elements);
        if (!elements.next()) throw new CorruptRdb("Hash listpackex integrity check failed.");
        e = this.setFieldExpiry(e, Number(latin1Text(elements.bytes, elements.at, elements.at + elements.len)));
      }
    } else {
      for (let left = reader.len(); left > 0; left--, fields++) {
        const ttl = reader.len();
        const pair = new StringElements(reader, 2);
        pair.next();
        this.holdMember(pair);
        pair.next();
        e = this.setField(e, pair);
        e = this.setFieldExpiry(e, ttl === 0 || !released ? ttl : earliest + ttl - 1);
      }
    }
    if (fields === 0) throw new EmptyRdbValue();
    return e;
  }

  /** Gives the field held an expiry, 0 for none. */
  private setFieldExpiry(e: number, expiry: number): number {
    if (expiry === 0) return e;
    if (!(expiry > 0 && expiry <= Number.MAX_SAFE_INTEGER)) throw new CorruptRdb(`invalid expireAt time: ${expiry}`);
    const { hashes } = this.store;
    e = hashes.toExpiring(this.db, e);
    hashes.find(e, this.held, 0, this.heldLen);
    return hashes.setExpiry(this.db, e, expiry);
  }
}

/** True when members (or fields) are distinct, and scores numbers that do not descend. */
function isDistinct(elements: Elements, type: Type): boolean {
  const seen = new Set<string>();
  let before = -Infinity;
  while (elements.next()) {
    const name = latin1Text(elements.bytes, elements.at, elements.at + elements.len);
    if (seen.has(name)) return false;
    seen.add(name);
    if (type === Type.SET || !elements.next()) continue;
    if (type !== Type.ZSET) continue;
    const score = parseScoreBound(elements.bytes, elements.at, elements.at + elements.len);
    if (!(score >= before)) return false;
    before = score;
  }
  return true;
}

function addAll(list: ListBuilder, elements: Elements): void {
  while (elements.next()) list.add(elements.bytes, elements.at, elements.len);
}

/** `what`: a ziplist of what, as Redis's log says it. */
function ziplist(reader: RdbReader, what: string): ZiplistElements {
  reader.string();
  return new ZiplistElements(reader.stringBuf, reader.stringAt, reader.stringLen, what);
}
