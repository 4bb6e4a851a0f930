/**
 * Crc64Kernel: the inner loop of CRC-64 (codec/crc64.ts) as a WebAssembly module, because a sum of 64 bits is two halves in JavaScript: there
 * it takes 1.1 to 1.8 ns a byte, here 0.6, of which a save and a load of small keys are mostly made. Any thread.
 *
 * The module is put together here from its instructions. Its memory has the eight tables, the running sum, and room for what is summed:
 *
 *   0       tables: the sum of byte b followed by k zero bytes at (k * 256 + b) * 8
 *   SUM     the sum, 8 bytes
 *   DATA    CHUNK bytes
 *
 * Source: WebAssembly Core Specification, binary format.
 */

/** Bytes summed in one call at most. */
export const CHUNK = 1 << 16;

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
  LOCAL_TEE: 0x22,
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
}

export class Crc64Kernel {
  private readonly update: (end: number) => void;
  private readonly bytes: Uint8Array;
  private readonly sum: Int32Array;

  /** `lo` and `hi` are the halves of the tables' words. */
  constructor(lo: Int32Array, hi: Int32Array) {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()));
    const { memory, update } = exports as unknown as Exports;
    this.update = update;
    this.bytes = new Uint8Array(memory.buffer);
    const words = new Int32Array(memory.buffer);
    for (let i = 0; i < TABLES * 256; i++) {
      words[2 * i] = lo[i];
      words[2 * i + 1] = hi[i];
    }
    this.sum = words.subarray(SUM >> 2, (SUM >> 2) + 2);
  }

  /** The halves of the sum after the last `take`, as int32. */
  get lo(): number {
    return this.sum[0];
  }

  get hi(): number {
    return this.sum[1];
  }

  /** Goes on from the sum (lo, hi) over buf[from, from+len): at most CHUNK bytes, a multiple of 8. */
  take(lo: number, hi: number, buf: Uint8Array, from: number, len: number): void {
    this.sum[0] = lo;
    this.sum[1] = hi;
    this.bytes.set(buf.subarray(from, from + len), DATA);
    this.update(DATA + len);
  }
}

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const end = 0, at = 1, sum = 2; // locals
  const next = [Op.LOCAL_GET, at, Op.I32_CONST, ...signed(8), Op.I32_ADD, Op.LOCAL_SET, at];
  const body = [
    ...[2, 1, I32, 1, I64], // locals: one int32, one int64
    ...[Op.I32_CONST, ...signed(DATA), Op.LOCAL_SET, at],
    ...[Op.I32_CONST, 0, Op.I64_LOAD, ALIGN_8, ...unsigned(SUM), Op.LOCAL_SET, sum],
    ...[Op.BLOCK, EMPTY, Op.LOOP, EMPTY],
    ...[Op.LOCAL_GET, at, Op.LOCAL_GET, end, Op.I32_GE_U, Op.BR_IF, 1],
    ...[Op.LOCAL_GET, sum, Op.LOCAL_GET, at, Op.I64_LOAD, ALIGN_8, 0, Op.I64_XOR, Op.LOCAL_SET, sum],
    ...Array.from({ length: TABLES }, (_, k) => [...lookup(sum, k), ...(k > 0 ? [Op.I64_XOR] : [])]).flat(),
    ...[Op.LOCAL_SET, sum],
    ...next,
    ...[Op.BR, 0, Op.END, Op.END],
    ...[Op.I32_CONST, 0, Op.LOCAL_GET, sum, Op.I64_STORE, ALIGN_8, ...unsigned(SUM)],
    Op.END,
  ];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // "\0asm", version 1
    ...section(Section.TYPE, [1, 0x60, 1, I32, 0]),
    ...section(Section.FUNCTION, [1, 0]),
    ...section(Section.MEMORY, [1, 1, PAGES, PAGES]),
    ...section(Section.EXPORT, [2, ...name("memory"), 2, 0, ...name("update"), 0, 0]),
    ...section(Section.CODE, [1, ...sized(body)]),
  ]);
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
