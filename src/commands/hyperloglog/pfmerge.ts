/** PFMERGE: several HyperLogLogs united in one. */
import { Encoding, Type } from "../../store/entry.ts";
import { DENSE_SIZE, Form, formOf, markStale } from "../../structures/hyperloglog.ts";
import { REGISTERS } from "../../structures/hyperloglog_hash.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, keysFrom, type ShardCommand } from "../command.ts";
import { CORRUPT, create, NOT_RAISED, openChecked, raise, toDense } from "./value.ts";

export const pfmerge: ShardCommand = {
  name: "pfmerge",
  arity: -2,
  flags: ["write", "denyoom"],
  keys: [keyAt(1, "RW", "access", "insert"), keysFrom(2, -1, 1, "RO", "access")],
  routing: "keys",
  group: "hyperloglog",
  since: "2.8.9",
  summary: "Unites HyperLogLogs in the first one.",
  complexity: "O(N) where N is the number of HyperLogLogs, with a large constant.",
  syntax: "destkey [sourcekey [sourcekey ...]]",
  run(call: Call): void {
    const { registers, raiser } = call;
    registers.clear();
    let dense = false;
    for (let i = 1; i < call.argc; i++) if (mergeKey(call, i) === Form.DENSE) dense = true;
    let e = call.write(1);
    const store = call.storeOf(1);
    call.needRoom(1, DENSE_SIZE);
    if (e === 0) e = create(call);
    else {
      store.open(e);
      store.setEncoding(e, Encoding.RAW);
    }
    if (dense && formOf(store.u8, store.valueAt) === Form.SPARSE) e = toDense(call, store, e);
    raiser.rewind();
    const ranks = registers.ranks;
    for (let r = 0; r < REGISTERS && formOf(store.u8, store.valueAt) === Form.SPARSE; r++) {
      if (ranks[r] === 0) continue;
      const next = raise(call, store, e, r, ranks[r]);
      if (next !== NOT_RAISED) e = next;
    }
    // The target's own registers are among those merged, so a dense one is simply written anew.
    if (formOf(store.u8, store.valueAt) === Form.DENSE) registers.writeDense(store.u8, store.valueAt);
    markStale(store.u8, store.valueAt);
    call.changed(1);
    call.notify(NotifyClass.STRING, "pfadd", 1);
    call.reply.ok();
  },
};

/**
 * Raises `call.registers` to those of the HyperLogLog at the key in argument `i`. Returns its form; no key counts as an empty
 * sparse one. Throws when it is none, or corrupt.
 */
export function mergeKey(call: Call, i: number): Form {
  const e = call.readTyped(i, Type.STRING);
  if (e === 0) return Form.SPARSE;
  const store = call.storeOf(i);
  openChecked(store, e);
  if (!call.registers.merge(store.u8, store.valueAt, store.valueLen)) throw CORRUPT;
  return formOf(store.u8, store.valueAt);
}
