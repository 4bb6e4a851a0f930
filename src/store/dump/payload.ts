/**
 * Payload: a value as DUMP gives it and RESTORE takes it. Any thread, one at a time.
 *
 *   type byte | value in RDB form | 2 bytes RDB version | 8 bytes CRC-64 of all before
 *
 * Source: Redis documentation, "DUMP".
 */
import { Crc64 } from "../../codec/crc64.ts";
import { RDB_VERSION_MAX } from "../../codec/rdb/format.ts";
import { RdbReader } from "../../codec/rdb/reader.ts";
import { RdbWriter } from "../../codec/rdb/writer.ts";
import type { Store } from "../store.ts";
import { ValueWriter } from "./value_writer.ts";

const CHECKSUM = 8;
const FOOTER = 2 + CHECKSUM;

export class Payload {
  /** After `dump`: the payload is out.buf[0, out.pos). */
  readonly out = new RdbWriter();
  /** After `open` returned true: stands before the type byte. */
  readonly reader = new RdbReader();
  /** True while checksums are not looked at. */
  trusted = false;
  private readonly writer = new ValueWriter(this.out);
  private readonly crc = new Crc64();

  /** Writes the payload of an entry. */
  dump(store: Store, e: number): void {
    const { out, crc } = this;
    out.clear();
    out.byte(this.writer.rdbType(store, e));
    this.writer.write(store, e);
    out.byte(out.version);
    out.byte(out.version >> 8);
    out.ensure(8);
    crc.reset();
    crc.update(out.buf, 0, out.pos);
    crc.write(out.buf, out.pos);
    out.pos += 8;
  }

  /** Makes ready to read the payload buf[from, from+len). False when its version or checksum is wrong. */
  open(buf: Uint8Array, from: number, len: number): boolean {
    if (len < FOOTER) return false;
    const footer = from + len - FOOTER;
    if ((buf[footer] | (buf[footer + 1] << 8)) > RDB_VERSION_MAX) return false;
    if (!this.trusted && !this.sumsUp(buf, from, len)) return false;
    this.reader.open(buf, from, footer);
    return true;
  }

  private sumsUp(buf: Uint8Array, from: number, len: number): boolean {
    this.crc.reset();
    this.crc.update(buf, from, len - CHECKSUM);
    return this.crc.equals(buf, from + len - CHECKSUM);
  }
}
