/**
 * The numbers of the RDB format: versions, object types, and how lengths and strings begin. Any thread.
 *
 * Source: the RDB files and DUMP payloads of Redis 2.6 to 7.4, and the description "Redis RDB Dump File Format" (S. Rangarajan).
 *
 *   length   00xxxxxx | 01xxxxxx byte | 0x80 and 32 bits big-endian | 0x81 and 64 bits big-endian
 *   string   length and bytes | 0xC0 int8 | 0xC1 int16 | 0xC2 int32 (little-endian) | 0xC3 LZF: both lengths and bytes
 */

/** Version written by default: what Redis 7.2 writes. */
export const RDB_VERSION = 11;
/** First version that ends with a checksum (Redis 2.6). */
export const RDB_CHECKSUM_SINCE = 5;
/** Newest version read (Redis 7.4). */
export const RDB_VERSION_MAX = 12;

/** First byte of a value: its type and how it is written. */
export const RdbType = {
  STRING: 0,
  LIST: 1,
  SET: 2,
  ZSET: 3,
  HASH: 4,
  ZSET_2: 5,
  MODULE_PRE_GA: 6,
  MODULE_2: 7,
  HASH_ZIPMAP: 9,
  LIST_ZIPLIST: 10,
  SET_INTSET: 11,
  ZSET_ZIPLIST: 12,
  HASH_ZIPLIST: 13,
  LIST_QUICKLIST: 14,
  STREAM_LISTPACKS: 15,
  HASH_LISTPACK: 16,
  ZSET_LISTPACK: 17,
  LIST_QUICKLIST_2: 18,
  STREAM_LISTPACKS_2: 19,
  SET_LISTPACK: 20,
  STREAM_LISTPACKS_3: 21,
  HASH_METADATA_PRE_GA: 22,
  HASH_LISTPACK_EX_PRE_GA: 23,
  HASH_METADATA: 24,
  HASH_LISTPACK_EX: 25,
} as const;

/** First byte of what lies between values in a file. */
export const Opcode = {
  SLOT_INFO: 244,
  FUNCTION_2: 245,
  FUNCTION_PRE_GA: 246,
  MODULE_AUX: 247,
  IDLE: 248,
  FREQUENCY: 249,
  AUX: 250,
  RESIZE_DB: 251,
  EXPIRE_MS: 252,
  EXPIRE: 253,
  SELECT_DB: 254,
  EOF: 255,
} as const;

/** How a node of LIST_QUICKLIST_2 holds its elements. */
export const Container = { PLAIN: 1, PACKED: 2 } as const;

export const LEN_14 = 0x40;
export const LEN_32 = 0x80;
export const LEN_64 = 0x81;
export const LEN_ENCODED = 0xc0;

export const STRING_INT8 = 0xc0;
export const STRING_INT16 = 0xc1;
export const STRING_INT32 = 0xc2;
export const STRING_LZF = 0xc3;

/** Strings up to this length may be written as an integer (the longest int32 has 11 characters). */
export const INT_TEXT_MAX = 11;
/** Strings longer than this are compressed. */
export const LZF_MIN = 20;

/** What stands in a file where a value's type could: marks between entries and before them. */
export const RdbOpcode = {
  SLOT_INFO: 244,
  FUNCTION_2: 245,
  FUNCTION_PRE_GA: 246,
  MODULE_AUX: 247,
  IDLE: 248,
  FREQ: 249,
  AUX: 250,
  RESIZE_DB: 251,
  EXPIRE_TIME_MS: 252,
  EXPIRE_TIME: 253,
  SELECT_DB: 254,
  EOF: 255,
} as const;
