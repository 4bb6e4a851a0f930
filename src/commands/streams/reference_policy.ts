/**
 * The policies that say what becomes of consumer groups' references to entries that are deleted. A group refers to an entry while it is
 * pending there, or still to be read.
 *
 *   KEEPREF   references stay (the default)
 *   DELREF    the identifier is pending nowhere any more, even if its entry was gone before
 *   ACKED     an entry that a group refers to stays
 */
import type { Call } from "../call.ts";

export const KEEPREF = 0;
export const DELREF = 1;
export const ACKED = 2;

/** The policy that argument `i` names, or -1. */
export function policyArgument(call: Call, i: number): number {
  return call.is(i, "keepref") ? KEEPREF : call.is(i, "delref") ? DELREF : call.is(i, "acked") ? ACKED : -1;
}
