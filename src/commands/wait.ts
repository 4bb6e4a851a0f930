/**
 * Wait: how a blocking command says that it found nothing and would wait, and what its table entry tells of that. Any thread.
 *
 * A blocking command first tries what its non-blocking sister does. When nothing is there it calls `call.wait.ask` and replies
 * nothing; who runs it (threads/shard/waits.ts) keeps the request, and runs it again when one of its keys has become such that it
 * will reply. Where it must not wait (`call.mayBlock` is false) it replies what it would at its timeout.
 */
import { ReplyError } from "../base/reply_error.ts";
import { parseDouble } from "../base/doubles.ts";
import type { Type } from "../store/entry.ts";
import type { Call } from "./call.ts";
import type { Arguments } from "./command.ts";

const NOT_A_FLOAT = new ReplyError("ERR timeout is not a float or out of range");
const NEGATIVE = new ReplyError("ERR timeout is negative");
const OUT_OF_RANGE = new ReplyError("ERR timeout is out of range");
const INT64_MAX = 9223372036854775807;

/** `Wait.deadlineMs` of who waits for ever. */
export const NEVER = Infinity;

/** What a blocking command's table entry says. */
export interface Waiting {
  /** Whether a request may wait at all; each of its command's may unless told. */
  readonly mayWait?: (request: Arguments) => boolean;
  /**
   * Whether the request that `call` holds would get a reply, now that something happened to the key in its argument `i`. Changes
   * nothing; looks at the shard's own keys only.
   */
  readonly replies: (call: Call, i: number) => boolean;
  /** True when it waits for its first key only: the others are where its result goes. */
  readonly firstKeyOnly?: true;
  /** True when it is also answered when a key goes or becomes something else. */
  readonly untilGone?: true;
}

export class Wait {
  /** True when the command that ran last wants to wait; it wrote no reply. */
  asked = false;
  /** The keys waited for: arguments from `first` on, `count` of them. */
  first = 0;
  count = 0;
  /** Until when, ms since 1970; NEVER: for ever. */
  deadlineMs = NEVER;
  /** Texts to take instead of arguments when it runs again; what they say depends on the moment of the first try. */
  readonly texts = new Map<number, Uint8Array>();

  /** The command waits for `count` keys from argument `first` on, until `deadlineMs`. */
  ask(first: number, count: number, deadlineMs: number): void {
    this.asked = true;
    this.first = first;
    this.count = count;
    this.deadlineMs = deadlineMs;
  }

  /** Forgets what was asked. */
  clear(): void {
    this.asked = false;
    this.texts.clear();
  }
}

/** The end of a command that found nothing: it waits for `count` keys from argument `first` on, or replies a nil array where it must not. */
export function waitOrNil(call: Call, first: number, count: number, deadlineMs: number): void {
  if (call.mayBlock) call.wait.ask(first, count, deadlineMs);
  else call.reply.nilArray();
}

/** True when the key in argument `i`, one of the shard's own, holds a value of this type: collections that exist have an element. */
export function holds(call: Call, i: number, type: Type): boolean {
  const e = call.peek(i);
  return e !== 0 && call.store.type(e) === type;
}

/** Argument `i`, seconds with decimals, as a deadline; 0 says for ever. Throws ReplyError. */
export function timeoutArgument(call: Call, i: number): number {
  const { buf, at, len, nowMs } = call;
  const seconds = parseDouble(buf, at[i], at[i] + len[i]);
  if (Number.isNaN(seconds)) throw NOT_A_FLOAT;
  return deadline(Math.ceil(seconds * 1000), nowMs);
}

/** The deadline `ms` from now; 0 says for ever. Throws ReplyError. */
export function deadline(ms: number, nowMs: number): number {
  if (ms > INT64_MAX) throw OUT_OF_RANGE;
  if (ms < 0) throw NEGATIVE;
  if (ms + nowMs >= INT64_MAX) throw OUT_OF_RANGE;
  return ms === 0 ? NEVER : nowMs + ms;
}
