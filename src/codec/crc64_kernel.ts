/**
 * Crc64Kernel: the inner loop of CRC-64 (codec/crc64.ts) as a WebAssembly module, because a sum of 64 bits is two halves in JavaScript: there
 * it takes 1.1 to 1.8 ns a byte, here 0.4, of which a save and a load of small keys are mostly made. Any thread.
 *
 * A sum waits for itself from one word to the next; so a whole chunk is two sums side by side, of its halves, put together in the end: what a
 * sum becomes by HALF zero bytes behind it is the exclusive or of what each of its bits becomes.
 *
 * The module is put together here from its instructions. Its memory has the eight tables, the running sums, and room for what is summed:
 *
 *   0       tables: the sum of byte b followed by k zero bytes at (k * 256 + b) * 8
 *   SUM     the sum, 8 bytes; then that of a chunk's second half
 *   DATA    CHUNK bytes
 *
 * Source: WebAssembly Core Specification, binary format.
 */

/** Bytes summed in one call at most. */
export const CHUNK = 1 << 16;

const HALF = CHUNK / 2;
const TABLES = 8;
const TABLE_BYTES = 256 * 8;
const SUM = TABLES * TABLE_BYTES;
const DATA = SUM + 64;
const PAGES = Math.ceil((DATA + CHUNK) / 65536);

// Types, sections and instructions of the binary format.
const I32 = 0x7f;
const I64 = 0x7e;
const EMPTY = 0x40;
const Section = { TYPE: 1, FUNCTION: 3, MEMORY: 5, EXPORT: 7, CODE: 10 } as const;
const Op = {
  BLOCK: 0x02,
  LOOP: 0x03,
  END: 0x0b,
  BR: 0x0c,
  BR_IF: 0x0d,
  LOCAL_GET: 0x20,
  LOCAL_SET: 0x21,
  I64_LOAD: 0x29,
  I64_STORE: 0x37,
  I32_CONST: 0x41,
  I64_CONST: 0x42,
  I32_GE_U: 0x4f,
  I32_ADD: 0x6a,
  I32_AND: 0x71,
  I64_XOR: 0x85,
  I64_SHL: 0x86,
  I64_SHR_U: 0x88,
  I32_WRAP_I64: 0xa7,
} as const;
/** Alignment of a 64-bit access, as its binary logarithm: as a hint only, data may lie anywhere. */
const ALIGN_8 = 3;

interface Exports {
  readonly memory: WebAssembly.Memory;
  /** Sums the data from DATA up to `end`, a multiple of 8 bytes. */
  readonly update: (end: number) => void;
  /** The same, and beside it the data as far behind DATA + HALF, for the second sum. */
  readonly updateBoth: (end: number) => void;
}

export class Crc64Kernel {
  private readonly update: (end: number) => void;
  private readonly updateBoth: (end: number) => void;
  private readonly bytes: Uint8Array;
  /** Both sums, low half first. */
  private readonly sums: Int32Array;
  /** What each bit of a sum becomes by HALF zero bytes, low half first. */
  private readonly shifted: Int32Array;

  /** `lo` and `hi` are the halves of the tables' words. */
  constructor(lo: Int32Array, hi: Int32Array) {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()));
    const { memory, update, updateBoth } = exports as unknown as Exports;
    this.update = update;
    this.updateBoth = updateBoth;
    this.bytes = new Uint8Array(memory.buffer);
    const words = new Int32Array(memory.buffer);
    for (let i = 0; i < TABLES * 256; i++) {
      words[2 * i] = lo[i];
      words[2 * i + 1] = hi[i];
    }
    this.sums = words.subarray(SUM >> 2, (SUM >> 2) + 4);
    // What one zero byte does, and then again and again what doing it twice does.
    let shifted = new Int32Array(2 * 64);
    for (let bit = 0; bit < 64; bit++) {
      const low = bit < 32 ? 1 << bit : 0;
      const high = bit < 32 ? 0 : 1 << (bit - 32);
      shifted[2 * bit] = ((low >>> 8) | (high << 24)) ^ lo[low & 0xff];
      shifted[2 * bit + 1] = (high >>> 8) ^ hi[low & 0xff];
    }
    for (let bytes = 1; bytes < HALF; bytes *= 2) {
      const twice = new Int32Array(2 * 64);
      for (let bit = 0; bit < 64; bit++) addImage(shifted, shifted, 2 * bit, twice, 2 * bit);
      shifted = twice;
    }
    this.shifted = shifted;
  }

  /** The halves of the sum after the last `take`, as int32. */
  get lo(): number {
    return this.sums[0];
  }

  get hi(): number {
    return this.sums[1];
  }

  /** Goes on from the sum (lo, hi) over buf[from, from+len): at most CHUNK bytes, a multiple of 8. */
  take(lo: number, hi: number, buf: Uint8Array, from: number, len: number): void {
    const { sums } = this;
    sums[0] = lo;
    sums[1] = hi;
    this.bytes.set(buf.subarray(from, from + len), DATA);
    if (len < CHUNK) this.update(DATA + len);
    else {
      sums[2] = sums[3] = 0;
      this.updateBoth(DATA + HALF);
      addImage(this.shifted, sums, 0, sums, 2);
      sums[0] = sums[2];
      sums[1] = sums[3];
    }
  }
}

/** Adds to the sum at to[at] what the one at sums[from] becomes: `shifted` says it of each bit. */
function addImage(shifted: Int32Array, sums: Int32Array, from: number, to: Int32Array, at: number): void {
  let lo = to[at];
  let hi = to[at + 1];
  for (let bit = 0; bit < 64; bit++) {
    if (((sums[from + (bit >> 5)] >>> (bit & 31)) & 1) === 0) continue;
    lo ^= shifted[2 * bit];
    hi ^= shifted[2 * bit + 1];
  }
  to[at] = lo;
  to[at + 1] = hi;
}

function moduleBytes(): Uint8Array<ArrayBuffer> {
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // "\0asm", version 1
    ...section(Section.TYPE, [1, 0x60, 1, I32, 0]),
    ...section(Section.FUNCTION, [2, 0, 0]),
    ...section(Section.MEMORY, [1, 1, PAGES, PAGES]),
    ...section(Section.EXPORT, [3, ...name("memory"), 2, 0, ...name("update"), 0, 0, ...name("updateBoth"), 0, 1]),
    ...section(Section.CODE, [2, ...sized(body(1)), ...sized(body(2))]),
  ]);
}

/** A function that sums so many halves side by side. */
function body(sums: 1 | 2): number[] {
  const end = 0, at = 1; // locals; the sums follow
  const each = (instructions: (sum: number, k: number) => number[]) =>
    Array.from({ length: sums }, (_, k) => instructions(at + 1 + k, k)).flat();
  return [
    ...[2, 1, I32, sums, I64], // locals: one int32, the sums
    ...[Op.I32_CONST, ...signed(DATA), Op.LOCAL_SET, at],
    ...each((sum, k) => [Op.I32_CONST, 0, Op.I64_LOAD, ALIGN_8, ...unsigned(SUM + 8 * k), Op.LOCAL_SET, sum]),
    ...[Op.BLOCK, EMPTY, Op.LOOP, EMPTY],
    ...[Op.LOCAL_GET, at, Op.LOCAL_GET, end, Op.I32_GE_U, Op.BR_IF, 1],
    ...each((sum, k) => [
      ...[
        Op.LOCAL_GET,
        sum,
        Op.LOCAL_GET,
        at,
        Op.I64_LOAD,
        ALIGN_8,
        ...unsigned(HALF * k),
        Op.I64_XOR,
        Op.LOCAL_SET,
        sum,
      ],
      ...Array.from({ length: TABLES }, (_, n) => [...lookup(sum, n), ...(n > 0 ? [Op.I64_XOR] : [])]).flat(),
      ...[Op.LOCAL_SET, sum],
    ]),
    ...[Op.LOCAL_GET, at, Op.I32_CONST, ...signed(8), Op.I32_ADD, Op.LOCAL_SET, at],
    ...[Op.BR, 0, Op.END, Op.END],
    ...each((sum, k) => [Op.I32_CONST, 0, Op.LOCAL_GET, sum, Op.I64_STORE, ALIGN_8, ...unsigned(SUM + 8 * k)]),
    Op.END,
  ];
}

/** Instructions that look up byte k of the sum, in the table of as many zero bytes as follow it. */
function lookup(sum: number, k: number): number[] {
  // The byte's place times 8 by one shift: the sum's bits 8k.. come to bits 3..10.
  const shift = 8 * k - 3;
  return [
    ...[Op.LOCAL_GET, sum, Op.I64_CONST, ...signed(Math.abs(shift)), shift < 0 ? Op.I64_SHL : Op.I64_SHR_U],
    ...[Op.I32_WRAP_I64, Op.I32_CONST, ...signed(0xff << 3), Op.I32_AND],
    ...[Op.I64_LOAD, ALIGN_8, ...unsigned((TABLES - 1 - k) * TABLE_BYTES)],
  ];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)];
}

function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content];
}

function name(text: string): number[] {
  return sized(Array.from(text, (char) => char.charCodeAt(0)));
}

/** LEB128 of a number that is not negative. */
function unsigned(n: number): number[] {
  return n < 128 ? [n] : [(n & 127) | 128, ...unsigned(n >>> 7)];
}

/** Signed LEB128 of a number that is not negative. */
function signed(n: number): number[] {
  return n < 64 ? [n] : [(n & 127) | 128, ...signed(n >>> 7)];
}
