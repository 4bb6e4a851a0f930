/**
 * ValueWriter: writes values in the forms of RDB files and DUMP payloads. Any thread, one at a time.
 *
 * Small collections are written as they lie in the arena. The form depends on the writer's version: readers older than a form get
 * the values element by element. Fields that expire have one form only, of version 12.
 */
import { Container, RdbType } from "../../codec/rdb/format.ts";
import type { RdbWriter } from "../../codec/rdb/writer.ts";
import { Encoding, Type } from "../entry.ts";
import { NO_EXPIRY, type Store } from "../store.ts";
import { EX_HEADER } from "../types/field_listpack.ts";
import { HashCursor } from "../types/hash_cursor.ts";
import { listLength } from "../types/list.ts";
import { setCount } from "../types/set.ts";
import { SetCursor } from "../types/set_cursor.ts";
import { writeStream } from "./stream_writer.ts";

/** First version with listpacks in hashes, zsets and lists (Redis 7.0), and in sets (7.2). */
const LISTPACKS = 10;
const SET_LISTPACKS = 11;
/** First version that keeps when a stream's consumers were active (7.2); what 7.0 keeps of streams came with its listpacks. */
const STREAM_ACTIVE_TIMES = 11;

export class ValueWriter {
  private readonly setCursor = new SetCursor();
  private readonly hashCursor = new HashCursor();

  constructor(private readonly out: RdbWriter) {}

  /** The type byte of what `write` writes. */
  rdbType(store: Store, e: number): number {
    const { version } = this.out;
    const encoding = store.encoding(e);
    const compact = encoding === Encoding.LISTPACK;
    switch (store.type(e)) {
      case Type.STRING:
        return RdbType.STRING;
      case Type.LIST:
        return version >= LISTPACKS ? RdbType.LIST_QUICKLIST_2 : RdbType.LIST;
      case Type.SET:
        if (encoding === Encoding.INTSET) return RdbType.SET_INTSET;
        return compact && version >= SET_LISTPACKS ? RdbType.SET_LISTPACK : RdbType.SET;
      case Type.ZSET:
        return compact && version >= LISTPACKS ? RdbType.ZSET_LISTPACK : RdbType.ZSET_2;
      case Type.HASH:
        if (encoding === Encoding.LISTPACKEX) return RdbType.HASH_LISTPACK_EX;
        if (compact) return version >= LISTPACKS ? RdbType.HASH_LISTPACK : RdbType.HASH;
        return store.hashes.earliest(e) === NO_EXPIRY ? RdbType.HASH : RdbType.HASH_METADATA;
      case Type.STREAM:
        if (version >= STREAM_ACTIVE_TIMES) return RdbType.STREAM_LISTPACKS_3;
        return version >= LISTPACKS ? RdbType.STREAM_LISTPACKS_2 : RdbType.STREAM_LISTPACKS;
      default:
        throw new Error(`no form for type ${store.type(e)}`);
    }
  }

  /** Writes the value of an entry, without type byte. */
  write(store: Store, e: number): void {
    const { out } = this;
    const rdbType = this.rdbType(store, e);
    store.open(e);
    const { u8, valueAt, valueLen } = store;
    switch (rdbType) {
      case RdbType.STRING:
        out.string(u8, valueAt, valueLen);
        break;
      case RdbType.SET_INTSET:
        out.string(u8, valueAt, store.intset.totalBytes(valueAt));
        break;
      case RdbType.SET_LISTPACK:
      case RdbType.ZSET_LISTPACK:
      case RdbType.HASH_LISTPACK:
        out.string(u8, valueAt, store.listpack.totalBytes(valueAt));
        break;
      case RdbType.HASH_LISTPACK_EX: {
        this.writeEarliest(store, e);
        const lp = valueAt + EX_HEADER;
        out.string(u8, lp, store.listpack.totalBytes(lp));
        break;
      }
      case RdbType.LIST_QUICKLIST_2:
        this.writeNodes(store, e);
        break;
      case RdbType.LIST:
        this.writeElements(store, e);
        break;
      case RdbType.SET:
        this.writeMembers(store, e);
        break;
      case RdbType.ZSET_2:
        this.writeScored(store, e);
        break;
      case RdbType.HASH:
        this.writeFields(store, e, NO_EXPIRY);
        break;
      case RdbType.HASH_METADATA:
        this.writeFields(store, e, this.writeEarliest(store, e));
        break;
      case RdbType.STREAM_LISTPACKS:
      case RdbType.STREAM_LISTPACKS_2:
      case RdbType.STREAM_LISTPACKS_3:
        writeStream(out, store, e, rdbType);
        break;
    }
  }

  /** A list's nodes as they lie in the arena; a small one is a single node. */
  private writeNodes(store: Store, e: number): void {
    const { out } = this;
    const { u8, quicklists } = store;
    if (store.encoding(e) === Encoding.LISTPACK) {
      out.len(1);
      out.len(Container.PACKED);
      out.string(u8, store.valueAt, store.listpack.totalBytes(store.valueAt));
      return;
    }
    const root = store.valueAt >> 2;
    out.len(quicklists.tree.leafCount(root));
    for (let more = quicklists.firstNode(root); more; more = quicklists.tree.next()) {
      out.len(quicklists.nodeIsPlain ? Container.PLAIN : Container.PACKED);
      out.string(u8, quicklists.nodeAt, quicklists.nodeBytes);
    }
  }

  private writeElements(store: Store, e: number): void {
    const { out } = this;
    const { quicklists, listpack } = store;
    out.len(listLength(store, e));
    if (store.encoding(e) === Encoding.QUICKLIST) quicklists.seek(store.valueAt >> 2, 0);
    else quicklists.seekAlone(store.valueAt, 0);
    do {
      quicklists.read();
      out.string(listpack.bytes, listpack.at, listpack.len);
    } while (quicklists.next());
  }

  private writeMembers(store: Store, e: number): void {
    const { out, setCursor } = this;
    out.len(setCount(store, e));
    setCursor.open(store, e);
    while (setCursor.next()) out.string(setCursor.bytes, setCursor.at, setCursor.len);
  }

  /** Members from the greatest on, as Redis writes them: its own loader is fastest so. */
  private writeScored(store: Store, e: number): void {
    const { out } = this;
    const { cursor } = store.zsets;
    cursor.open(e);
    out.len(cursor.count);
    cursor.start(cursor.count - 1, true);
    while (cursor.next()) {
      out.string(cursor.bytes, cursor.at, cursor.len);
      out.double(cursor.score);
    }
  }

  /** Fields and values; with an earliest expiry before each its expiry, 0 for none, else counted from that on, plus 1. */
  private writeFields(store: Store, e: number, earliest: number): void {
    const { out, hashCursor } = this;
    const { field, value } = hashCursor;
    out.len(store.hashes.length(e));
    hashCursor.open(store, e);
    while (hashCursor.next()) {
      if (earliest !== NO_EXPIRY) out.len(hashCursor.expiry === NO_EXPIRY ? 0 : hashCursor.expiry - earliest + 1);
      out.string(field.bytes, field.at, field.len);
      out.string(value.bytes, value.at, value.len);
    }
  }

  /** Writes and returns a hash's earliest expiry. */
  private writeEarliest(store: Store, e: number): number {
    const earliest = store.hashes.earliest(e);
    this.out.littleEndian64(earliest === NO_EXPIRY ? 0 : earliest);
    return earliest;
  }
}
