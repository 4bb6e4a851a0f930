/**
 * EntryWriter: writes whole entries for files: of an RDB file, or as the commands that make them (an AOF without RDB preamble). Any
 * thread, one at a time.
 *
 *   RDB entry  [EXPIRE_MS, 8 bytes] | [IDLE, length | FREQUENCY, byte] | type | key | value
 *
 * What a writer holds between `begin` and the end of `advance` is good as long as the entry does not change.
 */
import { RDB_VERSION, RdbOpcode, RdbType } from "../../codec/rdb/format.ts";
import type { RdbWriter } from "../../codec/rdb/writer.ts";
import { Encoding, EXPIRY_BIT, Type, TYPE_MASK } from "../entry.ts";
import type { Store } from "../store.ts";
import { valueTypeOf } from "../value_type.ts";
import { CommandWriter } from "./command_writer.ts";
import { ValueWriter } from "./value_writer.ts";

/** How entries are written. */
export interface EntryForm {
  /** As commands rather than RDB. */
  readonly commands: boolean;
  /** The RDB version whose value types may be used. */
  readonly version: number;
  /** rdbcompression. */
  readonly compress: boolean;
  /** What is written of the access clock: Redis writes it under a maxmemory-policy of that kind. */
  readonly access: "none" | "idle" | "frequency";
}

/** RDB as Redis 7.2 writes it. */
export const DEFAULT_FORM: EntryForm = { commands: false, version: RDB_VERSION, compress: true, access: "none" };

const COMMANDS_BIT = 1;
const COMPRESS_BIT = 2;
const IDLE_BIT = 4;
const FREQUENCY_BIT = 8;
const VERSION_SHIFT = 8;

/** Bits of an entry's first word that are its type and whether it expires; of a form, whether there is more than type, key and value. */
const PLAIN_MASK = TYPE_MASK | EXPIRY_BIT;
const PLAIN_FORM_MASK = COMMANDS_BIT | IDLE_BIT | FREQUENCY_BIT;

/** A form as an integer. */
export function packForm(form: EntryForm): number {
  return (form.commands ? COMMANDS_BIT : 0) | (form.compress ? COMPRESS_BIT : 0) |
    (form.access === "idle" ? IDLE_BIT : 0) | (form.access === "frequency" ? FREQUENCY_BIT : 0) |
    (form.version << VERSION_SHIFT);
}

/** Values of more elements, or strings of more bytes, are large: writing them may take longer than a tenth of a millisecond. */
const LARGE_COUNT = 1024;
const LARGE_BYTES = 1 << 17;

export class EntryWriter {
  private readonly values: ValueWriter;
  private readonly commands: CommandWriter;
  private form = 0;

  constructor(readonly out: RdbWriter) {
    this.values = new ValueWriter(out);
    this.commands = new CommandWriter(out);
    this.use(packForm(DEFAULT_FORM));
  }

  /** Writes in a form (packForm's) from now on. */
  use(form: number): void {
    this.form = form;
    this.out.version = form >> VERSION_SHIFT;
    this.out.compress = (form & COMPRESS_BIT) !== 0;
  }

  /** True for an entry that is better written in pieces. */
  isLarge(store: Store, e: number): boolean {
    if (store.type(e) === Type.STRING) {
      store.open(e);
      return store.valueLen > LARGE_BYTES;
    }
    switch (store.encoding(e)) {
      case Encoding.QUICKLIST:
      case Encoding.HASHTABLE:
      case Encoding.SKIPLIST:
      case Encoding.STREAM:
        return valueTypeOf(store.type(e)).count(store, e) > LARGE_COUNT;
      default:
        return false;
    }
  }

  /** Writes an entry. */
  write(store: Store, e: number): void {
    if (this.writePlain(store, e)) return;
    this.begin(store, e);
    this.advance(Infinity);
  }

  /** Writes an entry unless it is large. */
  writeSmall(store: Store, e: number): boolean {
    if (this.writePlain(store, e)) return true;
    if (this.isLarge(store, e)) return false;
    this.begin(store, e);
    this.advance(Infinity);
    return true;
  }

  /** Writes an entry if it is what most are: a short string, and nothing to be told of it but its value. */
  private writePlain(store: Store, e: number): boolean {
    if ((store.i32[e >> 2] & PLAIN_MASK) !== Type.STRING || (this.form & PLAIN_FORM_MASK) !== 0) return false;
    store.open(e);
    const { u8, keyAt, keyLen, valueAt, valueLen } = store;
    if (valueLen > LARGE_BYTES) return false;
    const { out } = this;
    out.byte(RdbType.STRING);
    out.string(u8, keyAt, keyLen);
    out.string(u8, valueAt, valueLen);
    return true;
  }

  /** Begins to write an entry in pieces. */
  begin(store: Store, e: number): void {
    if ((this.form & COMMANDS_BIT) !== 0) this.commands.begin(store, e);
    else {
      this.head(store, e);
      this.values.begin(store, e);
    }
  }

  /** Writes until out.pos reaches `limit`, or a little beyond; true when the entry is whole. */
  advance(limit: number): boolean {
    return (this.form & COMMANDS_BIT) !== 0 ? this.commands.advance(limit) : this.values.advance(limit);
  }

  private head(store: Store, e: number): void {
    const { out, form } = this;
    const word0 = store.i32[e >> 2];
    if ((word0 & EXPIRY_BIT) !== 0) {
      out.byte(RdbOpcode.EXPIRE_TIME_MS);
      out.raw(store.u8, e + 4, 8); // lies there as it is written
    }
    if ((form & IDLE_BIT) !== 0) {
      out.byte(RdbOpcode.IDLE);
      out.len(store.clock.idleSeconds(word0));
    } else if ((form & FREQUENCY_BIT) !== 0) {
      out.byte(RdbOpcode.FREQ);
      out.byte(store.clock.frequency(word0));
    }
    out.byte(this.values.rdbType(store, e));
    store.open(e);
    out.string(store.u8, store.keyAt, store.keyLen);
  }
}
