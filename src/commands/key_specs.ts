/**
 * Key specs: from a command's key specs to the positions of a request's keys, for routing, ACL rules and COMMAND GETKEYS. Any
 * thread.
 *
 * Source: Redis documentation, "Command key specifications"; what happens with unfit arguments is as redis-server answers
 * COMMAND GETKEYS.
 */
import { equalsIgnoreCase } from "../base/bytes.ts";
import { parseSafeInteger } from "../base/integers.ts";
import type { Arguments, CommandFacts, KeyList, KeySpec } from "./command.ts";

/** What is done with a key: bits of a key spec's flags. */
export const KeyUse = {
  RO: 1,
  RW: 2,
  OW: 4,
  RM: 8,
  access: 16,
  update: 32,
  insert: 64,
  delete: 128,
  not_key: 256,
  incomplete: 512,
  variable_flags: 1024,
} as const;

/** KeyUse's names with their bits, in the order in which COMMAND answers them. */
export const KEY_USES = Object.entries(KeyUse) as readonly [name: string, bit: number][];

/** The bits of a key spec's flags. */
export function keyUse(flags: readonly string[]): number {
  let use = 0;
  for (const [name, bit] of KEY_USES) if (flags.includes(name)) use |= bit;
  return use;
}

/** Keys at `first`, `first + step`... up to `last` (negative: from the end of the arguments). No keys: all zero. */
export interface KeyRange {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

const NO_KEYS: KeyRange = { first: 0, last: 0, step: 0 };

/** The keys that lie at fixed places, as the three numbers of COMMAND INFO tell them. */
export function legacyRange(command: CommandFacts): KeyRange {
  return joinRanges(command.keys ?? []).range;
}

/** True when keys may lie elsewhere than in the command's `legacyRange`. */
export function hasMovableKeys(command: CommandFacts): boolean {
  return (command.keys ?? []).some((spec) =>
    !spec.flags.includes("not_key") && (rangeOf(spec) === undefined || spec.flags.includes("incomplete"))
  );
}

/**
 * The one range in which all keys of any request with the command lie, `first` 0 for a command without keys; undefined when
 * a KeyFinder must look at the arguments.
 */
export function fixedRange(command: CommandFacts): KeyRange | undefined {
  const specs = (command.keys ?? []).filter((spec) => !spec.flags.includes("not_key"));
  if (specs.length === 0) return command.findKeys === undefined ? NO_KEYS : undefined;
  const { range, joined } = joinRanges(specs);
  return joined === specs.length && !hasMovableKeys(command) ? range : undefined;
}

/** The range that specs make together when each begins where the last one ended, and how many did. */
function joinRanges(specs: readonly KeySpec[]): { range: KeyRange; joined: number } {
  let range = NO_KEYS;
  let joined = 0;
  for (const spec of specs) {
    const next = rangeOf(spec);
    if (next === undefined) continue;
    if (range === NO_KEYS) range = next;
    else if (next.step === range.step && next.first === range.last + 1) range = { ...range, last: next.last };
    else continue;
    joined++;
  }
  return { range, joined };
}

/** The range of a spec whose places depend on nothing but the number of arguments. */
function rangeOf(spec: KeySpec): KeyRange | undefined {
  if (!("index" in spec.begin) || !("last" in spec.find) || spec.find.limit > 1) return undefined;
  const first = spec.begin.index;
  const { last, step } = spec.find;
  return { first, last: last >= 0 ? first + last : last, step };
}

const Find = { RANGE: 0, COUNTED: 1, UNKNOWN: 2 } as const;

/** A key spec with its numbers at hand. */
interface Plan {
  readonly use: number;
  /** Where to begin; 0: behind the keyword. */
  readonly index: number;
  readonly keyword: string;
  readonly from: number;
  readonly find: number;
  readonly step: number;
  // Range.
  readonly last: number;
  readonly limit: number;
  // Counted.
  readonly num: number;
  readonly first: number;
}

function plan(spec: KeySpec): Plan {
  const { begin, find } = spec;
  return {
    use: keyUse(spec.flags),
    index: "index" in begin ? begin.index : 0,
    keyword: "keyword" in begin ? begin.keyword.toLowerCase() : "",
    from: "keyword" in begin ? begin.from : 0,
    find: "unknown" in begin || "unknown" in find ? Find.UNKNOWN : "last" in find ? Find.RANGE : Find.COUNTED,
    step: "step" in find ? find.step : 1,
    last: "last" in find ? find.last : 0,
    limit: "last" in find ? find.limit : 0,
    num: "num" in find ? find.num : 0,
    first: "num" in find ? find.first : 0,
  };
}

/** Finds the keys of requests. One serves all commands; each `find` replaces what the last one found. */
export class KeyFinder implements KeyList {
  count = 0;
  /** By key: its argument's number, and bits of KeyUse. */
  index = new Int32Array(64);
  use = new Int32Array(64);

  private readonly plans = new Map<CommandFacts, readonly Plan[]>();

  /**
   * Finds the keys of a request with the command. False when the arguments don't say where keys are (a count that is no number, 0 or
   * too large); what was found until then stays.
   */
  find(command: CommandFacts, request: Arguments): boolean {
    this.count = 0;
    if (command.findKeys !== undefined) {
      command.findKeys(request, this);
      return true;
    }
    const plans = this.plans.get(command) ?? this.prepare(command);
    for (let i = 0; i < plans.length; i++) if (!this.apply(plans[i], request)) return false;
    return true;
  }

  add(index: number, use: number): void {
    if (this.count === this.index.length) this.widen();
    this.index[this.count] = index;
    this.use[this.count++] = use;
  }

  private widen(): void {
    const index = new Int32Array(this.count * 2);
    const use = new Int32Array(this.count * 2);
    index.set(this.index);
    use.set(this.use);
    this.index = index;
    this.use = use;
  }

  private prepare(command: CommandFacts): readonly Plan[] {
    const plans = (command.keys ?? []).map(plan).filter((p) => (p.use & KeyUse.not_key) === 0);
    this.plans.set(command, plans);
    return plans;
  }

  private apply(p: Plan, request: Arguments): boolean {
    if (p.find === Find.UNKNOWN) return false;
    const argc = request.argc;
    let first = p.index;
    if (first === 0) {
      first = behindKeyword(request, p.keyword, p.from);
      if (first === 0) return true;
    }
    let last: number;
    if (p.find === Find.RANGE) {
      if (p.last >= 0) last = first + p.last;
      else if (p.limit > 1) last = first + Math.floor((argc - first) / p.limit) + p.last;
      else last = argc + p.last;
    } else {
      const at = first + p.num;
      if (at >= argc) return false;
      const n = parseSafeInteger(request.buf, request.at[at], request.at[at] + request.len[at]);
      if (!(n >= 1)) return false;
      first += p.first;
      last = first + (n - 1) * p.step;
    }
    if (first >= argc || last >= argc || last < first) return false;
    for (let i = first; i <= last; i += p.step) this.add(i, p.use);
    return true;
  }
}

/** Number of the argument behind a keyword (lower case) that is looked for from `from` on (negative: from the end), or 0. */
function behindKeyword(request: Arguments, keyword: string, from: number): number {
  const { buf, at, len, argc } = request;
  const forward = from > 0;
  const end = forward ? argc - 1 : 1;
  for (let i = forward ? from : argc + from; i > 0 && i < argc && i !== end; i += forward ? 1 : -1) {
    if (equalsIgnoreCase(buf, at[i], len[i], keyword)) return i + 1;
  }
  return 0;
}
