/**
 * StreamBlock: some consecutive entries of a stream in one listpack, byte for byte Redis's. Any thread, one at a time.
 *
 *   master entry   entries not deleted | entries deleted | number of fields | field ... | 0
 *   entry          flags | ms difference | seq difference | [number of fields] | [field] value ... | number of elements before this
 *
 *   flags 1: deleted; 2: the entry's fields are the master entry's, and neither their number nor their names are stored.
 *   Differences are to the master identifier, which is not in the listpack: it names the block in the stream's index.
 *
 * Invariants:
 * 1. The object shows one block (`open`) and one of its entries (`readEntry`); a change of the block ends the latter.
 * 2. An allocation has SLACK bytes behind its listpack, so that deleting, which may lengthen the counts, never allocates.
 * 3. Flags take one byte of payload (`validStreamBlock` sees to that), so setting one moves nothing.
 * 4. Identifiers ascend within a block, deleted entries included.
 */
import { type Arena, ArenaFull } from "../memory/arena.ts";
import { type Listpack, LISTPACK_EMPTY, LISTPACK_HEADER } from "./listpack.ts";
import { StreamId } from "./stream_id.ts";

const END = 0xff;
const FLAG_DELETED = 1;
const FLAG_SAME_FIELDS = 2;
/** What `readInt` returns for integers of more than 13 bits: none that it reads itself. */
const WIDE = 1 << 30;

/** Both counts may take 4 bytes more than the one they began with. */
const SLACK = 8;
/** Most bytes that an integer's entry takes. */
const INT_MAX = 10;
/** Elements of an entry besides fields and values: flags, both differences; the number of fields where that is stored. */
const FIXED_ELEMENTS = 3;
/** Spare room that a block which entries are added to gets, as a share of its size: few moves, and little lost in small streams. */
const GROWTH_SHIFT = 1;

export class StreamBlock {
  // The block.
  lp = 0;
  readonly master = new StreamId();
  /** Entries not deleted, and deleted. */
  live = 0;
  dead = 0;
  /** The master entry's fields: how many, and where the first one's name is. */
  fieldCount = 0;
  fieldsAt = 0;
  /** The first entry, or the end mark. */
  entriesAt = 0;

  // The entry.
  readonly id = new StreamId();
  flags = 0;
  /** Field-value pairs. */
  pairs = 0;
  /** The first field's name, or, with the master's fields, the first value. */
  bodyAt = 0;

  private behindInt = 0;
  private fieldPlace = 0;
  private valuePlace = 0;
  private readonly u8: Uint8Array;
  private readonly difference = new StreamId();

  constructor(private readonly arena: Arena, private readonly listpack: Listpack) {
    this.u8 = arena.u8;
  }

  // ---- reading ------------------------------------------------------------------------------------------------------

  /** Shows the block at `lp`, whose master identifier lies in the words at `w`. */
  open(lp: number, i32: Int32Array, w: number): void {
    const listpack = this.listpack;
    this.lp = lp;
    this.master.load(i32, w);
    this.live = this.readCount(lp + LISTPACK_HEADER);
    this.dead = this.readCount(this.behindInt);
    this.fieldCount = this.readCount(this.behindInt);
    let p = this.behindInt;
    this.fieldsAt = p;
    for (let k = this.fieldCount; k >= 0; k--) p = listpack.skip(p);
    this.entriesAt = p;
  }

  /** True at the end mark. */
  isEnd(p: number): boolean {
    return this.u8[p] === END;
  }

  /** Shows the entry whose flags are at `p`. */
  readEntry(p: number): void {
    const listpack = this.listpack;
    this.flags = this.u8[p];
    const ms = this.readInt(p + 2);
    const msHi = ms === WIDE ? listpack.hi : ms >> 31;
    const msLo = ms === WIDE ? listpack.lo : ms;
    const seq = this.readInt(this.behindInt);
    if (seq === WIDE) this.id.setSum(this.master, msHi, msLo, listpack.hi, listpack.lo);
    else this.id.setSum(this.master, msHi, msLo, seq >> 31, seq);
    p = this.behindInt;
    if (this.hasMasterFields) this.pairs = this.fieldCount;
    else {
      listpack.read(p);
      this.pairs = listpack.value;
      p = listpack.skip(p);
    }
    this.bodyAt = p;
  }

  /** The integer at `p`, or WIDE, and then it is in the listpack's hi and lo; `behindInt` is the place behind it. */
  private readInt(p: number): number {
    // Walking a block is mostly reading differences, which are small: the frequent forms are read here.
    const u8 = this.u8;
    const b = u8[p];
    if (b < 0x80) {
      this.behindInt = p + 2;
      return b;
    }
    if (b >= 0xc0 && b < 0xe0) {
      this.behindInt = p + 3;
      return ((((b & 31) << 8) | u8[p + 1]) << 19) >> 19;
    }
    const { listpack } = this;
    listpack.read(p);
    this.behindInt = listpack.skip(p);
    return WIDE;
  }

  /** The integer n >= 0 at `p`; `behindInt` is the place behind it. */
  private readCount(p: number): number {
    const n = this.readInt(p);
    return n === WIDE ? this.listpack.value : n;
  }

  /** Of the entry shown: it was deleted. */
  get isDeleted(): boolean {
    return (this.flags & FLAG_DELETED) !== 0;
  }

  /** Of the entry shown: its fields are the master entry's. */
  get hasMasterFields(): boolean {
    return (this.flags & FLAG_SAME_FIELDS) !== 0;
  }

  /** Goes to the first pair of the entry shown. */
  rewind(): void {
    this.fieldPlace = this.fieldsAt;
    this.valuePlace = this.bodyAt;
  }

  /** Reads the next pair's field into the listpack's bytes, at and len; `readValue` follows. */
  readField(): void {
    const { listpack } = this;
    if (this.hasMasterFields) {
      listpack.readBytes(this.fieldPlace);
      this.fieldPlace = listpack.skip(this.fieldPlace);
    } else this.readValue();
  }

  /** Reads the pair's value, as `readField`. */
  readValue(): void {
    const { listpack } = this;
    listpack.readBytes(this.valuePlace);
    this.valuePlace = listpack.skip(this.valuePlace);
  }

  /** The place behind the entry shown: the next one or the end mark. */
  behind(): number {
    const listpack = this.listpack;
    let p = this.bodyAt;
    for (let k = this.hasMasterFields ? this.pairs : this.pairs * 2; k >= 0; k--) p = listpack.skip(p);
    return p;
  }

  /** The entry before the place `p` (an entry or the end mark), or 0. */
  before(p: number): number {
    const { listpack, lp } = this;
    p = listpack.prev(lp, p);
    listpack.read(p);
    let elements = listpack.value;
    if (elements === 0) return 0;
    while (elements-- > 0) p = listpack.prev(lp, p);
    return p;
  }

  /** The place of the end mark. */
  get end(): number {
    return this.listpack.end(this.lp);
  }

  // ---- changing -----------------------------------------------------------------------------------------------------

  /**
   * Makes a block whose first entry, named by the master identifier, has the pairs of the arguments from `first` on; returns its
   * address. Throws ArenaFull.
   */
  create(id: StreamId, buf: Uint8Array, at: Int32Array, len: Int32Array, first: number, pairs: number): number {
    const listpack = this.listpack;
    // Six integers are small; the numbers of pairs and of elements may not be.
    let size = LISTPACK_EMPTY + 6 * 2 + 2 * INT_MAX + SLACK;
    for (let k = 0; k < pairs * 2; k++) size += elementBound(len[first + k]);
    const lp = this.arena.alloc(size);
    listpack.init(lp);
    this.appendInt(lp, 1);
    this.appendInt(lp, 0);
    this.appendInt(lp, pairs);
    for (let k = 0; k < pairs; k++) this.appendBytes(lp, buf, at[first + 2 * k], len[first + 2 * k]);
    this.appendInt(lp, 0);
    this.master.copy(id);
    this.appendEntry(lp, FLAG_SAME_FIELDS, id, buf, at, len, first, pairs);
    return lp;
  }

  /** Adds an entry behind all others; returns the block's address, which may be new. Throws ArenaFull with nothing changed. */
  append(id: StreamId, buf: Uint8Array, at: Int32Array, len: Int32Array, first: number, pairs: number): number {
    const { arena, listpack } = this;
    let lp = this.lp;
    let need = listpack.totalBytes(lp) + 6 * INT_MAX + SLACK;
    for (let k = 0; k < pairs * 2; k++) need += elementBound(len[first + k]);
    if (need > arena.usable(lp)) {
      const fields = this.fieldsAt - lp;
      lp = arena.realloc(lp, need + (need >> GROWTH_SHIFT));
      this.lp = lp;
      this.fieldsAt = lp + fields;
    }
    const flags = this.sameFields(buf, at, len, first, pairs) ? FLAG_SAME_FIELDS : 0;
    const liveAt = lp + LISTPACK_HEADER;
    // A count that takes one byte before and after moves nothing.
    if (++this.live < 128 && this.u8[liveAt] < 128) this.u8[liveAt] = this.live;
    else this.putInt(lp, liveAt, this.live);
    this.appendEntry(lp, flags, id, buf, at, len, first, pairs);
    return lp;
  }

  private sameFields(buf: Uint8Array, at: Int32Array, len: Int32Array, first: number, pairs: number): boolean {
    if (pairs !== this.fieldCount) return false;
    const listpack = this.listpack;
    let p = this.fieldsAt;
    for (let k = 0; k < pairs; k++) {
      if (!listpack.equals(p, buf, at[first + 2 * k], len[first + 2 * k])) return false;
      p = listpack.skip(p);
    }
    return true;
  }

  private appendEntry(
    lp: number,
    flags: number,
    id: StreamId,
    buf: Uint8Array,
    at: Int32Array,
    len: Int32Array,
    first: number,
    pairs: number,
  ): void {
    const { listpack, difference } = this;
    const same = flags !== 0;
    const from = listpack.end(lp);
    let p = this.writeSmall(from, flags);
    difference.setDifference(id, this.master);
    p = this.writeInt64(p, difference.msHi, difference.msLo);
    p = this.writeInt64(p, difference.seqHi, difference.seqLo);
    if (!same) p = this.writeSmall(p, pairs);
    for (let i = first; i < first + 2 * pairs; i += 2) {
      if (!same) {
        listpack.encode(buf, at[i], len[i]);
        p = listpack.write(p);
      }
      listpack.encode(buf, at[i + 1], len[i + 1]);
      p = listpack.write(p);
    }
    const body = same ? pairs : 1 + 2 * pairs;
    p = this.writeSmall(p, FIXED_ELEMENTS + body);
    listpack.appended(lp, p, FIXED_ELEMENTS + body + 1);
  }

  /** Writes the integer n >= 0 at `p`; returns the place behind it. */
  private writeSmall(p: number, n: number): number {
    if (n < 128) {
      this.u8[p] = n;
      this.u8[p + 1] = 1;
      return p + 2;
    }
    this.listpack.encodeInt(n);
    return this.listpack.write(p);
  }

  private writeInt64(p: number, hi: number, lo: number): number {
    if (hi === 0 && lo >= 0) return this.writeSmall(p, lo);
    this.listpack.encodeInt64(hi, lo);
    return this.listpack.write(p);
  }

  private appendInt(lp: number, n: number): void {
    this.listpack.encodeInt(n);
    this.listpack.append(lp);
  }

  private appendBytes(lp: number, buf: Uint8Array, from: number, len: number): void {
    this.listpack.encode(buf, from, len);
    this.listpack.append(lp);
  }

  private putInt(lp: number, p: number, n: number): void {
    this.listpack.encodeInt(n);
    this.listpack.replace(lp, p);
  }

  /** Marks the entry at `p` as deleted; `countDeleted` must tell the counts before the block is used again. */
  mark(p: number): void {
    this.u8[p] |= FLAG_DELETED;
  }

  /** Says that `n` entries were marked; entries may move. */
  countDeleted(n: number): void {
    const { lp, listpack } = this;
    this.live -= n;
    this.dead += n;
    this.putInt(lp, lp + LISTPACK_HEADER, this.live);
    this.putInt(lp, listpack.skip(lp + LISTPACK_HEADER), this.dead);
  }

  /** Gives back the spare room of a block that gets no more entries; returns its address, which may be new. */
  shrink(): number {
    try {
      return this.arena.realloc(this.lp, this.listpack.totalBytes(this.lp) + SLACK);
    } catch (error) {
      if (!(error instanceof ArenaFull)) throw error;
      return this.lp;
    }
  }

  /** Bytes to allocate for a copy of the listpack of `size` bytes. */
  static allocation(size: number): number {
    return size + SLACK;
  }
}

/** Most bytes that a string of `len` bytes takes as an entry (as an integer it never takes more). */
function elementBound(len: number): number {
  return len < 64 ? len + 2 : len < 4096 ? len + 4 : len + 10;
}

/**
 * Checks that the well-formed listpack at `lp` is a block with the given master identifier, as the invariants say: returns the
 * number of entries not deleted, or -1. For bytes that come from outside.
 */
export function validStreamBlock(listpack: Listpack, u8: Uint8Array, lp: number, master: StreamId): number {
  const end = listpack.end(lp);
  let p = lp + LISTPACK_HEADER;
  const int = (): number => {
    if (p >= end) return -1;
    listpack.read(p);
    p = listpack.skip(p);
    return listpack.isInt ? listpack.value : -1;
  };
  const pass = (elements: number): boolean => {
    for (; elements > 0 && p < end; elements--) p = listpack.skip(p);
    return elements === 0;
  };
  const live = int();
  const dead = int();
  const fields = int();
  if (live < 0 || dead < 0 || fields < 0 || !pass(fields) || int() !== 0) return -1;
  const id = new StreamId();
  const before = new StreamId();
  let found = 0;
  for (let n = live + dead; n > 0; n--) {
    if (p >= end || u8[p] > (FLAG_DELETED | FLAG_SAME_FIELDS)) return -1;
    const flags = u8[p];
    const first = n === live + dead;
    p = listpack.skip(p);
    if (p >= end) return -1;
    listpack.read(p);
    if (!listpack.isInt) return -1;
    const { hi, lo } = listpack;
    p = listpack.skip(p);
    if (p >= end) return -1;
    listpack.read(p);
    if (!listpack.isInt) return -1;
    p = listpack.skip(p);
    id.setSum(master, hi, lo, listpack.hi, listpack.lo);
    if (first ? id.compare(master) < 0 : id.compare(before) <= 0) return -1;
    before.copy(id);
    let elements = fields;
    if ((flags & FLAG_SAME_FIELDS) === 0) {
      elements = int() * 2;
      if (elements < 0 || !pass(elements)) return -1;
      elements++;
    } else if (!pass(elements)) return -1;
    if (int() !== elements + FIXED_ELEMENTS) return -1;
    if ((flags & FLAG_DELETED) === 0) found++;
  }
  return p === end && found === live ? live : -1;
}
