/** The IFEQ, IFNE, IFDEQ and IFDNE options of SET and DELEX: conditions on the string that a key holds. */
import { equalBytes } from "../../base/bytes.ts";
import { ReplyError } from "../../base/reply_error.ts";
import { xxh3Text } from "../../base/xxh3.ts";
import type { Store } from "../../store/store.ts";
import type { Call } from "../call.ts";

export const ValueCondition = { NONE: 0, IFEQ: 1, IFNE: 2, IFDEQ: 3, IFDNE: 4 } as const;
export type ValueCondition = (typeof ValueCondition)[keyof typeof ValueCondition];

const NO_DIGEST = new ReplyError("ERR digest must be exactly 16 hexadecimal characters");
const DIGEST_LENGTH = 16;

/** The condition that option `i` names, or NONE when it is another option. */
export function valueCondition(call: Call, i: number): ValueCondition {
  if (call.is(i, "ifeq")) return ValueCondition.IFEQ;
  if (call.is(i, "ifne")) return ValueCondition.IFNE;
  if (call.is(i, "ifdeq")) return ValueCondition.IFDEQ;
  if (call.is(i, "ifdne")) return ValueCondition.IFDNE;
  return ValueCondition.NONE;
}

/** Throws unless argument `i` can be compared with under the condition: a digest has 16 hexadecimal digits. */
export function checkComparand(call: Call, condition: ValueCondition, i: number): void {
  if (condition < ValueCondition.IFDEQ) return;
  if (call.len[i] !== DIGEST_LENGTH || !/^[0-9a-fA-F]*$/.test(call.text(i))) throw NO_DIGEST;
}

/** Whether the string in entry `e` (0: there is none) fulfils the condition with argument `i`. */
export function fulfils(call: Call, store: Store, e: number, condition: ValueCondition, i: number): boolean {
  const equalWanted = condition === ValueCondition.IFEQ || condition === ValueCondition.IFDEQ;
  if (e === 0) return !equalWanted;
  store.open(e);
  const equal = condition < ValueCondition.IFDEQ
    ? store.valueLen === call.len[i] && equalBytes(store.u8, store.valueAt, call.buf, call.at[i], call.len[i])
    : call.is(i, xxh3Text(store.u8, store.valueAt, store.valueLen));
  return equal === equalWanted;
}
