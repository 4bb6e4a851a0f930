/**
 * RdbFileReader: reads an RDB file through a window: header, checksum, positions. Any thread.
 *
 *   "REDIS" | version, 4 digits | parts (codec/rdb/format.ts) ... | EOF | CRC-64 of all before, since version 5; 0: not summed
 */
import { latin1Text } from "../../base/bytes.ts";
import { Crc64 } from "../crc64.ts";
import { RDB_CHECKSUM_SINCE, RDB_VERSION_MAX } from "./format.ts";
import { RdbReader } from "./reader.ts";

/** Where the bytes of a file come from; an OpenFile (runtime/files.ts) is one. */
export interface RdbSource {
  /** Fills buf[from, to) from `position`; returns how many bytes, fewer only at the file's end. */
  read(buf: Uint8Array, from: number, to: number, position: number): number;
}

/**
 * The file can't be loaded. The message is Redis's line, or lines; `offset`: bytes of the file before the place where that was found.
 * `damaged`: it is an RDB file of a version known, but something is wrong in it.
 */
export class RdbFileError extends Error {
  constructor(message: string, readonly offset: number, readonly damaged = true) {
    super(message);
  }
}

/** Redis's log line for what is wrong at a place of a file. */
export function internalError(offset: number, what: string): string {
  return `Internal error in RDB reading offset ${offset} -> ${what}`;
}

/** Enough that a read costs little by the byte; small beside the processor's cache. */
const WINDOW = 1 << 18;
/** A window that one huge value made is given up above this. */
const WINDOW_KEEP = 1 << 22;
const HEADER = 9;
const CHECKSUM = 8;

export class RdbFileReader extends RdbReader {
  version = 0;
  /** True when the data ended before it was complete. */
  short = false;
  /** While set, the window stays where it is: reading beyond it throws CorruptRdb. */
  fixed = false;
  /** How often the window moved: what lay in `buf` before is elsewhere. */
  moves = 0;

  private readonly crc = new Crc64();
  /** Bytes of the file before buf[0]; bytes of the window that have been summed. */
  private base = 0;
  private summed = 0;
  private window = new Uint8Array(WINDOW);

  /** Reads a file of `sizeBytes` from its beginning; the checksum is only compared if `checksum` (rdbchecksum). */
  constructor(
    private readonly source: RdbSource,
    private readonly sizeBytes: number,
    private readonly checksum: boolean,
  ) {
    super();
    this.open(this.window, 0, 0);
  }

  /** Bytes of the file read so far. */
  get position(): number {
    return this.base + this.at;
  }

  /** Bytes of the file that follow. */
  get rest(): number {
    return this.sizeBytes - this.position;
  }

  protected override more(n: number): boolean {
    if (this.fixed) return false;
    const rest = this.end - this.at;
    if (n - rest > this.sizeBytes - this.base - this.end) {
      this.short = true;
      return false;
    }
    this.moves++;
    this.sum();
    let target = this.window;
    if (n > target.length) target = new Uint8Array(n + WINDOW);
    else if (target.length > WINDOW_KEEP && n <= WINDOW) target = new Uint8Array(WINDOW);
    if (target === this.window) target.copyWithin(0, this.at, this.end);
    else target.set(this.window.subarray(this.at, this.end));
    this.window = target;
    this.base += this.at;
    this.summed = 0;
    const got = this.source.read(target, rest, target.length, this.base + rest);
    this.open(target, 0, rest + got);
    if (rest + got >= n) return true;
    this.short = true;
    return false;
  }

  /** Takes what was read since the last time into the checksum. */
  private sum(): void {
    if (this.checksum) this.crc.update(this.buf, this.summed, this.at - this.summed);
    this.summed = this.at;
  }

  /** Reads the header. Throws RdbFileError, CorruptRdb. */
  readHeader(): void {
    const at = this.take(HEADER);
    const head = latin1Text(this.buf, at, at + HEADER);
    if (!head.startsWith("REDIS")) throw new RdbFileError("Wrong signature trying to load DB from file", 0, false);
    // As atoi(3) reads it.
    this.version = Number(/^[0-9]*/.exec(head.slice(5))![0]);
    if (this.version < 1 || this.version > RDB_VERSION_MAX) {
      throw new RdbFileError(`Can't handle RDB format version ${this.version}`, HEADER, false);
    }
  }

  /** Compares the checksum that follows EOF. Throws RdbFileError, CorruptRdb. */
  readChecksum(): void {
    if (this.version < RDB_CHECKSUM_SINCE) return;
    this.sum();
    const at = this.take(CHECKSUM);
    this.summed = this.at;
    if (!this.checksum || this.crc.equals(this.buf, at)) return;
    let expected = "";
    for (let k = CHECKSUM - 1; k >= 0; k--) expected += this.buf[at + k].toString(16).padStart(2, "0");
    if (/^0+$/.test(expected)) return; // written without one
    const got = (this.crc.hi >>> 0).toString(16).padStart(8, "0") + (this.crc.lo >>> 0).toString(16).padStart(8, "0");
    const plain = (digits: string) => digits.replace(/^0+(?=.)/, "");
    throw new RdbFileError(
      `Wrong RDB checksum expected: (${plain(expected)}) but got (${plain(got)}). Aborting now.\n` +
        internalError(this.position, "RDB CRC error"),
      this.position,
    );
  }
}
