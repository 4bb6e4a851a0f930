/** Effects that commands on fields and their expiry record. */
import type { Call } from "../call.ts";

/** HDEL of the fields in arguments [from, to), of which every `step`-th is one. */
export function recordRemoved(call: Call, from: number, to: number, step: number): void {
  const { effects } = call;
  effects.begin(2 + Math.ceil((to - from) / step));
  effects.text("HDEL");
  effects.arg(1);
  for (let i = from; i < to; i += step) effects.arg(i);
}

/** HPEXPIREAT of the fields in arguments [from, to), of which every `step`-th is one. */
export function recordExpiry(call: Call, expiry: number, from: number, to: number, step: number): void {
  const { effects } = call;
  const fields = Math.ceil((to - from) / step);
  effects.begin(5 + fields);
  effects.text("HPEXPIREAT");
  effects.arg(1);
  effects.number(expiry);
  effects.text("FIELDS");
  effects.number(fields);
  for (let i = from; i < to; i += step) effects.arg(i);
}
