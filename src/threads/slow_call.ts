/** SlowCall: a call that took long, with as much of its arguments as SLOWLOG shows. Any thread; a shard sends it as JSON. */
import { latin1Bytes, latin1Text } from "../base/bytes.ts";
import type { Arguments, CommandFacts } from "../commands/command.ts";

/** Arguments kept of one call, and bytes of one argument; Redis's numbers. */
const MAX_ARGS = 32;
const MAX_BYTES = 128;

/** A request with more arguments may take long whatever its command: its call is always timed. */
export const MANY_ARGUMENTS = 64;
/** Below this threshold any call may be told of, so every one must be timed. */
const EVERY_CALL_BELOW_US = 1000;
const CONSTANT_TIME = /^O\(1\)\.?$/;

/**
 * Whether every call of a command must be timed so that those of `slowUs` and more are found (Infinity: none are wanted). Commands
 * of constant time are timed by sample only, as reading the clock would cost a tenth of theirs.
 */
export function isWatched(facts: CommandFacts, slowUs: number): boolean {
  if (slowUs === Infinity || facts.flags.includes("skip_slowlog")) return false;
  return slowUs < EVERY_CALL_BELOW_US || !(facts.flags.includes("fast") || CONSTANT_TIME.test(facts.complexity));
}

export interface SlowCall {
  readonly us: number;
  /** latin-1 texts. */
  readonly args: readonly string[];
}

/** The call that `args` name. */
export function slowCall(us: number, args: Arguments): SlowCall {
  const count = args.argc > MAX_ARGS ? MAX_ARGS - 1 : args.argc;
  const kept: string[] = [];
  for (let i = 0; i < count; i++) {
    const len = args.len[i];
    const text = latin1Text(args.buf, args.at[i], args.at[i] + Math.min(len, MAX_BYTES));
    kept.push(len > MAX_BYTES ? `${text}... (${len - MAX_BYTES} more bytes)` : text);
  }
  if (count < args.argc) kept.push(`... (${args.argc - count} more arguments)`);
  return { us, args: kept };
}

/** The call as bytes; all texts are latin-1, so that is the bytes' alphabet too. */
export function encodeSlowCall(call: SlowCall): Uint8Array {
  return latin1Bytes(JSON.stringify(call));
}

export function decodeSlowCall(buf: Uint8Array, from: number, len: number): SlowCall {
  return JSON.parse(latin1Text(buf, from, from + len));
}
