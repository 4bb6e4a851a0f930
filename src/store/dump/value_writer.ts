/**
 * ValueWriter: writes values in the forms of RDB files and DUMP payloads. Any thread, one at a time.
 *
 * Small collections are written as they lie in the arena. The form depends on the writer's version: readers older than a form get
 * the values element by element. Fields that expire have one form only, of version 12.
 *
 * A large value can be written in pieces (`begin`, `advance`) as long as it does not change; in between the store may be used for
 * whatever else.
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
import { StreamWriter } from "./stream_writer.ts";

/** First version with listpacks in hashes, zsets and lists (Redis 7.0), and in sets (7.2). */
const LISTPACKS = 10;
const SET_LISTPACKS = 11;
/** First version that keeps when a stream's consumers were active (7.2); what 7.0 keeps of streams came with its listpacks. */
const STREAM_ACTIVE_TIMES = 11;

/** What is left of a value to be written. */
const Rest = { NOTHING: 0, BYTES: 1, NODES: 2, ELEMENTS: 3, MEMBERS: 4, SCORED: 5, FIELDS: 6, STREAM: 7 } as const;
type Rest = (typeof Rest)[keyof typeof Rest];

/** Strings above this are not compressed when they are written in pieces: compressing goes at about 200 MB/s, and can't be interrupted. */
const COMPRESS_MAX = 1 << 20;
/** Bytes of a string written at a time. */
const PIECE = 1 << 16;

export class ValueWriter {
  private readonly setCursor = new SetCursor();
  private readonly hashCursor = new HashCursor();
  private readonly streamWriter: StreamWriter;

  // The value being written.
  private store!: Store;
  private entry = 0;
  private rest: Rest = Rest.NOTHING;
  /** Bytes or elements written, of `total`. */
  private done = 0;
  private total = 0;
  private earliest = NO_EXPIRY;

  constructor(private readonly out: RdbWriter) {
    this.streamWriter = new StreamWriter(out);
  }

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
    this.start(store, e, Infinity);
    this.advance(Infinity);
  }

  /** Writes the beginning of the value of an entry, without type byte; `advance` writes the rest. */
  begin(store: Store, e: number): void {
    this.start(store, e, COMPRESS_MAX);
  }

  /** Writes until out.pos reaches `limit`, or a little beyond; true when the value is whole. */
  advance(limit: number): boolean {
    const { out } = this;
    while (this.rest !== Rest.NOTHING && out.pos < limit) this.writeSome(limit);
    return this.rest === Rest.NOTHING;
  }

  private start(store: Store, e: number, wholeStringMax: number): void {
    const { out } = this;
    const rdbType = this.rdbType(store, e);
    this.store = store;
    this.entry = e;
    this.done = 0;
    this.rest = Rest.NOTHING;
    store.open(e);
    const { u8, valueAt, valueLen } = store;
    switch (rdbType) {
      case RdbType.STRING:
        if (valueLen <= wholeStringMax) out.string(u8, valueAt, valueLen);
        else this.count(Rest.BYTES, valueLen);
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
        this.startNodes();
        break;
      case RdbType.LIST:
        this.count(Rest.ELEMENTS, listLength(store, e));
        break;
      case RdbType.SET:
        this.count(Rest.MEMBERS, setCount(store, e));
        break;
      case RdbType.ZSET_2:
        this.count(Rest.SCORED, store.zsets.count(e));
        break;
      case RdbType.HASH:
      case RdbType.HASH_METADATA:
        this.earliest = rdbType === RdbType.HASH ? NO_EXPIRY : this.writeEarliest(store, e);
        this.count(Rest.FIELDS, store.hashes.length(e));
        break;
      case RdbType.STREAM_LISTPACKS:
      case RdbType.STREAM_LISTPACKS_2:
      case RdbType.STREAM_LISTPACKS_3:
        this.streamWriter.begin(store, e, rdbType);
        this.rest = Rest.STREAM;
        break;
    }
  }

  /** Writes a number of elements that follow. */
  private count(rest: Rest, total: number): void {
    this.out.len(total);
    this.total = total;
    this.rest = rest;
  }

  /** Writes until out.pos reaches `limit`, or at least one part, and sets `rest` when that was all. */
  private writeSome(limit: number): void {
    switch (this.rest) {
      case Rest.BYTES:
        this.writeBytes(limit);
        break;
      case Rest.NODES:
        this.writeNodes(limit);
        break;
      case Rest.ELEMENTS:
        this.writeElements(limit);
        break;
      case Rest.MEMBERS:
        this.writeMembers(limit);
        break;
      case Rest.SCORED:
        this.writeScored(limit);
        break;
      case Rest.FIELDS:
        this.writeFields(limit);
        break;
      case Rest.STREAM:
        if (this.streamWriter.advance(limit)) this.rest = Rest.NOTHING;
        return;
    }
    if (this.done === this.total) this.rest = Rest.NOTHING;
  }

  private writeBytes(limit: number): void {
    const { out, store } = this;
    store.open(this.entry);
    while (this.done < this.total && out.pos < limit) {
      const n = Math.min(PIECE, this.total - this.done);
      out.raw(store.u8, store.valueAt + this.done, n);
      this.done += n;
    }
  }

  /** A list's nodes as they lie in the arena; a small one is a single node. */
  private startNodes(): void {
    const { out, store } = this;
    if (store.encoding(this.entry) === Encoding.LISTPACK) {
      out.len(1);
      out.len(Container.PACKED);
      out.string(store.u8, store.valueAt, store.listpack.totalBytes(store.valueAt));
      return;
    }
    this.count(Rest.NODES, store.quicklists.tree.leafCount(store.valueAt >> 2));
    this.total = listLength(store, this.entry);
  }

  private writeNodes(limit: number): void {
    const { out, store } = this;
    const { quicklists } = store;
    store.open(this.entry);
    quicklists.tree.seek(store.valueAt >> 2, this.done);
    do {
      out.len(quicklists.nodeIsPlain ? Container.PLAIN : Container.PACKED);
      out.string(store.u8, quicklists.nodeAt, quicklists.nodeBytes);
      this.done += quicklists.tree.leafElements;
    } while (this.done < this.total && out.pos < limit && quicklists.tree.next());
  }

  private writeElements(limit: number): void {
    const { out, store } = this;
    const { quicklists, listpack } = store;
    store.open(this.entry);
    if (store.encoding(this.entry) === Encoding.QUICKLIST) quicklists.seek(store.valueAt >> 2, this.done);
    else quicklists.seekAlone(store.valueAt, this.done);
    do {
      quicklists.read();
      out.string(listpack.bytes, listpack.at, listpack.len);
      this.done++;
    } while (this.done < this.total && out.pos < limit && quicklists.next());
  }

  private writeMembers(limit: number): void {
    const { out, setCursor } = this;
    if (this.done === 0) setCursor.open(this.store, this.entry);
    while ((out.pos < limit || setCursor.untilRest > 0) && setCursor.next()) {
      out.string(setCursor.bytes, setCursor.at, setCursor.len);
      this.done++;
    }
  }

  /** Members from the greatest on, as Redis writes them: its own loader is fastest so. */
  private writeScored(limit: number): void {
    const { out } = this;
    const { cursor } = this.store.zsets;
    cursor.open(this.entry);
    cursor.start(this.total - 1 - this.done, true);
    while (out.pos < limit && cursor.next()) {
      out.string(cursor.bytes, cursor.at, cursor.len);
      out.double(cursor.score);
      this.done++;
    }
  }

  /** Fields and values; with an earliest expiry before each its expiry, 0 for none, else counted from that on, plus 1. */
  private writeFields(limit: number): void {
    const { out, hashCursor, earliest } = this;
    const { field, value } = hashCursor;
    if (this.done === 0) hashCursor.open(this.store, this.entry);
    while ((out.pos < limit || hashCursor.untilRest > 0) && hashCursor.next()) {
      if (earliest !== NO_EXPIRY) out.len(hashCursor.expiry === NO_EXPIRY ? 0 : hashCursor.expiry - earliest + 1);
      out.string(field.bytes, field.at, field.len);
      out.string(value.bytes, value.at, value.len);
      this.done++;
    }
  }

  /** Writes and returns a hash's earliest expiry. */
  private writeEarliest(store: Store, e: number): number {
    const earliest = store.hashes.earliest(e);
    this.out.littleEndian64(earliest === NO_EXPIRY ? 0 : earliest);
    return earliest;
  }
}
