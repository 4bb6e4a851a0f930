/** Passing over values of RDB files without making anything of them: what belongs to other shards, or has expired. Any thread. */
import { RdbType } from "./format.ts";
import { CorruptRdb, type RdbReader } from "./reader.ts";

/** Bytes of a double, a time, a stream's identifier. */
const DOUBLE = 8;
const TIME = 8;
const ID = 16;
/** Special scores of ZSET have no digits. */
const TEXT_DOUBLE_MAX = 252;

/** Passes over the value of form `rdbType` that comes next. Throws CorruptRdb. */
export function skipValue(reader: RdbReader, rdbType: number): void {
  switch (rdbType) {
    case RdbType.STRING:
    case RdbType.HASH_ZIPMAP:
    case RdbType.LIST_ZIPLIST:
    case RdbType.SET_INTSET:
    case RdbType.ZSET_ZIPLIST:
    case RdbType.HASH_ZIPLIST:
    case RdbType.HASH_LISTPACK:
    case RdbType.ZSET_LISTPACK:
    case RdbType.SET_LISTPACK:
    case RdbType.HASH_LISTPACK_EX_PRE_GA:
      reader.skipString();
      return;
    case RdbType.HASH_LISTPACK_EX:
      reader.skip(TIME);
      reader.skipString();
      return;
    case RdbType.LIST:
    case RdbType.SET:
    case RdbType.LIST_QUICKLIST:
      skipStrings(reader, reader.len());
      return;
    case RdbType.HASH:
      skipStrings(reader, 2 * reader.len());
      return;
    case RdbType.LIST_QUICKLIST_2:
      for (let left = reader.len(); left > 0; left--) {
        reader.len();
        reader.skipString();
      }
      return;
    case RdbType.ZSET:
      for (let left = reader.len(); left > 0; left--) {
        reader.skipString();
        const size = reader.byte();
        if (size <= TEXT_DOUBLE_MAX) reader.skip(size);
      }
      return;
    case RdbType.ZSET_2:
      for (let left = reader.len(); left > 0; left--) {
        reader.skipString();
        reader.skip(DOUBLE);
      }
      return;
    case RdbType.HASH_METADATA:
    case RdbType.HASH_METADATA_PRE_GA:
      if (rdbType === RdbType.HASH_METADATA) reader.skip(TIME);
      for (let left = reader.len(); left > 0; left--) {
        reader.len64();
        skipStrings(reader, 2);
      }
      return;
    case RdbType.STREAM_LISTPACKS:
    case RdbType.STREAM_LISTPACKS_2:
    case RdbType.STREAM_LISTPACKS_3:
      skipStream(reader, rdbType);
      return;
    default:
      throw new CorruptRdb(`Unknown RDB encoding type ${rdbType}`);
  }
}

function skipStrings(reader: RdbReader, count: number): void {
  for (; count > 0; count--) reader.skipString();
}

function skipNumbers(reader: RdbReader, count: number): void {
  for (; count > 0; count--) reader.len64();
}

function skipStream(reader: RdbReader, rdbType: number): void {
  skipStrings(reader, 2 * reader.len());
  skipNumbers(reader, 3);
  if (rdbType !== RdbType.STREAM_LISTPACKS) skipNumbers(reader, 5);
  for (let groups = reader.len(); groups > 0; groups--) {
    reader.skipString();
    skipNumbers(reader, rdbType === RdbType.STREAM_LISTPACKS ? 2 : 3);
    for (let pending = reader.len(); pending > 0; pending--) {
      reader.skip(ID + TIME);
      reader.len64();
    }
    for (let consumers = reader.len(); consumers > 0; consumers--) {
      reader.skipString();
      reader.skip(rdbType === RdbType.STREAM_LISTPACKS_3 ? 2 * TIME : TIME);
      for (let pending = reader.len(); pending > 0; pending--) reader.skip(ID);
    }
  }
}
