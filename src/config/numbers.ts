/** Numbers as redis.conf and CONFIG SET write them. Cold path: BigInt keeps 64-bit values exact until they are checked. */

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;

const UNITS: Readonly<Record<string, bigint>> = {
  "": 1n,
  b: 1n,
  k: 1000n,
  kb: 1024n,
  m: 1000n ** 2n,
  mb: 1024n ** 2n,
  g: 1000n ** 3n,
  gb: 1024n ** 3n,
};

/** C's strtoull stops growing here; Redis refuses to look at more digits than this. */
const MAX_MEMORY_DIGITS = 127;

/**
 * A memory size such as "64mb", unsigned, or undefined. As in Redis the digits saturate at 2^64 - 1, the product with the
 * unit wraps at 2^64, and missing digits are 0.
 */
export function parseMemory(text: string): bigint | undefined {
  const match = /^(\d*)([a-z]*)$/i.exec(text);
  if (match === null || match[1].length > MAX_MEMORY_DIGITS) return undefined;
  const unit = UNITS[match[2].toLowerCase()];
  if (unit === undefined) return undefined;
  const digits = BigInt(match[1]);
  return BigInt.asUintN(64, (digits > UINT64_MAX ? UINT64_MAX : digits) * unit);
}

/** A size in the largest unit that divides it: "64mb", "1000". */
export function formatMemory(bytes: number): string {
  for (const [unit, size] of [["gb", 1024 ** 3], ["mb", 1024 ** 2], ["kb", 1024]] as const) {
    if (bytes !== 0 && bytes % size === 0) return BigInt(bytes / size) + unit;
  }
  return String(BigInt(bytes));
}

/** A strict decimal int64 (no plus, no leading zeros, no spaces), or undefined. */
export function parseStrictInteger(text: string): bigint | undefined {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value > INT64_MAX || value < INT64_MIN ? undefined : value;
}

/** What C's strtoll makes of a whole text: leading space and plus allowed, "" is 0, saturating; or undefined. */
export function parseLaxInteger(text: string): bigint | undefined {
  if (text === "") return 0n;
  const match = /^[ \t-\r]*([+-]?)(\d+)$/.exec(text);
  if (match === null) return undefined;
  const value = match[1] === "-" ? -BigInt(match[2]) : BigInt(match[2]);
  return value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : value;
}

/** What C's strtoll makes of a whole text in base 8, or undefined (overflow too). */
export function parseOctal(text: string): bigint | undefined {
  if (text === "") return 0n;
  const match = /^[ \t-\r]*([+-]?)([0-7]+)$/.exec(text);
  if (match === null) return undefined;
  const value = BigInt("0o" + match[2]);
  return value > INT64_MAX ? undefined : match[1] === "-" ? -value : value;
}
