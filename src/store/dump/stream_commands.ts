/**
 * Streams as the commands that make them: XADD for each entry, XSETID, XGROUP and XCLAIM for groups, consumers and what is pending. Any
 * thread. When consumers were seen last is not kept, as in Redis.
 */
import { INT64_TEXT_MAX, writeInt64, writeUint64 } from "../../base/int64_text.ts";
import { ID_TEXT_MAX, StreamId } from "../../structures/stream_id.ts";
import type { Store } from "../store.ts";
import { S_ADDED, S_GROUPS, S_LAST, S_LOG, S_MAX_DELETED } from "../types/stream.ts";
import { C_PENDING, G_LAST, G_READ, P_COUNT, P_TIME } from "../types/stream_groups.ts";
import type { CommandText } from "./command_text.ts";

export class StreamCommands {
  private store!: Store;
  private entry = 0;
  private s = 0;
  private blocks = 0;
  private written = 0;
  /** Master identifier of the last block written. */
  private readonly last = new StreamId();
  private readonly id = new StreamId();
  private readonly digits = new Uint8Array(Math.max(ID_TEXT_MAX, INT64_TEXT_MAX));

  constructor(private readonly text: CommandText) {}

  /** Makes ready to write the stream of an entry. */
  begin(store: Store, e: number): void {
    this.store = store;
    this.entry = e;
    this.s = store.streams.open(e);
    this.blocks = store.streams.log.blockCount(this.s + S_LOG);
    this.written = 0;
  }

  /** Writes until out.pos reaches `limit`, or at least a block; true when the stream is whole. */
  advance(limit: number): boolean {
    const { store, s, last, text } = this;
    const { log } = store.streams;
    let at = log.tree.first(s + S_LOG);
    if (this.written > 0) {
      log.tree.seekFrom(s + S_LOG, last);
      at = log.tree.next();
    }
    while (this.written < this.blocks) {
      this.writeBlock(log.blockOf(at), at);
      this.written++;
      last.load(store.i32, at);
      if (text.out.pos >= limit) return false;
      at = log.tree.next();
    }
    this.writeState();
    return true;
  }

  private writeBlock(lp: number, master: number): void {
    const { text, store } = this;
    const { block } = store.streams.log;
    const { listpack } = store;
    block.open(lp, store.i32, master);
    for (let p = block.entriesAt; !block.isEnd(p); p = block.behind()) {
      block.readEntry(p);
      if (block.isDeleted) continue;
      this.begins("XADD", 1 + 2 * block.pairs);
      this.writeId(block.id);
      block.rewind();
      for (let k = 0; k < block.pairs; k++) {
        block.readField();
        text.bulk(listpack.bytes, listpack.at, listpack.len);
        block.readValue();
        text.bulk(listpack.bytes, listpack.at, listpack.len);
      }
    }
  }

  /** Begins a command on the key with `count` arguments behind it. */
  private begins(name: string, count: number): void {
    this.text.begin(count + 2);
    this.text.word(name);
    this.writeKey();
  }

  private writeKey(): void {
    const { store } = this;
    store.open(this.entry);
    this.text.bulk(store.u8, store.keyAt, store.keyLen);
  }

  private writeId(id: StreamId): void {
    this.text.bulk(this.digits, 0, id.write(this.digits, 0));
  }

  /** An identifier in the words at `w`. */
  private writeIdAt(w: number): void {
    this.id.load(this.store.i32, w);
    this.writeId(this.id);
  }

  private writeState(): void {
    const { text, store, s, digits } = this;
    const { i32, streams } = store;
    if (streams.length(s) === 0) {
      // Only an entry that is trimmed at once makes an empty stream.
      this.begins("XADD", 5);
      text.word("MAXLEN");
      text.word("0");
      this.id.load(i32, s + S_LAST);
      if (this.id.isMin) this.id.seqLo = 1;
      this.writeId(this.id);
      text.word("x");
      text.word("y");
    }
    this.begins("XSETID", 5);
    this.writeIdAt(s + S_LAST);
    text.word("ENTRIESADDED");
    text.bulk(digits, 0, writeUint64(digits, 0, i32[s + S_ADDED], i32[s + S_ADDED + 1]));
    text.word("MAXDELETEDID");
    this.writeIdAt(s + S_MAX_DELETED);
    const { groups } = streams;
    for (let n = 0, g = groups.group(s + S_GROUPS, 0); g !== 0; g = groups.group(s + S_GROUPS, ++n)) {
      this.writeGroup(g);
    }
  }

  private writeGroup(g: number): void {
    const { text, store, digits } = this;
    const { groups } = store.streams;
    this.beginsForGroup("CREATE", g, 3);
    this.writeIdAt(g + G_LAST);
    text.word("ENTRIESREAD");
    text.bulk(digits, 0, writeInt64(digits, 0, store.i32[g + G_READ], store.i32[g + G_READ + 1]));
    for (let m = 0, c = groups.consumer(g, 0); c !== 0; c = groups.consumer(g, ++m)) {
      if (groups.owned.count(c + C_PENDING) === 0) {
        this.beginsForGroup("CREATECONSUMER", g, 1);
        this.writeConsumerName(c);
      } else this.writePending(g, c);
    }
  }

  /** Begins XGROUP with a subcommand and `count` arguments behind the group's name. */
  private beginsForGroup(subcommand: string, g: number, count: number): void {
    this.text.begin(4 + count);
    this.text.word("XGROUP");
    this.text.word(subcommand);
    this.writeKey();
    this.writeGroupName(g);
  }

  private writeGroupName(g: number): void {
    const { groups } = this.store.streams;
    groups.readGroupName(g);
    this.text.bulk(this.store.u8, groups.nameAt, groups.nameLen);
  }

  private writeConsumerName(c: number): void {
    const { groups } = this.store.streams;
    groups.readConsumerName(c);
    this.text.bulk(this.store.u8, groups.nameAt, groups.nameLen);
  }

  private writePending(g: number, c: number): void {
    const { text, store, digits, id } = this;
    const { groups } = store.streams;
    for (let w = groups.owned.first(c + C_PENDING); w !== 0; w = groups.owned.next()) {
      id.load(store.i32, w);
      const pending = groups.findPending(g, id);
      this.begins("XCLAIM", 10);
      this.writeGroupName(g);
      this.writeConsumerName(c);
      text.word("0");
      this.writeId(id);
      text.word("TIME");
      text.word(String(groups.time(pending + P_TIME)));
      text.word("RETRYCOUNT");
      text.bulk(digits, 0, writeUint64(digits, 0, store.i32[pending + P_COUNT], store.i32[pending + P_COUNT + 1]));
      text.word("JUSTID");
      text.word("FORCE");
    }
  }
}
