/** Routes: which shards a request concerns. Main thread. */
import { keySlot } from "../../codec/crc16.ts";
import { KeyFinder } from "../../commands/key_specs.ts";
import type { ArgumentRanges } from "../../ring/messages.ts";
import type { CommandEntry } from "./command_entry.ts";

/** `Routes.shard` when the keys lie in several shards. */
export const SEVERAL = -1;

export class Routes {
  /** After `locate`: for each shard 1 when it owns one of the keys. */
  readonly owns: Uint8Array;
  /** After `locate`: the keys' arguments and owners, `count` of them. */
  keyAt = new Int32Array(64);
  owner = new Int32Array(64);
  count = 0;
  private readonly finder = new KeyFinder();

  constructor(private readonly shards: number) {
    this.owns = new Uint8Array(shards);
  }

  /** The shard of a slot: shards own equal runs of slots. */
  ofKey(buf: Uint8Array, at: number, len: number): number {
    return (keySlot(buf, at, len) * this.shards) >> 14;
  }

  /** The one shard that owns all keys, 0 when there are none, or SEVERAL (then `owns`, `keyAt` and `owner` tell more). */
  locate(entry: CommandEntry, args: ArgumentRanges): number {
    const range = entry.keys;
    if (range !== undefined && range.first > 0 && range.first === range.last) {
      return range.first < args.argc ? this.ofKey(args.buf, args.at[range.first], args.len[range.first]) : 0;
    }
    if (range !== undefined && range.first === 0) return 0;
    this.count = 0;
    if (range !== undefined) {
      const last = Math.min(range.last < 0 ? args.argc + range.last : range.last, args.argc - 1);
      for (let i = range.first; i <= last; i += range.step) this.note(args, i);
    } else {
      this.finder.find(entry.facts, args);
      for (let k = 0; k < this.finder.count; k++) this.note(args, this.finder.index[k]);
    }
    if (this.count === 0) return 0;
    const first = this.owner[0];
    let several = false;
    this.owns.fill(0);
    for (let k = 0; k < this.count; k++) {
      this.owns[this.owner[k]] = 1;
      if (this.owner[k] !== first) several = true;
    }
    return several ? SEVERAL : first;
  }

  /** As `locate`, for a request that concerns all shards. */
  locateAll(): number {
    this.owns.fill(1);
    this.owner[0] = 0;
    return SEVERAL;
  }

  private note(args: ArgumentRanges, i: number): void {
    if (this.count === this.keyAt.length) {
      const keyAt = new Int32Array(this.count * 2);
      const owner = new Int32Array(this.count * 2);
      keyAt.set(this.keyAt);
      owner.set(this.owner);
      this.keyAt = keyAt;
      this.owner = owner;
    }
    this.keyAt[this.count] = i;
    this.owner[this.count++] = this.ofKey(args.buf, args.at[i], args.len[i]);
  }
}
