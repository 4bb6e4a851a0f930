/**
 * What the tests of snapshots and RDB files share: a sink that keeps what it gets, the entries in it, a whole file made of it, and
 * everything a store holds as a snapshot would write it.
 */
import { assert, assertEquals } from "@std/assert";
import { encodeText, latin1Text } from "../../src/base/bytes.ts";
import { Crc64 } from "../../src/codec/crc64.ts";
import type { RdbSource } from "../../src/codec/rdb/file_reader.ts";
import { RdbOpcode } from "../../src/codec/rdb/format.ts";
import { RdbReader } from "../../src/codec/rdb/reader.ts";
import { skipValue } from "../../src/codec/rdb/skip.ts";
import { RdbWriter } from "../../src/codec/rdb/writer.ts";
import { type EntryForm, EntryWriter, packForm } from "../../src/store/dump/entry_writer.ts";
import type { SnapshotSink } from "../../src/store/snapshot.ts";
import type { Store } from "../../src/store/store.ts";

/** Bytes of one database, ending with an entry. */
export interface Run {
  readonly db: number;
  readonly bytes: Uint8Array;
}

/** Keeps what a snapshot writes; `full` makes the walk wait. */
export class Collector implements SnapshotSink {
  readonly runs: Run[] = [];
  full = false;
  private pieces: Uint8Array[] = [];

  room(): number {
    return this.full ? 0 : 1 << 20;
  }

  write(buf: Uint8Array, from: number, to: number, db: number, whole: boolean): void {
    assert(to > from, "nothing is no piece");
    this.pieces.push(buf.slice(from, to));
    if (!whole) return;
    this.runs.push({ db, bytes: join(this.pieces) });
    this.pieces = [];
  }

  /** True when the last entry is whole. */
  get complete(): boolean {
    return this.pieces.length === 0;
  }
}

export function join(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The RDB entries in some runs, each as latin-1 text under "database key"; an entry that comes twice is an error. */
export function entriesOf(runs: readonly Run[]): Map<string, string> {
  const entries = new Map<string, string>();
  for (const { db, bytes } of runs) {
    const reader = new RdbReader();
    reader.open(bytes, 0, bytes.length);
    while (reader.at < bytes.length) {
      const from = reader.at;
      let type = reader.byte();
      if (type === RdbOpcode.EXPIRE_TIME_MS) {
        reader.skip(8);
        type = reader.byte();
      }
      reader.string();
      const name = `${db} ${latin1Text(reader.stringBuf, reader.stringAt, reader.stringAt + reader.stringLen)}`;
      skipValue(reader, type);
      assert(!entries.has(name), `${name} comes twice`);
      entries.set(name, latin1Text(bytes, from, reader.at));
    }
    assertEquals(reader.at, bytes.length);
  }
  return entries;
}

/** Everything some stores hold, as `entriesOf` gives it. */
export function contentsOf(stores: readonly Store[], form: EntryForm): Map<string, string> {
  const out = new RdbWriter();
  const writer = new EntryWriter(out);
  writer.use(packForm(form));
  const contents = new Map<string, string>();
  for (const store of stores) {
    for (let db = 0; db < store.dbCount; db++) {
      let cursor = 0;
      do {
        cursor = store.scan(db, cursor);
        for (const e of store.table.found.slice(0, store.table.foundCount)) {
          out.clear();
          writer.write(store, e);
          store.open(e);
          const name = `${db} ${latin1Text(store.u8, store.keyAt, store.keyAt + store.keyLen)}`;
          contents.set(name, latin1Text(out.buf, 0, out.pos));
        }
      } while (cursor !== 0);
    }
  }
  return contents;
}

/** An RDB file of some runs. */
export function rdbFile(runs: readonly Run[], version: number): Uint8Array {
  const pieces = [encodeText(`REDIS${String(version).padStart(4, "0")}`)];
  for (const { db, bytes } of runs) pieces.push(Uint8Array.of(RdbOpcode.SELECT_DB, db), bytes);
  pieces.push(Uint8Array.of(RdbOpcode.EOF), new Uint8Array(8));
  return withChecksum(join(pieces));
}

/** Puts the right checksum at the end of a file. */
export function withChecksum(file: Uint8Array): Uint8Array {
  const crc = new Crc64();
  crc.update(file, 0, file.length - 8);
  crc.write(file, file.length - 8);
  return file;
}

/** A file in memory. */
export function source(file: Uint8Array): RdbSource {
  return {
    read(buf, from, to, position) {
      const n = Math.max(0, Math.min(to - from, file.length - position));
      buf.set(file.subarray(position, position + n), from);
      return n;
    },
  };
}
