/**
 * Command grammars: a family's commands as lines of text, read into generators of random requests.
 *
 *     5: SET string value [NX | XX] [GET] [EX seconds | KEEPTTL]
 *
 * The number is a weight (1 without it, fractions allowed). UPPERCASE is literal, lowercase names a kind of argument (`KINDS` and the
 * family's own), `[a | b]` is an optional choice, `(a | b)` a choice, `{a b}` repeats its content one to four times,
 * `#kind` is a count followed by that many arguments of the kind.
 *
 * Invariants:
 * 1. Generation depends on nothing but the random source.
 * 2. No request can make a server allocate more than some kilobytes or wait, whatever its mutation: sizes, offsets and
 *    counts are small, or so large that they are refused.
 */

import type { Random } from "./random.ts";

/** Makes one argument. */
export type Kind = (random: Random) => string;

/** A family of commands: a name, its commands, and kinds of argument of its own. */
export interface Family {
  name: string;
  commands: string;
  kinds?: Record<string, Kind>;
}

/** Numbers and texts that servers tend to mistreat; none is a size that a server would honour (invariant 2). */
const WEIRD = [
  "",
  " ",
  "0",
  "-0",
  "+1",
  "01",
  "-1",
  "1.5",
  "-1.5",
  "1e3",
  "1 ",
  " 1",
  "nan",
  "inf",
  "-inf",
  "abc",
  "0x10",
  "9223372036854775806",
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775807",
  "-9223372036854775808",
  "-9223372036854775809",
  "18446744073709551615",
  "4294967296",
  "\r\n",
  "*",
  "(",
  "[",
  "-",
  "+",
  "a\x00b",
  "\xff\xfe",
];

const SMALL_TEXTS = ["a", "b", "c", "foo", "bar", "hello", "x", "yy", "zzz", "A", "é"];

/** A key of the family's own pool, or now and then of another's, so that wrong types meet. */
function key(pool: string): Kind {
  return (random) => {
    if (random.chance(0.03)) return random.pick(KEY_POOLS) + random.between(0, 3);
    return pool + random.between(0, 3);
  };
}

const KEY_POOLS = ["string:", "counter:", "bitmap:", "list:", "hash:", "set:", "zset:", "stream:", "geo:", "hll:"];

const integer: Kind = (random) => {
  if (random.chance(0.75)) return String(random.between(-10, 20));
  return random.pick([
    "1000000",
    "-1000000",
    "2147483647",
    "-2147483648",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775806",
  ]);
};

const value: Kind = (random) => {
  const roll = random.between(0, 11);
  if (roll < 3) return random.pick(SMALL_TEXTS);
  if (roll < 5) return integer(random);
  if (roll === 5) return random.pick(WEIRD);
  if (roll === 6) return random.bytes(random.between(0, 12));
  if (roll === 7) return float(random);
  if (roll === 8) return "x".repeat(random.between(40, 70));
  if (roll === 9) return random.bytes(random.between(60, 140));
  return random.pick(SMALL_TEXTS) + random.between(0, 99);
};

const float: Kind = (random) => {
  const roll = random.between(0, 9);
  if (roll < 4) return String(random.between(-20, 20));
  if (roll < 8) return (random.between(-4000, 4000) / 8).toString();
  return random.pick(["1e10", "-1e10", "0.1", "3.0", "1e-5", "123456789.125", "inf", "-inf", "0"]);
};

/** Units of 1000 s, no two alike in a long while: comparisons of expiries never depend on milliseconds. */
let expiryUnit = 0;

/** Kinds every family can name. */
export const KINDS: Record<string, Kind> = {
  ...Object.fromEntries(KEY_POOLS.map((pool) => [pool.slice(0, -1), key(pool)])),
  key: (random) => random.pick(KEY_POOLS) + random.between(0, 3),
  value,
  int: integer,
  float,
  weird: (random) => random.pick(WEIRD),
  index: (random) => String(random.between(-8, 8)),
  count: (random) => String(random.between(0, 6)),
  signedcount: (random) => String(random.between(-6, 6)),
  offset: (random) => String(random.between(0, 60)),
  seconds: (random) => random.chance(0.03) ? String(random.between(-2, 0)) : String(nextExpiryUnit() * 1000),
  milliseconds: (random) => random.chance(0.03) ? String(random.between(-2, 0)) : String(nextExpiryUnit() * 1_000_000),
  unixseconds: (random) =>
    random.chance(0.04) ? String(random.between(1, 1000)) : String(4e9 + nextExpiryUnit() * 1000),
  unixmilliseconds: (random) =>
    random.chance(0.04) ? String(random.between(1, 1000)) : String(4e12 + nextExpiryUnit() * 1e6 + 7),
  pattern: (random) => random.pick(["*", "s*", "*:1", "?et:[0-2]", "hash:[^1]", "*[", "\\*", "list:*", "none"]),
  memberpattern: (random) => random.pick(["*", "a*", "*o*", "[a-c]*", "?", "x[^y]*", "*\\*"]),
  type: (random) => random.pick(["string", "list", "hash", "set", "zset", "stream"]),
};

function nextExpiryUnit(): number {
  expiryUnit = (expiryUnit + 1) % 1_000_000;
  return expiryUnit + 1;
}

/** One request: its arguments as binary strings. */
export type Request = string[];

type Part = (random: Random, out: Request) => void;

/** A generator made of families. */
export class Grammar {
  #commands: { weight: number; make: Part }[] = [];
  #total = 0;

  /** `allowed` says which commands (upper case) may be used: those that both servers know. */
  constructor(families: readonly Family[], allowed: (command: string) => boolean = () => true) {
    expiryUnit = 0;
    for (const family of families) {
      for (const line of family.commands.split("\n")) {
        if (line.trim() === "") continue;
        const found = /^\s*(?:([\d.]+):)?\s*(.*)$/.exec(line)!;
        if (!allowed(found[2].split(" ")[0])) continue;
        const weight = Number(found[1] ?? 1);
        this.#commands.push({ weight, make: compile(found[2], { ...KINDS, ...family.kinds }) });
        this.#total += weight;
      }
    }
  }

  /** A random request; one in `1 / mutation` of them is then damaged. */
  next(random: Random, mutation = 0.06): Request {
    let at = random.float() * this.#total;
    let chosen = this.#commands[0];
    for (const command of this.#commands) {
      chosen = command;
      at -= command.weight;
      if (at < 0) break;
    }
    const out: Request = [];
    chosen.make(random, out);
    if (random.chance(mutation)) mutate(random, out);
    settle(out);
    return out;
  }
}

/** Reads one grammar line into a generator. */
function compile(text: string, kinds: Record<string, Kind>): Part {
  const words = text.match(/[[\](){}|]|[^\s[\](){}|]+/g) ?? [];
  let at = 0;
  const sequence = (end: string | undefined): Part[][] => {
    const choices: Part[][] = [[]];
    while (at < words.length && words[at] !== end) {
      const word = words[at++];
      if (word === "|") choices.push([]);
      else choices.at(-1)!.push(part(word));
    }
    if (at++ >= words.length && end !== undefined) throw new Error(`missing ${end} in: ${text}`);
    return choices;
  };
  const part = (word: string): Part => {
    if (word === "[" || word === "(") {
      const choices = sequence(word === "[" ? "]" : ")");
      const optional = word === "[";
      return (random, out) => {
        if (optional && random.chance(0.6)) return;
        for (const make of random.pick(choices)) make(random, out);
      };
    }
    if (word === "{") {
      const [content] = sequence("}");
      return (random, out) => {
        for (let i = random.between(1, 4); i > 0; i--) for (const make of content) make(random, out);
      };
    }
    if (word.startsWith("#")) {
      const kind = kinds[word.slice(1)];
      if (kind === undefined) throw new Error(`no kind ${word} in: ${text}`);
      return (random, out) => {
        const count = random.between(1, 3);
        out.push(String(random.chance(0.95) ? count : random.between(-1, 5)));
        for (let i = 0; i < count; i++) out.push(kind(random));
      };
    }
    if (/^[^a-z]*$/.test(word)) {
      return (random, out) => {
        out.push(random.chance(0.05) ? word.toLowerCase() : word);
      };
    }
    const kind = kinds[word];
    if (kind === undefined) throw new Error(`no kind ${word} in: ${text}`);
    return (random, out) => {
      out.push(kind(random));
    };
  };
  const [whole] = sequence(undefined);
  return (random, out) => {
    for (const make of whole) make(random, out);
  };
}

function mutate(random: Random, request: Request): void {
  const at = random.between(1, request.length);
  switch (random.between(0, 4)) {
    case 0:
      request.splice(at, 1);
      break;
    case 1:
      request.splice(at, 0, random.pick(WEIRD));
      break;
    case 2:
      if (at < request.length) request[at] = random.pick(WEIRD);
      break;
    case 3:
      if (at < request.length) request.splice(at, 0, request[at]);
      break;
    case 4:
      request.length = at;
      break;
  }
}

/** Seconds or milliseconds below which an expiry could pass, on one server before the other, during a run. */
const NEAR = 500_000;

/** Moments (in ms; as seconds too) later than any run, as the `unix...` kinds make them. */
const FAR_SECONDS = 4e9;
const FAR_MS = 4e12;

/**
 * Takes out of a request what two correct servers may do differently: expiries of a few seconds (their clocks reach
 * them between different requests), keys born expired (DBSIZE counts them until they are noticed), members chosen by
 * chance, identifiers and idle times taken from the clock. Also what no server should be asked for.
 */
function settle(request: Request): void {
  const name = request[0].toUpperCase();
  const number = (at: number) => at < request.length ? Number(request[at]) : NaN;
  const atMost = (at: number, limit: number) => {
    if (number(at) > 0 && number(at) < limit && (limit !== NEAR || number(at) % 1000 !== 0)) request[at] = "0";
  };
  switch (name) {
    case "EXPIRE":
    case "PEXPIRE":
    case "SETEX":
    case "PSETEX":
      atMost(2, NEAR);
      break;
    case "SET":
    case "GETEX":
      for (let i = 1; i < request.length; i++) {
        const option = request[i].toUpperCase();
        if (option === "EX" || option === "PX") atMost(i + 1, NEAR);
        if (option === "EXAT") atMost(i + 1, FAR_SECONDS);
        if (option === "PXAT") atMost(i + 1, FAR_MS);
      }
      break;
    case "SPOP":
      if (request.length === 2) request.push("1000");
      if (request.length === 3 && number(2) > 0) request[2] = "1000";
      break;
    case "SRANDMEMBER":
    case "HRANDFIELD":
    case "ZRANDMEMBER":
      // As many members as asked for, again and again: memory without end.
      if (number(2) < -1000) request[2] = "-10";
      break;
    case "XADD":
      for (let i = 2; i < request.length; i++) if (request[i] === "*") request[i] = "1-1";
      break;
    case "XCLAIM":
    case "XAUTOCLAIM":
      atMost(4, 1e9);
      break;
    case "BLPOP":
    case "BRPOP":
    case "BLMOVE":
    case "BRPOPLPUSH":
    case "BZPOPMIN":
    case "BZPOPMAX":
      waitShortly(request, request.length - 1, SHORT_SECONDS);
      break;
    case "BLMPOP":
    case "BZMPOP":
      waitShortly(request, 1, SHORT_SECONDS);
      break;
    case "XREAD":
    case "XREADGROUP":
      for (let i = 1; i < request.length; i++) {
        if (request[i].toUpperCase() === "BLOCK") waitShortly(request, i + 1, SHORT_MS);
      }
      break;
  }
}

/** Longest waits that don't hold up a run; the reference refuses what is negative or no number. */
const SHORT_SECONDS = 0.01;
const SHORT_MS = 10;

/** Nobody pushes while a request waits, so its timeout (argument `at`) must be short, and none stands for ever. */
function waitShortly(request: Request, at: number, limit: number): void {
  const timeout = Number(request[at]);
  if (!(timeout < 0 || Number.isNaN(timeout)) && !(timeout > limit / 100 && timeout <= limit)) {
    request[at] = String(limit / 10);
  }
}
