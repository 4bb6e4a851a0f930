/**
 * What a directive is, and the common types of values. special_types.ts has the others; the folder directives/ has the
 * directives themselves.
 *
 * Invariants:
 * 1. A value never changes: setting a directive replaces it.
 * 2. `parse(words(format(value)))` is the value again, which is what lets CONFIG SET roll back and CONFIG REWRITE persist.
 * 3. Texts are latin-1 texts, one char per byte (see quoting.ts).
 * 4. Numbers are doubles; above 2^53 they keep 53 bits, and a type's own limits print exactly.
 */

import { formatMemory, parseMemory, parseOctal, parseStrictInteger } from "./numbers.ts";
import { lowerAscii, quote } from "./quoting.ts";

/** Why a value was refused, in Redis's words. */
export class Refusal {
  constructor(readonly text: string) {}
}

/** One line for CONFIG REWRITE. Without `force` it only replaces a line that the old file had. */
export interface ConfLine {
  readonly text: string;
  readonly force: boolean;
}

/** A kind of value: how it is read, shown and persisted. */
export interface ValueType<V> {
  /** Takes several arguments in redis.conf, and one text with spaces in CONFIG SET. */
  readonly multi: boolean;
  /**
   * Reads the arguments. `previous` is the value so far; `repeated` says that this directive has already occurred in the
   * configuration being loaded (always false for CONFIG SET).
   */
  parse(args: readonly string[], previous: V, repeated: boolean): V | Refusal;
  /** As CONFIG GET shows it. */
  format(value: V): string;
  /** The lines that persist it; none when it should vanish from the file. */
  lines(name: string, value: V, byDefault: V): ConfLine[];
}

/** Properties of a directive beyond its value. */
export interface DirectiveOptions<V> {
  /** A second name, usually the one of an older version. */
  readonly alias?: string;
  /** Only the command line and redis.conf may set it. */
  readonly immutable?: true;
  /** CONFIG GET shows it only when asked for by its exact name. */
  readonly hidden?: true;
  /** Its value is a secret: MONITOR and SLOWLOG redact it. */
  readonly sensitive?: true;
  /** CONFIG SET needs enable-protected-configs. */
  readonly protected?: true;
  /** CONFIG SET fails while the data set is being loaded. */
  readonly denyLoading?: true;
  /** Accepted and kept, without influence on Ringshard. */
  readonly effect?: false;
  /** A further check; returns why the value is refused. */
  check?(value: V): string | undefined;
}

export interface Directive<V> extends DirectiveOptions<V> {
  readonly type: ValueType<V>;
  readonly byDefault: V;
}

export function directive<V>(type: ValueType<V>, byDefault: V, options: DirectiveOptions<V> = {}): Directive<V> {
  return { type, byDefault, ...options };
}

/** The one line of a type that shows as plain text. */
export function plainLine(name: string, text: string, force: boolean): ConfLine[] {
  return [{ text: `${name} ${text}`, force }];
}

/** yes or no. */
export const yesNo: ValueType<boolean> = {
  multi: false,
  parse(args) {
    const word = lowerAscii(args[0]);
    if (word !== "yes" && word !== "no") return new Refusal("argument must be 'yes' or 'no'");
    return word === "yes";
  },
  format: (value) => value ? "yes" : "no",
  lines: (name, value, byDefault) => plainLine(name, value ? "yes" : "no", value !== byDefault),
};

/**
 * Any text. With `emptyIsUnset` the empty text means that there is no value, so it is never written to the file.
 */
function textType(emptyIsUnset: boolean): ValueType<string> {
  return {
    multi: false,
    parse: (args) => args[0],
    format: (value) => value,
    lines(name, value, byDefault) {
      if (emptyIsUnset && value === "") return [];
      return plainLine(name, quote(value), value !== byDefault);
    },
  };
}

export const text: ValueType<string> = textType(false);
export const optionalText: ValueType<string> = textType(true);

export const INT_MAX = 2 ** 31 - 1;
export const INT_MIN = -(2 ** 31);
export const UINT_MAX = 2 ** 32 - 1;
export const LONG_MAX: bigint = 2n ** 63n - 1n;
export const ULONG_MAX: bigint = 2n ** 64n - 1n;

type Notation = "decimal" | "memory" | "memory-or-percent" | "octal";

const NOT_PARSED: Readonly<Record<Notation, string>> = {
  "decimal": "argument couldn't be parsed into an integer",
  "memory": "argument must be a memory value",
  "memory-or-percent": "argument must be a memory or percent value",
  "octal": "argument couldn't be parsed as an octal number",
};

/** A whole number within limits. A percentage is kept as its negative. */
class NumberType implements ValueType<number> {
  readonly multi = false;
  readonly #min: bigint;
  readonly #max: bigint;

  constructor(min: number | bigint, max: number | bigint, private readonly notation: Notation) {
    this.#min = BigInt(min);
    this.#max = BigInt(max);
  }

  parse(args: readonly string[]): number | Refusal {
    const value = this.#read(args[0]);
    if (value === undefined) return new Refusal(NOT_PARSED[this.notation]);
    if (this.notation === "memory-or-percent" && value < 0n) {
      if (value >= this.#min) return Number(value);
      return new Refusal(`percentage argument must be less or equal to ${-this.#min}`);
    }
    if (value < this.#min || value > this.#max) {
      const base = this.notation === "octal" ? 8 : 10;
      const [min, max] = [this.#min.toString(base), this.#max.toString(base)];
      return new Refusal(`argument must be between ${min} and ${max} inclusive`);
    }
    return Number(value);
  }

  #read(word: string): bigint | undefined {
    if (this.notation === "decimal") return parseStrictInteger(word);
    if (this.notation === "octal") return parseOctal(word);
    const bytes = parseMemory(word);
    if (bytes !== undefined) return this.#max === ULONG_MAX ? bytes : BigInt.asIntN(64, bytes);
    if (this.notation !== "memory-or-percent" || !word.endsWith("%")) return undefined;
    const percent = parseStrictInteger(word.slice(0, -1));
    return percent === undefined || percent < 0n ? undefined : -percent;
  }

  format(value: number): string {
    if (this.notation === "octal") return value.toString(8);
    if (this.notation === "memory-or-percent" && value < 0) return -value + "%";
    const exact = BigInt(value);
    return String(exact > this.#max ? this.#max : exact);
  }

  lines(name: string, value: number, byDefault: number): ConfLine[] {
    const isMemory = this.notation === "memory" || (this.notation === "memory-or-percent" && value >= 0);
    return plainLine(name, isMemory ? formatMemory(value) : this.format(value), value !== byDefault);
  }
}

export function int(min: number | bigint, max: number | bigint): ValueType<number> {
  return new NumberType(min, max, "decimal");
}

/** A size in bytes; "1k" is 1000, "1kb" 1024, and so on. */
export function memory(min: number | bigint, max: number | bigint): ValueType<number> {
  return new NumberType(min, max, "memory");
}

/** A size in bytes >= 0, or a percentage p as -p. */
export const memoryOrPercent: ValueType<number> = new NumberType(-100, LONG_MAX, "memory-or-percent");

export function octal(min: number, max: number): ValueType<number> {
  return new NumberType(min, max, "octal");
}

function mustBeOneOf(names: readonly string[]): Refusal {
  return new Refusal(`argument(s) must be one of the following: ${names.join(", ")}`);
}

/** One of some names. `same` maps a name to the one it is another word for. */
export function oneOf<const E extends string>(
  names: readonly E[],
  same: { readonly [name in string]?: E } = {},
): ValueType<E> {
  return {
    multi: false,
    parse(args) {
      const word = lowerAscii(args[0]);
      const name = names.find((candidate) => candidate === word);
      return name === undefined ? mustBeOneOf(names) : same[name] ?? name;
    },
    format: (value) => value,
    lines: (name, value, byDefault) => plainLine(name, value, value !== byDefault),
  };
}

/** Any combination of `flags`, kept in their order; `none` is the word for the empty one. */
export function anyOf<const E extends string>(none: string, flags: readonly E[]): ValueType<readonly E[]> {
  const format = (value: readonly E[]) => value.length === 0 ? none : value.join(" ");
  return {
    multi: true,
    parse(args) {
      const words = args.map(lowerAscii);
      const known: readonly string[] = [none, ...flags];
      if (words.length === 0 || words.some((word) => !known.includes(word))) return mustBeOneOf(known);
      return flags.filter((flag) => words.includes(flag));
    },
    format,
    lines: (name, value, byDefault) => plainLine(name, format(value), format(value) !== format(byDefault)),
  };
}
