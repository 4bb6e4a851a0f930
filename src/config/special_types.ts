/** Types of values that a single directive has: save, client-output-buffer-limit, bind, replicaof and the like. */

import { parseDouble } from "../base/doubles.ts";
import { latin1Bytes } from "../base/bytes.ts";
import { type ConfLine, plainLine, Refusal, type ValueType } from "./directive.ts";
import { formatMemory, parseLaxInteger, parseMemory } from "./numbers.ts";
import { lowerAscii, quote } from "./quoting.ts";

/** Redis's word for "nothing": one empty argument. */
function isNothing(args: readonly string[]): boolean {
  return args.length === 0 || (args.length === 1 && args[0] === "");
}

/** A snapshot is due after `seconds` when there were `changes`. */
export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

/** Repeated lines of one file add up; "" removes what was there. */
export const savePoints: ValueType<readonly SavePoint[]> = {
  multi: true,
  parse(args, previous, repeated) {
    if (isNothing(args)) return [];
    const numbers = args.map(parseLaxInteger);
    const valid = numbers.every((n, i) => n !== undefined && n >= (i % 2 === 0 ? 1n : 0n));
    if (args.length % 2 !== 0 || !valid) return new Refusal("Invalid save parameters");
    const points = repeated ? [...previous] : [];
    for (let i = 0; i < numbers.length; i += 2) {
      points.push({ seconds: Number(numbers[i]), changes: Number(numbers[i + 1]) });
    }
    return points;
  },
  format: (value) => value.map(({ seconds, changes }) => `${seconds} ${changes}`).join(" "),
  lines(name, value) {
    if (value.length === 0) return plainLine(name, '""', true);
    return value.map(({ seconds, changes }) => ({ text: `${name} ${seconds} ${changes}`, force: true }));
  },
};

/** Classes of clients in the order Redis shows them. */
export const CLIENT_CLASSES = ["normal", "slave", "pubsub"] as const;

/** A client is cut off when its output exceeds `hard` bytes, or `soft` bytes for `softSeconds`; 0 means no limit. */
export interface OutputBufferLimit {
  readonly hard: number;
  readonly soft: number;
  readonly softSeconds: number;
}

/** One limit for each of CLIENT_CLASSES; classes that are not mentioned keep theirs. */
export const outputBufferLimits: ValueType<readonly OutputBufferLimit[]> = {
  multi: true,
  parse(args, previous) {
    if (args.length % 4 !== 0) return new Refusal("Wrong number of arguments in buffer limit configuration.");
    const limits = [...previous];
    for (let i = 0; i < args.length; i += 4) {
      const word = lowerAscii(args[i]);
      const index = CLIENT_CLASSES.findIndex((name) => name === (word === "replica" ? "slave" : word));
      if (index < 0) return new Refusal("Invalid client class specified in buffer limit configuration.");
      const [hard, soft] = [parseMemory(args[i + 1]), parseMemory(args[i + 2])];
      const softSeconds = parseLaxInteger(args[i + 3]);
      if (hard === undefined || soft === undefined || softSeconds === undefined || softSeconds < 0n) {
        return new Refusal("Error in hard, soft or soft_seconds setting in buffer limit configuration.");
      }
      limits[index] = { hard: Number(hard), soft: Number(soft), softSeconds: Number(softSeconds) };
    }
    return limits;
  },
  format(value) {
    return value.map((limit, i) => `${CLIENT_CLASSES[i]} ${limit.hard} ${limit.soft} ${limit.softSeconds}`).join(" ");
  },
  lines(name, value, byDefault) {
    return value.map((limit, i): ConfLine => {
      const { hard, soft, softSeconds } = byDefault[i];
      const className = CLIENT_CLASSES[i] === "slave" ? "replica" : CLIENT_CLASSES[i];
      return {
        text: `${name} ${className} ${formatMemory(limit.hard)} ${formatMemory(limit.soft)} ${limit.softSeconds}`,
        force: limit.hard !== hard || limit.soft !== soft || limit.softSeconds !== softSeconds,
      };
    });
  },
};

/** Redis's limit. */
const MAX_BIND_ADDRESSES = 16;

/** Addresses to listen on: "*", "::*", numbers or names; a leading "-" allows an address to be unavailable. */
export const bindAddresses: ValueType<readonly string[]> = {
  multi: true,
  parse(args) {
    if (args.length > MAX_BIND_ADDRESSES) return new Refusal("Too many bind addresses specified.");
    return isNothing(args) ? [] : [...args];
  },
  format: (value) => value.join(" "),
  lines(name, value, byDefault) {
    const addresses = value.join(" ");
    return addresses === byDefault.join(" ") ? [] : plainLine(name, addresses || '""', true);
  },
};

/** The master to follow; null for none. */
export interface MasterAddress {
  readonly host: string;
  readonly port: number;
}

export const masterAddress: ValueType<MasterAddress | null> = {
  multi: true,
  parse(args) {
    if (args.length !== 2) return new Refusal("wrong number of arguments");
    if (lowerAscii(args[0]) === "no" && lowerAscii(args[1]) === "one") return null;
    const port = parseLaxInteger(args[1]);
    if (port === undefined || port < 0n || port > 65535n) return new Refusal("Invalid master port");
    return { host: args[0], port: Number(port) };
  },
  format: (value) => value === null ? "" : `${value.host} ${value.port}`,
  lines: (name, value) => value === null ? [] : plainLine(name, `${value.host} ${value.port}`, true),
};

/** oom_score_adj of a master, a replica and a background child. */
export const oomScores: ValueType<readonly number[]> = {
  multi: true,
  parse(args) {
    if (args.length !== 3) return new Refusal("wrong number of arguments");
    const values = args.map(parseLaxInteger);
    if (values.some((value) => value === undefined || value < -2000n || value > 2000n)) {
      return new Refusal("Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
    }
    return values.map(Number);
  },
  format: (value) => value.join(" "),
  lines: (name, value, byDefault) => plainLine(name, value.join(" "), value.join(" ") !== byDefault.join(" ")),
};

/** Percentiles that INFO latencystats shows. */
export const percentiles: ValueType<readonly number[]> = {
  multi: true,
  parse(args) {
    if (isNothing(args)) return [];
    const values: number[] = [];
    for (const arg of args) {
      const value = parseDouble(latin1Bytes(arg), 0, arg.length);
      if (Number.isNaN(value)) return new Refusal("Invalid latency-tracking-info-percentiles parameters");
      if (value < 0 || value > 100) {
        return new Refusal("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
      }
      values.push(value);
    }
    return values;
  },
  format: formatPercentiles,
  lines: (name, value) => plainLine(name, formatPercentiles(value) || '""', true),
};

function formatPercentiles(values: readonly number[]): string {
  // C's "%f" without trailing zeros.
  return values.map((value) => value.toFixed(6).replace(/\.?0+$/, "")).join(" ");
}

/** Classes of keyspace notifications, as bits. */
export const NOTIFY = {
  K: 1 << 0,
  E: 1 << 1,
  g: 1 << 2,
  $: 1 << 3,
  l: 1 << 4,
  s: 1 << 5,
  h: 1 << 6,
  z: 1 << 7,
  x: 1 << 8,
  e: 1 << 9,
  t: 1 << 10,
  m: 1 << 11,
  d: 1 << 13,
  n: 1 << 14,
} as const;

/** What "A" stands for, in the order Redis lists the letters. */
const NOTIFY_ALL_LETTERS = "g$lshzxetd";
const NOTIFY_ALL = [...NOTIFY_ALL_LETTERS].reduce((bits, letter) => bits | NOTIFY[letter as keyof typeof NOTIFY], 0);

function formatNotify(bits: number): string {
  const letters = (names: string) => [...names].filter((c) => bits & NOTIFY[c as keyof typeof NOTIFY]).join("");
  // Redis loses "n" next to "A", and so do we: CONFIG GET must answer alike.
  return ((bits & NOTIFY_ALL) === NOTIFY_ALL ? "A" : letters(NOTIFY_ALL_LETTERS + "n")) + letters("KEm");
}

/** Classes of keyspace events to publish, as NOTIFY bits. */
export const notifyClasses: ValueType<number> = {
  multi: false,
  parse(args) {
    let bits = 0;
    for (const c of args[0]) {
      if (c === "A") bits |= NOTIFY_ALL;
      else if (Object.hasOwn(NOTIFY, c)) bits |= NOTIFY[c as keyof typeof NOTIFY];
      else return new Refusal("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
    }
    return bits;
  },
  format: formatNotify,
  lines: (name, value) => plainLine(name, quote(formatNotify(value)), value !== 0),
};

/** Redis raises or lowers a rate beyond these to them instead of refusing it. */
const MIN_HZ = 1;
const MAX_HZ = 500;

/** Background tasks a second. */
export function rate(range: ValueType<number>): ValueType<number> {
  return {
    multi: false,
    parse(args, previous, repeated) {
      const value = range.parse(args, previous, repeated);
      return value instanceof Refusal ? value : Math.min(Math.max(value, MIN_HZ), MAX_HZ);
    },
    format: (value) => range.format(value),
    lines: (name, value, byDefault) => range.lines(name, value, byDefault),
  };
}

/** The working folder: always written to the file. Config asks the process for its value. */
export const folder: ValueType<string> = {
  multi: false,
  parse: (args) => args[0],
  format: (value) => value,
  lines: (name, value) => plainLine(name, quote(value), true),
};
