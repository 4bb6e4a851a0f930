/**
 * StreamReader: fills a stream from the forms of RDB files and DUMP payloads (stream_writer.ts). Any thread, one at a time.
 *
 * Invariants:
 * 1. Nothing is trusted: blocks are checked entry by entry, and each pending entry must be exactly one consumer's.
 * 2. What throws CorruptRdb or ArenaFull leaves a stream that can be freed.
 */
import { copyBytes } from "../../base/bytes.ts";
import { RdbType } from "../../codec/rdb/format.ts";
import { CorruptRdb, type RdbReader } from "../../codec/rdb/reader.ts";
import { validListpack } from "../../structures/listpack.ts";
import { StreamBlock, validStreamBlock } from "../../structures/stream_block.ts";
import { ID_WORDS, StreamId } from "../../structures/stream_id.ts";
import type { Store } from "../store.ts";
import { S_ADDED, S_FIRST, S_GROUPS, S_LAST, S_LENGTH, S_LOG, S_MAX_DELETED } from "../types/stream.ts";
import {
  C_ACTIVE,
  C_PENDING,
  C_SEEN,
  G_LAST,
  G_PENDING,
  G_READ,
  P_CONSUMER,
  P_COUNT,
  P_TIME,
} from "../types/stream_groups.ts";

const ID_BYTES = ID_WORDS * 4;

export class StreamReader {
  private readonly i32: Int32Array;
  private readonly id = new StreamId();

  /** `s`: word index of the payload of an empty stream. */
  constructor(private readonly reader: RdbReader, private readonly store: Store, private readonly s: number) {
    this.i32 = store.i32;
  }

  /** Reads the stream of a form that comes next in the reader. Throws CorruptRdb and ArenaFull. */
  read(form: number): void {
    const { reader, i32, s, store } = this;
    const { streams } = store;
    let length = 0;
    for (let blocks = reader.len(); blocks > 0; blocks--) length += this.readBlock();
    if (reader.len() !== length) throw new CorruptRdb("Stream length inconsistent with rax entries");
    i32[s + S_LENGTH] = length;
    this.readId(s + S_LAST);
    if (form !== RdbType.STREAM_LISTPACKS) {
      this.readId(s + S_FIRST);
      this.readId(s + S_MAX_DELETED);
      this.readNumber(s + S_ADDED);
    } else {
      streams.renewFirst(s);
      i32[s + S_ADDED + 1] = length;
    }
    this.checkLast();
    for (let groups = reader.len(); groups > 0; groups--) this.readGroup(form);
  }

  /** Reads a block; returns how many entries it has. */
  private readBlock(): number {
    const { reader, store, id, s } = this;
    const { u8, arena, listpack } = store;
    const { log } = store.streams;
    reader.string();
    if (reader.stringLen !== ID_BYTES) throw new CorruptRdb("Stream node key entry is not the size of a stream ID");
    id.loadBytes(reader.stringBuf, reader.stringAt);
    reader.string();
    const { stringBuf, stringAt, stringLen } = reader;
    const elements = validListpack(stringBuf, stringAt, stringLen);
    if (elements === 0) throw new CorruptRdb("Empty listpack inside stream");
    if (elements < 0) throw new CorruptRdb("Stream listpack integrity check failed.");
    if (log.tree.find(s + S_LOG, id) !== 0) throw new CorruptRdb("Listpack re-added with existing key");
    const lp = arena.alloc(StreamBlock.allocation(stringLen));
    copyBytes(u8, lp, stringBuf, stringAt, stringLen);
    const live = validStreamBlock(listpack, u8, lp, id);
    if (live < 0) {
      arena.free(lp);
      throw new CorruptRdb("Stream listpack integrity check failed.");
    }
    log.adopt(s + S_LOG, id, lp);
    return live;
  }

  /** Blocks must not overlap, nor pass the last identifier. */
  private checkLast(): void {
    const { store, s, i32, id } = this;
    const { tree, block } = store.streams.log;
    id.setMin();
    let isFirst = true;
    for (let at = tree.first(s + S_LOG); at !== 0; at = tree.next()) {
      if (!isFirst && id.compareAt(i32, at) >= 0) throw new CorruptRdb("Stream listpacks overlap");
      isFirst = false;
      block.open(store.streams.log.blockOf(at), i32, at);
      const last = block.before(block.end);
      if (last === 0) throw new CorruptRdb("Stream listpack without entries");
      block.readEntry(last);
      id.copy(block.id);
    }
    if (id.compareAt(i32, s + S_LAST) > 0) throw new CorruptRdb("Stream entry behind the stream's last ID");
  }

  private readGroup(form: number): void {
    const { reader, store, s, i32, id } = this;
    const { streams } = store;
    const { groups } = streams;
    reader.string();
    const { stringBuf, stringAt, stringLen } = reader;
    if (groups.findGroup(s + S_GROUPS, stringBuf, stringAt, stringLen) !== 0) {
      throw new CorruptRdb("Duplicated consumer group name");
    }
    const g = groups.createGroup(s + S_GROUPS, stringBuf, stringAt, stringLen);
    this.readId(g + G_LAST);
    if (form !== RdbType.STREAM_LISTPACKS) this.readNumber(g + G_READ);
    else {
      id.load(i32, g + G_LAST);
      const known = streams.estimateRead(s, id);
      i32[g + G_READ] = known ? streams.readHi : -1;
      i32[g + G_READ + 1] = known ? streams.readLo : -1;
    }
    for (let left = reader.len(); left > 0; left--) this.readPending(g);
    let owned = 0;
    for (let left = reader.len(); left > 0; left--) owned += this.readConsumer(g, form);
    if (owned !== groups.pending.count(g + G_PENDING)) throw new CorruptRdb("Stream CG PEL entry without consumer");
  }

  /** A pending entry, whose consumer comes later. */
  private readPending(g: number): void {
    const { reader, id, i32 } = this;
    const { pending } = this.store.streams.groups;
    id.loadBytes(reader.buf, reader.take(ID_BYTES));
    if (pending.find(g + G_PENDING, id) !== 0) {
      throw new CorruptRdb("Duplicated global PEL entry loading stream consumer group");
    }
    const at = pending.insert(g + G_PENDING, id);
    i32[at + P_CONSUMER] = 0;
    this.readTime(at + P_TIME);
    this.readNumber(at + P_COUNT);
  }

  /** Reads a consumer; returns how many entries are pending for it. */
  private readConsumer(g: number, form: number): number {
    const { reader, store, id, i32 } = this;
    const { groups } = store.streams;
    reader.string();
    const { stringBuf, stringAt, stringLen } = reader;
    if (groups.findConsumer(g, stringBuf, stringAt, stringLen) !== 0) {
      throw new CorruptRdb("Duplicate stream consumer detected.");
    }
    const c = groups.createConsumer(g, stringBuf, stringAt, stringLen, 0);
    this.readTime(c + C_SEEN);
    if (form === RdbType.STREAM_LISTPACKS_3) this.readTime(c + C_ACTIVE);
    else i32.copyWithin(c + C_ACTIVE, c + C_SEEN, c + C_SEEN + 2);
    const count = reader.len();
    for (let left = count; left > 0; left--) {
      id.loadBytes(reader.buf, reader.take(ID_BYTES));
      const at = groups.findPending(g, id);
      if (at === 0) throw new CorruptRdb("Consumer entry not found in group global PEL");
      if (i32[at + P_CONSUMER] !== 0) {
        throw new CorruptRdb("Duplicated consumer PEL entry loading a stream consumer group");
      }
      groups.owned.insert(c + C_PENDING, id);
      i32[at + P_CONSUMER] = c;
    }
    return count;
  }

  /** An identifier of two lengths, to the words at `w`. */
  private readId(w: number): void {
    this.readNumber(w);
    this.readNumber(w + 2);
  }

  private readNumber(w: number): void {
    this.reader.len64();
    this.i32[w] = this.reader.hi;
    this.i32[w + 1] = this.reader.lo;
  }

  private readTime(w: number): void {
    // No clock is that wrong.
    if (!Number.isSafeInteger(this.reader.littleEndian64())) throw new CorruptRdb("Stream time out of range");
    this.i32[w] = this.reader.hi;
    this.i32[w + 1] = this.reader.lo;
  }
}
