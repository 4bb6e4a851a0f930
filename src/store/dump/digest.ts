/**
 * Digest: a fingerprint of values and keyspaces that does not depend on encodings, order of keys, or which shard holds them; equal to
 * what DEBUG DIGEST and DEBUG DIGEST-VALUE of Redis answer. Any thread, one at a time.
 *
 * Source: the results of redis-server 7.0. Parts whose order counts are mixed in (XOR with the part's SHA-1, then SHA-1 of all),
 * parts without order are only XORed.
 */
import { encodeText } from "../../base/bytes.ts";
import { formatDouble17 } from "../../base/doubles.ts";
import { Sha1, SHA1_SIZE } from "../../codec/sha1.ts";
import { ID_TEXT_MAX } from "../../structures/stream_id.ts";
import { Encoding, Type } from "../entry.ts";
import { NO_EXPIRY, type Store } from "../store.ts";
import { HashCursor } from "../types/hash_cursor.ts";
import { SetCursor } from "../types/set_cursor.ts";
import { S_LOG } from "../types/stream.ts";

/** Redis's numbers of types, of which 5 is that of modules. */
const REDIS_TYPE = [0, 1, 2, 3, 4, 6];
const [DASH, POINT] = [45, 46];
const EXPIRES = encodeText("!!expire!!");
const FIELD_EXPIRES = encodeText("!!hexpire!!");

export class Digest {
  private readonly sha1 = new Sha1();
  private readonly part = new Uint8Array(SHA1_SIZE);
  private readonly member = new Uint8Array(SHA1_SIZE);
  private readonly number = new Uint8Array(4);

  /** The digest of everything that the stores, which are a whole keyspace, hold together. */
  ofKeyspace(stores: readonly Store[]): Uint8Array {
    const whole = new Uint8Array(SHA1_SIZE);
    const key = new Uint8Array(SHA1_SIZE);
    for (let db = 0; db < stores[0].dbCount; db++) {
      if (!stores.some((store) => store.count(db) > 0)) continue;
      this.mixNumber(whole, db);
      for (const store of stores) this.xorKeys(whole, key, store, db);
    }
    return whole;
  }

  private xorKeys(whole: Uint8Array, key: Uint8Array, store: Store, db: number): void {
    const { table } = store;
    let cursor = 0;
    do {
      cursor = store.scan(db, cursor);
      const found = table.found.slice(0, table.foundCount); // values are walked meanwhile
      for (const e of found) {
        key.fill(0);
        store.open(e);
        this.mix(key, store.u8, store.keyAt, store.keyLen);
        this.xorValue(key, store, e);
        this.xor(whole, key, 0, SHA1_SIZE);
      }
    } while (cursor !== 0);
  }

  /** Adds a value and its expiry to a digest. */
  xorValue(digest: Uint8Array, store: Store, e: number): void {
    const type = store.type(e);
    this.mixNumber(digest, REDIS_TYPE[type]);
    switch (type) {
      case Type.STRING:
        store.open(e);
        this.mix(digest, store.u8, store.valueAt, store.valueLen);
        break;
      case Type.LIST:
        this.mixList(digest, store, e);
        break;
      case Type.SET: {
        const cursor = new SetCursor();
        cursor.open(store, e);
        while (cursor.next()) this.xor(digest, cursor.bytes, cursor.at, cursor.len);
        break;
      }
      case Type.ZSET:
        this.xorScored(digest, store, e);
        break;
      case Type.HASH:
        this.xorFields(digest, store, e);
        break;
      case Type.STREAM:
        this.mixEntries(digest, store, e);
        break;
    }
    if (store.expiry(e) !== NO_EXPIRY) this.xor(digest, EXPIRES, 0, EXPIRES.length);
  }

  private mixList(digest: Uint8Array, store: Store, e: number): void {
    const { quicklists, listpack } = store;
    store.open(e);
    if (store.encoding(e) === Encoding.QUICKLIST) quicklists.seek(store.valueAt >> 2, 0);
    else quicklists.seekAlone(store.valueAt, 0);
    do {
      quicklists.read();
      this.mix(digest, listpack.bytes, listpack.at, listpack.len);
    } while (quicklists.next());
  }

  private xorScored(digest: Uint8Array, store: Store, e: number): void {
    const { member } = this;
    const { cursor } = store.zsets;
    cursor.open(e);
    cursor.start(0, false);
    while (cursor.next()) {
      member.fill(0);
      this.mix(member, cursor.bytes, cursor.at, cursor.len);
      const score = encodeText(formatDouble17(cursor.score));
      this.mix(member, score, 0, score.length);
      this.xor(digest, member, 0, SHA1_SIZE);
    }
  }

  private xorFields(digest: Uint8Array, store: Store, e: number): void {
    const { member } = this;
    const cursor = new HashCursor();
    const { field, value } = cursor;
    cursor.open(store, e);
    while (cursor.next()) {
      member.fill(0);
      this.mix(member, field.bytes, field.at, field.len);
      this.mix(member, value.bytes, value.at, value.len);
      if (cursor.expiry !== NO_EXPIRY) this.xor(member, FIELD_EXPIRES, 0, FIELD_EXPIRES.length);
      this.xor(digest, member, 0, SHA1_SIZE);
    }
  }

  /** Entries in order; an identifier with a point in its middle. Consumer groups don't count. */
  private mixEntries(digest: Uint8Array, store: Store, e: number): void {
    const { listpack } = store;
    const { cursor } = store.streams;
    const { block } = cursor;
    const text = new Uint8Array(ID_TEXT_MAX);
    cursor.openAll(store.streams.open(e) + S_LOG, false);
    while (cursor.next()) {
      const len = block.id.write(text, 0);
      text[text.indexOf(DASH)] = POINT;
      this.mix(digest, text, 0, len);
      block.rewind();
      for (let k = 0; k < block.pairs; k++) {
        block.readField();
        this.mix(digest, listpack.bytes, listpack.at, listpack.len);
        block.readValue();
        this.mix(digest, listpack.bytes, listpack.at, listpack.len);
      }
    }
  }

  private xor(digest: Uint8Array, bytes: Uint8Array, at: number, len: number): void {
    this.sha1.digest(bytes, at, len, this.part, 0);
    for (let i = 0; i < SHA1_SIZE; i++) digest[i] ^= this.part[i];
  }

  private mix(digest: Uint8Array, bytes: Uint8Array, at: number, len: number): void {
    this.xor(digest, bytes, at, len);
    this.sha1.digest(digest, 0, SHA1_SIZE, digest, 0);
  }

  private mixNumber(digest: Uint8Array, n: number): void {
    this.number[3] = n;
    this.mix(digest, this.number, 0, 4);
  }
}
