/**
 * Streams in the forms of RDB files and DUMP payloads. Any thread.
 *
 *   blocks: count | master identifier (a string of 16 bytes), listpack (a string) ...
 *   length | last identifier | STREAM_LISTPACKS_2: first identifier, greatest deleted, entries added
 *   groups: count | name | last identifier | STREAM_LISTPACKS_2: entries read | pending | consumers ...
 *     pending: count | identifier (16 bytes) | delivery time | delivery count ...
 *     consumers: count | name | seen time | STREAM_LISTPACKS_3: active time | pending: count, identifier (16 bytes) ...
 *
 * Counts and parts of identifiers are lengths (codec/rdb/format.ts), times 8 bytes, the least significant first.
 */
import { RdbType } from "../../codec/rdb/format.ts";
import type { RdbWriter } from "../../codec/rdb/writer.ts";
import { ID_WORDS, StreamId } from "../../structures/stream_id.ts";
import type { Store } from "../store.ts";
import { S_ADDED, S_FIRST, S_GROUPS, S_LAST, S_LOG, S_MAX_DELETED } from "../types/stream.ts";
import { C_ACTIVE, C_PENDING, C_SEEN, G_LAST, G_PENDING, G_READ, P_COUNT, P_TIME } from "../types/stream_groups.ts";

const ID_BYTES = ID_WORDS * 4;

/** Writes a stream, its blocks in pieces if wanted. */
export class StreamWriter {
  private store!: Store;
  private s = 0;
  private form = 0;
  private blocks = 0;
  /** Master identifier of the last block written. */
  private readonly last = new StreamId();
  private written = 0;

  constructor(private readonly out: RdbWriter) {}

  /** Begins to write the stream of an entry in a form, without type byte. */
  begin(store: Store, e: number, form: number): void {
    this.store = store;
    this.s = store.streams.open(e);
    this.form = form;
    this.written = 0;
    this.blocks = store.streams.log.blockCount(this.s + S_LOG);
    this.out.len(this.blocks);
  }

  /** Writes until out.pos reaches `limit`, or at least a block; true when the stream is whole. */
  advance(limit: number): boolean {
    const { out, store, s, last } = this;
    const { i32, u8, listpack, streams } = store;
    const { tree } = streams.log;
    if (this.written < this.blocks) {
      let at: number;
      if (this.written === 0) at = tree.first(s + S_LOG);
      else {
        tree.seekFrom(s + S_LOG, last);
        at = tree.next();
      }
      for (;;) {
        out.len(ID_BYTES);
        writeRawId(out, i32, at);
        const lp = streams.log.blockOf(at);
        out.string(u8, lp, listpack.totalBytes(lp));
        if (++this.written === this.blocks) break;
        last.load(i32, at);
        if (out.pos >= limit) return false;
        at = tree.next();
      }
    }
    writeState(out, store, s, this.form);
    return true;
  }
}

/** Writes what follows the blocks. */
function writeState(out: RdbWriter, store: Store, s: number, form: number): void {
  const { streams, i32, u8 } = store;
  out.len(streams.length(s));
  writeId(out, i32, s + S_LAST);
  if (form !== RdbType.STREAM_LISTPACKS) {
    writeId(out, i32, s + S_FIRST);
    writeId(out, i32, s + S_MAX_DELETED);
    out.len64(i32[s + S_ADDED], i32[s + S_ADDED + 1]);
  }
  const { groups } = streams;
  out.len(groups.count(s + S_GROUPS));
  for (let n = 0, g = groups.group(s + S_GROUPS, 0); g !== 0; g = groups.group(s + S_GROUPS, ++n)) {
    groups.readGroupName(g);
    out.string(u8, groups.nameAt, groups.nameLen);
    writeId(out, i32, g + G_LAST);
    if (form !== RdbType.STREAM_LISTPACKS) out.len64(i32[g + G_READ], i32[g + G_READ + 1]);
    writePending(out, store, g);
    out.len(groups.consumerCount(g));
    for (let m = 0, c = groups.consumer(g, 0); c !== 0; c = groups.consumer(g, ++m)) {
      writeConsumer(out, store, c, form === RdbType.STREAM_LISTPACKS_3);
    }
  }
}

function writePending(out: RdbWriter, store: Store, g: number): void {
  const { i32 } = store;
  const { groups } = store.streams;
  const { pending } = groups;
  out.len(pending.count(g + G_PENDING));
  for (let w = pending.first(g + G_PENDING); w !== 0; w = pending.next()) {
    writeRawId(out, i32, w);
    out.littleEndian64(groups.time(w + P_TIME));
    out.len64(i32[w + P_COUNT], i32[w + P_COUNT + 1]);
  }
}

function writeConsumer(out: RdbWriter, store: Store, c: number, withActiveTime: boolean): void {
  const { groups } = store.streams;
  const { owned } = groups;
  groups.readConsumerName(c);
  out.string(store.u8, groups.nameAt, groups.nameLen);
  out.littleEndian64(groups.time(c + C_SEEN));
  if (withActiveTime) out.littleEndian64(groups.time(c + C_ACTIVE));
  out.len(owned.count(c + C_PENDING));
  for (let w = owned.first(c + C_PENDING); w !== 0; w = owned.next()) writeRawId(out, store.i32, w);
}

/** 16 bytes, most significant first. */
function writeRawId(out: RdbWriter, i32: Int32Array, w: number): void {
  out.bigEndian64(i32[w], i32[w + 1]);
  out.bigEndian64(i32[w + 2], i32[w + 3]);
}

/** Both parts as lengths. */
function writeId(out: RdbWriter, i32: Int32Array, w: number): void {
  out.len64(i32[w], i32[w + 1]);
  out.len64(i32[w + 2], i32[w + 3]);
}
