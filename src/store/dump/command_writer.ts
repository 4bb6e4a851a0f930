/**
 * CommandWriter: writes entries as the commands that make them, as Redis writes an AOF without RDB preamble. Any thread, one at a time.
 *
 * Elements go in commands of at most 64. Of a key: its value (SET, RPUSH, SADD, ZADD, HMSET with HPEXPIREAT behind, XADD with what
 * belongs to it), then PEXPIREAT. Between two commands the store may be used for whatever else, as long as the entry does not change.
 */
import { formatDouble17 } from "../../base/doubles.ts";
import type { RdbWriter } from "../../codec/rdb/writer.ts";
import { Encoding, EXPIRY_BIT, Type } from "../entry.ts";
import { NO_EXPIRY, type Store } from "../store.ts";
import { HashCursor } from "../types/hash_cursor.ts";
import { listLength } from "../types/list.ts";
import { setCount } from "../types/set.ts";
import { SetCursor } from "../types/set_cursor.ts";
import { CommandText } from "./command_text.ts";
import { StreamCommands } from "./stream_commands.ts";

/** Redis's AOF_REWRITE_ITEMS_PER_CMD. */
const ITEMS = 64;

/** Bytes of a string written at a time. */
const PIECE = 1 << 16;

export class CommandWriter {
  private readonly text: CommandText;
  private readonly setCursor = new SetCursor();
  private readonly hashCursor = new HashCursor();
  private readonly streams: StreamCommands;

  // The entry being written.
  private store!: Store;
  private entry = 0;
  private done = 0;
  private total = 0;
  private finished = true;

  constructor(private readonly out: RdbWriter) {
    this.text = new CommandText(out);
    this.streams = new StreamCommands(this.text);
  }

  /** Makes ready to write an entry; `advance` writes it. */
  begin(store: Store, e: number): void {
    this.store = store;
    this.entry = e;
    this.done = 0;
    this.total = 1;
    this.finished = false;
    switch (store.type(e)) {
      case Type.STRING:
        store.open(e);
        this.total = store.valueLen;
        this.head("SET", 1);
        this.text.beginBulk(this.total);
        break;
      case Type.LIST:
        this.total = listLength(store, e);
        break;
      case Type.SET:
        this.total = setCount(store, e);
        break;
      case Type.ZSET:
        this.total = store.zsets.count(e);
        break;
      case Type.HASH:
        this.total = store.hashes.length(e);
        break;
      case Type.STREAM:
        this.streams.begin(store, e);
        break;
    }
  }

  /** Writes until out.pos reaches `limit`, or a little beyond; true when the entry is whole. */
  advance(limit: number): boolean {
    while (!this.finished && this.out.pos < limit) {
      this.writeSome(limit);
      if (this.done < this.total) continue;
      this.writeExpiry();
      this.finished = true;
    }
    return this.finished;
  }

  private writeSome(limit: number): void {
    switch (this.store.type(this.entry)) {
      case Type.STRING:
        this.writeBytes(limit);
        break;
      case Type.LIST:
        this.writeElements();
        break;
      case Type.SET:
        this.writeMembers(limit);
        break;
      case Type.ZSET:
        this.writeScored();
        break;
      case Type.HASH:
        this.writeFields(limit);
        break;
      case Type.STREAM:
        if (this.streams.advance(limit)) this.done = 1;
        break;
    }
  }

  /** Begins a command on the key with `count` arguments behind it; leaves the entry open. */
  private head(name: string, count: number): void {
    const { text, store } = this;
    store.open(this.entry);
    text.begin(count + 2);
    text.word(name);
    text.bulk(store.u8, store.keyAt, store.keyLen);
  }

  /** Begins a command on the key with at most `most` of the next elements, of `parts` arguments each; returns how many elements. */
  private batch(name: string, parts: number, most = ITEMS): number {
    const n = Math.min(most, ITEMS, this.total - this.done);
    this.head(name, n * parts);
    this.done += n;
    return n;
  }

  private writeBytes(limit: number): void {
    const { out, store } = this;
    store.open(this.entry);
    while (this.done < this.total && out.pos < limit) {
      const n = Math.min(PIECE, this.total - this.done);
      out.raw(store.u8, store.valueAt + this.done, n);
      this.done += n;
    }
    if (this.done === this.total) this.text.endLine();
  }

  /** Elements for the next command of a walk that can rest only in so many steps: behind the limit it is to come there. */
  private mostUntilRest(untilRest: number, limit: number): number {
    return untilRest > 0 && this.out.pos >= limit ? untilRest : ITEMS;
  }

  private writeElements(): void {
    const { text, store } = this;
    const { quicklists, listpack } = store;
    const from = this.done;
    const n = this.batch("RPUSH", 1);
    if (store.encoding(this.entry) === Encoding.QUICKLIST) quicklists.seek(store.valueAt >> 2, from);
    else quicklists.seekAlone(store.valueAt, from);
    for (let k = 0; k < n; k++) {
      if (k > 0) quicklists.next();
      quicklists.read();
      text.bulk(listpack.bytes, listpack.at, listpack.len);
    }
  }

  private writeMembers(limit: number): void {
    const { text, setCursor, out } = this;
    if (this.done === 0) setCursor.open(this.store, this.entry);
    do {
      const n = this.batch("SADD", 1, this.mostUntilRest(setCursor.untilRest, limit));
      for (let k = 0; k < n; k++) {
        setCursor.next();
        text.bulk(setCursor.bytes, setCursor.at, setCursor.len);
      }
    } while (this.done < this.total && (out.pos < limit || setCursor.untilRest > 0));
  }

  /** From the least member on, as Redis does for commands. */
  private writeScored(): void {
    const { text, store } = this;
    const { cursor } = store.zsets;
    const from = this.done;
    const n = this.batch("ZADD", 2);
    cursor.open(this.entry);
    cursor.start(from, false);
    for (let k = 0; k < n; k++) {
      cursor.next();
      text.word(formatDouble17(cursor.score));
      text.bulk(cursor.bytes, cursor.at, cursor.len);
    }
  }

  private writeFields(limit: number): void {
    const { text, hashCursor, out, store } = this;
    const { field, value } = hashCursor;
    if (this.done === 0) hashCursor.open(store, this.entry);
    do {
      const n = this.batch("HMSET", 2, this.mostUntilRest(hashCursor.untilRest, limit));
      const expiring: [field: Uint8Array, expiry: number][] = [];
      for (let k = 0; k < n; k++) {
        hashCursor.next();
        text.bulk(field.bytes, field.at, field.len);
        text.bulk(value.bytes, value.at, value.len);
        if (hashCursor.expiry !== NO_EXPIRY) {
          expiring.push([field.bytes.slice(field.at, field.at + field.len), hashCursor.expiry]);
        }
      }
      for (const [name, expiry] of expiring) {
        store.open(this.entry);
        text.begin(6);
        text.word("HPEXPIREAT");
        text.bulk(store.u8, store.keyAt, store.keyLen);
        text.word(String(expiry));
        text.word("FIELDS");
        text.word("1");
        text.bulk(name, 0, name.length);
      }
    } while (this.done < this.total && (out.pos < limit || hashCursor.untilRest > 0));
  }

  private writeExpiry(): void {
    const { store, entry } = this;
    if ((store.i32[entry >> 2] & EXPIRY_BIT) === 0) return;
    this.head("PEXPIREAT", 1);
    this.text.word(String(store.expiryBig(entry)));
  }
}
